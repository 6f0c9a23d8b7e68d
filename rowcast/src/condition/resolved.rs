//! Filters whose columns are found, and whose values have the types of their columns.

use std::borrow::Cow;

use rowcast_schema::{Condition, FieldErrors, Filter, Op, Scalar};

/// A sentence that says why a condition is refused.
pub(crate) type Refusal = Cow<'static, str>;

/// A filter over columns `C` and values `V`.
#[derive(Clone, Debug)]
pub(crate) enum Resolved<C, V> {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Test(C, Test<V>),
}

/// A test of one column's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test<V> {
    IsNull,
    IsNotNull,
    Eq(V),
    /// Also true for null.
    Ne(V),
    Gt(V),
    Gte(V),
    Lt(V),
    Lte(V),
    In(Vec<V>),
    Contains(String),
    StartsWith(String),
    /// A list with this entry.
    Has(V),
}

/// The values to which a column is compared.
pub(crate) trait Comparands {
    /// A value as it is decoded.
    type Value;

    /// Refuses a column that has no order.
    fn check_comparable(&self) -> Result<(), Refusal>;

    /// Decodes a value to compare with.
    fn decode(&self, scalar: &Scalar) -> Result<Self::Value, Refusal>;

    /// Decodes an entry of the column's lists.
    fn decode_entry(&self, scalar: &Scalar) -> Result<Self::Value, Refusal>;

    /// Refuses a text to look for.
    fn check_text(&self, text: &str) -> Result<(), Refusal>;
}

/// `a, b, c`, of a long list the first.
pub(crate) fn listed(labels: &[String]) -> String {
    const MOST: usize = 30;
    let first = labels.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    if labels.len() > MOST { format!("{first}, …") } else { first }
}

impl<V> Test<V> {
    /// The test of a comparison.
    pub(crate) fn of(op: &Op, column: &impl Comparands<Value = V>) -> Result<Self, Refusal> {
        match op {
            Op::Eq(Scalar::Null) | Op::IsNull(true) => return Ok(Self::IsNull),
            Op::Ne(Scalar::Null) | Op::IsNull(false) => return Ok(Self::IsNotNull),
            Op::Has(scalar) => return column.decode_entry(scalar).map(Self::Has),
            _ => column.check_comparable()?,
        }
        let value = |scalar: &Scalar| column.decode(scalar);
        let text = |text: &String| column.check_text(text).map(|()| text.clone());
        Ok(match op {
            Op::Eq(scalar) => Self::Eq(value(scalar)?),
            Op::Ne(scalar) => Self::Ne(value(scalar)?),
            Op::Gt(scalar) => Self::Gt(value(scalar)?),
            Op::Gte(scalar) => Self::Gte(value(scalar)?),
            Op::Lt(scalar) => Self::Lt(value(scalar)?),
            Op::Lte(scalar) => Self::Lte(value(scalar)?),
            Op::In(scalars) => Self::In(scalars.iter().map(value).collect::<Result<_, _>>()?),
            Op::Contains(part) => Self::Contains(text(part)?),
            Op::StartsWith(start) => Self::StartsWith(text(start)?),
            Op::IsNull(_) | Op::Has(_) => return Err("cannot be compared".into()),
        })
    }

    /// The same test of values of another kind.
    pub(crate) fn map<W>(self, mut value: impl FnMut(V) -> W) -> Test<W> {
        match self {
            Self::IsNull => Test::IsNull,
            Self::IsNotNull => Test::IsNotNull,
            Self::Eq(to) => Test::Eq(value(to)),
            Self::Ne(to) => Test::Ne(value(to)),
            Self::Gt(than) => Test::Gt(value(than)),
            Self::Gte(than) => Test::Gte(value(than)),
            Self::Lt(than) => Test::Lt(value(than)),
            Self::Lte(than) => Test::Lte(value(than)),
            Self::In(values) => Test::In(values.into_iter().map(value).collect()),
            Self::Contains(part) => Test::Contains(part),
            Self::StartsWith(start) => Test::StartsWith(start),
            Self::Has(entry) => Test::Has(value(entry)),
        }
    }
}

impl<C, V> Resolved<C, V> {
    /// Resolves a filter. Mistakes are added to `errors`, and select all rows.
    pub(crate) fn of(
        filter: &Filter,
        errors: &mut FieldErrors,
        test: &mut impl FnMut(&Condition) -> Result<(C, Test<V>), Refusal>,
    ) -> Self {
        match filter {
            Filter::All(parts) => Self::All(parts.iter().map(|part| Self::of(part, errors, test)).collect()),
            Filter::Any(parts) => Self::Any(parts.iter().map(|part| Self::of(part, errors, test)).collect()),
            Filter::Not(inner) => Self::Not(Box::new(Self::of(inner, errors, test))),
            Filter::Condition(condition) => match test(condition) {
                Ok((column, test)) => Self::Test(column, test),
                Err(refusal) => {
                    errors.insert(condition.field(), refusal);
                    Self::All(Vec::new())
                }
            },
        }
    }
}
