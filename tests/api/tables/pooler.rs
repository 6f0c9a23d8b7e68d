//! Attached tables behind PgBouncer in session mode.

use rowcast::{
    project::Settings,
    tables::{self, ChosenNames},
};
use serde_json::json;

use super::product_with;
use crate::harness::{Client, Engine, Node, ReplicaModel, pgbouncer::PgBouncer, with_database};

const TABLES: &str = "
create schema gym;
create table gym.members (email text primary key, name text not null, joined timestamptz not null default now());
create table gym.visits (member text references gym.members (email) on delete cascade, day date, primary key (member, day));
insert into gym.members (email, name) values ('ada@example.com', 'Ada')";

/// The pooler drops startup options and resets no session between its clients, so the server sets its own by statements.
#[actix_web::test]
async fn attached_tables_behind_a_pooler_follow_writes_and_changes_of_the_schema() {
    with_database(Engine::Postgres, async |database| {
        database.execute(TABLES).await;
        let ignored = [("pool_mode", "session"), ("ignore_startup_parameters", "extra_float_digits,options")];
        let pooler = PgBouncer::in_front_of(&database.url(), &ignored).await;
        let settings = "[database]\nschemas = [\"gym\"]\n";
        let through = pooler.url().parse().unwrap();
        let parsed = Settings::parse(settings).unwrap();
        let attached = tables::attach(&through, &parsed, &ChosenNames::default()).await.unwrap();
        assert_eq!(attached.missing_rights, [""; 0]);

        let node = Node::serve(pooler.url(), &[], &product_with(settings)).await;
        let beside = Node::serve(&database.url(), &[], &product_with(settings)).await;
        let model = || ReplicaModel::of(&[("members", &["email"]), ("visits", &["member", "day"])]);
        let client = Client::resume(node.address, model()).await;
        let other = Client::resume(beside.address, model()).await;

        // A write through the pooler, one beside it, and one of another program in one transaction.
        let bob = json!({ "email": "bob@example.com", "name": "Bob" });
        let written = client.request("new_member", bob).await.unwrap_data();
        assert_eq!(written["name"], "Bob");
        other
            .request("update_member", json!({ "email": "bob@example.com", "name": "Robert" }))
            .await
            .unwrap_data();
        client
            .wait_for_replica("Robert", |replica| {
                replica.rows("members").iter().any(|row| row["name"] == "Robert")
            })
            .await;
        let then = client.now();
        database
            .execute(
                "begin; update gym.members set name = 'Augusta' where email = 'ada@example.com';
                 insert into gym.visits values ('ada@example.com', '2026-01-31'); commit",
            )
            .await;
        client.wait_for_replica("the visit", |replica| replica.rows("visits").len() == 1).await;
        assert_eq!(client.changes_since(then).len(), 1, "half of a transaction is never seen");
        client
            .wait_for_replica("both names", |replica| {
                let names: Vec<_> = replica.rows("members").iter().map(|row| row["name"].clone()).collect();
                names == ["Augusta", "Robert"]
            })
            .await;
        other.assert_in_sync().await;

        // A stale write conflicts, and a resumed client misses nothing.
        let stale = json!({ "email": "bob@example.com", "name": "Bobby", "version": written["version"] });
        assert_eq!(client.request("update_member", stale).await.error_keys(), ["$conflict"]);
        let kept = client.replica();
        drop(client);
        database.execute("delete from gym.members where email = 'ada@example.com'").await;
        let resumed = Client::resume(node.address, kept).await;
        resumed.wait_for_replica("the cascade", |replica| replica.rows("visits").is_empty()).await;

        database.execute("alter table gym.members add column height numeric(5, 2) default 1.80").await;
        resumed
            .wait_for_replica("the new column", |replica| replica.rows("members")[0]["height"] == "1.80")
            .await;
        resumed.assert_in_sync().await;
        node.stop().await;
        beside.stop().await;
    })
    .await;
}
