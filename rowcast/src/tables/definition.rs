//! What is known of a table that is a collection.

use crate::catalog::{Catalog, Column, ColumnType, QualifiedName, ReferentialAction, Table, TableKind};

use crate::{
    intern::{intern, intern_columns},
    key::KeyColumn,
    project::CollectionSettings,
};

use super::{
    embed::Embedding,
    field::{Field, Insert},
    numbering::Numbering,
    sql::quoted,
    value_type::ValueType,
};

/// A sentence for the operator about a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// The table, with its schema on PostgreSQL.
    pub(crate) table: String,
    /// The sentence.
    pub(crate) sentence: String,
}

/// The source of a row's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VersionSource {
    /// The table's own column, which is incremented by each update.
    Column,
    /// PostgreSQL: the transaction that wrote the row.
    Transaction,
    /// SQLite: a hash of the row's content.
    Content,
}

/// A table as a collection.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    /// The collection's name.
    pub(super) name: &'static str,
    pub(super) singular: &'static str,
    /// The table's name in the change log.
    pub(super) log_name: &'static str,
    pub(super) qualified: QualifiedName,
    /// The table's name without its schema.
    pub(super) table: &'static str,
    /// The table in SQL, quoted and with its schema.
    pub(super) source: String,
    pub(super) is_postgres: bool,
    /// All columns that clients see or that the key consists of, in the table's order.
    pub(super) fields: Vec<Field>,
    /// The fields of the key, in the order of the primary key; none for a table that is only listed.
    pub(super) key: Vec<usize>,
    pub(super) key_columns: &'static [KeyColumn],
    pub(super) version: VersionSource,
    /// Whether the database gives a new row its first version.
    pub(super) has_version_default: bool,
    /// The field with the version: `version`, or `$version` if the table has another column of that name.
    pub(super) version_field: &'static str,
    /// Whether rows are only listed, and not written.
    pub(super) is_read_only: bool,
    pub(super) is_live: bool,
    /// Whether the rows are in partitions, of which PostgreSQL does not return `xmin` with a write.
    pub(super) is_partitioned: bool,
    /// Whether triggers of others may change a row after it was written.
    pub(super) has_triggers: bool,
    pub(super) unique: Vec<Unique>,
    pub(super) references: Vec<ForeignReference>,
    /// Rows of other tables that each row shows. They are added when all tables are known.
    pub(super) embeds: Vec<Embedding>,
    /// References of other tables to this one, which keep its rows from being deleted.
    pub(super) referenced_by: Vec<Referencing>,
    pub(super) comment: Option<String>,
}

/// Fields whose values no other row has together.
#[derive(Clone, Debug)]
pub(super) struct Unique {
    pub(super) fields: Vec<usize>,
    pub(super) nulls_distinct: bool,
    pub(super) comment: Option<String>,
}

/// Fields that refer to a row of a table.
#[derive(Clone, Debug)]
pub(super) struct ForeignReference {
    pub(super) fields: Vec<usize>,
    /// The referenced table in SQL, and its columns.
    pub(super) source: String,
    pub(super) columns: Vec<String>,
    /// The referenced table's name for sentences.
    pub(super) name: String,
    pub(super) comment: Option<String>,
}

/// A reference from another table.
#[derive(Clone, Debug)]
pub(super) struct Referencing {
    pub(super) source: String,
    pub(super) name: String,
    /// The referring columns, and the fields of this table that they refer to.
    pub(super) columns: Vec<(String, usize)>,
}

