//! Types in `pg_type`.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;
use serde::Deserialize;

use super::{
    super::{
        Check, ColumnType, Domain, EnumType, IntegerWidth, QualifiedName,
        checks::{Rules, Subject},
        sql::Dialect,
    },
    query,
};
use crate::error::Error;

const QUERY: &str = r#"
select t.oid::int8 as oid, n.nspname as schema, t.typname as name, t.typtype as kind,
    e.oid::int8 as element, nullif(t.typbasetype::int8, 0) as base, t.typtypmod as modifier,
    t.typnotnull as not_null, coalesce(l.collisdeterministic, true) as deterministic, t.typdefault as "default", r.rngsubtype::int8 as subtype,
    v.labels, c.checks, pg_catalog.format_type(t.oid, null) as sql_name, pg_catalog.obj_description(t.oid, 'pg_type') as comment
from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
left join pg_catalog.pg_type e on e.oid = t.typelem and e.typarray = t.oid
left join pg_catalog.pg_collation l on l.oid = t.typcollation
left join (
    select rngtypid as oid, rngsubtype from pg_catalog.pg_range
    union all select rngmultitypid, rngsubtype from pg_catalog.pg_range) r on r.oid = t.oid
left join (
    select enumtypid, pg_catalog.json_agg(enumlabel order by enumsortorder) as labels
    from pg_catalog.pg_enum group by enumtypid) v on v.enumtypid = t.oid
left join (
    select contypid, pg_catalog.json_agg(pg_catalog.json_build_object(
        'name', conname,
        'expression', pg_catalog.pg_get_expr(conbin, 0),
        'comment', pg_catalog.obj_description(oid, 'pg_constraint'))) as checks
    from pg_catalog.pg_constraint where contypid <> 0 and contype = 'c' group by contypid) c on c.contypid = t.oid
-- The row type of each table, and an array of it, are types as well.
where t.typtype in ('b', 'd', 'e', 'r', 'm') and (e.oid is null or e.typtype <> 'c')"#;

#[derive(Deserialize)]
struct Row {
    oid: i64,
    schema: String,
    name: String,
    kind: char,
    element: Option<i64>,
    base: Option<i64>,
    modifier: i32,
    not_null: bool,
    deterministic: bool,
    default: Option<String>,
    subtype: Option<i64>,
    labels: Option<Vec<String>>,
    checks: Option<Vec<DomainCheck>>,
    sql_name: String,
    comment: Option<String>,
}

#[derive(Clone, Deserialize)]
struct DomainCheck {
    name: String,
    expression: String,
    comment: Option<String>,
}

/// All types of the database, except the row types of tables.
pub(super) struct Types(HashMap<i64, Row>);

impl Types {
    pub(super) async fn read<C: ConnectionTrait>(db: &C) -> Result<Self, Error> {
        let rows: Vec<Row> = query(db, QUERY, []).await?;
        Ok(Self(rows.into_iter().map(|row| (row.oid, row)).collect()))
    }

    /// The type with this number and modifier.
    pub(super) fn resolve(&self, oid: i64, modifier: i32) -> ColumnType {
        let Some(row) = self.0.get(&oid) else {
            // A row type.
            return ColumnType::Other("record".into());
        };
        if let Some(element) = row.element {
            return ColumnType::Array(Box::new(self.resolve(element, modifier)));
        }
        match (row.kind, row.base, row.subtype) {
            ('d', Some(base), _) => ColumnType::Domain(Box::new(self.domain(row, base))),
            ('e', ..) => ColumnType::Enum(row.enumeration()),
            ('r' | 'm', _, Some(subtype)) => {
                ColumnType::Range { subtype: Box::new(self.resolve(subtype, -1)), multiple: row.kind == 'm' }
            }
            _ => row.builtin(modifier),
        }
    }

    fn domain(&self, row: &Row, base: i64) -> Domain {
        let base_type = self.resolve(base, row.modifier);
        let exact_text = row.deterministic && self.is_exact_text(base);
        let subject = Subject { name: Domain::VALUE, column_type: &base_type, exact_text };
        let checks = row.checks.iter().flatten().cloned();
        let mut checks: Vec<_> = checks.map(|check| check.into_check(&subject)).collect();
        checks.sort_by(|one, other| one.name.cmp(&other.name));
        Domain {
            name: row.qualified(),
            not_null: row.not_null,
            default: row.default.clone(),
            checks,
            comment: row.comment.clone(),
            base: base_type,
        }
    }

    /// Whether texts of the type are equal only if their code points are. `char(n)` ignores spaces, `citext` case.
    pub(super) fn is_exact_text(&self, oid: i64) -> bool {
        self.0.get(&oid).is_some_and(|row| match row.base {
            Some(base) => row.deterministic && self.is_exact_text(base),
            None => row.deterministic && matches!(&*row.name, "text" | "varchar"),
        })
    }
}

impl DomainCheck {
    fn into_check(self, subject: &Subject<'_>) -> Check {
        let Rules { rules, complete } = Rules::of(&self.expression, Dialect::Postgres, &[*subject]);
        let (name, comment) = (Some(self.name), self.comment);
        Check { name, sql: self.expression, columns: Vec::new(), rules, complete, comment }
    }
}

impl Row {
    fn qualified(&self) -> QualifiedName {
        QualifiedName::new(&*self.schema, &*self.name)
    }

    fn enumeration(&self) -> EnumType {
        let values = self.labels.clone().unwrap_or_default();
        EnumType { name: self.qualified(), values, comment: self.comment.clone() }
    }

    /// A type of the server, or one of an extension.
    fn builtin(&self, modifier: i32) -> ColumnType {
        // Its schema is chosen by whoever creates the extension.
        if self.name == "citext" && self.schema != "pg_catalog" {
            return ColumnType::Text { max_length: None };
        }
        let other = || ColumnType::Other(self.sql_name.clone());
        if self.schema != "pg_catalog" {
            return other();
        }
        match &*self.name {
            "int2" => ColumnType::Integer(IntegerWidth::Bits16),
            "int4" => ColumnType::Integer(IntegerWidth::Bits32),
            "int8" => ColumnType::BigInt,
            "numeric" => decimal(modifier),
            "money" => ColumnType::Money,
            "float4" => ColumnType::Real,
            "float8" => ColumnType::Double,
            "text" => ColumnType::Text { max_length: None },
            "varchar" | "bpchar" => ColumnType::Text { max_length: u32::try_from(modifier - 4).ok() },
            "bool" => ColumnType::Boolean,
            "uuid" => ColumnType::Uuid,
            "timestamptz" => ColumnType::TimestampTz,
            "timestamp" => ColumnType::Timestamp,
            "date" => ColumnType::Date,
            "time" => ColumnType::Time,
            "timetz" => ColumnType::TimeTz,
            "interval" => ColumnType::Interval,
            "json" | "jsonb" => ColumnType::Json,
            "bytea" => ColumnType::Bytes,
            _ => other(),
        }
    }
}

/// The modifier of `numeric` has the precision in its upper half, and a signed number of 11 bits as the scale.
fn decimal(modifier: i32) -> ColumnType {
    let Ok(packed) = u32::try_from(modifier - 4) else {
        return ColumnType::Decimal { precision: None, scale: None };
    };
    let scale = (packed & 0x7ff).cast_signed();
    ColumnType::Decimal { precision: Some(packed >> 16), scale: Some((scale ^ 1024) - 1024) }
}
