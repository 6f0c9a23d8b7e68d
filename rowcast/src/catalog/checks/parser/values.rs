//! Values: names, constants, functions and casts.

use super::{
    super::{
        super::sql::{Dialect, Kind, Token},
        expression::{Expression, Operator, TypeName},
    },
    Parser,
};

/// The most casts of one value.
const MAX_CASTS: usize = 4;

/// Words that begin or continue a construct, and are no names without quotes.
const RESERVED: [&str; 24] = [
    "and", "as", "between", "check", "collate", "else", "end", "escape", "from", "glob", "ilike", "in",
    "interval", "is", "isnull", "like", "match", "not", "notnull", "or", "regexp", "select", "then", "when",
];
/// Functions that count characters.
const LENGTH: [&str; 3] = ["length", "char_length", "character_length"];

impl<'a> Parser<'a> {
    /// A value, opaque if it is computed by operators that bind closer than comparisons.
    pub(super) fn operand(&mut self) -> Option<Expression> {
        let mut value = self.primary()?;
        while let Some(token) = self.peek() {
            let ends = token.kind != Kind::Symbol || [")", "]", ","].contains(&token.text);
            if ends || Operator::of(token.text).is_some() {
                break;
            }
            self.at += 1;
            self.primary()?;
            value = Expression::Opaque;
        }
        Some(value)
    }

    pub(super) fn primary(&mut self) -> Option<Expression> {
        let value = self.unary()?;
        self.suffixes(value)
    }

    fn unary(&mut self) -> Option<Expression> {
        let mut signs = 0;
        let mut negative = false;
        while self.peek_symbol("-") || self.peek_symbol("+") {
            negative ^= self.peek_symbol("-");
            signs += 1;
            self.at += 1;
        }
        Some(match (self.atom()?, signs) {
            (value, 0) => value,
            (Expression::Number(number), _) if negative => Expression::Number(format!("-{number}")),
            (Expression::Number(number), _) => Expression::Number(number),
            _ => Expression::Opaque,
        })
    }

    fn atom(&mut self) -> Option<Expression> {
        if self.peek_symbol("(") {
            return self.parentheses();
        }
        let token = self.next()?;
        match token.kind {
            Kind::Number => Some(Expression::Number(token.text.to_owned())),
            Kind::Text => Some(Expression::Text(token.unquoted())),
            Kind::Other => Some(Expression::Opaque),
            Kind::Symbol => None,
            Kind::Quoted => self.name(token),
            Kind::Word => self.word(token),
        }
    }

    fn parentheses(&mut self) -> Option<Expression> {
        let open = self.at;
        self.at += 1;
        if !self.peek_word("select") && !self.peek_word("with") {
            let inner = self.nested(Self::disjunction);
            if self.take_symbol(")") {
                return inner;
            }
            inner?;
        }
        // A row, or a query.
        self.at = open;
        self.skip_group()
    }

    fn word(&mut self, token: &'a Token<'a>) -> Option<Expression> {
        let word = token.text.to_ascii_lowercase();
        match &*word {
            "true" | "false" => Some(Expression::Boolean(word == "true")),
            "null" | "current_date" | "current_time" | "current_timestamp" => Some(Expression::Opaque),
            "case" => self.skip_case(),
            "array" if self.dialect == Dialect::Postgres => Some(Expression::Array(self.list("[", "]")?)),
            "exists" | "cast" if self.peek_symbol("(") => self.skip_group(),
            _ if RESERVED.contains(&&*word) => None,
            _ if LENGTH.contains(&&*word) && self.peek_symbol("(") => self.length(),
            _ => self.name(token),
        }
    }

    /// A column; opaque if it is a function, or has a qualifier.
    fn name(&mut self, token: &'a Token<'a>) -> Option<Expression> {
        let mut simple = true;
        while self.take_symbol(".") {
            simple = false;
            self.next()?;
        }
        if self.peek_symbol("(") {
            return self.skip_group();
        }
        Some(match simple {
            true => Expression::Name(token.unquoted()),
            false => Expression::Opaque,
        })
    }

    fn length(&mut self) -> Option<Expression> {
        let mut arguments = self.list("(", ")")?;
        match (arguments.pop(), arguments.is_empty()) {
            (Some(value), true) => Some(Expression::Length(Box::new(value))),
            _ => Some(Expression::Opaque),
        }
    }

    fn skip_case(&mut self) -> Option<Expression> {
        let mut depth = 1_usize;
        while depth > 0 {
            let token = self.next()?;
            depth += usize::from(token.is_word("case"));
            depth -= usize::from(token.is_word("end"));
        }
        Some(Expression::Opaque)
    }

    pub(super) fn list(&mut self, open: &str, close: &str) -> Option<Vec<Expression>> {
        let mut list = Vec::new();
        if !self.take_symbol(open) {
            return None;
        }
        while !self.take_symbol(close) {
            if !list.is_empty() && !self.take_symbol(",") {
                return None;
            }
            list.push(self.nested(Self::disjunction)?);
        }
        Some(list)
    }

    /// Casts, subscripts and collations.
    fn suffixes(&mut self, mut value: Expression) -> Option<Expression> {
        let mut casts = 0;
        loop {
            if self.take_symbol("::") {
                casts += 1;
                let to = self.type_name()?;
                value = match casts <= MAX_CASTS {
                    true => Expression::Cast { value: Box::new(value), to },
                    false => Expression::Opaque,
                };
            } else if self.peek_symbol("[") {
                value = self.skip_group()?;
            } else if self.take_word("collate") {
                self.next()?;
                while self.take_symbol(".") {
                    self.next()?;
                }
                value = Expression::Opaque;
            } else {
                return Some(value);
            }
        }
    }

    /// A type as PostgreSQL prints it, such as `character varying(10)[]` or `"Sales".mood`.
    fn type_name(&mut self) -> Option<TypeName> {
        let mut name = self.type_part()?;
        while self.take_symbol(".") {
            name = self.type_part()?;
        }
        let mut modified = self.modifier()?;
        for words in
            [&["varying"][..], &["precision"], &["without", "time", "zone"], &["with", "time", "zone"]]
        {
            if self.peek_word(words[0]) {
                words.iter().for_each(|word| name = format!("{name} {word}"));
                self.at += words.len();
            }
        }
        modified |= self.modifier()?;
        let mut array = false;
        while self.peek_symbol("[") {
            array = true;
            self.skip_group()?;
        }
        Some(TypeName { name, modified, array })
    }

    fn type_part(&mut self) -> Option<String> {
        let token = self.next()?;
        match token.kind {
            Kind::Word => Some(token.text.to_ascii_lowercase()),
            Kind::Quoted => Some(token.unquoted()),
            _ => None,
        }
    }

    /// Whether a type has a modifier.
    fn modifier(&mut self) -> Option<bool> {
        match self.peek_symbol("(") {
            true => self.skip_group().map(|_| true),
            false => Some(false),
        }
    }
}
