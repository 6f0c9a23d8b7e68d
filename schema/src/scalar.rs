//! What a column is compared with.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::{
    json::{Json, NOT_TEXT, Refusal, check_text},
    number::{NOT_WHOLE, real, spelled, whole},
};

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
    /// A sentence for the form when it is no whole number, or one beyond 2^53.
    pub fn integer(&self) -> Result<i64, &'static str> {
        match self {
            Self::Number(text) | Self::Text(text) => whole(text.trim()).map_err(|refusal| refusal.sentence),
            Self::Null | Self::Bool(_) => Err(NOT_WHOLE),
        }
    }

    /// For a column of text; `900`, `900.0` and `"900"` are the same.
    ///
    /// # Errors
    /// A sentence for the form when it is neither text nor a number.
    pub fn text(&self) -> Result<Cow<'_, str>, &'static str> {
        match self {
            Self::Number(number) => spelled(number).map(Cow::Owned).map_err(|refusal| refusal.sentence),
            Self::Text(text) => Ok(text.into()),
            Self::Null | Self::Bool(_) => Err(NOT_TEXT),
        }
    }

    /// For a column of numbers with fractions.
    ///
    /// # Errors
    /// A sentence for the form when it is no number, or beyond those that JavaScript has.
    pub fn number(&self) -> Result<f64, &'static str> {
        match self {
            Self::Number(text) | Self::Text(text) => real(text.trim()).map_err(|refusal| refusal.sentence),
            Self::Null | Self::Bool(_) => Err("must be a number"),
        }
    }

    /// For a column of truth values.
    ///
    /// # Errors
    /// A sentence for the form when it is neither true nor false.
    pub fn boolean(&self) -> Result<bool, &'static str> {
        match self {
            Self::Bool(value) => Ok(*value),
            Self::Text(text) if text.trim() == "true" => Ok(true),
            Self::Text(text) if text.trim() == "false" => Ok(false),
            _ => Err("must be true or false"),
        }
    }
}
