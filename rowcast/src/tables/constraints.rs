//! Constraints over other rows, checked before a write, so that one response reports all errors. The database's own
//! constraints catch the effects of concurrent transactions.

use std::collections::{BTreeMap, BTreeSet};

use rowcast_schema::FieldErrors;
use sea_orm::{ConnectionTrait, Statement, Value};
use serde_json::value::RawValue;

use super::{
    definition::{Definition, ForeignReference, Unique},
    payload::Values,
    sql::{column, comparable, quoted},
    stored_row::StoredRow,
};
use crate::{database::Transaction, error::Error, key::Key};

impl Definition {
    /// Adds errors for references to missing rows, and for values that other rows have. `own` is the row that is
    /// changed, and `before` what it is now, if it is locked.
    pub(super) async fn constraint_errors(
        &self,
        db: &Transaction,
        own: Option<&Key>,
        before: Option<&StoredRow>,
        values: &Values,
        errors: &mut FieldErrors,
    ) -> Result<(), Error> {
        let kept = before.map_or_else(BTreeSet::new, |before| self.kept(before, values));
        let mut query = ChecksQuery { definition: self, values, kept, bound: Vec::new(), checks: Vec::new() };
        let references: Vec<&ForeignReference> =
            self.references.iter().filter(|reference| query.add_reference(reference)).collect();
        let unique: Vec<&Unique> =
            self.unique.iter().filter(|unique| query.add_unique(unique, own)).collect();
        let found = query.run(db).await?;
        for (reference, exists) in references.into_iter().zip(&found) {
            if !exists && !self.is_own(reference, values) {
                let default = || self.missing(reference, values);
                self.add(&reference.fields, reference.comment.clone().unwrap_or_else(default), errors);
            }
        }
        let taken = found.iter().skip(found.len() - unique.len());
        for (unique, taken) in unique.into_iter().zip(taken) {
            if *taken {
                self.add_taken(unique, errors);
            }
        }
        Ok(())
    }

    /// Fields of unique values that a payload leaves as they are. Forms send whole rows: a value that the row already
    /// has is unique, and a query less is a round trip less.
    fn kept(&self, before: &StoredRow, values: &Values) -> BTreeSet<usize> {
        let of_payload = |at: &&usize| values.contains_key(at);
        let mut fields = self.unique.iter().flat_map(|unique| &unique.fields).filter(of_payload).peekable();
        if fields.peek().is_none() {
            return BTreeSet::new();
        }
        let row: BTreeMap<String, &RawValue> = serde_json::from_str(before.json.get()).unwrap_or_default();
        let is_kept = |at: &&usize| {
            let stored = row.get(self.fields[**at].name);
            stored.is_some_and(|stored| is_same(stored, values.get(at).and_then(Option::as_deref)))
        };
        fields.filter(is_kept).copied().collect()
    }

    /// Whether the reference is to the row itself, which is about to be written.
    fn is_own(&self, reference: &ForeignReference, values: &Values) -> bool {
        let is_same = |(at, column): (&usize, &String)| {
            self.field(column)
                .is_some_and(|(to, _)| values.contains_key(&to) && values.get(&to) == values.get(at))
        };
        reference.source == self.source && reference.fields.iter().zip(&reference.columns).all(is_same)
    }

    fn missing(&self, reference: &ForeignReference, values: &Values) -> String {
        let ForeignReference { name, columns, fields, .. } = reference;
        let value = |at: &usize| values.get(at).cloned().flatten().unwrap_or_default();
        let values: Vec<String> = fields.iter().map(value).collect();
        format!("no row of {name} has {} {}", columns.join(", "), values.join(", "))
    }

    fn add(&self, fields: &[usize], sentence: String, errors: &mut FieldErrors) {
        for at in fields {
            errors.insert(self.fields[*at].name, sentence.clone());
        }
    }

    fn add_taken(&self, unique: &Unique, errors: &mut FieldErrors) {
        let name = |at: &usize| self.fields[*at].name;
        for at in &unique.fields {
            let others: Vec<&str> = unique.fields.iter().filter(|other| *other != at).map(name).collect();
            let default = match others[..] {
                [] => "is already taken".to_owned(),
                _ => format!("is already taken, together with {}", others.join(" and ")),
            };
            errors.insert(name(at), unique.comment.clone().unwrap_or(default));
        }
    }
}

/// One query for all checks of a write.
struct ChecksQuery<'a> {
    definition: &'a Definition,
    values: &'a Values,
    kept: BTreeSet<usize>,
    bound: Vec<Value>,
    checks: Vec<String>,
}

