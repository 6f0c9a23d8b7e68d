//! Types of columns as they are declared.
//!
//! A name that PostgreSQL knows means the same here, as far as SQLite can store it: `real` has 64 bits, and `integer`
//! no declared range. Other names mean what SQLite's rules of affinity make of them. They make a number of any value
//! that looks like one in a column of an unknown type such as `string`, which is therefore
//! [`Other`](ColumnType::Other).

use super::super::{ColumnType, IntegerWidth};

/// The type of a column's declaration, such as `varchar(40)`. Case and spaces do not matter.
pub(super) fn column_type(declared: &str) -> ColumnType {
    let (name, arguments) = parts(declared);
    match &*name {
        "" | "any" => ColumnType::Other("any".into()),
        "bool" | "boolean" => ColumnType::Boolean,
        "smallint" | "int2" => ColumnType::Integer(IntegerWidth::Bits16),
        "int4" => ColumnType::Integer(IntegerWidth::Bits32),
        "bigint" | "int8" | "big int" | "unsigned big int" | "bigint unsigned" => ColumnType::BigInt,
        "decimal" | "dec" | "numeric" | "number" | "num" | "money" => decimal(&arguments),
        "uuid" => ColumnType::Uuid,
        "timestamptz" | "timestamp with time zone" => ColumnType::TimestampTz,
        "timestamp" | "datetime" | "timestamp without time zone" => ColumnType::Timestamp,
        "date" => ColumnType::Date,
        "time" | "time without time zone" => ColumnType::Time,
        "timetz" | "time with time zone" => ColumnType::TimeTz,
        "interval" => ColumnType::Interval,
        "json" | "jsonb" => ColumnType::Json,
        "bytea" | "binary" | "varbinary" => ColumnType::Bytes,
        _ => by_affinity(&name, &arguments, declared),
    }
}

/// SQLite's rules, in their order.
fn by_affinity(name: &str, arguments: &[String], declared: &str) -> ColumnType {
    let contains = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if contains(&["int"]) {
        ColumnType::Integer(IntegerWidth::Undeclared)
    } else if contains(&["char", "clob", "text"]) {
        ColumnType::Text { max_length: arguments.first().and_then(|length| length.parse().ok()) }
    } else if contains(&["blob"]) {
        ColumnType::Bytes
    } else if contains(&["real", "floa", "doub"]) {
        ColumnType::Double
    } else {
        ColumnType::Other(declared.to_owned())
    }
}

fn decimal(arguments: &[String]) -> ColumnType {
    let precision = arguments.first().and_then(|precision| precision.parse().ok());
    let scale = match arguments.get(1) {
        Some(scale) => scale.parse().ok(),
        None => precision.map(|_| 0),
    };
    ColumnType::Decimal { precision, scale }
}

/// The name in lower case with single spaces, and the arguments in parentheses. Words may follow the parentheses, as
/// in `timestamp(3) with time zone`.
fn parts(declared: &str) -> (String, Vec<String>) {
    let (before, rest) = declared.split_once('(').unwrap_or((declared, ""));
    let (arguments, after) = rest.split_once(')').unwrap_or((rest, ""));
    let words: Vec<&str> = before.split_whitespace().chain(after.split_whitespace()).collect();
    let arguments = arguments.split(',').map(|argument| argument.trim().to_owned());
    (words.join(" ").to_ascii_lowercase(), arguments.filter(|argument| !argument.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn catalog_types_of_sqlite_are_those_of_postgres_by_name() {
        let text = |max_length| ColumnType::Text { max_length };
        let decimal = |precision, scale| ColumnType::Decimal { precision, scale };
        for (declared, expected) in [
            ("BOOLEAN", ColumnType::Boolean),
            ("bool", ColumnType::Boolean),
            ("SmallInt", ColumnType::Integer(IntegerWidth::Bits16)),
            ("int4", ColumnType::Integer(IntegerWidth::Bits32)),
            ("INTEGER", ColumnType::Integer(IntegerWidth::Undeclared)),
            ("INT", ColumnType::Integer(IntegerWidth::Undeclared)),
            ("TINYINT(1)", ColumnType::Integer(IntegerWidth::Undeclared)),
            ("BIGINT", ColumnType::BigInt),
            ("unsigned  big\tint", ColumnType::BigInt),
            ("DECIMAL(10,2)", decimal(Some(10), Some(2))),
            ("numeric ( 6 )", decimal(Some(6), Some(0))),
            ("numeric", decimal(None, None)),
            ("money", decimal(None, None)),
            ("REAL", ColumnType::Double),
            ("double precision", ColumnType::Double),
            ("FLOAT(24)", ColumnType::Double),
            ("TEXT", text(None)),
            ("varchar(40)", text(Some(40))),
            ("NVARCHAR( 160 )", text(Some(160))),
            ("character varying(3)", text(Some(3))),
            ("varchar(max)", text(None)),
            ("clob", text(None)),
            ("uuid", ColumnType::Uuid),
            ("TIMESTAMP", ColumnType::Timestamp),
            ("DATETIME", ColumnType::Timestamp),
            ("timestamp(3) with time zone", ColumnType::TimestampTz),
            ("timestamptz", ColumnType::TimestampTz),
            ("Date", ColumnType::Date),
            ("time", ColumnType::Time),
            ("timetz", ColumnType::TimeTz),
            ("interval", ColumnType::Interval),
            ("JSON", ColumnType::Json),
            ("jsonb", ColumnType::Json),
            ("BLOB", ColumnType::Bytes),
            ("varbinary(16)", ColumnType::Bytes),
        ] {
            assert_eq!(column_type(declared), expected, "{declared}");
        }
    }

    #[test]
    fn catalog_types_without_a_meaning_keep_their_name() {
        assert_eq!(column_type(""), ColumnType::Other("any".into()));
        assert_eq!(column_type("ANY"), ColumnType::Other("any".into()));
        assert_eq!(column_type("GEOMETRY(4)"), ColumnType::Other("GEOMETRY(4)".into()));
        assert_eq!(column_type("string"), ColumnType::Other("string".into()));
        // It contains `int`.
        assert_eq!(column_type("POINT"), ColumnType::Integer(IntegerWidth::Undeclared));
        for odd in ["(", ")", "((", ")(", "numeric(", "numeric)x(", "varchar(-1)", "numeric(1,2,3)"] {
            let _ = column_type(odd);
        }
    }
}
