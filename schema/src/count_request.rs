//! The payload of `count_…`.

use serde_json::value::RawValue;

use crate::{FieldErrors, Form, Payload, PayloadError, filter::Filter, payload};

/// A request for the number of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, validator::Validate)]
pub struct CountRequest {
    /// Conditions on columns, all of which must hold.
    pub filter: Filter,
}

impl CountRequest {
    /// Decodes a payload as [`read`](crate::read()) does. The sentences of errors have these columns in their examples.
    ///
    /// # Errors
    /// [`PayloadError::Payload`] when the payload is no object.
    pub fn read_for(payload: &RawValue, columns: &[&str]) -> Result<(Self, FieldErrors), PayloadError> {
        payload::read_by(payload, |form| Self::read_with(form, columns))
    }

    fn read_with(form: &mut Form<'_>, columns: &[&str]) -> Self {
        Self { filter: Filter::read(form, "where", columns.first().unwrap_or(&"id")) }
    }
}

impl Payload for CountRequest {
    const NOUN: &'static str = "a request for a number of rows";
    const EXAMPLE: &'static str = "{}";
    const OPTIONAL: bool = true;
    const OTHER_NAMES: &'static [(&'static str, &'static str)] = &[("filter", "where")];

    fn read(form: &mut Form<'_>) -> Self {
        Self::read_with(form, &[])
    }
}