impl Definition {
    /// The definition of a table, with what the operator should know about it. None if it has no column to show.
    pub(super) fn of(
        table: &Table,
        catalog: &Catalog,
        numbering: &Numbering<'_>,
        settings: &CollectionSettings,
        (name, singular): (&str, &str),
        is_postgres: bool,
    ) -> (Option<Self>, Vec<Notice>) {
        let log_name = match is_postgres {
            true => format!("{}.{}", table.name.schema, table.name.name),
            false => table.name.name.clone(),
        };
        let mut notices = Notices { table: log_name.clone(), all: Vec::new() };
        let key = table.primary_key.as_ref().map_or(&[][..], |key| &key.columns);
        let mut fields = Vec::new();
        for column in &table.columns {
            let is_number = numbering.contains(&table.name, &column.name);
            fields.extend(field(column, is_number, key.contains(&column.name), settings, &mut notices));
        }
        if !fields.iter().any(|field: &Field| field.shown) {
            return (None, notices.all);
        }
        let position = |name: &String| fields.iter().position(|field| field.name == name.as_str());
        let mut key: Option<Vec<usize>> = key.iter().map(position).collect();
        if let Some(columns) = &key
            && let Some(other) = columns.iter().find(|at| !fields[**at].value_type.is_key())
        {
            notices.add(format!(
                "rows are only listed, because the column {} of the key is of type {}, by which rows are not identified",
                fields[*other].name, table.columns.iter().find(|column| column.name == fields[*other].name).map_or("", |column| &column.sql_type)
            ));
            key = None;
        }
        if !table.reads_row_state && key.as_ref().is_some_and(|key| !key.is_empty()) {
            notices.add(format!(
                "rows are only listed, because this role may read some columns and not xmin and ctid, by which changes are seen: \
                 grant select (xmin, ctid) on {}.{} to it",
                quoted(&table.name.schema),
                quoted(&table.name.name)
            ));
            key = None;
        }
        let is_table = matches!(table.kind, TableKind::Table | TableKind::PartitionedTable);
        if is_table && table.primary_key.is_none() {
            notices.add("rows are only listed, and not written, because the table has no primary key".into());
        }
        let key = key.filter(|key| is_table && !key.is_empty()).unwrap_or_default();
        let version = table.column("version");
        let own_version = version.is_some_and(|column| is_version(column, table));
        let version_source = match (own_version, is_postgres) {
            (true, _) => VersionSource::Column,
            (false, true) => VersionSource::Transaction,
            (false, false) => VersionSource::Content,
        };
        let clash = version.is_some() && !own_version;
        if !key.is_empty() {
            notices.add_unwritable(table, &fields, singular);
        }
        if own_version && let Some(field) = fields.iter_mut().find(|field| field.name == "version") {
            (field.insert, field.update) = (Insert::Never, false);
        }
        let is_live = !key.is_empty() && settings.live;
        let key_columns: Vec<KeyColumn> = key.iter().map(|at| fields[*at].key_column()).collect();
        let mut definition = Self {
            name: intern(name),
            singular: intern(singular),
            log_name: intern(&log_name),
            qualified: table.name.clone(),
            table: intern(&table.name.name),
            source: source(&table.name.schema, &table.name.name, is_postgres),
            is_postgres,
            is_read_only: key.is_empty(),
            key_columns: intern_columns(&key_columns),
            key,
            version: version_source,
            has_version_default: version.is_some_and(|column| column.default.is_some()),
            version_field: if clash { "$version" } else { "version" },
            is_live,
            is_partitioned: table.kind == TableKind::PartitionedTable,
            has_triggers: true,
            unique: Vec::new(),
            references: Vec::new(),
            embeds: Vec::new(),
            referenced_by: Vec::new(),
            comment: table.comment.clone(),
            fields,
        };
        definition.constrain(table, catalog);
        (Some(definition), notices.all)
    }

    /// The field with this name.
    pub(super) fn field(&self, name: &str) -> Option<(usize, &Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.name == name)
    }

    /// The fields of the key, in the order of the primary key.
    pub(super) fn key_fields(&self) -> impl Iterator<Item = &Field> {
        self.key.iter().map(|at| &self.fields[*at])
    }

    /// The fields that rows show.
    pub(super) fn shown(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.shown)
    }

    /// A noun for sentences.
    pub(super) fn noun(&self) -> String {
        self.singular.replace('_', " ")
    }
}

struct Notices {
    table: String,
    all: Vec<Notice>,
}

impl Notices {
    /// Names a column without which no row can be made, and which no payload sets.
    fn add_unwritable(&mut self, table: &Table, fields: &[Field], singular: &str) {
        let is_required = |column: &&Column| {
            let is_set = column.default.is_some() || column.identity.is_some() || column.generated.is_some();
            !column.nullable && !is_set && column.name != "version"
        };
        let is_unset = |column: &&Column| {
            let field = fields.iter().find(|field| field.name == column.name);
            field.is_none_or(|field| field.insert == Insert::Never)
        };
        let required = table.columns.iter().filter(is_required);
        for column in required.filter(|column| column.privileges.insert).filter(is_unset) {
            self.add(format!(
                "new_{singular} fails unless a trigger sets the column {}, which is required: clients cannot set it, because it is \
                 hidden or read-only",
                column.name
            ));
        }
    }

    fn add(&mut self, sentence: String) {
        self.all.push(Notice { table: self.table.clone(), sentence });
    }
}

fn field(
    column: &Column,
    is_number: bool,
    in_key: bool,
    settings: &CollectionSettings,
    notices: &mut Notices,
) -> Option<Field> {
    let hidden = settings.hidden.contains(&column.name);
    let asked_for = settings.show.contains(&column.name);
    let known = ValueType::of(&column.column_type, is_number, column.nullable);
    let value_type = match known {
        Some(value_type) => value_type,
        None if asked_for => ValueType::Literal,
        None => {
            if !hidden {
                notices.add(format!(
                    "the column {} is hidden, because values of the type {} have no form of their own: name it in `show` \
                     to have them as text",
                    column.name, type_name(&column.column_type)
                ));
            }
            return None;
        }
    };
    if !column.privileges.select {
        notices.add(format!("the column {} is hidden, because this role may not read it", column.name));
        return None;
    }
    let shown = !hidden;
    let read_only = settings.read_only.contains(&column.name);
    let type_name = settings.types.get(&column.name).cloned();
    let field = || Field { type_name, ..Field::new(column, value_type, shown || in_key, read_only) };
    (shown || in_key).then(field)
}

