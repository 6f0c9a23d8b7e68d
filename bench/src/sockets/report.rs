//! The Socket.IO servers side by side, as one markdown table.
//!
//! A figure is the median over the rounds, with its range. A ratio is taken within each round, and is
//! the median of these, so that a slow minute of the machine weighs on both sides.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::Fallible;
use crate::report::{figure, median, short};

mod table;

use table::Measure;

/// The server that is held against the others.
const OURS: &str = "ours";
/// Those it should be ahead of.
const RIVALS: [&str; 2] = ["socketioxide", "node"];
/// The one it should not be far behind.
const BARE: &str = "bare";

/// Prints the table of all results in `files`; false when a goal is missed or a run went wrong.
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
    println!("| measure | {OURS} | {0} | {1} | {BARE} | ÷ {0} | ÷ {1} | ÷ {BARE} | |", RIVALS[0], RIVALS[1]);
    println!("{}", "| --- ".repeat(9) + "|");
    let rows = table::measures().into_iter().filter(|measure| measure.has_results(&lines));
    let verdicts: Vec<bool> = rows.map(|measure| row(&measure, &lines)).collect();
    let faults = print_faults(&lines);
    Ok(faults == 0 && verdicts.into_iter().all(|met| met))
}

fn row(measure: &Measure, lines: &[Value]) -> bool {
    let cell = |peer: &str| match measure.values(lines, peer) {
        values if values.is_empty() => "–".to_owned(),
        values => figure(&values, ""),
    };
    let ratios = |peer: &str| median(&measure.ratios(lines, OURS, peer)).map_or("–".to_owned(), short);
    let missed = measure.missed(lines);
    let verdict = match missed.is_empty() {
        true if !measure.is_comparable(lines) => String::new(),
        true => "met".into(),
        false => format!("**{}**", missed.join(", ")),
    };
    let peers = [OURS, RIVALS[0], RIVALS[1], BARE].map(cell).join(" | ");
    let ratios = [RIVALS[0], RIVALS[1], BARE].map(ratios).join(" | ");
    println!("| {} | {peers} | {ratios} | {verdict} |", measure.title());
    missed.is_empty()
}

/// Names what went wrong, each kind once, and says how much of it was ours or nobody's in particular.
fn print_faults(lines: &[Value]) -> usize {
    let mut faults: Vec<String> = Vec::new();
    let mut ours = 0;
    for line in lines {
        let number = |key: &str| line[key].as_f64().unwrap_or(0.0);
        let (undelivered, closed) = (number("undelivered"), number("closed"));
        if undelivered == 0.0 && closed == 0.0 && line["error"].is_null() {
            continue;
        }
        let what = [
            &line["label"],
            &line["scenario"],
            &line["clients"],
            &line["bytes"],
            &line["stalled"],
            &line["transport"],
        ]
        .map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned))
        .into_iter()
        .filter(|part| part != "null")
        .collect::<Vec<_>>()
        .join(" ");
        let error = line["error"].as_str().unwrap_or("");
        faults.push(format!("- {what}: {undelivered} undelivered, {closed} closed. {error}"));
        ours += usize::from(line["label"] == OURS);
    }
    if !faults.is_empty() {
        println!("\nWent wrong:\n\n{}", faults.join("\n"));
    }
    ours
}
