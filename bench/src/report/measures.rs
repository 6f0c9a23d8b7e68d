//! How a row of the report is read off the results, and held against its target.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

/// One row of the report.
pub(super) struct Measure {
    pub(super) name: Cow<'static, str>,
    pub(super) unit: &'static str,
    pub(super) target: Option<Target>,
    pub(super) figure: Figure,
    pub(super) of: Case,
}

/// What a figure may be: its median, or for what should never happen, each of its values.
#[derive(Clone, Copy)]
pub(super) enum Target {
    AtMost(f64),
    AtLeast(f64),
    Never,
}

/// How a figure is read off a result.
pub(super) enum Figure {
    /// As it stands.
    Plain(&'static str),
    /// All of them, added up: what should never happen.
    Sum(&'static [&'static str]),
    /// Divided by the same figure of the case that has this label, in the same round.
    Over(&'static str, &'static str),
}

/// The results that a measure is of: those that agree in all that is named.
pub(super) struct Case {
    pub(super) scenario: &'static str,
    pub(super) label: &'static str,
    pub(super) with: &'static [(&'static str, f64)],
}

impl Target {
    /// Whether it is met; never by no result at all.
    pub(super) fn is_met(&self, values: &[f64]) -> bool {
        let Some(median) = super::median(values) else {
            return false;
        };
        match self {
            Target::AtMost(limit) => median <= *limit,
            Target::AtLeast(limit) => median >= *limit,
            Target::Never => values.iter().all(|value| *value == 0.0),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::AtMost(limit) => write!(f, "≤ {}", super::short(*limit)),
            Target::AtLeast(limit) => write!(f, "≥ {}", super::short(*limit)),
            Target::Never => write!(f, "0"),
        }
    }
}

impl Case {
    fn find<'a>(&self, lines: &'a [Value], label: &str) -> Vec<&'a Value> {
        let agrees = |line: &&Value| {
            line["scenario"] == self.scenario
                && line["label"] == label
                && self.with.iter().all(|(key, value)| line[*key].as_f64() == Some(*value))
        };
        lines.iter().filter(agrees).collect()
    }
}

impl Measure {
    /// The figure of each result that the measure is of.
    pub(super) fn values(&self, lines: &[Value]) -> Vec<f64> {
        let number = |line: &Value, key: &str| line[key].as_f64();
        let own = self.of.find(lines, self.of.label);
        match &self.figure {
            Figure::Plain(key) => own.into_iter().filter_map(|line| number(line, key)).collect(),
            Figure::Sum(keys) => {
                // what is not in the line was not checked, which is no zero
                let sum = |line: &Value| keys.iter().map(|key| number(line, key)).sum::<Option<f64>>();
                own.into_iter().filter_map(sum).collect()
            }
            Figure::Over(key, label) => {
                let mean = |lines: Vec<&Value>, round: &Value| {
                    let of_round: Vec<f64> = lines
                        .iter()
                        .filter(|l| l["round"] == *round)
                        .filter_map(|l| number(l, key))
                        .collect();
                    of_round.iter().sum::<f64>() / of_round.len() as f64
                };
                let mut rounds: Vec<&Value> = own.iter().map(|line| &line["round"]).collect();
                rounds.dedup();
                let ratio = |round| mean(own.clone(), round) / mean(self.of.find(lines, label), round);
                rounds.into_iter().map(ratio).filter(|ratio| ratio.is_finite()).collect()
            }
        }
    }
}

/// The promises that a run of writes can break.
pub(super) const FAULTS: Figure =
    Figure::Sum(&["failed", "unacked", "undelivered", "unread", "backwards", "gaps", "closed"]);

/// A figure that has a target.
pub(super) const fn aim(
    name: &'static str,
    figure: Figure,
    unit: &'static str,
    of: Case,
    target: Target,
) -> Measure {
    Measure { name: Cow::Borrowed(name), unit, target: Some(target), figure, of }
}

/// A figure for the record.
pub(super) const fn note(name: &'static str, figure: Figure, unit: &'static str, of: Case) -> Measure {
    Measure { name: Cow::Borrowed(name), unit, target: None, figure, of }
}

/// Writers that never pause.
pub(super) const fn writes(label: &'static str, with: &'static [(&'static str, f64)]) -> Case {
    Case { scenario: "writes", label, with }
}

/// One write at a time, until the last client has it.
pub(super) const fn fanout(label: &'static str, with: &'static [(&'static str, f64)]) -> Case {
    Case { scenario: "fanout", label, with }
}

/// Clients that connect and stay idle.
pub(super) const fn connect(label: &'static str, with: &'static [(&'static str, f64)]) -> Case {
    Case { scenario: "connect", label, with }
}

/// The database alone.
pub(super) const fn database(label: &'static str, with: &'static [(&'static str, f64)]) -> Case {
    Case { scenario: "database", label, with }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Figure::{Over, Plain};
    use super::Target::{AtLeast, AtMost, Never};
    use super::*;

    fn measure(figure: Figure, label: &'static str) -> Measure {
        let of = Case { scenario: "fanout", label, with: &[("clients", 1000.0)] };
        Measure { name: "".into(), unit: "", target: None, figure, of }
    }

    fn fanout_line(label: &str, round: u32, p50: f64) -> Value {
        json!({"scenario": "fanout", "label": label, "round": round, "rows": 100.0, "clients": 1000.0, "p50_ms": p50})
    }

    #[test]
    fn ratio_is_taken_within_each_round() {
        let lines: Vec<_> = [
            ("sqlite", 1, 2.0),
            ("bare", 1, 1.0),
            ("sqlite", 1, 4.0),
            ("sqlite", 2, 30.0),
            ("bare", 2, 20.0),
            ("bare", 3, 1.0),
        ]
        .into_iter()
        .map(|(label, round, p50)| fanout_line(label, round, p50))
        .collect();
        let ratio = measure(Over("p50_ms", "bare"), "sqlite");
        assert_eq!(ratio.values(&lines), [3.0, 1.5]);
        assert!(measure(Plain("p50_ms"), "postgres").values(&lines).is_empty());
    }

    #[test]
    fn fault_in_any_round_misses_target() {
        assert!(Never.is_met(&[0.0, 0.0]));
        assert!(!Never.is_met(&[0.0, 0.0, 0.0, 1.0]));
        assert!(!Never.is_met(&[]));
        assert!(AtMost(1.4).is_met(&[1.0, 1.3, 9.0]));
        assert!(!AtLeast(10.0).is_met(&[1.0, 9.0, 90.0]));
    }
}
