//! JSON in which numbers are as they were written.

use std::{collections::BTreeMap, fmt};

use serde_json::value::RawValue;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Exact {
    /// A number, a boolean or null, as text.
    Plain(String),
    Text(String),
    Array(Vec<Exact>),
    Object(BTreeMap<String, Exact>),
}

impl Exact {
    pub(super) fn parse(text: &str) -> Self {
        match text.trim_start().as_bytes()[0] {
            b'"' => Self::Text(serde_json::from_str(text).unwrap()),
            b'[' => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(text).unwrap();
                Self::Array(items.iter().map(|item| Self::parse(item.get())).collect())
            }
            b'{' => {
                let fields: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).unwrap();
                Self::Object(
                    fields.into_iter().map(|(name, value)| (name, Self::parse(value.get()))).collect(),
                )
            }
            _ => Self::Plain(text.trim().to_owned()),
        }
    }

    pub(super) fn object(self) -> BTreeMap<String, Exact> {
        match self {
            Self::Object(fields) => fields,
            other => panic!("no object: {other}"),
        }
    }

    pub(super) fn array(self) -> Vec<Exact> {
        match self {
            Self::Array(items) => items,
            other => panic!("no array: {other}"),
        }
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &str| serde_json::to_string(text).unwrap();
        match self {
            Self::Plain(plain) => f.write_str(plain),
            Self::Text(value) => f.write_str(&text(value)),
            Self::Array(items) => {
                let items: Vec<String> = items.iter().map(Self::to_string).collect();
                write!(f, "[{}]", items.join(","))
            }
            Self::Object(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(name, value)| format!("{}:{value}", text(name))).collect();
                write!(f, "{{{}}}", fields.join(","))
            }
        }
    }
}
