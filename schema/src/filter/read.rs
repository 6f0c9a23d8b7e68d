//! Reads filters.

use std::collections::BTreeMap;

use serde_json::{json, value::RawValue};

use super::{Condition, Filter, MAX_CONDITIONS, MAX_DEPTH, MAX_IN_VALUES, Op};
use crate::{
    Form, Scalar,
    lenient::{FieldError, Json, NOT_BOOLEAN, to_boolean},
};

const OPS: &str = "must use eq, ne, gt, gte, lt, lte, in, contains, starts_with, is_null or has";
const ALL_OPS: [&str; 11] =
    ["eq", "ne", "gt", "gte", "lt", "lte", "in", "contains", "starts_with", "is_null", "has"];

impl Filter {
    /// Reads the filter of a field. Errors are added to the form; `column` is that of their example.
    pub(crate) fn read(form: &mut Form<'_>, field: &'static str, column: &str) -> Self {
        let Some(raw) = form.raw(field).filter(|raw| raw.get().trim_ascii() != "null") else {
            return Self::default();
        };
        let mut reader = Reader { form, left: MAX_CONDITIONS, field, column };
        reader.object(raw, field, 0).unwrap_or_default()
    }
}

struct Reader<'r, 'f> {
    form: &'r mut Form<'f>,
    /// The number of conditions that are still allowed.
    left: usize,
    field: &'static str,
    /// A column for an example.
    column: &'r str,
}

impl Reader<'_, '_> {
    /// None once the filter has too many conditions, or is nested too deeply.
    fn object(&mut self, raw: &RawValue, place: &str, depth: usize) -> Option<Filter> {
        if depth > MAX_DEPTH {
            return self.refuse(format!("must be nested at most {MAX_DEPTH} levels deep"));
        }
        let columns = match Json::of(raw) {
            Ok(Json::Object(columns)) => columns,
            Ok(_) => {
                // A comparison that fits a column of any type.
                let example = json!({ self.column: { "ne": null } });
                self.form.add_error(place, format!("must be an object, like {example}"));
                return Some(Filter::default());
            }
            Err(error) => {
                self.form.add_field_error(place, &error);
                return Some(Filter::default());
            }
        };
        let mut all = Vec::new();
        for (name, raw) in &columns {
            let below = format!("{place}.{name}");
            match combination(name, raw) {
                Some(Combination::And(parts)) => all.push(Filter::All(self.parts(parts, &below, depth)?)),
                Some(Combination::Or(parts)) => all.push(Filter::Any(self.parts(parts, &below, depth)?)),
                Some(Combination::Not) => {
                    self.count(1)?;
                    all.push(Filter::Not(Box::new(self.object(raw, &below, depth + 1)?)));
                }
                None => match ops(raw) {
                    Ok(ops) => {
                        self.count(ops.len())?;
                        let condition = |op| Condition { column: name.clone(), op, place: place.to_owned() };
                        all.extend(ops.into_iter().map(condition).map(Filter::Condition));
                    }
                    Err(error) => self.form.add_field_error(&below, &error),
                },
            }
        }
        Some(Filter::All(all))
    }

    fn parts(&mut self, parts: Vec<&RawValue>, place: &str, depth: usize) -> Option<Vec<Filter>> {
        self.count(parts.len())?;
        let part = |(at, part): (usize, &RawValue)| self.object(part, &format!("{place}.{at}"), depth + 1);
        parts.into_iter().enumerate().map(part).collect()
    }

    fn count(&mut self, conditions: usize) -> Option<()> {
        match self.left.checked_sub(conditions) {
            Some(left) => {
                self.left = left;
                Some(())
            }
            None => self.refuse(format!("must have at most {MAX_CONDITIONS} conditions")),
        }
    }

    fn refuse<T>(&mut self, sentence: String) -> Option<T> {
        self.form.add_error(self.field, sentence);
        None
    }
}

/// A combination of conditions.
enum Combination<'a> {
    And(Vec<&'a RawValue>),
    Or(Vec<&'a RawValue>),
    Not,
}

/// The combination that a name means. A column may have the same name: it is compared with a value, or by operators.
fn combination<'a>(name: &str, raw: &'a RawValue) -> Option<Combination<'a>> {
    match (name, Json::of(raw)) {
        ("and", Ok(Json::List(parts))) => Some(Combination::And(parts)),
        ("or", Ok(Json::List(parts))) => Some(Combination::Or(parts)),
        ("not", Ok(Json::Object(columns))) if !is_comparison(&columns) => Some(Combination::Not),
        _ => None,
    }
}

fn is_comparison(columns: &BTreeMap<String, &RawValue>) -> bool {
    !columns.is_empty() && columns.keys().all(|name| ALL_OPS.contains(&&**name))
}

fn ops(raw: &RawValue) -> Result<Vec<Op>, FieldError> {
    match Json::of(raw)? {
        Json::Object(ops) if ops.is_empty() => Err(FieldError::new(OPS)),
        Json::Object(ops) => ops.into_iter().map(|(name, operand)| op(&name, operand)).collect(),
        Json::List(_) => Err(FieldError::new("must be one value; for several, use in")),
        _ => Ok(vec![Op::Eq(Scalar::of(raw)?)]),
    }
}

fn op(name: &str, operand: &RawValue) -> Result<Op, FieldError> {
    match name {
        "eq" => Scalar::of(operand).map(Op::Eq),
        "ne" => Scalar::of(operand).map(Op::Ne),
        "gt" => ordered(operand).map(Op::Gt),
        "gte" => ordered(operand).map(Op::Gte),
        "lt" => ordered(operand).map(Op::Lt),
        "lte" => ordered(operand).map(Op::Lte),
        "in" => one_of(operand).map(Op::In),
        "contains" => text(operand).map(Op::Contains),
        "starts_with" => text(operand).map(Op::StartsWith),
        "is_null" => truth(operand).map(Op::IsNull),
        "has" => ordered(operand).map(Op::Has),
        "id" => Err(FieldError::new("must be the id alone: 1, not {\"id\": 1}")),
        _ => Err(FieldError::new(OPS)),
    }
}

fn ordered(operand: &RawValue) -> Result<Scalar, FieldError> {
    match Scalar::of(operand)? {
        Scalar::Null => Err(FieldError::new("can be compared with null by eq and ne only")),
        scalar => Ok(scalar),
    }
}

fn text(operand: &RawValue) -> Result<String, FieldError> {
    match ordered(operand)?.text() {
        Ok(text) => Ok(text.into_owned()),
        Err(sentence) => Err(FieldError::new(sentence)),
    }
}

fn truth(operand: &RawValue) -> Result<bool, FieldError> {
    let not_boolean = || FieldError::new(NOT_BOOLEAN);
    match Json::of(operand)? {
        Json::Bool(truth) => Ok(truth),
        Json::Text(text) => to_boolean(text.trim()).ok_or_else(not_boolean),
        Json::Number(number) => to_boolean(number).ok_or_else(not_boolean),
        _ => Err(not_boolean()),
    }
}

fn one_of(operand: &RawValue) -> Result<Vec<Scalar>, FieldError> {
    match Json::of(operand)? {
        Json::List(values) if values.len() > MAX_IN_VALUES => {
            Err(FieldError::new("must list at most 100 values for in"))
        }
        Json::List(values) => values.into_iter().map(ordered).collect(),
        _ => Err(FieldError::new("must have a list for in")),
    }
}
