//! How SQLite stores UUIDs. It has no type for them: programs write text in lower case or in capitals, or 16 bytes.
//!
//! Clients receive all three in lower case. Rows are found in whichever form they are, and new values are written in the form
//! that the column has.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use sea_orm::Value;

/// A form of UUIDs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UuidForm {
    /// `0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f60`
    LowerCase,
    /// `0B7E0D4E-7C0A-4F6E-9D0A-1C2B3D4E5F60`
    UpperCase,
    /// 16 bytes.
    Bytes,
}

/// The number of forms.
pub(super) const FORMS: usize = 3;

/// The form of a column's values, shared by all copies of the column. It changes with the rows that are read, because the table
/// may have been empty when its columns were read.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedUuidForm(Arc<Forms>);

#[derive(Debug, Default)]
struct Forms {
    /// The form of new values.
    main: AtomicU8,
    /// The forms that values have had: a bit for each.
    seen: AtomicU8,
}

impl SharedUuidForm {
    pub(super) fn get(&self) -> UuidForm {
        match self.0.main.load(Ordering::Relaxed) {
            0 => UuidForm::LowerCase,
            1 => UuidForm::UpperCase,
            _ => UuidForm::Bytes,
        }
    }

    /// Notes the form of a stored value.
    pub(super) fn set(&self, form: UuidForm) {
        if form != UuidForm::LowerCase {
            self.0.main.store(form as u8, Ordering::Relaxed);
        }
        let bit = 1 << form as u8;
        if self.0.seen.load(Ordering::Relaxed) & bit == 0 {
            self.0.seen.fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// Whether values have had several forms, so that stored values are not in the order of the UUIDs.
    pub(super) fn is_mixed(&self) -> bool {
        self.0.seen.load(Ordering::Relaxed).count_ones() > 1
    }

    /// The value to store for a UUID in lower case.
    pub(super) fn bind(&self, text: &str) -> Value {
        match (self.get(), text.parse::<uuid::Uuid>()) {
            (UuidForm::UpperCase, Ok(_)) => text.to_ascii_uppercase().into(),
            (UuidForm::Bytes, Ok(id)) => id.as_bytes().to_vec().into(),
            _ => text.into(),
        }
    }
}

/// Whether a text has a letter of a UUID in lower case.
pub(super) fn has_lower_case(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'a'..=b'f'))
}

/// SQL of a column's text as clients have it.
pub(super) fn shown(column: &str) -> String {
    let hex = format!("lower(hex({column}))");
    let parts = [(1, 8), (9, 4), (13, 4), (17, 4), (21, 12)];
    let parts = parts.map(|(start, length)| format!("substr({hex}, {start}, {length})")).join(" || '-' || ");
    format!(
        "case when typeof({column}) = 'blob' and length({column}) = 16 then {parts} \
         when {column} glob '????????-????-????-????-????????????' and {column} not glob '*[^0-9A-Fa-f-]*' \
         and length(replace({column}, '-', '')) = 32 then lower({column}) else {column} end"
    )
}

/// The text of a UUID that is stored as bytes. None if they are none.
pub(super) fn from_bytes(bytes: &[u8]) -> Option<String> {
    Some(uuid::Uuid::from_slice(bytes).ok()?.hyphenated().to_string())
}

/// The text in lower case if it is a UUID with capitals. None for any other text, which stays as it is.
pub(super) fn from_upper_case(text: &str) -> Option<String> {
    let has_capitals = text.len() == 36 && text.bytes().any(|byte| byte.is_ascii_uppercase());
    let is_uuid = has_capitals && uuid::Uuid::try_parse(text).is_ok();
    is_uuid.then(|| text.to_ascii_lowercase())
}

/// SQL of all forms of a text in lower case, itself in SQL.
pub(super) fn in_all_forms(text: &str) -> [String; FORMS] {
    [text.to_owned(), format!("upper({text})"), format!("unhex(replace({text}, '-', ''))")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuid_of_each_form_is_in_lower_case_for_clients() {
        let id = "0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f60";
        let form = SharedUuidForm::default();
        assert_eq!(form.bind(id), id.into());
        form.set(UuidForm::UpperCase);
        let upper = "0B7E0D4E-7C0A-4F6E-9D0A-1C2B3D4E5F60";
        assert_eq!((form.bind(id), from_upper_case(upper).as_deref()), (upper.into(), Some(id)));
        assert!(!form.is_mixed(), "one form alone");
        form.clone().set(UuidForm::Bytes);
        assert!(form.is_mixed(), "two forms");
        let Value::Bytes(Some(bytes)) = form.bind(id) else { panic!("no bytes") };
        assert_eq!(from_bytes(&bytes).as_deref(), Some(id));
    }

    #[test]
    fn value_that_is_no_uuid_stays_as_it_is() {
        for text in
            ["", "ABC", "0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f60", "0B7E0D4E-7C0A-4F6E-9D0A-1C2B3D4E5F6X"]
        {
            assert_eq!(from_upper_case(text), None, "{text}");
        }
        let form = SharedUuidForm::default();
        form.set(UuidForm::Bytes);
        assert_eq!(form.bind("none"), "none".into());
        assert_eq!(from_bytes(b"short"), None);
    }
}
