//! What a column is compared with.

use serde_json::value::RawValue;

use crate::json::{Json, NOT_TEXT, NOT_WHOLE, Refusal, check_text, whole};

/// A value to compare a column with. What was sent is kept: which type it stands for is up to the column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A number, as it was written.
    Number(String),
    /// Text, not trimmed, free of control characters but line breaks.
    Text(String),
}

impl Scalar {
    pub(crate) fn of(raw: &RawValue) -> Result<Self, Refusal> {
        match Json::of(raw)? {
            Json::Null => Ok(Self::Null),
            Json::Bool(value) => Ok(Self::Bool(value)),
            Json::Number(number) => Ok(Self::Number(number.to_owned())),
            Json::Text(text) => check_text(&text).map(|()| Self::Text(text)),
            _ => Err(Refusal::here("cannot be compared with a list or an object")),
        }
    }

    /// For a column of whole numbers; `"44"`, `44` and `44.0` are the same.
    ///
    /// # Errors
    /// A sentence for the form when it is no whole number of 64 bits.
    pub fn integer(&self) -> Result<i64, &'static str> {
        match self {
            Self::Number(text) | Self::Text(text) => whole(text.trim()).map_err(|refusal| refusal.sentence),
            Self::Null | Self::Bool(_) => Err(NOT_WHOLE),
        }
    }

    /// For a column of text; `900` and `"900"` are the same.
    ///
    /// # Errors
    /// A sentence for the form when it is neither text nor a number.
    pub fn text(&self) -> Result<&str, &'static str> {
        match self {
            Self::Number(text) | Self::Text(text) => Ok(text),
            Self::Null | Self::Bool(_) => Err(NOT_TEXT),
        }
    }
}
