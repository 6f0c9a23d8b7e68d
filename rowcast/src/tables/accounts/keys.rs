//! Keys of users that are no integer, in SQL.

use std::sync::Arc;

use sea_orm::{
    Value,
    sea_query::{Expr, SimpleExpr},
};

use crate::{
    key::{Key, KeyColumn},
    tables::{
        definition::Definition, field::Field, sql::column, uuid_form::in_all_forms, value_type::ValueType,
    },
    users::UserKeys,
};

/// The key of a table of users.
pub(super) struct KeysOfTable {
    table: Arc<Definition>,
    /// The key of a row `t` as the triggers write it, in SQL.
    logged: String,
}

impl KeysOfTable {
    pub(super) fn boxed(table: Arc<Definition>, logged: String) -> Box<dyn UserKeys> {
        Box::new(Self { table, logged })
    }
}

impl UserKeys for KeysOfTable {
    fn columns(&self) -> &'static [KeyColumn] {
        self.table.key_columns
    }

    fn condition(&self, key: &Key) -> SimpleExpr {
        if !self.table.has_kind(key) {
            return Expr::cust("1 = 0");
        }
        let bound = self.table.bound_key(key);
        if self.table.is_postgres {
            return Expr::cust_with_values(self.table.key_condition(1), bound);
        }
        // The query numbers its parameters, so each place has its own value here.
        let mut values: Vec<Value> = Vec::new();
        let mut equal = |(field, value): (&Field, &Value)| {
            let forms = match field.value_type {
                ValueType::Uuid => in_all_forms("?").to_vec(),
                _ => vec!["?".to_owned()],
            };
            values.extend(forms.iter().map(|_| value.clone()));
            format!("{} in ({})", column(field), forms.join(", "))
        };
        let conditions: Vec<String> = self.table.key_fields().zip(&bound).map(&mut equal).collect();
        Expr::cust_with_values(conditions.join(" and "), values)
    }

    fn logged(&self) -> &str {
        &self.logged
    }

    fn parse(&self, logged: &str) -> Option<Key> {
        Key::from_json_array(logged)
            .map(|key| self.table.logged_key(key))
            .filter(|key| self.table.has_kind(key))
    }
}
