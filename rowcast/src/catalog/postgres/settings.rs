//! Settings of a session on which printed expressions depend.

use sea_orm::{ConnectionTrait, Statement};

use crate::error::Error;

/// The values while the catalog is read. With an empty `search_path` all names outside of `pg_catalog` have a schema.
/// Compiling the queries would take longer than they do.
const WHILE_READING: [(&str, &str); 8] = [
    ("search_path", ""),
    ("datestyle", "ISO, YMD"),
    ("intervalstyle", "postgres"),
    ("timezone", "UTC"),
    ("bytea_output", "hex"),
    ("standard_conforming_strings", "on"),
    ("quote_all_identifiers", "off"),
    ("jit", "off"),
];

/// The values before.
pub(super) struct Settings(Vec<String>);

impl Settings {
    /// Changes the settings until the end of the transaction. Without a transaction this has no effect.
    pub(super) async fn apply<C: ConnectionTrait>(db: &C) -> Result<Self, Error> {
        let names = WHILE_READING.map(|(name, _)| format!("pg_catalog.current_setting('{name}')"));
        let values = names.iter().enumerate().map(|(at, value)| format!("{value} as v{at}"));
        let sql = format!("select {}", values.collect::<Vec<_>>().join(", "));
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
        let row = row.ok_or_else(|| Error::Internal("a session has settings".into()))?;
        let before = (0..WHILE_READING.len()).map(|at| row.try_get("", &format!("v{at}")));
        let before = Self(before.collect::<Result<_, _>>()?);
        set(db, WHILE_READING.map(|(_, value)| value.to_owned())).await?;
        Ok(before)
    }

    /// Restores the settings for the rest of the transaction.
    pub(super) async fn restore<C: ConnectionTrait>(self, db: &C) -> Result<(), Error> {
        set(db, self.0).await
    }
}

async fn set<C: ConnectionTrait>(db: &C, values: impl IntoIterator<Item = String>) -> Result<(), Error> {
    let set = |(at, (name, _)): (usize, &(&str, &str))| {
        format!("pg_catalog.set_config('{name}', ${}, true)", at + 1)
    };
    let calls: Vec<String> = WHILE_READING.iter().enumerate().map(set).collect();
    let sql = format!("select pg_catalog.concat({}) as settings", calls.join(", "));
    let values = values.into_iter().map(Into::into);
    db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    Ok(())
}
