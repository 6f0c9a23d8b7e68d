//! PgBouncer in front of PostgreSQL, with Debian's default settings except for its address.

use std::{
    fmt::Write as _,
    fs::Permissions,
    net::TcpListener,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::{TempDir, tempdir};
use tokio::net::TcpStream;

use super::TIMEOUT;

/// A running PgBouncer. It is killed on drop.
pub(crate) struct PgBouncer {
    url: String,
    process: Child,
    _folder: TempDir,
}

impl PgBouncer {
    /// In front of the database at this URL, with these settings in addition.
    pub(crate) async fn in_front_of(url: &str, settings: &[(&str, &str)]) -> Self {
        let (host, database) = host_and_database(url);
        let folder = tempdir().unwrap();
        // PgBouncer runs as another user.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (host, its_port) = host.split_once(':').expect("a port");
        let users = folder.path().join("users");
        std::fs::write(&users, "\"postgres\" \"\"\n").unwrap();
        let mut ini = format!(
            "[databases]\n* = host={host} port={its_port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nauth_type = trust\nauth_file = {}\nunix_socket_dir =\n",
            users.display()
        );
        for (name, value) in settings {
            writeln!(ini, "{name} = {value}").unwrap();
        }
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, ini).unwrap();
        let process = start(&file);
        let url = format!("postgres://postgres@127.0.0.1:{port}/{database}");
        let bouncer = Self { url, process, _folder: folder };
        let listens = async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(TIMEOUT, listens).await.expect("PgBouncer to listen");
        bouncer
    }

    /// The database's URL through the pooler.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Host and port, and the database's name.
fn host_and_database(url: &str) -> (String, String) {
    let (_, rest) = url.split_once("://").expect("a URL");
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let (host, database) = rest.split_once('/').expect("a database");
    (host.to_owned(), database.to_owned())
}

/// PgBouncer refuses to run as root, so it runs as an unprivileged user.
fn start(ini: &Path) -> Child {
    let mut command = Command::new(program());
    command.arg("-q").arg(ini).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if is_root() {
        command.uid(65_534).gid(65_534);
    }
    command.spawn().expect("PgBouncer to start")
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().any(|line| line.starts_with("Uid:") && line.split_whitespace().nth(2) == Some("0"))
}

/// From the `PATH`, or where Debian installs it.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let found = folders.map(|folder| folder.join("pgbouncer")).find(|file| file.exists());
    found.unwrap_or_else(|| panic!("no pgbouncer: apt-get install pgbouncer"))
}