fn type_name(column_type: &ColumnType) -> String {
    match column_type {
        ColumnType::Other(name) => name.clone(),
        ColumnType::Array(element) => format!("{}[]", type_name(element)),
        ColumnType::Domain(domain) => domain.name.name.clone(),
        ColumnType::Bytes => "bytea".into(),
        ColumnType::Money => "money".into(),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// Whether a column counts the row's versions: a whole number that is never null and has no other meaning.
fn is_version(column: &Column, table: &Table) -> bool {
    let is_integer = matches!(column.column_type.base(), ColumnType::Integer(_) | ColumnType::BigInt);
    let in_key = table.primary_key.iter().any(|key| key.columns.contains(&column.name));
    let in_unique = table.unique_keys.iter().any(|key| key.columns.contains(&column.name));
    let refers = table.foreign_keys.iter().any(|key| key.columns.contains(&column.name));
    let writable = column.generated.is_none() && column.identity.is_none();
    is_integer && !column.nullable && writable && !in_key && !in_unique && !refers
}

/// Whether the role may read all of these columns.
fn may_read(table: &Table, columns: &[String]) -> bool {
    let column = |name: &String| table.column(name).is_some_and(|column| column.privileges.select);
    columns.iter().all(column)
}

/// A table in SQL.
pub(super) fn source(schema: &str, table: &str, is_postgres: bool) -> String {
    match is_postgres {
        true => format!("{}.{}", quoted(schema), quoted(table)),
        false => quoted(table),
    }
}

impl Definition {
    /// Adds the constraints that are checked before a write.
    fn constrain(&mut self, table: &Table, catalog: &Catalog) {
        let all = |columns: &[String]| -> Option<Vec<usize>> {
            columns.iter().map(|column| self.field(column).map(|(at, _)| at)).collect()
        };
        let unique = table.unique_keys.iter().filter(|key| key.is_plain()).filter_map(|key| {
            let fields = all(&key.columns)?;
            Some(Unique { fields, nulls_distinct: key.nulls_distinct, comment: key.comment.clone() })
        });
        let own_key = Some(Unique { fields: self.key.clone(), nulls_distinct: true, comment: None });
        let unique: Vec<Unique> =
            own_key.into_iter().filter(|key| !key.fields.is_empty()).chain(unique).collect();
        let references = table.foreign_keys.iter().filter_map(|key| {
            // A reference to a table that is not there, or that this role may not read, is left to the database.
            let other = catalog.table(&key.table.schema, &key.table.name)?;
            if !may_read(other, &key.referenced_columns) {
                return None;
            }
            let fields = all(&key.columns)?;
            (fields.len() == key.referenced_columns.len()).then(|| ForeignReference {
                fields,
                source: source(&key.table.schema, &key.table.name, self.is_postgres),
                columns: key.referenced_columns.clone(),
                name: key.table.name.replace('_', " "),
                comment: key.comment.clone(),
            })
        });
        let references: Vec<ForeignReference> = references.collect();
        let mut referenced_by = Vec::new();
        // Partitions have copies of the references of their table.
        for other in catalog.tables.iter().filter(|table| table.partition_of.is_none()) {
            let blocking = other.foreign_keys.iter().filter(|key| {
                key.table == table.name
                    && may_read(other, &key.columns)
                    && matches!(key.on_delete, ReferentialAction::NoAction | ReferentialAction::Restrict)
            });
            for key in blocking {
                let pairs = key.columns.iter().zip(&key.referenced_columns);
                let columns: Option<Vec<_>> =
                    pairs.map(|(column, to)| Some((column.clone(), self.field(to)?.0))).collect();
                referenced_by.extend(columns.filter(|columns| !columns.is_empty()).map(|columns| {
                    Referencing {
                        source: source(&other.name.schema, &other.name.name, self.is_postgres),
                        name: other.name.name.clone(),
                        columns,
                    }
                }));
            }
        }
        for check in &table.checks {
            for rule in &check.rules {
                if let Some(field) = self.fields.iter_mut().find(|field| field.name == rule.column) {
                    field.rules.push((rule.rule.clone(), check.comment.clone()));
                }
            }
        }
        for field in &mut self.fields {
            let column = table.column(field.name);
            let mut column_type = column.map(|column| &column.column_type);
            while let Some(ColumnType::Domain(domain)) = column_type {
                for check in &domain.checks {
                    let rules = check.rules.iter().map(|rule| (rule.rule.clone(), check.comment.clone()));
                    field.rules.extend(rules);
                }
                column_type = Some(&domain.base);
            }
        }
        (self.unique, self.references, self.referenced_by) = (unique, references, referenced_by);
    }
}
