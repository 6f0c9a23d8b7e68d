//! Statements that publish rows: they log the rows, and give them new versions.

use sea_orm::Value;

use crate::key::{Key, KeyColumn, KeyPart};

/// A statement with its values.
pub(in crate::live) type Sql = (String, Vec<Value>);

/// Values in one statement, below the limits of both databases.
const MAX_VALUES: usize = 6000;

/// The statements that log rows.
pub(in crate::live) fn entries(collection: &str, keys: &[Key]) -> Vec<Sql> {
    let entry = |key: &Key| {
        let (row_id, row_key) = match key.as_number() {
            Some(id) => (Some(id), None),
            None => (None, Some(key.to_json_array())),
        };
        [collection.into(), row_id.into(), row_key.into()]
    };
    let insert = |keys: &[Key]| {
        let sql = "insert into rowcast_change_log (collection, row_id, row_key) values";
        (format!("{sql} {}", placeholders(keys.len(), 3)), keys.iter().flat_map(entry).collect())
    };
    keys.chunks(MAX_VALUES / 3).map(insert).collect()
}

/// The statements that increment versions in a table, given in SQL, of rows that still have them. A column that is no number is compared as
/// text, because it may have a type of its own, such as `uuid`.
pub(in crate::live) fn versions(table: &str, key_columns: &[KeyColumn], rows: &[(Key, i64)]) -> Vec<Sql> {
    let Some((first, _)) = rows.first() else { return Vec::new() };
    let column = |(column, value): (&KeyColumn, &Value)| {
        let name = quoted(column.name);
        if matches!(value, Value::String(_)) { format!("cast({name} as text)") } else { name }
    };
    let columns: Vec<String> = key_columns.iter().zip(&values(first)).map(column).collect();
    let width = columns.len() + 1;
    let update = |rows: &[(Key, i64)]| {
        let sql = format!(
            "update {table} set version = version + 1 where ({}, version) in (values {})",
            columns.join(", "),
            placeholders(rows.len(), width)
        );
        let values = rows.iter().flat_map(|(key, version)| {
            let mut row = values(key);
            row.push((*version).into());
            row
        });
        (sql, values.collect())
    };
    rows.chunks((MAX_VALUES / width).max(1)).map(update).collect()
}

fn values(key: &Key) -> Vec<Value> {
    match key {
        Key::Number(number) => vec![(*number).into()],
        Key::Text(text) => vec![(&***text).into()],
        Key::Columns(parts) => parts.iter().map(value).collect(),
    }
}

fn value(part: &KeyPart) -> Value {
    match part {
        KeyPart::Number(number) => (*number).into(),
        KeyPart::Text(text) => (&**text).into(),
    }
}

/// `($1, $2), ($3, $4)`
fn placeholders(rows: usize, width: usize) -> String {
    let row = |row: usize| {
        let row: Vec<String> = (1..=width).map(|column| format!("${}", row * width + column)).collect();
        format!("({})", row.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composite(gym: i64, room: &str) -> Key {
        vec![gym.into(), room.into()].into()
    }

    #[test]
    fn entry_has_the_number_or_else_the_array() {
        let none: [Value; 2] = [Value::BigInt(None), Value::String(None)];
        let [(sql, values)] = &entries("rooms", &[7.into(), "a'b".into(), composite(7, "é")])[..] else {
            panic!("one statement")
        };
        assert_eq!(
            sql,
            "insert into rowcast_change_log (collection, row_id, row_key) values ($1, $2, $3), ($4, $5, $6), ($7, $8, $9)"
        );
        let [no_id, no_key] = none;
        let rooms = || Value::from("rooms");
        let expected = [
            [rooms(), 7_i64.into(), no_key],
            [rooms(), no_id.clone(), r#"["a'b"]"#.into()],
            [rooms(), no_id, r#"[7,"é"]"#.into()],
        ];
        assert_eq!(values, expected.as_flattened());
    }

    #[test]
    fn versions_are_found_by_all_columns_of_the_key() {
        let numbers = [(7.into(), 1), (9.into(), 4)];
        let (sql, values) = versions("\"rooms\"", &[KeyColumn::number("id")], &numbers).remove(0);
        assert_eq!(
            sql,
            r#"update "rooms" set version = version + 1 where ("id", version) in (values ($1, $2), ($3, $4))"#
        );
        assert_eq!(values, [7_i64, 1, 9, 4].map(Value::from));
        let rows = [(composite(7, "north"), 3)];
        let (sql, values) =
            versions("\"rooms\"", &[KeyColumn::number("gym"), KeyColumn::text("a\"b")], &rows).remove(0);
        let by = r#"where ("gym", cast("a""b" as text), version) in (values ($1, $2, $3))"#;
        assert!(sql.ends_with(by), "{sql}");
        assert_eq!(values, [Value::from(7_i64), "north".into(), 3_i64.into()]);
    }

    #[test]
    fn many_rows_take_several_statements() {
        let keys: Vec<Key> = (0..4001).map(Key::from).collect();
        let sizes: Vec<usize> = entries("rooms", &keys).iter().map(|(_, values)| values.len()).collect();
        assert_eq!(sizes, [6000, 6000, 3]);
    }
}
