//! Results beside the targets, as one markdown table.
//!
//! A figure is the median over the rounds, with its range. Where it stands beside a bare limit, each
//! round is compared with itself, so that a slow minute of the machine weighs on both.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::Fallible;

mod measures;
mod product;
mod tables;

use measures::Measure;

/// What a report is of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Report {
    /// The product beside its targets.
    Product,
    /// Tables without Rust beside the same product in Rust.
    Tables,
}

/// Prints the table of all results in `files`; false when a target is missed or has no result.
///
/// # Errors
/// When a file cannot be read or is not one of results.
pub fn print(report: Report, files: &[PathBuf]) -> Fallible<bool> {
    let mut lines: Vec<Value> = Vec::new();
    for file in files {
        for line in fs::read_to_string(file)?.lines() {
            lines.push(serde_json::from_str(line)?);
        }
    }
    let of_tables;
    let measures = match report {
        Report::Product => product::MEASURES,
        Report::Tables => {
            of_tables = tables::measures(&lines);
            &of_tables
        }
    };
    println!("| measure | median (range) | target | |\n| --- | --- | --- | --- |");
    let verdicts: Vec<_> = measures.iter().map(|measure| row(measure, &lines)).collect();
    Ok(verdicts.into_iter().all(|met| met))
}

fn row(measure: &Measure, lines: &[Value]) -> bool {
    let values = measure.values(lines);
    let met = measure.target.as_ref().is_none_or(|target| target.is_met(&values));
    let target = measure.target.as_ref().map(ToString::to_string).unwrap_or_default();
    let verdict = match (&measure.target, met) {
        (None, _) => "",
        (Some(_), true) => "met",
        (Some(_), false) => "**missed**",
    };
    println!("| {} | {} | {target} | {verdict} |", measure.name, figure(&values, measure.unit));
    met
}

pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.get(values.len() / 2)?;
    let below = values[(values.len() - 1) / 2];
    Some((below + middle) / 2.0)
}

pub(crate) fn figure(values: &[f64], unit: &str) -> String {
    let Some(median) = median(values) else {
        return "no result".into();
    };
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{} {unit} ({}–{})", short(median), short(low), short(high)).replace("  ", " ")
}

/// Three digits or so.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        v if v >= 1000.0 => thousands(value.round() as i64),
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

fn thousands(value: i64) -> String {
    match value {
        -999..=999 => value.to_string(),
        _ => format!("{},{:03}", thousands(value / 1000), value.abs() % 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_formatted() {
        assert_eq!(figure(&[12_345.6, 9_000.0, 1_234_567.0], "/s"), "12,346 /s (9,000–1,234,567)");
        assert_eq!(figure(&[0.25, 0.15], ""), "0.200 (0.150–0.250)");
        assert_eq!(figure(&[], "ms"), "no result");
    }
}
