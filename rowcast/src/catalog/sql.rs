//! Tokens of SQL text.

/// The dialect of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A keyword or a name without quotes.
    Word,
    /// A name in quotes.
    Quoted,
    /// A text in quotes.
    Text,
    Number,
    /// An operator or punctuation.
    Symbol,
    /// Text with a prefix, such as `x'00'`, or without an end.
    Other,
}

/// A token, and its place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    pub(crate) start: usize,
}

impl Token<'_> {
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }

    /// A name or text without its quotes; anything else as it is written.
    pub(super) fn unquoted(&self) -> String {
        if !matches!(self.kind, Kind::Quoted | Kind::Text) {
            return self.text.to_owned();
        }
        let mut letters = self.text.chars();
        let (open, close) = (letters.next().unwrap_or('"'), letters.next_back().unwrap_or('"'));
        match open {
            '[' => letters.as_str().to_owned(),
            _ => letters.as_str().replace(&format!("{close}{close}"), &close.to_string()),
        }
    }
}

/// Splits a text into tokens, without spaces and comments. Any text has tokens.
pub(crate) fn tokens(sql: &str, dialect: Dialect) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = sql[start..].chars().next() {
        let rest = &sql[start..];
        let length = match gap(rest, first, dialect) {
            Some(length) => length,
            None => {
                let (kind, length) = token(rest, first, dialect);
                tokens.push(Token { kind, text: &rest[..length], start });
                length
            }
        };
        start += length;
    }
    tokens
}

/// The length of a space or comment.
fn gap(rest: &str, first: char, dialect: Dialect) -> Option<usize> {
    let until = |end: &str| rest.find(end).map_or(rest.len(), |at| at + end.len());
    match first {
        _ if first.is_whitespace() => Some(first.len_utf8()),
        '-' if rest.starts_with("--") => Some(until("\n")),
        '/' if rest.starts_with("/*") && dialect == Dialect::Postgres => Some(nested_comment(rest)),
        '/' if rest.starts_with("/*") => {
            Some(rest[2..].find("*/").map_or(rest.len(), |at| at + "/**/".len()))
        }
        _ => None,
    }
}

/// The length of a comment of PostgreSQL, which may contain comments.
fn nested_comment(rest: &str) -> usize {
    let (mut at, mut depth) = (2, 1);
    while depth > 0 {
        let Some(next) = rest[at..].find(['*', '/']) else { return rest.len() };
        let found = &rest[at + next..];
        let (length, change) = match found {
            _ if found.starts_with("/*") => (2, 1),
            _ if found.starts_with("*/") => (2, -1),
            _ => (1, 0),
        };
        at += next + length;
        depth += change;
    }
    at
}

fn token(rest: &str, first: char, dialect: Dialect) -> (Kind, usize) {
    let next = rest[first.len_utf8()..].chars().next();
    match first {
        '\'' => quoted(rest, '\'', Kind::Text),
        '"' => quoted(rest, '"', Kind::Quoted),
        '`' if dialect == Dialect::Sqlite => quoted(rest, '`', Kind::Quoted),
        '[' if dialect == Dialect::Sqlite => match rest.find(']') {
            Some(at) => (Kind::Quoted, at + 1),
            None => (Kind::Other, rest.len()),
        },
        '0'..='9' => (Kind::Number, number(rest)),
        '.' if next.is_some_and(|next| next.is_ascii_digit()) => (Kind::Number, number(rest)),
        'e' | 'E' if dialect == Dialect::Postgres && next == Some('\'') => (Kind::Other, escaped(rest)),
        '$' if dialect == Dialect::Postgres => match dollar_quoted(rest) {
            Some(length) => (Kind::Other, length),
            None => (Kind::Symbol, 1),
        },
        // A prefix, as in x'00'.
        _ if first.is_ascii_alphabetic() && next == Some('\'') => {
            (Kind::Other, 1 + quoted(&rest[1..], '\'', Kind::Text).1)
        }
        _ if is_name(first) => {
            (Kind::Word, rest.find(|letter| !is_name(letter) && letter != '$').unwrap_or(rest.len()))
        }
        _ => (Kind::Symbol, symbol(rest, first, dialect)),
    }
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || !letter.is_ascii()
}

