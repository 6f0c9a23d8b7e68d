//! The clauses of one column, or constraints of the table.

use super::{
    super::super::sql::{Kind, Token, closing, covered, split},
    CheckDefinition, Definition, ForeignKeyDefinition, UniqueDefinition,
};

/// Words that begin a constraint of the table. A column of such a name has quotes.
const TABLE_CONSTRAINTS: [&str; 5] = ["constraint", "primary", "unique", "check", "foreign"];

/// Scans the tokens between two commas of a definition.
pub(super) struct Scan<'a> {
    sql: &'a str,
    tokens: &'a [Token<'a>],
    at: usize,
    /// The column, unless these are constraints of the table.
    column: Option<String>,
    /// The name of the next constraint.
    name: Option<String>,
}

impl<'a> Scan<'a> {
    pub(super) fn new(sql: &'a str, tokens: &'a [Token<'a>]) -> Self {
        let first = tokens.first().filter(|first| !TABLE_CONSTRAINTS.iter().any(|word| first.is_word(word)));
        let column = first.map(Token::unquoted);
        Self { sql, tokens, at: usize::from(column.is_some()), column, name: None }
    }

    /// Adds the clauses to a definition.
    pub(super) fn run(mut self, definition: &mut Definition) {
        while let Some(token) = self.tokens.get(self.at) {
            self.at += 1;
            if token.is_symbol("(") {
                self.at -= 1;
                self.group();
            } else if token.kind == Kind::Word {
                self.clause(&token.text.to_ascii_lowercase(), definition);
            }
        }
    }

    fn clause(&mut self, word: &str, definition: &mut Definition) {
        match word {
            "constraint" => self.name = self.next_name(),
            "check" => self.check(definition),
            "unique" => self.unique(definition),
            "primary" => definition.primary_key = self.name.take(),
            "references" => {
                let key = ForeignKeyDefinition { name: self.name.take(), deferrable: false };
                definition.foreign_keys.push(key);
            }
            "initially" => self.initially(definition),
            "default" => self.default(),
            "not" | "null" => self.name = None,
            "collate" | "as" | "autoincrement" => self.column_clause(word, definition),
            _ => {}
        }
    }

    fn check(&mut self, definition: &mut Definition) {
        let name = self.name.take();
        if let Some(group) = self.group() {
            definition.checks.push(CheckDefinition { name, sql: covered(self.sql, group).to_owned() });
        }
    }

    /// A constraint of a column has no list of columns.
    fn unique(&mut self, definition: &mut Definition) {
        let name = self.name.take();
        let columns = match &self.column {
            Some(column) => vec![column.clone()],
            None => {
                let parts = split(self.group().unwrap_or_default()).into_iter();
                parts.filter_map(|part| part.first().map(Token::unquoted)).collect()
            }
        };
        definition.unique_keys.push(UniqueDefinition { name, columns });
    }

    /// SQLite defers a foreign key only if it is `deferrable initially deferred`.
    fn initially(&mut self, definition: &mut Definition) {
        let before = |back: usize| self.at.checked_sub(back).map(|at| &self.tokens[at]);
        let deferrable = before(2).is_some_and(|token| token.is_word("deferrable"))
            && !before(3).is_some_and(|token| token.is_word("not"));
        let deferred = self.tokens.get(self.at).is_some_and(|token| token.is_word("deferred"));
        if let Some(key) = definition.foreign_keys.last_mut() {
            key.deferrable = deferrable && deferred;
        }
    }

    fn column_clause(&mut self, word: &str, definition: &mut Definition) {
        // `primary key (name collate nocase)` is in parentheses, and is not seen here.
        let Some(column) = self.column.clone() else { return };
        match word {
            "collate" => definition.column_mut(&column).collation = self.next_name(),
            "as" => {
                let expression = self.group().map(|group| covered(self.sql, group).to_owned());
                definition.column_mut(&column).generated = expression;
            }
            _ => definition.column_mut(&column).autoincrement = true,
        }
        self.name = None;
    }

    fn next_name(&mut self) -> Option<String> {
        let name = self.tokens.get(self.at)?;
        self.at += 1;
        Some(name.unquoted())
    }

    /// A default that is not in parentheses is one token, perhaps after a sign. The action `set default` has none.
    fn default(&mut self) {
        self.name = None;
        let is_action = self.at >= 2 && self.tokens[self.at - 2].is_word("set");
        if let Some(token) = self.tokens.get(self.at)
            && !is_action
            && !token.is_symbol("(")
        {
            self.at += 1 + usize::from(token.is_symbol("-") || token.is_symbol("+"));
        }
    }

    /// The tokens in parentheses that begin here.
    fn group(&mut self) -> Option<&'a [Token<'a>]> {
        self.tokens.get(self.at).filter(|token| token.is_symbol("("))?;
        let open = self.at;
        let Some(close) = closing(self.tokens, open) else {
            self.at = self.tokens.len();
            return None;
        };
        self.at = close + 1;
        Some(&self.tokens[open + 1..close])
    }
}
