//! What `bench/tables` measures, and what is aimed at.
//!
//! The planner in Rust is `rust`, its tables served by the program are `tables`; of the table that is only listed there
//! are a `large` and a `small` one.

use serde_json::Value;

use super::measures::{Case, FAULTS, Figure, Measure, Target, connect, fanout, writes};
use Figure::{Over, Plain};

const ONE: &[(&str, f64)] = &[("writers", 1.0)];
const MANY: &[(&str, f64)] = &[("writers", 64.0)];
const THOUSAND: &[(&str, f64)] = &[("clients", 1000.0)];
const SNAPSHOTS: &[(&str, f64)] = &[("clients", 1000.0), ("changes", 0.0)];
const CHANGES: &[(&str, f64)] = &[("clients", 1000.0), ("changes", 1.0)];

/// What tables may cost, over the same in Rust; and a large table, over a small one.
const TIMES: f64 = 1.2;
const CPU: &str = "server_us_per_write";
/// Seconds that a server may take to be ready.
const READY: f64 = 3.0;

/// The promises that updates of a table can break that is only listed.
const UPDATE_FAULTS: Figure = Figure::Sum(&["failed", "unacked", "closed"]);

/// The labels of one database's results.
struct Labels {
    database: &'static str,
    rust: &'static str,
    tables: &'static str,
    large: &'static str,
    small: &'static str,
    many: &'static str,
}

const DATABASES: [Labels; 2] = [
    Labels {
        database: "SQLite",
        rust: "sqlite rust",
        tables: "sqlite tables",
        large: "sqlite large",
        small: "sqlite small",
        many: "sqlite many",
    },
    Labels {
        database: "PostgreSQL",
        rust: "postgres rust",
        tables: "postgres tables",
        large: "postgres large",
        small: "postgres small",
        many: "postgres many",
    },
];

/// The report, row by row, of the databases that have results.
pub(super) fn measures(lines: &[Value]) -> Vec<Measure> {
    let has_results = |labels: &&Labels| {
        let name = labels.rust.trim_end_matches("rust");
        lines.iter().any(|line| line["label"].as_str().is_some_and(|label| label.starts_with(name)))
    };
    DATABASES.iter().filter(has_results).flat_map(of_database).collect()
}

fn of_database(labels: &Labels) -> Vec<Measure> {
    let mut rows = Rows { labels, measures: Vec::new() };
    let (one, many) = (|label| writes(label, ONE), |label| writes(label, MANY));
    let (snapshots, changes) = (|label| fanout(label, SNAPSHOTS), |label| fanout(label, CHANGES));
    let memory = |label| connect(label, THOUSAND);
    let limit = Some(Target::AtMost(TIMES));
    rows.beside_rust("64 writers: acked writes", "/s", "acked_s", many, limit);
    rows.beside_rust("1 writer alone: emit to ack, p50", "ms", "p50_ms", one, limit);
    rows.beside_rust("1,000 clients, snapshots: last client, p50", "ms", "p50_ms", snapshots, limit);
    rows.beside_rust("1,000 clients, changes: last client, p50", "ms", "p50_ms", changes, limit);
    rows.beside_rust("1,000 clients: resident memory", "kB", "resident_after_kb", memory, limit);
    let broken = "all writers of tables: promises broken";
    rows.add(broken, "", FAULTS, every("writes", labels.tables), Some(Target::Never));
    for (name, case) in [("64 writers", many as fn(_) -> _), ("1 writer alone", one)] {
        rows.beside_rust(&format!("{name}: server CPU per write"), "µs", CPU, case, None);
    }
    for (name, case) in [("snapshots", snapshots as fn(_) -> _), ("changes", changes)] {
        rows.beside_rust(&format!("1,000 clients, {name}: server CPU per write"), "µs", CPU, case, None);
    }
    rows.large();
    rows.ready("1,000,000 rows", labels.large);
    rows.ready("300 tables", labels.many);
    rows.measures
}

/// The rows of one database.
struct Rows<'a> {
    labels: &'a Labels,
    measures: Vec<Measure>,
}

impl Rows<'_> {
    /// What tables take over the same in Rust, and both figures.
    fn beside_rust(
        &mut self,
        name: &str,
        unit: &'static str,
        key: &'static str,
        case: fn(&'static str) -> Case,
        target: Option<Target>,
    ) {
        let Labels { rust, tables, .. } = *self.labels;
        // of what is better the more there is, Rust's is divided by that of tables
        let (own, other) = if unit == "/s" { (rust, tables) } else { (tables, rust) };
        self.add(&format!("{name}, tables over Rust"), "×", Over(key, other), case(own), target);
        self.add("… tables", unit, Plain(key), case(tables), None);
        self.add("… Rust", unit, Plain(key), case(rust), None);
    }

    /// Updates of a large table over those of a small one, and both figures.
    fn large(&mut self) {
        let Labels { large, small, .. } = *self.labels;
        let (name, key) = ("update among 1,000,000 rows over 1,000: emit to ack, p50", "p50_ms");
        let ratio = Over(key, small);
        self.add(name, "×", ratio, every("updates", large), Some(Target::AtMost(TIMES)));
        self.add("… 1,000,000 rows", "ms", Plain(key), every("updates", large), None);
        self.add("… 1,000 rows", "ms", Plain(key), every("updates", small), None);
        self.add("… promises broken", "", UPDATE_FAULTS, every("updates", large), Some(Target::Never));
        self.add("… server CPU per write, 1,000,000 rows", "µs", Plain(CPU), every("updates", large), None);
        self.add("… 1,000 rows", "µs", Plain(CPU), every("updates", small), None);
    }

    /// A server that starts.
    fn ready(&mut self, what: &str, label: &'static str) {
        let limit = Some(Target::AtMost(READY));
        self.add(&format!("{what}: start to ready"), "s", Plain("seconds"), every("ready", label), limit);
        self.add("… server CPU", "s", Plain("server_cpu_s"), every("ready", label), None);
        self.add("… resident memory", "kB", Plain("resident_kb"), every("ready", label), None);
        self.add("… attach", "s", Plain("seconds"), every("attach", label), None);
    }

    fn add(&mut self, name: &str, unit: &'static str, figure: Figure, of: Case, target: Option<Target>) {
        let name = match name.starts_with('…') {
            true => name.to_owned(),
            false => format!("{}, {name}", self.labels.database),
        };
        self.measures.push(Measure { name: name.into(), unit, target, figure, of });
    }
}

/// All results of a scenario.
fn every(scenario: &'static str, label: &'static str) -> Case {
    Case { scenario, label, with: &[] }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ratio_of_speed_is_what_tables_cost() {
        let line = |label: &str, acked: f64| json!({"scenario": "writes", "label": label, "round": 1, "writers": 64.0, "acked_s": acked});
        let lines = [line("sqlite rust", 300.0), line("sqlite tables", 200.0)];
        let measures = measures(&lines);
        assert_eq!(measures[0].name, "SQLite, 64 writers: acked writes, tables over Rust");
        assert_eq!(measures[0].values(&lines), [1.5]);
        assert!(measures.iter().all(|measure| !measure.name.contains("PostgreSQL")));
    }
}
