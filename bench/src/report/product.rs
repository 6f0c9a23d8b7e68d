//! What `bench/run` measures, and what is aimed at.

use super::measures::{FAULTS, Figure, Measure, Target, aim, connect, database, fanout, note, writes};
use Figure::{Over, Plain};
use Target::{AtLeast, AtMost, Never};

const ALONE: &[(&str, f64)] = &[("writers", 1.0), ("listeners", 0.0)];
const SIXTEEN: &[(&str, f64)] = &[("writers", 16.0), ("listeners", 0.0)];
const MANY: &[(&str, f64)] = &[("writers", 64.0), ("listeners", 0.0)];
const CROWD: &[(&str, f64)] = &[("writers", 64.0), ("listeners", 100.0)];
const WIDE: &[(&str, f64)] = &[("clients", 1000.0), ("rows", 100.0)];
const LONG: &[(&str, f64)] = &[("clients", 100.0), ("rows", 1000.0)];
const THOUSAND: &[(&str, f64)] = &[("clients", 1000.0), ("rows", 20.0)];
const ONE_LOOP: &[(&str, f64)] = &[("connections", 1.0)];
const MANY_LOOPS: &[(&str, f64)] = &[("connections", 64.0)];

/// The report, row by row: first what has a target, then what is for the record.
pub(super) const MEASURES: &[Measure] = &[
    aim("1 writer alone: emit to ack, p50", Plain("p50_ms"), "ms", writes("sqlite", ALONE), AtMost(0.25)),
    aim(
        "64 writers, 100 listeners: acked writes",
        Plain("acked_s"),
        "/s",
        writes("sqlite", CROWD),
        AtLeast(10_000.0),
    ),
    aim("… promises broken", FAULTS, "", writes("sqlite", CROWD), Never),
    aim(
        "1,000 clients × 100 rows: last client, over bare tokio",
        Over("p50_ms", "bare"),
        "×",
        fanout("sqlite", WIDE),
        AtMost(1.4),
    ),
    aim(
        "1,000 clients connecting, snapshots included",
        Plain("connects_s"),
        "/s",
        connect("sqlite", THOUSAND),
        AtLeast(8_000.0),
    ),
    aim("… memory of each when idle", Plain("kb_per_client"), "kB", connect("fresh", THOUSAND), AtMost(20.0)),
    note("… connecting to a server just started", Plain("connects_s"), "/s", connect("fresh", THOUSAND)),
    note("1 writer alone: acked writes", Plain("acked_s"), "/s", writes("sqlite", ALONE)),
    note("… server CPU per write", Plain("server_us_per_write"), "µs", writes("sqlite", ALONE)),
    note("16 writers: acked writes", Plain("acked_s"), "/s", writes("sqlite", SIXTEEN)),
    note("64 writers: acked writes", Plain("acked_s"), "/s", writes("sqlite", MANY)),
    note("64 writers, 100 listeners: emit to ack, p50", Plain("p50_ms"), "ms", writes("sqlite", CROWD)),
    note("… emit to ack, p99", Plain("p99_ms"), "ms", writes("sqlite", CROWD)),
    note("… server CPU per write", Plain("server_us_per_write"), "µs", writes("sqlite", CROWD)),
    note("… load generator CPU per write", Plain("loadgen_us_per_write"), "µs", writes("sqlite", CROWD)),
    note("1,000 clients × 100 rows: last client, p50", Plain("p50_ms"), "ms", fanout("sqlite", WIDE)),
    note("… bare tokio", Plain("p50_ms"), "ms", fanout("bare", WIDE)),
    note("100 clients × 1,000 rows: last client, p50", Plain("p50_ms"), "ms", fanout("sqlite", LONG)),
    note("… bare tokio", Plain("p50_ms"), "ms", fanout("bare", LONG)),
    note("… over bare tokio", Over("p50_ms", "bare"), "×", fanout("sqlite", LONG)),
    note("PostgreSQL, 1 writer alone: emit to ack, p50", Plain("p50_ms"), "ms", writes("postgres", ALONE)),
    note(
        "PostgreSQL, 64 writers, 100 listeners: acked writes",
        Plain("acked_s"),
        "/s",
        writes("postgres", CROWD),
    ),
    note("… promises broken", FAULTS, "", writes("postgres", CROWD)),
    note("SQLite alone, 1 loop: rows updated", Plain("rows_s"), "/s", database("sqlite", ONE_LOOP)),
    note("PostgreSQL alone, 1 loop: rows updated", Plain("rows_s"), "/s", database("postgres", ONE_LOOP)),
    note("PostgreSQL alone, 64 loops: rows updated", Plain("rows_s"), "/s", database("postgres", MANY_LOOPS)),
];
