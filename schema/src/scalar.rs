//! Values that columns are compared with.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::{
    lenient::{FieldError, Json, NOT_BOOLEAN, NOT_TEXT, check_text, to_boolean},
    number::{NOT_NUMBER, NOT_WHOLE, real, to_text, whole},
};

/// A value to compare a column with. It is kept as sent, because its type depends on the column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// Null.
    Null,
    /// True or false.
    Bool(bool),
    /// A number, as written in JSON.
    Number(String),
    /// Text, not trimmed, without control characters except line breaks.
    Text(String),
}

impl Scalar {
    pub(crate) fn of(raw: &RawValue) -> Result<Self, FieldError> {
        match Json::of(raw)? {
            Json::Null => Ok(Self::Null),
            Json::Bool(value) => Ok(Self::Bool(value)),
            Json::Number(number) => Ok(Self::Number(number.to_owned())),
            Json::Text(text) => check_text(&text).map(|()| Self::Text(text)),
            _ => Err(FieldError::new("cannot be compared with a list or an object")),
        }
    }

    /// The value for a column of whole numbers; `"44"`, `44` and `44.0` are equal.
    ///
    /// # Errors
    /// A sentence for the form when the value is no whole number, or beyond 2^53.
    pub fn integer(&self) -> Result<i64, &'static str> {
        match self {
            Self::Number(text) | Self::Text(text) => whole(text.trim()).map_err(|error| error.sentence),
            Self::Null | Self::Bool(_) => Err(NOT_WHOLE),
        }
    }

    /// The value for a text column; `900`, `900.0` and `"900"` are equal.
    ///
    /// # Errors
    /// A sentence for the form when the value is neither text nor a number.
    pub fn text(&self) -> Result<Cow<'_, str>, &'static str> {
        match self {
            Self::Number(number) => to_text(number).map(Cow::Owned).map_err(|error| error.sentence),
            Self::Text(text) => Ok(text.into()),
            Self::Null | Self::Bool(_) => Err(NOT_TEXT),
        }
    }

    /// The value for a column of numbers with fractions.
    ///
    /// # Errors
    /// A sentence for the form when the value is no number, or infinite in JavaScript.
    pub fn number(&self) -> Result<f64, &'static str> {
        match self {
            Self::Number(text) | Self::Text(text) => real(text.trim()).map_err(|error| error.sentence),
            Self::Null | Self::Bool(_) => Err(NOT_NUMBER),
        }
    }

    /// The value for a boolean column; `true`, `"true"`, `"on"` and `1` are equal.
    ///
    /// # Errors
    /// A sentence for the form when the value is neither true nor false.
    pub fn boolean(&self) -> Result<bool, &'static str> {
        match self {
            Self::Bool(value) => Ok(*value),
            Self::Number(text) | Self::Text(text) => to_boolean(text.trim()).ok_or(NOT_BOOLEAN),
            Self::Null => Err(NOT_BOOLEAN),
        }
    }
}
