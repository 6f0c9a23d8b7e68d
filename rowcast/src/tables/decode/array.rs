//! Lists of payloads, as arrays of PostgreSQL.

use std::fmt::Write;

use super::{Refusal, Shallow};
use crate::tables::value_type::ValueType;

/// The list as a literal of PostgreSQL.
pub(super) fn array(value: Shallow<'_>, element: &ValueType) -> Result<String, Refusal> {
    let mut literal = String::new();
    let mut lengths = Vec::new();
    write_array(value, element, 0, &mut lengths, &mut literal)?;
    // A list of empty lists is the empty list.
    Ok(if lengths.contains(&0) { "{}".to_owned() } else { literal })
}

pub(super) const NOT_LIST: &str = "must be a list";
pub(super) const UNEVEN: &str = "must have lists of equal lengths, at every level";
/// PostgreSQL's limit (`MAXDIM`).
const MAX_DIMENSIONS: usize = 6;

fn write_array(
    value: Shallow<'_>,
    element: &ValueType,
    level: usize,
    lengths: &mut Vec<usize>,
    literal: &mut String,
) -> Result<(), Refusal> {
    let Shallow::List(entries) = value else { return Err(NOT_LIST.into()) };
    if level == MAX_DIMENSIONS {
        return Err(format!("must be nested at most {MAX_DIMENSIONS} levels deep").into());
    }
    match lengths.get(level) {
        None => lengths.push(entries.len()),
        Some(length) if *length == entries.len() => {}
        Some(_) => return Err(UNEVEN.into()),
    }
    literal.push('{');
    for (at, entry) in entries.into_iter().enumerate() {
        if at > 0 {
            literal.push(',');
        }
        let is_list = entry.get().trim_ascii().starts_with('[') && !matches!(element, ValueType::Json { .. });
        match is_list {
            true => write_array(Shallow::of(entry)?, element, level + 1, lengths, literal)?,
            false if lengths.len() > level + 1 => return Err(UNEVEN.into()),
            false => {
                let decoded = element.decode(entry, true);
                let decoded = decoded.map_err(|refusal| format!("{refusal}, at position {}", at + 1))?;
                write_element(decoded.as_deref(), literal);
            }
        }
    }
    literal.push('}');
    Ok(())
}

fn write_element(text: Option<&str>, literal: &mut String) {
    let Some(text) = text else { return literal.push_str("NULL") };
    literal.push('"');
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            literal.push('\\');
        }
        literal.push(letter);
    }
    literal.push('"');
}

/// Texts as a literal of a list, for `= any(…)`.
pub(in crate::tables) fn array_literal<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut literal = String::from("{");
    for (at, text) in texts.enumerate() {
        if at > 0 {
            literal.push(',');
        }
        write_element(Some(text), &mut literal);
    }
    let _ = literal.write_char('}');
    literal
}
