//! Rights that a role has or lacks.

use rowcast::attach::{self, Detachment, Options};

use super::database::Attached;

const SCHEMA: &str = "
create schema closed;
create table closed.hidden (id integer primary key);
create table tasks (id integer primary key, secret text);
create table events (id integer, at date, primary key (id, at)) partition by range (at);
create table events_all partition of events default;
create table parent (id integer primary key);
create table child (primary key (id)) inherits (parent);";

#[actix_web::test]
async fn rights_that_a_role_lacks_are_named_with_their_sql_on_postgres() {
    let owner = Attached::before(SCHEMA).await;
    let role = format!("attacher of \"{}\"", owner.name);
    let quoted = format!("\"{}\"", role.replace('"', "\"\""));
    owner
        .execute(&format!(
            "create role {quoted} login; grant select (id) on tasks to {quoted};
             alter table tasks enable row level security;
             create policy few on tasks using (id < 100)"
        ))
        .await;
    let url = owner.url_as(&role);
    let attacher = Attached {
        db: sea_orm::Database::connect(&url).await.unwrap(),
        name: owner.name.clone(),
        clerk: owner.clerk.clone(),
        url,
    };
    let options = Options::default();
    let missing =
        async || attach::missing_rights(&attacher.db, &attacher.catalog().await, &options).await.unwrap();
    let sentences = missing().await;
    let read = |table: &str| {
        format!("The role {quoted} may not read {table}: grant select on table {table} to {quoted}.")
    };
    let trigger = |table: &str| {
        format!(
            "The role {quoted} may not create triggers on {table}: grant trigger on table {table} to {quoted}."
        )
    };
    let mut expected = vec![
        format!(
            "The role {quoted} may not create the schema rowcast: grant create on database \"{}\" to {quoted}.",
            owner.name
        ),
        format!(
            "The role {quoted} may not use the schema \"closed\": grant usage on schema \"closed\" to {quoted}."
        ),
    ];
    for table in [
        "closed\".\"hidden",
        "public\".\"child",
        "public\".\"events",
        "public\".\"events_all",
        "public\".\"parent",
    ] {
        let table = format!("\"{table}\"");
        expected.extend([read(&table), trigger(&table)]);
    }
    expected.push(trigger("\"public\".\"tasks\""));
    assert_eq!(sentences, expected);
    // What is named suffices.
    for sentence in &sentences {
        let sql = sentence.split(": ").last().unwrap().trim_end_matches('.');
        owner.execute(sql).await;
    }
    assert_eq!(missing().await, [""; 0]);
    attacher.attach(&options).await;
    let both = "insert into tasks values (1); insert into events values (1, '2024-01-01')";
    assert_eq!(owner.logged(both).await, ["public.tasks [1]", "public.events [1, \"2024-01-01\"]"]);

    let catalog = attacher.catalog().await;
    let gaps = attach::gaps(&attacher.db, &catalog, &options).await.unwrap();
    let count = |text: &str| gaps.iter().filter(|gap| gap.sentence.contains(text)).count();
    // Six tables with two triggers each.
    assert_eq!(count("session_replication_role"), 12, "{gaps:#?}");
    assert_eq!(count("Row-level security of \"public\".\"tasks\""), 1);
    assert_eq!(count("tables that inherit from it"), 1);
    assert_eq!(gaps.len(), 14);
    let owners = attach::gaps(&owner.db, &owner.catalog().await, &options).await.unwrap();
    assert_eq!(owners.iter().filter(|gap| gap.sentence.contains("Row-level")).count(), 0);

    // Nothing remains on tables of others either.
    let other =
        Options { tables: Some([super::database::table("public", "events")].into()), ..Options::default() };
    attacher.plan(&other).await;
    assert_eq!(owner.logged(both.replace("(1", "(2").as_str()).await, ["public.events [2, \"2024-01-01\"]"]);
    attacher.detach().await;
    assert_eq!(
        owner.texts("select tgname::text as text from pg_trigger where not tgisinternal").await,
        [""; 0]
    );

    owner.execute("create schema rowcast").await;
    let sentences = missing().await;
    let belongs = format!(
        "The schema rowcast belongs to the role \"postgres\", so {quoted} cannot create in it: alter schema rowcast owner to {quoted}."
    );
    assert_eq!(sentences, [belongs]);
    let obstacles = Detachment::read(&attacher.db).await.unwrap().obstacles;
    assert_eq!(obstacles, ["The schema rowcast belongs to the role \"postgres\": detach as that role."]);
    owner
        .execute(&format!(
            "alter schema rowcast owner to {quoted}; revoke create on database {} from {quoted}",
            owner.name
        ))
        .await;
    assert_eq!(missing().await, [""; 0], "a schema that was made for the role is enough");
    attacher.attach(&options).await;
    let Detachment { obstacles, statements } = Detachment::read(&attacher.db).await.unwrap();
    assert_eq!(obstacles, [""; 0]);
    attach::execute(&attacher.db, &statements).await.unwrap();
    let left = "select relname::text as text from pg_class where relnamespace = 'rowcast'::regnamespace";
    assert_eq!(owner.texts(left).await, [""; 0]);
    attacher.db.close().await.unwrap();
    owner.execute(&format!("drop owned by {quoted}; drop role {quoted}")).await;
    owner.remove().await;
}
