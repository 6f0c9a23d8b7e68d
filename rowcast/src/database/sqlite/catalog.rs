//! Violated constraints, found in SQLite's schema: its errors name little, and nothing of a foreign key.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement, Value};

use crate::{
    database::violation::{Constraint, ConstraintKind, Verb, Violation, WriteTarget},
    error::Error,
};

/// Converts a violation to the client's error, within the same transaction.
pub(super) async fn explain(db: &DatabaseConnection, violation: Violation) -> Error {
    let constraint = constraint(db, &violation).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the columns of a violated constraint could not be queried");
        None
    });
    violation.into_error(constraint)
}

async fn constraint(db: &DatabaseConnection, violation: &Violation) -> Result<Option<Constraint>, DbErr> {
    let Some(target) = &violation.target else { return Ok(None) };
    match (violation.kind, &violation.constraint) {
        (ConstraintKind::Reference, _) => reference(db, target).await,
        (ConstraintKind::Check, Some(text)) => check(db, target, text).await,
        (ConstraintKind::Unique, Some(text)) if text.starts_with("index ") => index(db, text).await,
        (_, Some(columns)) => Ok(named(columns)),
        (_, None) => Ok(None),
    }
}

/// `members.name, members.age`, as SQLite lists columns.
fn named(columns: &str) -> Option<Constraint> {
    let (table, _) = columns.split_once('.')?;
    let column = |column: &str| column.split_once('.').map(|(_, column)| column.to_owned());
    Some(Constraint {
        table: table.into(),
        columns: columns.split(", ").filter_map(column).collect(),
        ..Constraint::default()
    })
}

/// An index over expressions is reported by name, in quotes; it covers the columns of its expressions.
async fn index(db: &DatabaseConnection, text: &str) -> Result<Option<Constraint>, DbErr> {
    let name = text.trim_start_matches("index ").trim_matches('\'');
    let sql = "select tbl_name as a, sql as b from sqlite_master where type = 'index' and name = $1";
    let Some((table, sql)) = pairs(db, sql, [name.into()]).await?.into_iter().next() else { return Ok(None) };
    let over = sql.find('(').map_or("", |at| &sql[at..]);
    let columns = columns_in(db, &table, over).await?;
    Ok(Some(Constraint { table, columns, ..Constraint::default() }))
}

/// SQLite reports a check's name, or its text if it has none. The text of a named check is in the table's definition.
async fn check(
    db: &DatabaseConnection,
    target: &WriteTarget,
    text: &str,
) -> Result<Option<Constraint>, DbErr> {
    for &table in &target.tables {
        let sql = "select name as a, sql as b from sqlite_master where type = 'table' and name = $1";
        for (table, sql) in pairs(db, sql, [table.into()]).await? {
            let body = body_of(&sql, text);
            if body.is_none() && !sql.contains(text) {
                continue;
            }
            let columns = columns_in(db, &table, body.unwrap_or(text)).await?;
            return Ok(Some(Constraint { table, columns, ..Constraint::default() }));
        }
    }
    Ok(None)
}

/// The condition of the check with this name.
fn body_of<'a>(sql: &'a str, name: &str) -> Option<&'a str> {
    let lower = sql.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower[from..].find("constraint").map(|at| from + at) {
        from = at + "constraint".len();
        let rest = sql[from..].trim_start();
        let Some(rest) = rest.trim_start_matches(['"', '`', '[']).strip_prefix(name) else { continue };
        let rest = rest.trim_start_matches(['"', '`', ']']);
        let Some(open) = rest.find('(').filter(|open| rest[..*open].trim().eq_ignore_ascii_case("check"))
        else {
            continue;
        };
        return rest.get(open..open + closing(&rest[open..])?);
    }
    None
}

/// The position of the parenthesis that closes the first one. Parentheses within quotes are not recognised, which may
/// lose a column.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    text.bytes().position(|byte| {
        depth += i32::from(byte == b'(') - i32::from(byte == b')');
        depth == 0
    })
}

/// The table's columns that occur in a text.
async fn columns_in(db: &DatabaseConnection, table: &str, text: &str) -> Result<Vec<String>, DbErr> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let words: Vec<&str> = text.split(|letter| !is_part(letter)).collect();
    let sql = "select name as a, '' as b from pragma_table_info($1)";
    let columns = pairs(db, sql, [table.into()]).await?.into_iter().map(|(column, _)| column);
    Ok(columns.filter(|column| words.iter().any(|word| word.eq_ignore_ascii_case(column))).collect())
}

