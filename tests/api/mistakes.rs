//! Mistakes of a product, which its start reports.

use rowcast::{
    Collection, Rowcast,
    app::App,
    config::Cli,
    migration::{List, NewTable},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use support_desk::{Agents, Tickets};

use crate::harness::{Database, on_empty_databases};

on_empty_databases! {
    missing_table_is_reported_at_start,
    columns_that_differ_are_reported_at_start,
    failed_migration_is_named,
    unknown_column_type_is_named,
    migration_before_those_of_the_engine_is_refused,
    users_without_prepared_table_are_refused_at_start,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Collection)]
#[collection(plural = Tasks)]
struct Task {
    id: i64,
    #[collection(example = "Paint")]
    name: String,
    #[collection(optional, example = true)]
    done: bool,
    #[collection(example = 1.5)]
    hours: f64,
    #[collection(example = 3)]
    points: Option<i64>,
    version: i64,
}

/// Why the product does not start.
async fn refused(database: &Database, migrations: fn() -> List) -> String {
    let product = Rowcast::new("tasks").migrations(migrations).collection::<Tasks>().build();
    start(database, &product).await.unwrap_err()
}

async fn start(database: &Database, product: &rowcast::Product) -> Result<(), String> {
    let url = database.url();
    let cli = ["tasks", "--bind", "127.0.0.1:0", "--database-url", &url];
    let settings = <Cli as clap::Parser>::try_parse_from(cli).unwrap().serve;
    App::build(&settings, product).await.map(drop).map_err(|error| error.to_string())
}

async fn missing_table_is_reported_at_start(database: &Database) {
    let expected = "the collection tasks has no table: add NewTable::new(\"m…_tasks\", \"tasks\", …) to the list of \
        migrations, and the list to the product by .migrations(…)";
    assert_eq!(refused(database, Vec::new).await, expected);
}

async fn columns_that_differ_are_reported_at_start(database: &Database) {
    const TASKS: &str = "create table tasks (
        id {id}, name {i64} not null, done {text} not null, hours {i64} not null, version {i64} not null default 1
    ) {strict}";
    let reported =
        refused(database, || vec![NewTable::new("m20261201_000001_tasks", "tasks", TASKS).boxed()]).await;
    let integer = if matches!(database, Database::Sqlite(_)) { "integer" } else { "int8" };
    let expected = [
        format!("the column name of the table tasks is of type {integer}, and its field needs {{text}}"),
        "the column done of the table tasks is of type text, and its field needs {bool}".to_owned(),
        format!("the column hours of the table tasks is of type {integer}, and its field needs {{f64}}"),
        "the table tasks has no column points, which its collection has a field for: add the column in a new \
         migration, because one that was applied is not applied again (a database without data that matters can be \
         deleted instead)"
            .to_owned(),
    ];
    assert_eq!(reported.split("; ").collect::<Vec<_>>(), expected);
}

async fn failed_migration_is_named(database: &Database) {
    const TASKS: &str = "create tabel tasks (id {id})";
    let reported =
        refused(database, || vec![NewTable::new("m20261201_000001_tasks", "tasks", TASKS).boxed()]).await;
    assert!(reported.starts_with("the migration m20261201_000001_tasks failed: "), "{reported}");
    assert!(reported.contains("tabel"), "{reported}");
}

async fn unknown_column_type_is_named(database: &Database) {
    const TASKS: &str = "create table tasks (id {id}, hours {float} not null)";
    let reported =
        refused(database, || vec![NewTable::new("m20261201_000001_tasks", "tasks", TASKS).boxed()]).await;
    let expected = "{float} is no type; the types are {id}, {i64}, {text}, {bool}, {f64}, {strict}";
    assert!(reported.contains(expected), "{reported}");
}

async fn migration_before_those_of_the_engine_is_refused(database: &Database) {
    const TASKS: &str = "create table tasks (id {id}, version {i64} not null default 1)";
    let reported = refused(database, || vec![NewTable::new("m0001_tasks", "tasks", TASKS).boxed()]).await;
    let expected = "the migration m0001_tasks failed: its name sorts before m20261130_000004_accounts, which it needs: \
        begin it with m and a date, like m20261201_000001_tasks";
    assert_eq!(reported, expected);
}

/// A users table without the triggers that end sign-ins.
fn unprepared() -> List {
    const AGENTS: &str = "create table agents (
        id {id}, name {text} not null, username {text} unique, password_hash {text}, version {i64} not null default 1
    ) {strict}";
    vec![NewTable::new("m20261201_000001_agents", "agents", AGENTS).boxed()]
}

async fn users_without_prepared_table_are_refused_at_start(database: &Database) {
    let product = Rowcast::new("unprepared").migrations(unprepared);
    let product = product.collection::<Agents>().users::<Agents>().build();
    let refused = start(database, &product).await.unwrap_err();
    assert!(
        refused.starts_with("the table agents is not prepared for users that sign in: write .users(…)"),
        "{refused}"
    );
}

#[test]
fn product_that_does_not_fit_together_is_refused_with_a_sentence() {
    let refused = |product: Rowcast| product.try_build().map(drop).unwrap_err();
    let add = "add its .collection::<…>() to the product";
    assert_eq!(
        refused(Rowcast::new("tasks").collection::<Tasks>().collection::<Tasks>()),
        "the collection tasks is registered twice"
    );
    assert_eq!(
        refused(Rowcast::new("desk").collection::<Tickets>().collection::<Agents>()),
        format!("the collection tickets refers to customers, which is not registered: {add}")
    );
    assert_eq!(
        refused(Rowcast::new("desk").users::<Agents>()),
        format!("the rows of agents sign in, and agents is not registered: {add}")
    );
    let twice = || vec![NewTable::new("m20261201_000001_tasks", "tasks", "").boxed()];
    assert_eq!(
        refused(Rowcast::new("tasks").migrations(twice).migrations(twice)),
        "two migrations are called m20261201_000001_tasks"
    );
}
