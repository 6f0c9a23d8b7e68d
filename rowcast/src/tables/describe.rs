//! Schemas of rows and payloads.

use rowcast_schema::{
    MAX_SAFE_INTEGER,
    contract::{KeyColumn, TableDescription, any_json, named_json},
};
use serde_json::{Map, Value, json};

use super::{
    definition::{Definition, VersionSource},
    embed::Embedding,
    field::{Field, Insert},
    value_type::{Temporal, ValueType},
};
use crate::catalog::checks::{Literal, Rule};

impl Definition {
    /// The types of the collection, for the contract.
    pub(super) fn description(&self) -> TableDescription {
        let named = |wanted: fn(&ValueType) -> bool| {
            let fields = self.shown().filter(|field| wanted(&field.value_type));
            fields.map(|field| field.name.to_owned()).collect::<Vec<_>>()
        };
        let key = |field: &Field| KeyColumn::new(field.name, schema(&field.value_type));
        TableDescription {
            sent: self.is_live,
            columns: self.list_columns().into_iter().map(ToOwned::to_owned).collect(),
            embedded_columns: self.embedded_columns(),
            numbers: named(ValueType::sorts_as_number),
            bigints: named(|of| *of == ValueType::Digits),
            times: named(|of| *of == ValueType::Temporal(Temporal::TimestampTz)),
            key: self.key_fields().map(key).collect(),
            version_field: self.version_field.to_owned(),
            new: (!self.is_read_only).then(|| self.new_schema()),
            update: (!self.is_read_only).then(|| self.update_schema()),
            embeds: self.embeds.iter().filter_map(Embedding::description).collect(),
            ..TableDescription::new(self.singular, self.name, self.row_schema())
        }
    }

    /// A row as it is sent.
    pub(super) fn row_schema(&self) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in self.shown() {
            properties.insert(field.name.into(), value_schema(field));
            required.push(field.name);
        }
        for embedding in &self.embeds {
            properties.insert(embedding.field.into(), embedding.schema());
            required.push(embedding.field);
        }
        if !self.key.is_empty() && self.version != VersionSource::Column {
            let words = "Another one whenever the row changes.";
            properties.insert(self.version_field.into(), json!({ "type": "string", "description": words }));
            required.push(self.version_field);
        }
        let words = self.comment.clone().unwrap_or_else(|| format!("A row of {}.", self.table));
        json!({ "type": "object", "description": words, "properties": properties, "required": required })
    }

    /// The payload of a new row.
    pub(super) fn new_schema(&self) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in self.fields.iter().filter(|field| field.insert != Insert::Never) {
            properties.insert(field.name.into(), self.payload_field(field));
            if field.insert == Insert::Required {
                required.push(field.name);
            }
        }
        let words = format!("The payload of `new_{}`.", self.singular);
        let example = self.example(self.fields.iter().filter(|field| field.insert == Insert::Required));
        json!({
            "type": "object", "description": words, "properties": properties, "required": required,
            "additionalProperties": false, "examples": [example],
        })
    }

    /// The payload of an update.
    pub(super) fn update_schema(&self) -> Value {
        let mut properties = Map::new();
        for field in self.key_fields() {
            let mut schema = field_schema(field);
            schema["description"] = "Which row to update.".into();
            properties.insert(field.name.into(), schema);
        }
        let of = if self.version == VersionSource::Column { "integer" } else { "string" };
        let words = "The version that the client saw; checked if present.";
        properties.insert(self.version_field.into(), json!({ "type": of, "description": words }));
        let changeable = self
            .fields
            .iter()
            .filter(|field| field.update && !self.key_fields().any(|key| key.name == field.name));
        for field in changeable {
            properties.insert(field.name.into(), self.payload_field(field));
        }
        let words = format!("The payload of `update_{}`; absent fields keep their value.", self.singular);
        json!({
            "type": "object", "description": words, "properties": properties, "required": self.key_fields().map(|field| field.name).collect::<Vec<_>>(),
            "additionalProperties": false, "examples": [self.example(self.key_fields())],
        })
    }

    fn payload_field(&self, field: &Field) -> Value {
        let mut schema = field_schema(field);
        for (rule, _) in &field.rules {
            restrict(rule, &mut schema);
        }
        describe(field, &mut schema);
        if field.nullable { nullable(schema) } else { schema }
    }

    fn example<'a>(&self, fields: impl Iterator<Item = &'a Field>) -> Value {
        fields.map(|field| (field.name.to_owned(), example(&field.value_type))).collect::<Map<_, _>>().into()
    }
}

/// The values of a column.
fn field_schema(field: &Field) -> Value {
    match (&field.value_type, &field.type_name) {
        (ValueType::Json { .. }, Some(name)) => named_json(name),
        (of, _) => schema(of),
    }
}

/// The values of a field in rows.
pub(super) fn value_schema(field: &Field) -> Value {
    let mut schema = field_schema(field);
    describe(field, &mut schema);
    if field.nullable { nullable(schema) } else { schema }
}

fn describe(field: &Field, schema: &mut Value) {
    if let Some(comment) = &field.comment {
        schema["description"] = comment.clone().into();
    }
}

