//! The statements of a file.

use crate::catalog::sql::{Dialect, Token, tokens};

/// The comment in the first line of a file that is not a transaction, after `--`.
const DIRECTIVE: &str = "rowcast: no transaction";

/// A statement without its semicolon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement<'a> {
    pub(super) text: &'a str,
    /// Its position in the file, in bytes.
    pub(super) start: usize,
    pub(super) tokens: Vec<Token<'a>>,
}

impl Statement<'_> {
    /// Whether it begins with these keywords. A keyword may be one of several, as in `function|procedure`, and is
    /// optional if it ends with `?`.
    pub(super) fn begins_with(&self, keywords: &str) -> bool {
        begins_with(&self.tokens, keywords)
    }

    pub(super) fn contains(&self, keyword: &str) -> bool {
        self.tokens.iter().any(|token| token.is_word(keyword))
    }
}

fn begins_with(tokens: &[Token<'_>], keywords: &str) -> bool {
    let mut tokens = tokens.iter().peekable();
    for keyword in keywords.split(' ') {
        let (keyword, optional) =
            keyword.strip_suffix('?').map_or((keyword, false), |keyword| (keyword, true));
        let found = tokens.next_if(|token| keyword.split('|').any(|word| token.is_word(word)));
        if found.is_none() && !optional {
            return false;
        }
    }
    true
}

/// The first line, if it is a comment to this program.
pub(super) fn directive(sql: &str) -> Option<&str> {
    let comment = sql.lines().next()?.trim().strip_prefix("--")?.trim();
    comment.starts_with("rowcast:").then_some(comment)
}

/// Whether the file is not a transaction.
pub(super) fn is_without_transaction(sql: &str) -> bool {
    directive(sql) == Some(DIRECTIVE)
}

/// Splits a file at the semicolons that end statements. Empty statements are left out.
pub(super) fn split(sql: &str, dialect: Dialect) -> Vec<Statement<'_>> {
    let mut statements = Vec::new();
    let mut tokens = tokens(sql, dialect);
    while !tokens.is_empty() {
        let length = end(&tokens, dialect);
        let rest = tokens.split_off((length + 1).min(tokens.len()));
        tokens.truncate(length);
        if let [first, .., last] | [first @ last] = tokens.as_slice() {
            let (start, end) = (first.start, last.end());
            statements.push(Statement { text: &sql[start..end], start, tokens });
        }
        tokens = rest;
    }
    statements
}

/// The number of tokens before the semicolon that ends the first statement.
fn end(tokens: &[Token<'_>], dialect: Dialect) -> usize {
    let body = match dialect {
        Dialect::Sqlite => begins_with(tokens, "create temp|temporary? trigger"),
        Dialect::Postgres => begins_with(tokens, "create or? replace? function|procedure"),
    };
    let (mut parentheses, mut blocks) = (0_usize, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        if token.is_symbol("(") {
            parentheses += 1;
        } else if token.is_symbol(")") {
            parentheses = parentheses.saturating_sub(1);
        } else if body && dialect == Dialect::Postgres {
            // The body of a function in standard SQL: `begin atomic …; … end`.
            if token.is_word("begin") || (blocks > 0 && token.is_word("case")) {
                blocks += 1;
            } else if token.is_word("end") {
                blocks = blocks.saturating_sub(1);
            }
        }
        let ends = match dialect {
            // The body of a trigger ends with `; end`, as in sqlite3_complete().
            Dialect::Sqlite if body => {
                at >= 2 && tokens[at - 1].is_word("end") && tokens[at - 2].is_symbol(";")
            }
            _ => parentheses == 0 && blocks == 0,
        };
        if ends && token.is_symbol(";") {
            return at;
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(sql: &str, dialect: Dialect) -> Vec<&str> {
        split(sql, dialect).iter().map(|statement| statement.text).collect()
    }

    #[test]
    fn semicolons_in_texts_names_and_comments_end_no_statement() {
        let sql = "-- a; b\n;;insert into \"a;b\" values ('x;''y') /* ; */ ; select 1 -- ;\n;\n";
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            assert_eq!(texts(sql, dialect), ["insert into \"a;b\" values ('x;''y')", "select 1"]);
        }
        assert_eq!(texts("select [a;b], `c;d`; x", Dialect::Sqlite), ["select [a;b], `c;d`", "x"]);
        assert_eq!(split("\n\n select 1;", Dialect::Sqlite)[0].start, 3);
        assert!(split(" -- nothing\n/* ; */ ;", Dialect::Sqlite).is_empty());
    }

    #[test]
    fn body_of_a_trigger_is_one_statement_on_sqlite() {
        let trigger =
            "create trigger t after insert on a begin update a set b = case when c then 1 end; select 1; end";
        let sql =
            format!("{trigger}; select 2; CREATE TEMP TRIGGER u after insert on a BEGIN select 1; END;");
        let found = texts(&sql, Dialect::Sqlite);
        assert_eq!((found.len(), found[0], found[1]), (3, trigger, "select 2"));
    }

    #[test]
    fn body_of_a_function_is_one_statement_on_postgres() {
        let dollars = "create function f() returns trigger language plpgsql as $f$ begin new.a := '$$;'; return new; end $f$";
        let standard = "create or replace function g(a int) returns int begin atomic select 1; select case when a > 1 then 2 end; end";
        let rule = "create rule r as on insert to a do (select 1; select 2)";
        let escaped = r"select E'it\'s; ', $1, a$b$c, $$;$$ /* /* ; */ ; */ , 1";
        let all = [dollars, standard, rule, escaped, "select 1"];
        assert_eq!(texts(&all.join(";\n"), Dialect::Postgres), all);
    }

    #[test]
    fn directive_is_a_comment_in_the_first_line() {
        assert!(is_without_transaction("-- rowcast: no transaction\nvacuum"));
        assert!(is_without_transaction("--rowcast: no transaction  \nvacuum"));
        assert!(!is_without_transaction("\n-- rowcast: no transaction\nvacuum"));
        assert_eq!(directive("-- rowcast: fast\n"), Some("rowcast: fast"));
        assert_eq!(directive("-- tasks\n"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_split_into_parts_of_it(sql in "[a-z';$\"*/\\- \n(){}\\[\\]Eé`]{0,60}|\\PC{0,40}") {
            for dialect in [Dialect::Sqlite, Dialect::Postgres] {
                let mut from = 0;
                for statement in split(&sql, dialect) {
                    prop_assert!(statement.start >= from && !statement.text.is_empty());
                    from = statement.start + statement.text.len();
                    prop_assert_eq!(&sql[statement.start..from], statement.text);
                }
            }
        }
    }
}
