//! What is measured, and what is aimed at.

use serde_json::{Value, json};

use super::row::Target::{AtLeast, AtMost};
use super::row::{Case, Row};

/// How much more a write may cost beside 100,000 rows than beside 100.
const GROWTH: f64 = 2.0;
/// How much of the bare database's rate inserts must have.
const SHARE: f64 = 0.5;
const SIZES: [(f64, &str); 4] =
    [(100.0, "100"), (1000.0, "1,000"), (10_000.0, "10,000"), (100_000.0, "100,000")];
const CROWDS: [(f64, &str); 4] = [(1.0, "1"), (10.0, "10"), (100.0, "100"), (1000.0, "1,000")];

type With = Vec<(&'static str, Value)>;

/// All rows: of SQLite, then of PostgreSQL.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (database, title) in [("sqlite", "SQLite"), ("postgres", "PostgreSQL")] {
        let table = Table { database, title };
        rows.extend([table.sizes(), table.crowds(), table.fanout(), table.resume()].into_iter().flatten());
        match database {
            "sqlite" => rows.extend(["full", "normal"].into_iter().flat_map(|level| table.inserts(level))),
            _ => rows.extend(table.inserts("default")),
        }
        rows.extend(table.memory());
    }
    rows
}

/// The rows of one database.
struct Table {
    database: &'static str,
    title: &'static str,
}

impl Table {
    fn case(&self, scenario: &'static str, with: With, key: &'static str) -> Case {
        let with = with.into_iter().chain([("database", json!(self.database))]).collect();
        Case { scenario, with, key }
    }

    /// One write beside ten clients, as rows grow.
    fn sizes(&self) -> Vec<Row> {
        let with = |coaches: f64| vec![("coaches", json!(coaches)), ("listeners", json!(10.0))];
        let mut rows: Vec<Row> = SIZES
            .iter()
            .flat_map(|(coaches, size)| self.cost(&format!("10 clients, {size} rows"), with(*coaches)))
            .collect();
        for (name, key) in [("emit to ack", "p50_ms"), ("server CPU per write", "server_us_per_write")] {
            let (large, small) =
                (self.case("cost", with(100_000.0), key), self.case("cost", with(100.0), key));
            let name = format!("{}: {name} at 100,000 rows over that at 100", self.title);
            rows.push(Row { over: Some(small), target: Some(AtMost(GROWTH)), ..row(name, "×", large) });
        }
        rows
    }

    /// One write beside a hundred rows, as clients grow.
    fn crowds(&self) -> Vec<Row> {
        let with = |listeners: f64| vec![("coaches", json!(100.0)), ("listeners", json!(listeners))];
        CROWDS
            .iter()
            .filter(|(listeners, _)| *listeners != 10.0) // that one stands above
            .flat_map(|(listeners, crowd)| {
                let clients = if *listeners == 1.0 { "client" } else { "clients" };
                self.cost(&format!("{crowd} {clients}, 100 rows"), with(*listeners))
            })
            .collect()
    }

    fn cost(&self, what: &str, with: With) -> [Row; 3] {
        let case = |key| self.case("cost", with.clone(), key);
        [
            row(format!("{}, {what}: emit to ack, p50", self.title), "ms", case("p50_ms")),
            row("… acked writes of one writer".into(), "/s", case("acked_s")),
            row("… server CPU per write".into(), "µs", case("server_us_per_write")),
        ]
    }

    fn fanout(&self) -> Vec<Row> {
        let case = |key| self.case("fanout", vec![("clients", json!(1000.0))], key);
        let name = format!("{}: one write to 1,000 clients, 100 rows: last client, p50", self.title);
        vec![row(name, "ms", case("p50_ms")), row("… p99".into(), "ms", case("p99_ms"))]
    }

    fn resume(&self) -> Vec<Row> {
        let case = |key| self.case("resume", vec![("clients", json!(1000.0))], key);
        let name = format!("{}: 1,000 clients coming back after 200 writes: last client", self.title);
        let cpu = row("… server CPU per client".into(), "µs", case("server_us_per_client"));
        vec![row(name, "ms", case("last_ms")), cpu]
    }

    fn inserts(&self, synchronous: &'static str) -> Vec<Row> {
        let bare = |connections: f64| {
            let with = vec![
                ("connections", json!(connections)),
                ("insert", json!(1.0)),
                ("synchronous", json!(synchronous)),
            ];
            self.case("database", with, "rows_s")
        };
        let ours = |key| self.case("inserts", vec![("synchronous", json!(synchronous))], key);
        let level = if synchronous == "default" { String::new() } else { format!(", {synchronous}") };
        let name = format!("{}{level}: inserts by 64 writers", self.title);
        let plain = Row { bare: Some(bare(64.0)), ..row(name, "/s", ours("acked_s")) };
        let share = row("… over the bare database's 64 connections".into(), "×", ours("acked_s"));
        let share = Row { over: Some(bare(64.0)), target: Some(AtLeast(SHARE)), ..share };
        let cpu = row("… server CPU per insert".into(), "µs", ours("server_us_per_write"));
        let alone = row("… 1 connection of the bare database".into(), "/s", bare(1.0));
        vec![plain, share, cpu, Row { bare: Some(bare(1.0)), ..alone }]
    }

    fn memory(&self) -> Vec<Row> {
        let case = |key| self.case("memory", vec![], key);
        let name = format!("{}: memory per row, 100,000 coaches", self.title);
        vec![
            row(name, "B", case("resident_bytes_per_row")),
            row("… once a client has been sent them".into(), "B", case("resident_bytes_per_row_with_client")),
            row("… as /metrics reports it".into(), "B", case("reported_bytes_per_row")),
            row("… JSON of a row".into(), "B", case("json_bytes_per_row")),
        ]
    }
}

fn row(name: String, unit: &'static str, of: Case) -> Row {
    Row { name, unit, of, bare: None, over: None, target: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_database_has_the_same_rows_and_targets() {
        let count = |title: &str, all: &[Row]| all.iter().filter(|row| row.name.starts_with(title)).count();
        let all = rows();
        // SQLite's inserts stand twice
        assert_eq!(count("SQLite", &all), count("PostgreSQL", &all) + 1);
        assert_eq!(all.iter().filter(|row| row.target.is_some()).count(), 2 * 2 + 3);
    }
}
