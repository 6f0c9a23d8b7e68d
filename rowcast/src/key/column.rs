//! Columns of keys.

/// A column of a primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyColumn {
    /// Its name, in the table and on the wire.
    pub name: &'static str,
    /// The form of its values.
    pub form: KeyForm,
}

/// The form of a key's values on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyForm {
    /// A number, whatever its size.
    Number,
    /// A number if JavaScript represents it exactly, and otherwise a text of its digits.
    SafeNumber,
    /// A number, as a text of its digits.
    Digits,
    /// A text.
    Text,
}

impl KeyColumn {
    /// A column of numbers.
    #[must_use]
    pub const fn number(name: &'static str) -> Self {
        Self { name, form: KeyForm::Number }
    }

    /// A column of numbers, of which large ones are texts.
    #[must_use]
    pub const fn safe_number(name: &'static str) -> Self {
        Self { name, form: KeyForm::SafeNumber }
    }

    /// A column of numbers that JavaScript does not represent exactly.
    #[must_use]
    pub const fn digits(name: &'static str) -> Self {
        Self { name, form: KeyForm::Digits }
    }

    /// A column of texts.
    #[must_use]
    pub const fn text(name: &'static str) -> Self {
        Self { name, form: KeyForm::Text }
    }
}
