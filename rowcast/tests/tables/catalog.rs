//! Catalogs of schemas with every trait, with exact values.

mod database;
mod fingerprint;
mod many_tables;
mod postgres;
mod postgres_constraints;
mod postgres_roles;
mod postgres_session;
mod sqlite;
mod sqlite_constraints;

use rowcast::catalog::{
    Catalog, Check, ColumnType, ForeignKey, IntegerWidth, QualifiedName, ReferentialAction, Table, UniqueKey,
    checks::{Bound, ColumnRule, Literal, Rule},
};

fn qualified(schema: &str, name: &str) -> QualifiedName {
    QualifiedName { schema: schema.into(), name: name.into() }
}

fn text(max_length: Option<u32>) -> ColumnType {
    ColumnType::Text { max_length }
}

fn decimal(precision: u32, scale: i32) -> ColumnType {
    ColumnType::Decimal { precision: Some(precision), scale: Some(scale) }
}

const INT: ColumnType = ColumnType::Integer(IntegerWidth::Bits32);

fn strings<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(Into::into).into()
}

fn column_names(table: &Table) -> Vec<&str> {
    table.columns.iter().map(|column| &*column.name).collect()
}

fn table_names(catalog: &Catalog) -> Vec<(&str, &str)> {
    catalog.tables.iter().map(|table| (&*table.name.schema, &*table.name.name)).collect()
}

/// A plain unique key.
fn unique<const N: usize>(name: Option<&str>, columns: [&str; N]) -> UniqueKey {
    UniqueKey {
        name: name.map(Into::into),
        columns: strings(columns),
        expressions: vec![],
        predicate: None,
        nulls_distinct: true,
        deferrable: false,
        comment: None,
    }
}

/// A reference without actions.
fn reference<const N: usize>(
    name: Option<&str>,
    columns: [&str; N],
    table: QualifiedName,
    referenced: [&str; N],
) -> ForeignKey {
    ForeignKey {
        name: name.map(Into::into),
        columns: strings(columns),
        table,
        referenced_columns: strings(referenced),
        on_delete: ReferentialAction::NoAction,
        on_update: ReferentialAction::NoAction,
        deferrable: false,
        comment: None,
    }
}

fn rule(column: &str, rule: Rule) -> ColumnRule {
    ColumnRule { column: column.into(), rule }
}

fn length(min: u64, max: Option<u64>) -> Rule {
    Rule::Length { min, max }
}

fn one_of<const N: usize>(values: [&str; N]) -> Rule {
    Rule::OneOf(values.map(|value| Literal::Text(value.into())).into())
}

/// A range of numbers; a bound that is inclusive is `true`.
fn range(min: Option<(&str, bool)>, max: Option<(&str, bool)>) -> Rule {
    let bound = |(value, inclusive): (&str, bool)| Bound { value: Literal::Number(value.into()), inclusive };
    Rule::Range { min: min.map(bound), max: max.map(bound) }
}

/// The name, columns, rules and completeness of a check.
fn summary(check: &Check) -> (Option<&str>, Vec<&str>, Vec<ColumnRule>, bool) {
    let columns = check.columns.iter().map(|column| &**column).collect();
    (check.name.as_deref(), columns, check.rules.clone(), check.complete)
}
