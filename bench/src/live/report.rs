//! Live data beside others, as one markdown table.
//!
//! A figure is the median over the rounds, with its range. A ratio is taken within each round, and is the median of
//! these, so that a slow minute of the machine weighs on both sides.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::Fallible;
use crate::report::figure;

mod row;
mod table;

use row::{COLUMNS, OURS, Row};

/// What should never happen.
const FAULTS: [&str; 7] = ["failed", "unacked", "undelivered", "unread", "unresumed", "doubled", "closed"];

/// Prints the table of all results in `files`; false when a target is missed or a promise of ours was broken.
///
/// # Errors
/// When a file cannot be read or is not one of results.
pub fn print(files: &[PathBuf]) -> Fallible<bool> {
    let mut lines: Vec<Value> = Vec::new();
    for file in files {
        for line in fs::read_to_string(file)?.lines() {
            lines.push(serde_json::from_str(line)?);
        }
    }
    let titles: Vec<&str> = COLUMNS.iter().map(|column| column.title).collect();
    println!("| measure | {} | target | |", titles.join(" | "));
    println!("{}", "| --- ".repeat(titles.len() + 3) + "|");
    let rows = table::rows().into_iter().filter(|row| row.has_results(&lines));
    let missed = rows.map(|row| print_row(&row, &lines)).filter(|met| !met).count();
    let faults: Vec<(bool, String)> = lines.iter().filter_map(fault).collect();
    if !faults.is_empty() {
        let list: Vec<&str> = faults.iter().map(|(_, fault)| fault.as_str()).collect();
        println!("\nWent wrong:\n\n{}", list.join("\n"));
    }
    Ok(missed == 0 && !faults.iter().any(|(ours, _)| *ours))
}

fn print_row(row: &Row, lines: &[Value]) -> bool {
    let cell = |column| match (row.values(lines, column), row.gave_up(lines, column)) {
        (values, None) if values.is_empty() => "–".to_owned(),
        (values, Some(seconds)) if values.is_empty() => format!("given up after {seconds} s"),
        (values, _) => figure(&values, ""),
    };
    let cells: Vec<String> = COLUMNS.iter().map(cell).collect();
    let met = row.is_met(lines);
    let verdict = match met {
        None => "",
        Some(true) => "met",
        Some(false) => "**missed**",
    };
    let target = row.target.as_ref().map(ToString::to_string).unwrap_or_default();
    println!("| {} | {} | {target} | {verdict} |", row.title(), cells.join(" | "));
    met != Some(false)
}

/// What went wrong in a run, and whether with us.
fn fault(line: &Value) -> Option<(bool, String)> {
    let number = |key: &str| line[key].as_f64().filter(|value| *value > 0.0);
    let counted = FAULTS.iter().filter_map(|key| Some(format!("{} {key}", number(key)?)));
    let faults: Vec<String> = counted.chain(line["error"].as_str().map(str::to_owned)).collect();
    if faults.is_empty() {
        return None;
    }
    let what = ["database", "label", "scenario", "live", "synchronous", "coaches", "listeners", "clients"]
        .iter()
        .filter_map(|key| match &line[*key] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            value => Some(format!("{key} {value}")),
        });
    let what: Vec<String> = what.collect();
    Some((line["label"] == OURS, format!("- {}: {}", what.join(", "), faults.join(", "))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fault_is_reported_with_scenario_and_owner() {
        let line = json!({"scenario": "cost", "label": "ours", "live": "changes", "coaches": 100.0, "undelivered": 3.0,
            "unread": 0.0, "error": "a write failed"});
        let told = "- ours, cost, changes, coaches 100.0: 3 undelivered, a write failed";
        assert_eq!(fault(&line), Some((true, told.to_owned())));
        assert_eq!(fault(&json!({"label": "node", "undelivered": 0.0})), None);
    }
}
