//! How a row of the table is read off the results, and held against its target.

use std::fmt;

use serde_json::Value;

use crate::report::{median, short};

/// The server that has targets.
pub(super) const OURS: &str = "ours";

/// The server that is measured, and how its clients ask.
pub(super) struct Column {
    pub(super) title: &'static str,
    label: &'static str,
    live: Option<&'static str>,
}

pub(super) const COLUMNS: [Column; 5] = [
    CHANGES,
    column("ours, snapshots", OURS, Some("snapshots")),
    column("node", "node", Some("snapshots")),
    column("socketioxide", "socketioxide", Some("snapshots")),
    BARE,
];

/// The column that targets are about.
const CHANGES: Column = column("ours, changes", OURS, Some("changes"));

const BARE: Column = column("bare database", "bare", None);

const fn column(title: &'static str, label: &'static str, live: Option<&'static str>) -> Column {
    Column { title, label, live }
}

/// The results that a figure is read off: those of one scenario that agree in all that is named.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) scenario: &'static str,
    pub(super) with: Vec<(&'static str, Value)>,
    pub(super) key: &'static str,
}

/// What a median may be.
pub(super) enum Target {
    AtMost(f64),
    AtLeast(f64),
}

/// One row of the table.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) unit: &'static str,
    /// What is shown of each server; of the bare database it is `bare`.
    pub(super) of: Case,
    pub(super) bare: Option<Case>,
    /// What it is divided by: the bare database's figure, or else another of the same server.
    pub(super) over: Option<Case>,
    pub(super) target: Option<Target>,
}

impl Case {
    /// Of each result of `column`: its round, and the figure if it has one.
    fn of<'a>(&self, lines: &'a [Value], column: &Column) -> Vec<(&'a Value, &'a Value)> {
        let agrees = |line: &&Value| {
            line["scenario"] == self.scenario
                && line["label"] == column.label
                && (line["live"].is_null() || column.live.is_none_or(|live| line["live"] == live))
                && self.with.iter().all(|(key, value)| line[*key] == *value)
        };
        lines.iter().filter(agrees).map(|line| (&line["round"], line)).collect()
    }

    fn values<'a>(&self, lines: &'a [Value], column: &Column) -> Vec<(&'a Value, f64)> {
        let figure = |(round, line): (&'a Value, &Value)| Some((round, line[self.key].as_f64()?));
        self.of(lines, column).into_iter().filter_map(figure).collect()
    }

    /// The servers that have such results, for a server in `column`.
    fn column<'a>(&self, column: &'a Column) -> &'a Column {
        if self.scenario == "database" { &BARE } else { column }
    }
}

impl Row {
    /// The name and the unit.
    pub(super) fn title(&self) -> String {
        if self.unit.is_empty() { self.name.clone() } else { format!("{}, {}", self.name, self.unit) }
    }

    /// Whether any column has a result.
    pub(super) fn has_results(&self, lines: &[Value]) -> bool {
        let any = |column| !self.values(lines, column).is_empty() || self.gave_up(lines, column).is_some();
        COLUMNS.iter().any(any)
    }

    /// The figures of one column, one a round or so.
    pub(super) fn values(&self, lines: &[Value], column: &Column) -> Vec<f64> {
        let is_bare = column.label == BARE.label;
        let case = if is_bare { self.bare.as_ref() } else { Some(&self.of) };
        let own = case.map(|case| case.values(lines, column)).unwrap_or_default();
        let Some(over) = &self.over else {
            return own.into_iter().map(|(_, value)| value).collect();
        };
        let others = over.values(lines, over.column(column));
        let same = |round: &Value| others.iter().find(|(other, _)| *other == round).map(|(_, value)| *value);
        let ratio = |(round, value): (&Value, f64)| Some(value / same(round)?);
        own.into_iter().filter_map(ratio).filter(|ratio| ratio.is_finite()).collect()
    }

