//! How SQLite stores moments. It has no type for them: its own functions write `2026-01-31 14:30:05`, in UTC, and programs
//! write many other forms.
//!
//! Clients receive ISO 8601 as from PostgreSQL. They write it too: a moment is stored in the form of SQLite, so that the rows of a
//! client and those of `current_timestamp` are sorted and compared together. A column whose first value has another
//! form is left to its programs: values are stored as they are given.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use sea_orm::prelude::{ChronoDateTime, ChronoDateTimeWithTimeZone};

use super::{
    temporal::check,
    value_type::{Temporal, ValueType},
};

/// A form of moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeForm {
    /// That of SQLite, which new values have.
    Sqlite,
    /// Another one, or several.
    AsGiven,
    /// Values identify rows, so they are text alone.
    Key,
}

/// The form of a column's values, shared by all copies of the column.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedTimeForm(Arc<AtomicU8>);

impl SharedTimeForm {
    pub(super) fn set(&self, form: TimeForm) {
        self.0.store(form as u8, Ordering::Relaxed);
    }

    fn get(&self) -> TimeForm {
        match self.0.load(Ordering::Relaxed) {
            0 => TimeForm::Sqlite,
            1 => TimeForm::AsGiven,
            _ => TimeForm::Key,
        }
    }

    /// A stored text as clients receive it.
    pub(super) fn shown(&self, of: &ValueType, text: &str) -> Option<String> {
        let &ValueType::Temporal(of) = of else { return None };
        let is_shown = self.get() != TimeForm::Key && is_sqlite(text);
        is_shown.then(|| {
            let offset = if of == Temporal::TimestampTz { "+00:00" } else { "" };
            format!("{}{offset}", text.replacen(' ', "T", 1))
        })
    }

    /// The stored text that clients receive as this one, if they receive another one. A column whose values have another form than
    /// that of SQLite shows them as they are, as far as this is known.
    pub(super) fn shown_from(&self, of: &ValueType, text: &str) -> Option<String> {
        let &ValueType::Temporal(of) = of else { return None };
        let text = if of == Temporal::TimestampTz { text.strip_suffix("+00:00")? } else { text };
        let stored = text.replacen('T', " ", 1);
        (self.get() == TimeForm::Sqlite && stored != text && is_sqlite(&stored)).then_some(stored)
    }

    /// The text to store for a text in ISO 8601.
    pub(super) fn stored(&self, of: &ValueType, text: &str) -> Option<String> {
        let is_moment = matches!(of, ValueType::Temporal(Temporal::TimestampTz | Temporal::Timestamp));
        if is_moment && self.get() == TimeForm::Sqlite { from_iso(text) } else { None }
    }
}

/// Whether a text is a moment as SQLite writes it.
pub(super) fn is_sqlite(text: &str) -> bool {
    text.as_bytes().get(10) == Some(&b' ') && check(Temporal::Timestamp, text).is_ok()
}

/// `2026-01-31T16:30:05.120+02:00` → `2026-01-31 14:30:05.12`. None for a date, or what chrono does not read.
fn from_iso(text: &str) -> Option<String> {
    let text = text.replacen(' ', "T", 1);
    let (_, time) = text.split_once('T')?;
    let with_seconds = if time.matches(':').count() == 1 { format!("{text}:00") } else { text.clone() };
    let at: ChronoDateTime = match text.parse::<ChronoDateTimeWithTimeZone>() {
        Ok(zoned) => zoned.naive_utc(),
        Err(_) => with_seconds.parse().ok()?,
    };
    let text = at.format("%Y-%m-%d %H:%M:%S%.6f").to_string();
    Some(text.trim_end_matches('0').trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moment_is_stored_as_sqlite_writes_it() {
        for (iso, stored) in [
            ("2026-01-31T14:30:05Z", Some("2026-01-31 14:30:05")),
            ("2026-01-31T16:30:05.120+02:00", Some("2026-01-31 14:30:05.12")),
            ("2026-01-31T23:30:00-01:00", Some("2026-02-01 00:30:00")),
            ("2026-01-31 14:30:05.123456", Some("2026-01-31 14:30:05.123456")),
            ("2026-01-31T14:30:00.000Z", Some("2026-01-31 14:30:00")),
            ("2026-01-31T14:30", Some("2026-01-31 14:30:00")),
            ("2026-01-31T00:00:10", Some("2026-01-31 00:00:10")),
            ("2026-01-31", None),
            ("infinity", None),
            ("1767000000", None),
        ] {
            assert_eq!(from_iso(iso).as_deref(), stored, "{iso}");
        }
    }

    #[test]
    fn moment_of_sqlite_is_shown_in_iso_8601() {
        let (form, zoned) = (SharedTimeForm::default(), ValueType::Temporal(Temporal::TimestampTz));
        let local = ValueType::Temporal(Temporal::Timestamp);
        let text = "2026-01-31 14:30:05.5";
        assert_eq!(form.shown(&zoned, text).as_deref(), Some("2026-01-31T14:30:05.5+00:00"));
        assert_eq!(form.shown(&local, text).as_deref(), Some("2026-01-31T14:30:05.5"));
        for other in
            ["2026-01-31", "2026-01-31T14:30:05Z", "2026-01-31 14:30:05Z", "2026-13-31 14:30:05", "x"]
        {
            assert_eq!(form.shown(&zoned, other), None, "{other}");
        }
        form.set(TimeForm::AsGiven);
        assert_eq!(form.stored(&zoned, "2026-01-31T14:30:05Z"), None);
        assert!(form.shown(&zoned, text).is_some());
        form.set(TimeForm::Key);
        assert_eq!(form.shown(&zoned, text), None);
    }
}
