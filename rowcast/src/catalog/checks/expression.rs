//! The syntax of conditions.

/// An expression, as far as rules can be recognised in it.
#[derive(Debug)]
pub(super) enum Expression {
    /// A column, or what SQLite takes for text in double quotes.
    Name(String),
    Number(String),
    Text(String),
    Boolean(bool),
    Cast {
        value: Box<Expression>,
        to: TypeName,
    },
    Array(Vec<Expression>),
    /// The number of characters of a value.
    Length(Box<Expression>),
    Not(Box<Expression>),
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Compare {
        left: Box<Expression>,
        operator: Operator,
        right: Box<Expression>,
    },
    /// A comparison with the elements of an array.
    CompareArray {
        left: Box<Expression>,
        operator: Operator,
        /// Whether all must satisfy it, or one.
        all: bool,
        array: Box<Expression>,
    },
    In {
        value: Box<Expression>,
        list: Vec<Expression>,
    },
    Between {
        value: Box<Expression>,
        low: Box<Expression>,
        high: Box<Expression>,
    },
    Like {
        value: Box<Expression>,
        pattern: Box<Expression>,
        escape: Option<Box<Expression>>,
        ignore_case: bool,
    },
    IsNull(Box<Expression>),
    /// An expression of which only the extent is known.
    Opaque,
}

impl Expression {
    pub(super) fn negated_if(self, negated: bool) -> Self {
        if negated { Self::Not(Box::new(self)) } else { self }
    }
}

/// The name of a type in a cast.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TypeName {
    /// In lower case unless it was quoted, without a schema.
    pub(super) name: String,
    /// Whether it has a modifier, as in `varchar(10)`, so that the cast may change the value.
    pub(super) modified: bool,
    pub(super) array: bool,
}

/// An operator between a column and a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `~`, `~*`, `!~`, `!~*`.
    Matches {
        ignore_case: bool,
        negated: bool,
    },
    /// `~~`, `~~*`, `!~~`, `!~~*`.
    Like {
        ignore_case: bool,
        negated: bool,
    },
}

impl Operator {
    /// The operator of a symbol. Those of patterns are PostgreSQL's.
    pub(super) fn of(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "=" | "==" => Self::Equal,
            "<>" | "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            "~" => Self::Matches { ignore_case: false, negated: false },
            "~*" => Self::Matches { ignore_case: true, negated: false },
            "!~" => Self::Matches { ignore_case: false, negated: true },
            "!~*" => Self::Matches { ignore_case: true, negated: true },
            "~~" => Self::Like { ignore_case: false, negated: false },
            "~~*" => Self::Like { ignore_case: true, negated: false },
            "!~~" => Self::Like { ignore_case: false, negated: true },
            "!~~*" => Self::Like { ignore_case: true, negated: true },
            _ => return None,
        })
    }

    /// The operator with its sides exchanged, if it has one.
    pub(super) fn mirrored(self) -> Option<Self> {
        Some(match self {
            Self::Equal | Self::NotEqual => self,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            Self::Matches { .. } | Self::Like { .. } => return None,
        })
    }
}