impl ChecksQuery<'_> {
    /// Adds a check that a row exists, if the payload names one.
    fn add_reference(&mut self, reference: &ForeignReference) -> bool {
        if !reference.fields.iter().any(|at| self.values.contains_key(at)) {
            return false;
        }
        let Some(conditions) =
            self.equal(&reference.fields, |at| format!("o.{}", quoted(&reference.columns[at])))
        else {
            return false;
        };
        self.checks.push(format!("exists (select 1 from {} o where {conditions})", reference.source));
        true
    }

    /// Adds a check whether another row has the same values. A part of them may be those that the row has already.
    fn add_unique(&mut self, unique: &Unique, own: Option<&Key>) -> bool {
        let is_complete = unique.fields.iter().all(|at| self.values.contains_key(at));
        if !is_complete && own.is_none() || !self.has_changed(&unique.fields) {
            return false;
        }
        let definition = self.definition;
        let mut conditions = Vec::new();
        let before = (self.bound.len(), definition);
        for at in &unique.fields {
            let field = &definition.fields[*at];
            let column = column(field);
            match (self.values.get(at), own) {
                (Some(None), _) if unique.nulls_distinct => {
                    self.bound.truncate(before.0);
                    return false;
                }
                (Some(None), _) => conditions.push(format!("{column} is null")),
                (Some(Some(text)), _) => {
                    self.bound.push(definition.bound(field, Some(text)));
                    let placeholder = definition.placeholder(field, self.bound.len());
                    conditions.push(format!("{} = {placeholder}", comparable(field, column)));
                }
                (None, Some(own)) => {
                    let first = self.bound.len() + 1;
                    self.bound.extend(definition.bound_key(own));
                    let source = &definition.source;
                    let key = definition.key_condition(first);
                    conditions.push(format!("{column} = (select {column} from {source} t where {key})"));
                }
                (None, None) => return false,
            }
        }
        if let Some(own) = own {
            let first = self.bound.len() + 1;
            self.bound.extend(definition.bound_key(own));
            conditions.push(format!("not ({})", definition.key_condition(first)));
        }
        let source = &definition.source;
        self.checks.push(format!("exists (select 1 from {source} t where {})", conditions.join(" and ")));
        true
    }

    fn has_changed(&self, fields: &[usize]) -> bool {
        fields.iter().any(|at| self.values.contains_key(at) && !self.kept.contains(at))
    }

    /// Conditions of equality; none if a value is null or not known.
    fn equal(&mut self, fields: &[usize], column: impl Fn(usize) -> String) -> Option<String> {
        let definition = self.definition;
        let given = fields.iter().map(|at| self.values.get(at).cloned().flatten());
        let texts: Vec<String> = given.collect::<Option<_>>()?;
        let mut conditions = Vec::new();
        for (at, (field, text)) in fields.iter().zip(&texts).enumerate() {
            let field = &definition.fields[*field];
            self.bound.push(definition.bound(field, Some(text)));
            let placeholder = definition.placeholder(field, self.bound.len());
            conditions.push(format!("{} = {placeholder}", comparable(field, column(at))));
        }
        Some(conditions.join(" and "))
    }

    async fn run(self, db: &Transaction) -> Result<Vec<bool>, Error> {
        if self.checks.is_empty() {
            return Ok(Vec::new());
        }
        // Neither booleans of PostgreSQL nor integers of SQLite: text is the same.
        let digit = |check: &String| format!("case when {check} then '1' else '0' end");
        let digits: Vec<String> = self.checks.iter().map(digit).collect();
        let sql = format!("select {} as found", digits.join(" || "));
        let statement = Statement::from_sql_and_values(self.definition.backend(), sql, self.bound);
        let row = db.query_one_raw(statement).await?;
        let found: String = row.map_or(Ok(String::new()), |row| row.try_get("", "found"))?;
        Ok(found.bytes().map(|digit| digit == b'1').collect())
    }
}

/// Whether a row has the value of a payload. Two spellings of one value may differ; then it is looked for.
fn is_same(stored: &RawValue, text: Option<&str>) -> bool {
    match (stored.get(), text) {
        ("null", text) => text.is_none(),
        (_, None) => false,
        (json, Some(text)) => serde_json::from_str::<String>(json).map_or(json == text, |own| own == text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_is_kept_only_if_stored_one_is_equal() {
        let is_kept = |stored: &str, text| is_same(serde_json::from_str(stored).unwrap(), text);
        for (stored, text) in
            [("null", None), ("7", Some("7")), (r#""a\"b""#, Some("a\"b")), (r#""null""#, Some("null"))]
        {
            assert!(is_kept(stored, text), "{stored}");
        }
        for (stored, text) in
            [("null", Some("null")), (r#""""#, None), ("7", Some("8")), (r#""A""#, Some("a"))]
        {
            assert!(!is_kept(stored, text), "{stored}");
        }
    }
}
