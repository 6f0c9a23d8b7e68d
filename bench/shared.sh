# Sourced by the scripts that measure the product: processes by pid, and a private PostgreSQL.
#
# They set $work, a folder of their own, $pg_port, and $pgbin if PostgreSQL's programs are not where Debian has them;
# $pg_pid is set by start_cluster and names the cluster that stop_cluster ends.
# shellcheck shell=bash

stop() { # PID: in order first, by force after ten seconds
  [ -n "$1" ] || return 0
  kill "$1" 2>/dev/null || return 0
  for _ in $(seq 100); do
    kill -0 "$1" 2>/dev/null || break
    sleep 0.1
  done
  kill -9 "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

await() { # PORT PID LOG
  for _ in $(seq 300); do
    listens "$1" && return 0
    kill -0 "$2" 2>/dev/null || break
    sleep 0.1
  done
  tail -20 "$3" >&2
  return 1
}

# PostgreSQL refuses to run as root
as_postgres() {
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
  else
    "$@"
  fi
}

psql_do() { "$pgbin/psql" -q -h 127.0.0.1 -p "$pg_port" -U bench -d postgres -c "$1" 2>>"$work/psql.log"; }

start_cluster() { # private, with its defaults but for shared_buffers
  pgbin=${PGBIN:-$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1)}
  chmod 755 "$work"
  mkdir -m 700 "$work/pg"
  if [ "$(id -u)" = 0 ]; then chown postgres: "$work/pg"; fi
  as_postgres "$pgbin/initdb" -D "$work/pg" -U bench -A trust -E UTF8 --no-locale >"$work/initdb.log"
  as_postgres "$pgbin/pg_ctl" -D "$work/pg" -w -l "$work/pg/log" start -o \
    "-p $pg_port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c shared_buffers=256MB -c max_connections=200" \
    >/dev/null
  pg_pid=$(head -1 "$work/pg/postmaster.pid")
}

stop_cluster() {
  [ -n "$pg_pid" ] || return 0
  as_postgres "$pgbin/pg_ctl" -D "$work/pg" -m immediate stop >/dev/null || true
}
