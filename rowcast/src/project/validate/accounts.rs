//! The table of accounts.

use super::{Validation, find};
use crate::project::settings::AccountSettings;

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
        if found.primary_key.is_none() {
            let sentence = format!(
                "`{table}` has no primary key, so a user of it cannot be named: add one to the table"
            );
            self.mistake(&["accounts", "table"], sentence);
        }
        if self.settings.excludes(&found.name.schema, &found.name.name) {
            let sentence = format!("`{table}` is excluded by a pattern of `exclude`: change one of them");
            self.mistake(&["accounts", "table"], sentence);
        }
    }
}