/// The length up to the closing quote; a doubled one is part of the text.
fn quoted(rest: &str, quote: char, kind: Kind) -> (Kind, usize) {
    let mut from = 1;
    while let Some(at) = rest[from..].find(quote) {
        from += at + 1;
        if !rest[from..].starts_with(quote) {
            return (kind, from);
        }
        from += 1;
    }
    (Kind::Other, rest.len())
}

/// The length of a text such as `E'it\'s'`, in which a backslash escapes the next character.
fn escaped(rest: &str) -> usize {
    let mut letters = rest.char_indices().skip(2).peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '\'' if letters.next_if(|(_, next)| *next == '\'').is_none() => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a text between tags, such as `$$…$$` or `$body$…$body$`.
fn dollar_quoted(rest: &str) -> Option<usize> {
    let tag = &rest[..1 + rest[1..].find('$')? + 1];
    let name = &tag[1..tag.len() - 1];
    let is_tag = name.chars().all(is_name) && !name.starts_with(|letter: char| letter.is_ascii_digit());
    let closing = rest[tag.len()..].find(tag).map(|at| at + 2 * tag.len());
    is_tag.then_some(closing.unwrap_or(rest.len()))
}

/// The length of a number, with the sign of its exponent.
fn number(rest: &str) -> usize {
    let mut before = '0';
    let is_hex = rest.starts_with("0x") || rest.starts_with("0X");
    let ends = |letter: char| {
        let sign = matches!(letter, '+' | '-') && matches!(before, 'e' | 'E') && !is_hex;
        before = letter;
        !(letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_') || sign)
    };
    rest.find(ends).unwrap_or(rest.len())
}

/// Operators of SQLite with more than one character, longest first.
const SQLITE_OPERATORS: [&str; 10] = ["->>", "->", "||", "<=", "<>", "<<", ">=", ">>", "==", "!="];

fn symbol(rest: &str, first: char, dialect: Dialect) -> usize {
    match dialect {
        Dialect::Sqlite => {
            let operator = SQLITE_OPERATORS.iter().find(|operator| rest.starts_with(**operator));
            operator.map_or(first.len_utf8(), |operator| operator.len())
        }
        Dialect::Postgres if rest.starts_with("::") => 2,
        Dialect::Postgres => postgres_operator(rest).max(first.len_utf8()),
    }
}

/// The longest operator, by the rules of PostgreSQL's lexer: it ends before a comment, and `+` or `-` end it only if
/// it contains a character that SQL's own operators do not.
fn postgres_operator(rest: &str) -> usize {
    let length = rest.find(|letter| !"+-*/<>=~!@#%^&|`?".contains(letter)).unwrap_or(rest.len());
    let mut operator = &rest[..length];
    for comment in ["--", "/*"] {
        operator = operator.split(comment).next().unwrap_or(operator);
    }
    while operator.len() > 1
        && operator.ends_with(['+', '-'])
        && !operator.contains(|letter| "~!@#%^&|`?".contains(letter))
    {
        operator = &operator[..operator.len() - 1];
    }
    operator.len()
}

/// The position of the parenthesis that closes the one at `open`.
pub(super) fn closing(tokens: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if token.is_symbol("(") || token.is_symbol("[") {
            depth += 1;
        } else if token.is_symbol(")") || token.is_symbol("]") {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// The lists between commas that are not in parentheses.
pub(super) fn split<'a, 't>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let mut depth = 0_i32;
    let between = tokens.split(|token| {
        depth += i32::from(token.is_symbol("(")) - i32::from(token.is_symbol(")"));
        depth == 0 && token.is_symbol(",")
    });
    between.filter(|part| !part.is_empty()).collect()
}

/// The text that tokens cover.
pub(super) fn covered<'a>(sql: &'a str, tokens: &[Token<'_>]) -> &'a str {
    match tokens {
        [first, .., last] => &sql[first.start..last.end()],
        [only] => &sql[only.start..only.end()],
        [] => "",
    }
}