/// The values of a type.
pub(super) fn schema(of: &ValueType) -> Value {
    match of {
        ValueType::Integer { min, max } => match (min, max) {
            (min, max) if (*min, *max) == (-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER) => {
                json!({ "type": "integer" })
            }
            (min, max) => json!({ "type": "integer", "minimum": min, "maximum": max }),
        },
        ValueType::Digits => json!({ "type": "string", "format": "int64" }),
        ValueType::Decimal { .. } | ValueType::Money => json!({ "type": "string", "format": "decimal" }),
        ValueType::Float => json!({ "type": "number" }),
        ValueType::Text { max_length: Some(max) } => json!({ "type": "string", "maxLength": max }),
        ValueType::Text { max_length: None } | ValueType::Literal => json!({ "type": "string" }),
        ValueType::Boolean => json!({ "type": "boolean" }),
        ValueType::Uuid => json!({ "type": "string", "format": "uuid" }),
        ValueType::Temporal(of) => json!({ "type": "string", "format": format(*of) }),
        ValueType::Json { .. } => any_json(),
        ValueType::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
        ValueType::Enum(labels) => json!({ "type": "string", "enum": labels }),
        ValueType::Array(element) => json!({ "type": "array", "items": nullable(schema(element)) }),
    }
}

fn format(of: Temporal) -> &'static str {
    match of {
        Temporal::TimestampTz => "date-time",
        Temporal::Timestamp => "local-date-time",
        Temporal::Date => "date",
        Temporal::Time | Temporal::TimeTz => "time",
        Temporal::Interval => "duration",
    }
}

/// The schema with null.
pub(super) fn nullable(mut schema: Value) -> Value {
    if let Some(of) = schema.get("type").and_then(Value::as_str) {
        schema["type"] = json!([of, "null"]);
        if let Some(labels) = schema.get_mut("enum").and_then(Value::as_array_mut) {
            labels.push(Value::Null);
        }
    } else if schema.get("x-type-name").is_some() {
        // `Json` contains null, and a type of the user's perhaps does not.
        return json!({ "anyOf": [schema, { "type": "null" }] });
    }
    schema
}

/// Adds a rule, as far as JSON Schema has it.
fn restrict(rule: &Rule, schema: &mut Value) {
    match rule {
        Rule::Length { min, max } => {
            schema["minLength"] = (*min).into();
            if let Some(max) = max {
                schema["maxLength"] = (*max).into();
            }
        }
        Rule::Range { min, max } if schema["type"] != "string" => {
            let mut set = |bound: &crate::catalog::checks::Bound, inclusive: &str, exclusive: &str| {
                if let Literal::Number(number) = &bound.value
                    && let Ok(number) = number.parse::<serde_json::Number>()
                {
                    schema[if bound.inclusive { inclusive } else { exclusive }] = number.into();
                }
            };
            min.iter().for_each(|min| set(min, "minimum", "exclusiveMinimum"));
            max.iter().for_each(|max| set(max, "maximum", "exclusiveMaximum"));
        }
        Rule::OneOf(literals) => {
            let value = |literal: &Literal| match literal {
                Literal::Text(text) if schema["type"] == "string" => Some(Value::from(text.clone())),
                Literal::Number(number) if schema["type"] != "string" => {
                    number.parse::<serde_json::Number>().ok().map(Value::from)
                }
                _ => None,
            };
            if let Some(values) = literals.iter().map(value).collect::<Option<Vec<_>>>() {
                schema["enum"] = values.into();
            }
        }
        Rule::Not(rule) => {
            if let Rule::OneOf(literals) = &**rule
                && literals.contains(&Literal::Text(String::new()))
                && schema["type"] == "string"
            {
                schema["minLength"] = schema["minLength"].as_u64().unwrap_or_default().max(1).into();
            }
        }
        Rule::All(rules) => rules.iter().for_each(|rule| restrict(rule, schema)),
        Rule::Matches { .. } | Rule::Like { .. } | Rule::Null | Rule::Any(_) | Rule::Range { .. } => {}
    }
}

/// A value of a type.
pub(super) fn example(of: &ValueType) -> Value {
    match of {
        ValueType::Integer { .. } => 1.into(),
        ValueType::Digits => "1".into(),
        ValueType::Decimal { .. } | ValueType::Money => "1.5".into(),
        ValueType::Float => 1.5.into(),
        ValueType::Text { .. } | ValueType::Literal => "a".into(),
        ValueType::Boolean => true.into(),
        ValueType::Uuid => "0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f60".into(),
        ValueType::Temporal(of) => match of {
            Temporal::TimestampTz => "2026-01-31T14:30:00Z",
            Temporal::Timestamp => "2026-01-31T14:30:00",
            Temporal::Date => "2026-01-31",
            Temporal::Time => "14:30:00",
            Temporal::TimeTz => "14:30:00Z",
            Temporal::Interval => "PT1H",
        }
        .into(),
        ValueType::Json { .. } => json!({}),
        ValueType::Bytes => "AP8=".into(),
        ValueType::Enum(labels) => labels.first().cloned().unwrap_or_default().into(),
        ValueType::Array(element) => vec![example(element)].into(),
    }
}