/// Finds the foreign key: one of the row without a target, or one of another table that references the row.
async fn reference(db: &DatabaseConnection, target: &WriteTarget) -> Result<Option<Constraint>, DbErr> {
    match &target.verb {
        Verb::Delete(key) => referencing(db, target, key).await,
        Verb::Insert | Verb::Update => dangling(db, target).await,
    }
}

async fn dangling(db: &DatabaseConnection, target: &WriteTarget) -> Result<Option<Constraint>, DbErr> {
    let sql =
        "select \"from\" as a, \"table\" as b, coalesce(\"to\", 'id') as c from pragma_foreign_key_list($1)";
    for [column, table, to] in triples(db, sql, target.table).await? {
        let Some((_, value)) = target.values.iter().find(|(name, _)| *name == column) else { continue };
        let ask = format!("select count(*) as n from {} where {} = $1", quoted(&table), quoted(&to));
        if is_null(value) || count(db, &ask, [value.clone()]).await? > 0 {
            continue;
        }
        let (columns, referenced) = (vec![column], Some((table, vec![to])));
        return Ok(Some(Constraint {
            table: target.table.into(),
            columns,
            referenced,
            ..Constraint::default()
        }));
    }
    Ok(None)
}

async fn referencing(
    db: &DatabaseConnection,
    target: &WriteTarget,
    key: &[(&'static str, Value)],
) -> Result<Option<Constraint>, DbErr> {
    let sql = "select m.name as a, f.\"from\" as b, coalesce(f.\"to\", 'id') as c
        from sqlite_master m, pragma_foreign_key_list(m.name) f where m.type = 'table' and f.\"table\" = $1";
    for [table, column, to] in triples(db, sql, target.table).await? {
        let conditions: Vec<String> =
            key.iter().enumerate().map(|(at, (name, _))| format!("{} = ${}", quoted(name), at + 1)).collect();
        let ask = format!(
            "select count(*) as n from {} where {} = (select {} from {} where {})",
            quoted(&table),
            quoted(&column),
            quoted(&to),
            quoted(target.table),
            conditions.join(" and ")
        );
        if count(db, &ask, key.iter().map(|(_, value)| value.clone())).await? > 0 {
            let referenced = Some((target.table.to_owned(), vec![to]));
            return Ok(Some(Constraint {
                table,
                columns: vec![column],
                referenced,
                ..Constraint::default()
            }));
        }
    }
    Ok(None)
}

fn is_null(value: &Value) -> bool {
    matches!(value, Value::String(None) | Value::BigInt(None) | Value::Double(None) | Value::Bool(None))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

async fn count(
    db: &DatabaseConnection,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<i64, DbErr> {
    let row = db.query_one_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    row.map_or(Ok(0), |row| row.try_get("", "n"))
}

async fn pairs<const N: usize>(
    db: &DatabaseConnection,
    sql: &str,
    values: [Value; N],
) -> Result<Vec<(String, String)>, DbErr> {
    let rows = db.query_all_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "a")?, row.try_get("", "b")?))).collect()
}

async fn triples(db: &DatabaseConnection, sql: &str, table: &str) -> Result<Vec<[String; 3]>, DbErr> {
    let rows =
        db.query_all_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, [table.into()])).await?;
    let read = |row: &sea_orm::QueryResult| {
        Ok([row.try_get("", "a")?, row.try_get("", "b")?, row.try_get("", "c")?])
    };
    rows.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_is_found_by_name() {
        let sql = "create table t (a integer, constraint \"grown up\" check (a > 18 and (b or c)), \
            CONSTRAINT other CHECK(b), constraint unique_a unique (a))";
        assert_eq!(body_of(sql, "grown up"), Some("(a > 18 and (b or c)"));
        assert_eq!(body_of(sql, "other"), Some("(b"));
        assert_eq!(body_of(sql, "unique_a"), None);
        assert_eq!(body_of(sql, "absent"), None);
    }

    #[test]
    fn column_list_is_parsed() {
        let constraint = named("members.name, members.age").unwrap_or_default();
        assert_eq!(
            (&*constraint.table, constraint.columns),
            ("members", vec!["name".to_owned(), "age".to_owned()])
        );
        assert!(named("nothing").is_none());
    }
}
