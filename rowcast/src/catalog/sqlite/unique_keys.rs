//! Unique constraints and indexes by `pragma_index_list`.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;
use serde::Deserialize;

use super::{
    super::{
        UniqueKey,
        rows::rows,
        sql::{Dialect, Token, closing, covered, split, tokens},
    },
    definition::Definition,
};
use crate::error::Error;

const UNIQUE_KEYS: &str = r#"
select json_object('table', t.name, 'name', i.name, 'origin', i.origin, 'sql', s.sql,
    'columns', (select json_group_array(name) from (
        select name from pragma_index_xinfo(i.name, 'main') where key order by seqno))) as json
from pragma_table_list t, pragma_index_list(t.name, 'main') i
left join sqlite_schema s on s.name = i.name and s.type = 'index'
where t.schema = 'main' and t.type = 'table' and i."unique" and i.origin <> 'pk'"#;

#[derive(Deserialize)]
struct Row {
    table: String,
    name: String,
    /// `c` for `create index`, `u` for a constraint.
    origin: String,
    sql: Option<String>,
    /// Null for an expression.
    columns: Vec<Option<String>>,
}

/// The unique keys of all tables.
pub(super) struct UniqueKeys(HashMap<String, Vec<Row>>);

impl UniqueKeys {
    pub(super) async fn read<C: ConnectionTrait>(db: &C) -> Result<Self, Error> {
        let mut by_table = HashMap::<_, Vec<_>>::new();
        for row in rows::<_, Row>(db, UNIQUE_KEYS, []).await? {
            by_table.entry(row.table.clone()).or_default().push(row);
        }
        Ok(Self(by_table))
    }

    /// The unique keys of a table, with the names of its definition.
    pub(super) fn of_table(&self, table: &str, definition: &Definition) -> Vec<UniqueKey> {
        let rows = self.0.get(table).into_iter().flatten();
        let mut keys: Vec<_> = rows.map(|row| row.key(definition)).collect();
        keys.sort_by(|one, other| (&one.columns, &one.name).cmp(&(&other.columns, &other.name)));
        keys
    }
}

impl Row {
    fn key(&self, definition: &Definition) -> UniqueKey {
        let columns: Vec<String> = self.columns.iter().flatten().cloned().collect();
        let index = self.sql.as_deref().map(Index::of).unwrap_or_default();
        let is_expression = |(at, _): &(usize, String)| self.columns.get(*at).is_some_and(Option::is_none);
        let expressions = index.parts.into_iter().enumerate().filter(is_expression).map(|(_, part)| part);
        UniqueKey {
            name: match &*self.origin {
                "c" => Some(self.name.clone()),
                _ => constraint_name(definition, &columns),
            },
            expressions: expressions.collect(),
            predicate: index.predicate,
            columns,
            nulls_distinct: true,
            deferrable: false,
            comment: None,
        }
    }
}

fn constraint_name(definition: &Definition, columns: &[String]) -> Option<String> {
    let same = |names: &[String]| {
        names.len() == columns.len()
            && names.iter().zip(columns).all(|(one, other)| one.eq_ignore_ascii_case(other))
    };
    let constraint = definition.unique_keys.iter().find(|constraint| same(&constraint.columns));
    constraint.and_then(|constraint| constraint.name.clone())
}

/// The text of an index.
#[derive(Default)]
struct Index {
    /// Its columns and expressions, without their order.
    parts: Vec<String>,
    predicate: Option<String>,
}

impl Index {
    /// `create unique index name on table (parts) where predicate`.
    fn of(sql: &str) -> Self {
        let tokens = tokens(sql, Dialect::Sqlite);
        let Some(open) = tokens.iter().position(|token| token.is_symbol("(")) else { return Self::default() };
        let Some(close) = closing(&tokens, open) else { return Self::default() };
        let is_order = |token: &Token<'_>| token.is_word("asc") || token.is_word("desc");
        let part = |part: &[Token<'_>]| match part.split_last() {
            Some((last, before)) if is_order(last) => covered(sql, before).to_owned(),
            _ => covered(sql, part).to_owned(),
        };
        let predicate = tokens[close + 1..].split_first().filter(|(first, _)| first.is_word("where"));
        Self {
            parts: split(&tokens[open + 1..close]).into_iter().map(part).collect(),
            predicate: predicate.map(|(_, condition)| covered(sql, condition).to_owned()),
        }
    }
}
