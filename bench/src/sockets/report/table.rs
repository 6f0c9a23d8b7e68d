//! What is compared, and how a comparison is read off the results.

use serde_json::{Value, json};

use super::{BARE, OURS, RIVALS};
use crate::report::{median, short};

/// How far behind bare tokio a broadcast may be.
const BARE_LIMIT: f64 = 1.3;

/// One row of the report.
pub(super) struct Measure {
    name: String,
    unit: &'static str,
    /// Whether more is better, rather than less.
    more: bool,
    scenario: &'static str,
    with: Vec<(&'static str, Value)>,
    key: &'static str,
    bare_limit: Option<f64>,
}

impl Measure {
    /// The name, the unit, and which way is better.
    pub(super) fn title(&self) -> String {
        format!("{}, {} {}", self.name, self.unit, if self.more { "↑" } else { "↓" })
    }

    /// Whether any server has a result.
    pub(super) fn has_results(&self, lines: &[Value]) -> bool {
        [OURS, BARE].iter().chain(&RIVALS).any(|peer| !self.values(lines, peer).is_empty())
    }

    /// The figure of each of `peer`'s results.
    pub(super) fn values(&self, lines: &[Value], peer: &str) -> Vec<f64> {
        self.of(lines, peer).into_iter().map(|(_, value)| value).collect()
    }

    /// Of each round that both have: the figure of `one` over that of `other`.
    pub(super) fn ratios(&self, lines: &[Value], one: &str, other: &str) -> Vec<f64> {
        let others = self.of(lines, other);
        let same = |round: &Value| others.iter().find(|(other, _)| other == round).map(|(_, value)| *value);
        let ratio = |(round, value): (Value, f64)| same(&round).map(|other| value / other);
        self.of(lines, one).into_iter().filter_map(ratio).filter(|ratio| ratio.is_finite()).collect()
    }

    /// Whether there is a result of ours, and one to hold it against.
    pub(super) fn is_comparable(&self, lines: &[Value]) -> bool {
        let has = |peer: &str| !self.values(lines, peer).is_empty();
        has(OURS) && (RIVALS.into_iter().any(has) || (self.bare_limit.is_some() && has(BARE)))
    }

    /// What of the goal is missed. A rival that was not measured is not in the way.
    pub(super) fn missed(&self, lines: &[Value]) -> Vec<String> {
        let Some(ours) = median(&self.values(lines, OURS)) else {
            return Vec::new();
        };
        let is_ahead = |theirs: f64| if self.more { ours > theirs } else { ours < theirs };
        let ahead_of_us = RIVALS.iter().filter(|rival| {
            let theirs = median(&self.values(lines, rival));
            theirs.is_some_and(|theirs| !is_ahead(theirs))
        });
        let mut missed: Vec<String> = ahead_of_us.map(|rival| format!("behind {rival}")).collect();
        let ratio = median(&self.ratios(lines, OURS, BARE));
        if let (Some(limit), Some(ratio)) = (self.bare_limit, ratio)
            && ratio > limit
        {
            missed.push(format!("over {} × {BARE}", short(limit)));
        }
        missed
    }

