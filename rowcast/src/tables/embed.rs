//! Rows of other tables, as objects in the rows that refer to them.
//!
//! ```text
//! embed = { customer = ["id", "name"] }
//!
//! {"id": 7, "customer_id": 3, "customer": {"id": 3, "name": "Ada"}, …}
//! ```
//!
//! PostgreSQL selects the object inside of the row's JSON. SQLite joins the other table, because its values are encoded
//! here. The version of a row does not depend on what it embeds.

mod changes;
mod selection;

use std::{collections::BTreeMap, sync::Arc};

use rowcast_schema::contract;
use serde_json::{Map, Value, json};

use super::{
    collection::TableCollection,
    definition::{Definition, Notice},
    describe::{nullable, value_schema},
    field::Field,
};
use crate::{
    catalog::{Catalog, QualifiedName, Table},
    intern::intern,
    project::{Settings, embeds},
};

/// A row of another table that each row of a table shows.
#[derive(Clone, Debug)]
pub(super) struct Embedding {
    /// The field with the object.
    pub(super) field: &'static str,
    /// The other table, without what its rows embed.
    other: Arc<Definition>,
    /// The fields of the other table that the object has.
    fields: Vec<Field>,
    reference: Vec<Reference>,
    /// Whether a row may refer to no other.
    nullable: bool,
}

/// A column that refers to a column of the other table.
#[derive(Clone, Debug)]
struct Reference {
    own: String,
    /// Whether rows show it.
    is_shown: bool,
    other: String,
    /// The order of the other column, if it is not the usual one.
    collation: Option<String>,
}

/// Adds to all tables what the settings embed in their rows. Returns what the operator should know.
pub(super) fn resolve(all: &mut [TableCollection], catalog: &Catalog, settings: &Settings) -> Vec<Notice> {
    if settings.collections.iter().all(|collection| collection.embed.is_empty()) {
        return Vec::new();
    }
    let others: BTreeMap<QualifiedName, Arc<Definition>> =
        all.iter().map(|TableCollection(of)| (of.qualified.clone(), of.clone())).collect();
    let mut notices = Vec::new();
    for TableCollection(of) in all {
        let (schema, name) = (of.qualified.schema.clone(), of.qualified.name.clone());
        let (Some(table), Some(own)) = (catalog.table(&schema, &name), settings.collection(&schema, &name))
        else {
            continue;
        };
        for (field, columns) in &own.embed {
            match embedding(of, table, (field, columns), &others, catalog, settings) {
                Ok(embedding) => Arc::make_mut(of).embeds.push(embedding),
                Err(reason) => notices.push(Notice {
                    table: of.log_name.to_owned(),
                    sentence: format!("the embedded row {field} is left out: {reason}"),
                }),
            }
        }
    }
    notices
}

fn embedding(
    of: &Definition,
    table: &Table,
    (field, columns): (&str, &[String]),
    others: &BTreeMap<QualifiedName, Arc<Definition>>,
    catalog: &Catalog,
    settings: &Settings,
) -> Result<Embedding, String> {
    let (key, referenced) =
        embeds::resolve(table, (field, columns), catalog, settings).map_err(|refused| {
            let sentences: Vec<String> = refused.into_iter().map(|refused| refused.sentence).collect();
            sentences.join("; ")
        })?;
    let other = others.get(&key.table).filter(|other| !other.key.is_empty());
    let other = other.ok_or_else(|| format!("rows of `{}` are not identified", key.table.name))?.clone();
    let mut fields: Vec<Field> = Vec::new();
    for column in columns {
        let (_, shown) = other
            .field(column)
            .filter(|(_, field)| field.shown)
            .ok_or_else(|| format!("`{}` does not show `{column}`", other.name))?;
        if !fields.iter().any(|field| field.name == shown.name) {
            fields.push(shown.clone());
        }
    }
    let pair = |(own, to): (&String, &String)| Reference {
        own: own.clone(),
        is_shown: of.field(own).is_some_and(|(_, field)| field.shown),
        other: to.clone(),
        collation: referenced.column(to).and_then(|column| column.collation.clone()),
    };
    let is_nullable = |own: &String| table.column(own).is_none_or(|column| column.nullable);
    Ok(Embedding {
        field: intern(field),
        fields,
        reference: key.columns.iter().zip(&key.referenced_columns).map(pair).collect(),
        nullable: key.columns.iter().any(is_nullable),
        other,
    })
}

impl Embedding {
    /// The fields of the other table that the object has.
    pub(super) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The other table's name in the change log.
    pub(super) fn log_name(&self) -> &'static str {
        self.other.log_name
    }

    /// The reference by the columns of the other table's key, in their order; none if it is by other columns.
    fn by_key(&self) -> Option<Vec<&Reference>> {
        let by = |field: &Field| self.reference.iter().find(|reference| reference.other == field.name);
        let by: Vec<&Reference> = self.other.key_fields().map(by).collect::<Option<_>>()?;
        (by.len() == self.reference.len()).then_some(by)
    }

    /// The description for the contract; none if rows do not show the key of the other row.
    pub(super) fn description(&self) -> Option<contract::Embed> {
        let by = self.by_key()?;
        by.iter().all(|reference| reference.is_shown).then(|| contract::Embed {
            field: self.field.to_owned(),
            collection: self.other.name.to_owned(),
            many: false,
            fields: self.fields.iter().map(|field| field.name.to_owned()).collect(),
            by: by.iter().map(|reference| reference.own.clone()).collect(),
        })
    }

    /// The schema of the object.
    pub(super) fn schema(&self) -> Value {
        let properties: Map<_, _> =
            self.fields.iter().map(|field| (field.name.to_owned(), value_schema(field))).collect();
        let required: Vec<&str> = self.fields.iter().map(|field| field.name).collect();
        let columns: Vec<&str> = self.reference.iter().map(|reference| &*reference.own).collect();
        let words =
            format!("The row of {} that {} refers to.", self.other.name, columns.join(" and ").as_str());
        let schema = json!({
            "type": "object", "description": words, "properties": properties, "required": required,
        });
        if self.nullable { nullable(schema) } else { schema }
    }
}

#[cfg(test)]
mod tests;