    /// After how many seconds a measurement of the column was given up, if one was.
    pub(super) fn gave_up(&self, lines: &[Value], column: &Column) -> Option<f64> {
        self.of.of(lines, column).into_iter().find_map(|(_, line)| line["gave_up_s"].as_f64())
    }

    /// Whether the target is met; none where there is none, or nothing was measured.
    pub(super) fn is_met(&self, lines: &[Value]) -> Option<bool> {
        let target = self.target.as_ref()?;
        match median(&self.values(lines, &CHANGES)) {
            Some(median) => Some(target.is_met(median)),
            None => self.gave_up(lines, &CHANGES).map(|_| false),
        }
    }
}

impl Target {
    fn is_met(&self, median: f64) -> bool {
        match self {
            Target::AtMost(limit) => median <= *limit,
            Target::AtLeast(limit) => median >= *limit,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::AtMost(limit) => write!(f, "≤ {}", short(*limit)),
            Target::AtLeast(limit) => write!(f, "≥ {}", short(*limit)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn growth(target: Target) -> Row {
        let case =
            |coaches: f64| Case { scenario: "cost", with: vec![("coaches", json!(coaches))], key: "p50_ms" };
        let (of, over) = (case(100_000.0), Some(case(100.0)));
        Row { name: "growth".into(), unit: "×", of, bare: None, over, target: Some(target) }
    }

    fn cost(live: &str, round: u32, coaches: f64, p50: f64) -> Value {
        json!({"scenario": "cost", "label": "ours", "live": live, "round": round, "coaches": coaches, "p50_ms": p50})
    }

    #[test]
    fn ratio_is_within_round_and_column() {
        let mut lines: Vec<Value> =
            [(1, 100.0, 1.0), (1, 100_000.0, 1.5), (2, 100.0, 2.0), (2, 100_000.0, 3.0)]
                .map(|(round, coaches, p50)| cost("changes", round, coaches, p50))
                .into();
        lines.push(cost("snapshots", 1, 100.0, 1.0));
        lines.push(cost("snapshots", 1, 100_000.0, 50.0));
        let row = growth(Target::AtMost(2.0));
        assert_eq!(row.values(&lines, &CHANGES), [1.5, 1.5]);
        assert_eq!(row.values(&lines, &COLUMNS[1]), [50.0]);
        assert_eq!(row.is_met(&lines), Some(true));
        assert_eq!(growth(Target::AtLeast(2.0)).is_met(&lines), Some(false));
    }

    #[test]
    fn given_up_run_misses_target() {
        let gave_up = json!({"scenario": "cost", "label": "ours", "live": "changes", "round": 1, "coaches": 100_000.0,
            "gave_up_s": 60.0});
        let row = growth(Target::AtMost(2.0));
        assert_eq!(row.gave_up(std::slice::from_ref(&gave_up), &CHANGES), Some(60.0));
        assert_eq!(row.is_met(&[gave_up]), Some(false));
        assert_eq!(row.is_met(&[]), None);
    }

    #[test]
    fn inserts_are_compared_with_bare_database() {
        let case = |scenario, key| Case { scenario, with: Vec::new(), key };
        let bare = case("database", "rows_s");
        let row = Row {
            name: "inserts".into(),
            unit: "",
            of: case("inserts", "acked_s"),
            bare: None,
            over: Some(bare.clone()),
            target: Some(Target::AtLeast(0.5)),
        };
        let lines = [
            json!({"scenario": "inserts", "label": "ours", "live": "changes", "round": 1, "acked_s": 6.0}),
            json!({"scenario": "database", "label": "bare", "round": 1, "rows_s": 10.0}),
        ];
        assert_eq!(row.values(&lines, &CHANGES), [0.6]);
        assert_eq!(row.is_met(&lines), Some(true));
        let plain = Row { bare: Some(bare), over: None, ..row };
        assert_eq!(plain.values(&lines, &BARE), [10.0]);
    }
}