    fn of(&self, lines: &[Value], peer: &str) -> Vec<(Value, f64)> {
        let agrees = |line: &&Value| {
            line["scenario"] == self.scenario
                && line["label"] == peer
                && self.with.iter().all(|(key, value)| line[*key] == *value)
        };
        let figure = |line: &Value| Some((line["round"].clone(), line[self.key].as_f64()?));
        lines.iter().filter(agrees).filter_map(figure).collect()
    }
}

/// All rows.
pub(super) fn measures() -> Vec<Measure> {
    [broadcasts(), echoes(), sessions(), stalls()].into_iter().flatten().collect()
}

fn broadcasts() -> Vec<Measure> {
    let mut rows = Vec::new();
    for (bytes, size) in [(100.0, "100 B"), (10_000.0, "10 kB"), (1_000_000.0, "1 MB")] {
        for (clients, crowd) in [(10.0, "10"), (100.0, "100"), (1000.0, "1,000")] {
            let name = format!("broadcast of {size} to {crowd}: last client, p50");
            let with = vec![("bytes", json!(bytes)), ("clients", json!(clients))];
            let row = less(name, "ms", "broadcast", with, "p50_ms");
            rows.push(Measure { bare_limit: Some(BARE_LIMIT), ..row });
        }
    }
    rows
}

fn echoes() -> Vec<Measure> {
    let mut rows = Vec::new();
    for (clients, who) in [(1.0, "1 client on the server's core"), (16.0, "16 clients"), (64.0, "64 clients")]
    {
        let with = || vec![("clients", json!(clients))];
        rows.push(more(format!("echo, {who}: acked"), "/s", "echo", with(), "acked_s"));
        rows.push(less("… emit to ack, p50".into(), "µs", "echo", with(), "p50_us"));
        rows.push(less("… p99".into(), "µs", "echo", with(), "p99_us"));
    }
    rows
}

fn sessions() -> Vec<Measure> {
    let with = |transport: &str| vec![("transport", json!(transport))];
    let connect = |transport: &str| {
        let name = format!("1,000 clients connecting, {transport}");
        more(name, "/s", "connect", with(transport), "connects_s")
    };
    let memory = |transport: &str, what: &str| {
        less(format!("memory of an idle session, {what}"), "kB", "memory", with(transport), "kb_per_client")
    };
    vec![
        connect("websocket"),
        connect("polling"),
        memory("websocket", "websocket"),
        memory("polling", "polling"),
        memory("upgraded", "upgraded to websocket"),
    ]
}

fn stalls() -> Vec<Measure> {
    let with = |stalled: f64| vec![("stalled", json!(stalled))];
    let times = |stalled: f64, who: &str| {
        let name = format!("10 kB to 1,000 at a steady pace, {who}: last client, p50");
        let p50 = less(name, "ms", "stalled", with(stalled), "p50_ms");
        [p50, less("… p99".into(), "ms", "stalled", with(stalled), "p99_ms")]
    };
    let growth = less("… growth of the server".into(), "MB", "stalled", with(1.0), "resident_growth_mb");
    times(0.0, "all reading").into_iter().chain(times(1.0, "one stalled")).chain([growth]).collect()
}

fn less(
    name: String,
    unit: &'static str,
    scenario: &'static str,
    with: Vec<(&'static str, Value)>,
    key: &'static str,
) -> Measure {
    Measure { name, unit, more: false, scenario, with, key, bare_limit: None }
}

fn more(
    name: String,
    unit: &'static str,
    scenario: &'static str,
    with: Vec<(&'static str, Value)>,
    key: &'static str,
) -> Measure {
    Measure { more: true, ..less(name, unit, scenario, with, key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(label: &str, round: u32, p50: f64) -> Value {
        json!({"scenario": "broadcast", "label": label, "round": round, "clients": 10.0, "bytes": 100.0, "p50_ms": p50})
    }

    #[test]
    fn goal_is_ahead_of_rivals_and_close_to_bare() {
        let row = &measures()[0];
        let mut lines =
            vec![line("ours", 1, 1.2), line("ours", 2, 2.4), line("bare", 1, 1.0), line("bare", 2, 2.0)];
        assert_eq!(row.ratios(&lines, OURS, BARE), [1.2, 1.2]);
        assert!(row.missed(&lines).is_empty());

        lines.extend([line("node", 1, 3.0), line("socketioxide", 1, 1.5)]);
        assert_eq!(row.missed(&lines), ["behind socketioxide"]);
        lines.push(line("ours", 2, 9.0));
        assert_eq!(row.missed(&lines).len(), 1, "the median is what counts");
        lines.extend([line("ours", 1, 9.0), line("ours", 2, 9.0), line("ours", 2, 9.0)]);
        assert!(row.missed(&lines).contains(&"behind node".to_owned()));
    }
}
