//! What SQLite's schema says of a constraint that has refused: SQLite itself names little, and of a foreign key nothing.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement, Value};

use crate::{
    database::violation::{Broken, Rule, Verb, Violation, Writing},
    error::Error,
};

/// What a client is sent of a constraint, within the transaction that it has refused something.
pub(super) async fn explain(db: &DatabaseConnection, violation: Violation) -> Error {
    let rule = rule(db, &violation).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "a constraint refused, and the schema does not say what it is about");
        None
    });
    violation.judged(rule)
}

async fn rule(db: &DatabaseConnection, violation: &Violation) -> Result<Option<Rule>, DbErr> {
    let Some(writing) = &violation.writing else { return Ok(None) };
    match (violation.broken, &violation.constraint) {
        (Broken::Reference, _) => reference(db, writing).await,
        (Broken::Check, Some(text)) => check(db, writing, text).await,
        (Broken::Unique, Some(text)) if text.starts_with("index ") => index(db, text).await,
        (_, Some(columns)) => Ok(named(columns)),
        (_, None) => Ok(None),
    }
}

/// `members.name, members.age`, as SQLite lists columns.
fn named(columns: &str) -> Option<Rule> {
    let (table, _) = columns.split_once('.')?;
    let column = |column: &str| column.split_once('.').map(|(_, column)| column.to_owned());
    Some(Rule {
        table: table.into(),
        columns: columns.split(", ").filter_map(column).collect(),
        ..Rule::default()
    })
}

/// An index over expressions is named by itself, in quotes; it is about the columns that it names.
async fn index(db: &DatabaseConnection, text: &str) -> Result<Option<Rule>, DbErr> {
    let name = text.trim_start_matches("index ").trim_matches('\'');
    let sql = "select tbl_name as a, sql as b from sqlite_master where type = 'index' and name = $1";
    let Some((table, sql)) = pairs(db, sql, [name.into()]).await?.into_iter().next() else { return Ok(None) };
    let over = sql.find('(').map_or("", |at| &sql[at..]);
    let columns = columns_in(db, &table, over).await?;
    Ok(Some(Rule { table, columns, ..Rule::default() }))
}

/// SQLite gives a check's name, or its text if it has none. With a name, the table's own text has the rest.
async fn check(db: &DatabaseConnection, writing: &Writing, text: &str) -> Result<Option<Rule>, DbErr> {
    for &table in &writing.tables {
        let sql = "select name as a, sql as b from sqlite_master where type = 'table' and name = $1";
        for (table, sql) in pairs(db, sql, [table.into()]).await? {
            let body = body_of(&sql, text);
            if body.is_none() && !sql.contains(text) {
                continue;
            }
            let columns = columns_in(db, &table, body.unwrap_or(text)).await?;
            return Ok(Some(Rule { table, columns, ..Rule::default() }));
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

/// Where the parenthesis closes with which the text begins. One within quotes may end it early, which costs a column.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    text.bytes().position(|byte| {
        depth += i32::from(byte == b'(') - i32::from(byte == b')');
        depth == 0
    })
}

/// The table's columns that a text names.
async fn columns_in(db: &DatabaseConnection, table: &str, text: &str) -> Result<Vec<String>, DbErr> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let words: Vec<&str> = text.split(|letter| !is_part(letter)).collect();
    let sql = "select name as a, '' as b from pragma_table_info($1)";
    let columns = pairs(db, sql, [table.into()]).await?.into_iter().map(|(column, _)| column);
    Ok(columns.filter(|column| words.iter().any(|word| word.eq_ignore_ascii_case(column))).collect())
}

/// Which foreign key it was: one of the row's that leads nowhere, or another table's that leads to it.
async fn reference(db: &DatabaseConnection, writing: &Writing) -> Result<Option<Rule>, DbErr> {
    match writing.verb {
        Verb::Delete(id) => referrer(db, writing, id).await,
        Verb::Insert | Verb::Update => dangling(db, writing).await,
    }
}

async fn dangling(db: &DatabaseConnection, writing: &Writing) -> Result<Option<Rule>, DbErr> {
    let sql =
        "select \"from\" as a, \"table\" as b, coalesce(\"to\", 'id') as c from pragma_foreign_key_list($1)";
    for [column, table, to] in triples(db, sql, writing.table).await? {
        let Some((_, value)) = writing.values.iter().find(|(name, _)| *name == column) else { continue };
        let ask = format!("select count(*) as n from {} where {} = $1", quoted(&table), quoted(&to));
        if is_null(value) || count(db, &ask, value.clone()).await? > 0 {
            continue;
        }
        let (columns, referred) = (vec![column], Some((table, vec![to])));
        return Ok(Some(Rule { table: writing.table.into(), columns, referred, ..Rule::default() }));
    }
    Ok(None)
}

async fn referrer(db: &DatabaseConnection, writing: &Writing, id: i64) -> Result<Option<Rule>, DbErr> {
    let sql = "select m.name as a, f.\"from\" as b, coalesce(f.\"to\", 'id') as c
        from sqlite_master m, pragma_foreign_key_list(m.name) f where m.type = 'table' and f.\"table\" = $1";
    for [table, column, to] in triples(db, sql, writing.table).await? {
        let ask = format!(
            "select count(*) as n from {} where {} = (select {} from {} where id = $1)",
            quoted(&table),
            quoted(&column),
            quoted(&to),
            quoted(writing.table)
        );
        if count(db, &ask, id.into()).await? > 0 {
            let referred = Some((writing.table.to_owned(), vec![to]));
            return Ok(Some(Rule { table, columns: vec![column], referred, ..Rule::default() }));
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

async fn count(db: &DatabaseConnection, sql: &str, value: Value) -> Result<i64, DbErr> {
    let row = db.query_one_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, [value])).await?;
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
    fn a_check_is_found_by_its_name() {
        let sql = "create table t (a integer, constraint \"grown up\" check (a > 18 and (b or c)), \
            CONSTRAINT other CHECK(b), constraint unique_a unique (a))";
        assert_eq!(body_of(sql, "grown up"), Some("(a > 18 and (b or c)"));
        assert_eq!(body_of(sql, "other"), Some("(b"));
        assert_eq!(body_of(sql, "unique_a"), None);
        assert_eq!(body_of(sql, "absent"), None);
    }

    #[test]
    fn columns_are_read_as_sqlite_lists_them() {
        let rule = named("members.name, members.age").unwrap_or_default();
        assert_eq!((&*rule.table, rule.columns), ("members", vec!["name".to_owned(), "age".to_owned()]));
        assert!(named("nothing").is_none());
    }
}
