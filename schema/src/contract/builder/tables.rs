//! Collections and users that are described by data.

use serde_json::Value;

use super::{
    super::{
        TableDescription,
        builtin::BuiltinEvents,
        is_reserved, payloads,
        tables::{DescribedUser, Part, User},
    },
    Builder,
};
use crate::ListRequest;

impl Builder {
    /// Adds a collection whose types are data.
    ///
    /// # Panics
    /// If its name is [reserved](is_reserved).
    pub fn table(&mut self, table: TableDescription) {
        assert!(!is_reserved(&table.plural), "no collection can be called {:?}", table.plural);
        self.from_data();
        let request = Value::from(self.taken.subschema_for::<ListRequest>());
        let has_key = !table.key.is_empty();
        let where_name = self.tables.next_placeholder(Part::Where);
        let filtered = [&table.columns[..], &table.embedded_columns].concat();
        let (list, filter) =
            payloads::table_list(self.taken.definitions(), &request, &filtered, has_key, &where_name);
        self.collections.push(self.tables.add(table, list, filter));
    }

    /// Declares that collections come from data, though there may be none at the moment: they may change while the
    /// server runs, and keys are of any type.
    pub fn from_data(&mut self) {
        self.from_data = true;
    }

    /// Sets the module from which the TypeScript output imports the types of JSON columns that have names.
    pub fn types_module(&mut self, module: impl Into<String>) {
        self.tables.module = Some(module.into());
    }

    /// Declares the rows of a table as users.
    pub fn table_users(&mut self, plural: impl Into<String>) {
        self.described_users(User::Row(plural.into()));
    }

    /// Declares users that are no collection, by their JSON Schema.
    pub fn schema_users(&mut self, user: Value) {
        self.described_users(User::Schema(user));
    }

    fn described_users(&mut self, user: User) {
        self.from_data();
        self.tables.user = Some(user);
        self.builtin = BuiltinEvents::with_users::<DescribedUser>();
    }
}
