//! Statements that do not belong in the transaction of a file.

use super::{
    file::MigrationFile,
    statements::{Statement, directive, is_without_transaction},
};
use crate::{
    catalog::sql::Dialect,
    project::{Mistake, mistake::line_of},
};

/// Statements that begin or end a transaction. `rollback to` a savepoint does not.
const TRANSACTION: [&str; 7] =
    ["begin", "start transaction", "commit", "end", "abort", "rollback", "prepare transaction"];
const ROLLBACK_TO: &str = "rollback work|transaction? to";

/// Statements of PostgreSQL that do not run in a transaction, besides those with `concurrently`.
const OUTSIDE: [&str; 4] = ["vacuum", "create|drop database", "create|drop tablespace", "alter system"];

/// The mistakes of a file that are known before it runs.
pub(super) fn refused(file: &MigrationFile, statements: &[Statement<'_>], dialect: Dialect) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let without = is_without_transaction(&file.sql);
    if let Some(comment) = directive(&file.sql).filter(|_| !without) {
        let sentence = format!("`-- {comment}` is not known; there is only `-- rowcast: no transaction`");
        mistakes.push(Mistake::new(&file.path, 1, sentence));
    }
    if statements.is_empty() {
        let sentence = "contains no statement: write one, or remove the file";
        mistakes.push(Mistake::new(&file.path, None, sentence));
    }
    let at = |statement: &Statement<'_>| line_of(&file.sql, statement.start);
    if let Some(second) = statements.get(1).filter(|_| without) {
        let sentence = "a file without a transaction has one statement, because the others would stay done if it failed: write a file for each";
        mistakes.push(Mistake::new(&file.path, at(second), sentence));
    }
    for statement in statements {
        if let Some(sentence) = problem(statement, dialect, without) {
            mistakes.push(Mistake::new(&file.path, at(statement), sentence));
        }
    }
    mistakes
}

fn problem(statement: &Statement<'_>, dialect: Dialect, without: bool) -> Option<String> {
    let first = statement.tokens.first().map(|token| token.text.to_lowercase()).unwrap_or_default();
    let is_any = |all: &[&str]| all.iter().any(|keywords| statement.begins_with(keywords));
    if is_any(&TRANSACTION) && !statement.begins_with(ROLLBACK_TO) {
        return Some(format!(
            "remove `{first}`: the whole file is one transaction, which Rowcast begins and ends"
        ));
    }
    let is_copy =
        dialect == Dialect::Postgres && statement.begins_with("copy") && statement.contains("stdin");
    if is_copy {
        return Some("`copy … from stdin` reads rows that a migration does not send: write `insert` (pg_dump --inserts)".into());
    }
    let outside = match dialect {
        Dialect::Sqlite => statement.begins_with("vacuum"),
        // `refresh materialized view concurrently` does run in one.
        Dialect::Postgres => is_any(&OUTSIDE) || (statement.contains("concurrently") && first != "refresh"),
    };
    let named = if statement.contains("concurrently") { "concurrently" } else { &first };
    (outside && !without).then(|| {
        format!(
            "`{named}` does not run in a transaction: write this statement in a file of its own that begins with the line \
             `-- rowcast: no transaction`"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{super::statements::split, *};

    fn refused(sql: &str, dialect: Dialect) -> Vec<String> {
        let file = MigrationFile {
            name: "1_a.sql".into(),
            path: "migrations/1_a.sql".into(),
            number: 1,
            checksum: String::new(),
            sql: sql.into(),
        };
        let mistakes = super::refused(&file, &split(sql, dialect), dialect);
        mistakes.iter().map(|mistake| mistake.to_string()[19..].to_owned()).collect()
    }

    #[test]
    fn statement_that_ends_the_transaction_is_refused_with_its_line() {
        for sql in ["BEGIN", "begin immediate", "start transaction", "commit", "end", "rollback", "abort"] {
            for dialect in [Dialect::Sqlite, Dialect::Postgres] {
                let found = refused(&format!("select 1;\n{sql};"), dialect);
                assert!(found.len() == 1 && found[0].starts_with("2: remove `"), "{sql}: {found:?}");
            }
        }
        let fine = "savepoint a; rollback to a; rollback work to savepoint a; release a";
        assert_eq!(refused(fine, Dialect::Postgres), Vec::<String>::new());
        assert_eq!(
            refused("create table \"commit\" (\"begin\" text)", Dialect::Sqlite),
            Vec::<String>::new()
        );
    }

    #[test]
    fn statement_that_runs_in_no_transaction_needs_the_comment() {
        for sql in [
            "vacuum",
            "create unique index concurrently i on t (a)",
            "drop index concurrently i",
            "create database d",
        ] {
            let found = refused(&format!("\n{sql};"), Dialect::Postgres);
            assert!(
                found.len() == 1 && found[0].starts_with("2: `") && found[0].contains("no transaction`"),
                "{found:?}"
            );
            let marked = format!("-- rowcast: no transaction\n{sql};");
            assert_eq!(refused(&marked, Dialect::Postgres), Vec::<String>::new());
        }
        assert_eq!(refused("vacuum", Dialect::Sqlite).len(), 1);
        let refresh = "refresh materialized view concurrently v";
        assert_eq!(refused(refresh, Dialect::Postgres), Vec::<String>::new());
    }

    #[test]
    fn file_without_a_transaction_has_one_statement() {
        let found = refused("-- rowcast: no transaction\nvacuum;\nanalyze;", Dialect::Sqlite);
        assert!(found.len() == 1 && found[0].starts_with("3: a file without"), "{found:?}");
    }

    #[test]
    fn empty_file_unknown_comment_and_copy_are_refused() {
        assert!(refused("-- later\n", Dialect::Sqlite)[0].contains("contains no statement"));
        assert!(
            refused("-- rowcast: slow\nselect 1", Dialect::Sqlite)[0].starts_with("1: `-- rowcast: slow`")
        );
        assert!(refused("copy t (a) from stdin;\n1\n\\.\n", Dialect::Postgres)[0].contains("--inserts"));
    }
}
