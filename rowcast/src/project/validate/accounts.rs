//! The table of accounts.

use super::{Validation, find};
use crate::{
    catalog::{Column, ColumnType},
    project::settings::AccountSettings,
};

impl Validation<'_> {
    pub(super) fn accounts(&mut self) {
        let Some(AccountSettings::Table { table, username, password, name }) = &self.settings.accounts else {
            return;
        };
        let found = match find(self.catalog, table) {
            Ok(found) => found,
            Err(sentence) => return self.mistake(&["accounts", "table"], sentence),
        };
        let columns = [("username", Some(username)), ("password", Some(password)), ("name", name.as_ref())];
        for (key, column) in columns {
            if let Some(column) = column.filter(|column| found.column(column).is_none()) {
                self.no_column(&["accounts", key], found, column);
            }
        }
        let key = found.primary_key.as_ref().map(|key| &key.columns[..]);
        match key {
            None => {
                let sentence = format!(
                    "`{table}` has no primary key, so a user of it cannot be named: add one to the table"
                );
                self.mistake(&["accounts", "table"], sentence);
            }
            Some(columns) => {
                let other =
                    |column: &&String| found.column(column).is_some_and(|column| !names_a_user(column));
                if let Some(column) = columns.iter().find(other) {
                    let sentence = format!(
                        "users of `{table}` are named by `{column}`, and only integers, text, UUIDs and enumerated values name \
                         a user: name another table, or remove `table` to use Rowcast's own accounts"
                    );
                    self.mistake(&["accounts", "table"], sentence);
                }
            }
        }
        let is_text = |column: &Column| matches!(column.column_type.base(), ColumnType::Text { .. });
        for (key, column) in [("username", username), ("password", password)] {
            if found.column(column).is_some_and(|column| !is_text(column)) {
                let sentence = format!("`{column}` of `{table}` is no text");
                self.mistake(&["accounts", key], sentence);
            }
        }
        if let Some(left_out) = self.settings.left_out(&found.name.schema, &found.name.name) {
            let (reason, remedy) = (left_out.reason(), left_out.remedy());
            let sentence = format!("`{table}` {reason}: name another table, or {remedy}");
            self.mistake(&["accounts", "table"], sentence);
        }
    }
}

/// Whether the text of a value is the same to all programs.
fn names_a_user(column: &Column) -> bool {
    matches!(
        column.column_type.base(),
        ColumnType::Integer(_)
            | ColumnType::BigInt
            | ColumnType::Text { .. }
            | ColumnType::Uuid
            | ColumnType::Enum(_)
    )
}
