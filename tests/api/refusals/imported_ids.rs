//! Rows that were imported with their ids: new rows get other ids.

use serde_json::json;

use crate::harness::{
    Client, Database, Engine, Node, TestApp, fixtures, on_both_databases, postgres, process::ServerProcess,
    with_database,
};

on_both_databases! { imported_ids_are_skipped }

async fn imported_ids_are_skipped(app: &TestApp) {
    let clients = futures_util::future::join_all((0..8).map(|_| app.connect())).await;
    fixtures::seed_one_of_each(&clients[0]).await;
    app.database.execute(IMPORT).await;
    let write = async |client: &Client| {
        let row = client.request("new_coach", fixtures::coach("After")).await.unwrap_data();
        let plan =
            client.request("new_workout_plan", fixtures::workout_plan("After", &[1, 1])).await.unwrap_data();
        (row["id"].as_i64().unwrap(), plan["id"].as_i64().unwrap())
    };
    let mut made = futures_util::future::join_all(clients.iter().map(write)).await;
    assert!(made.iter().all(|(coach, plan)| *coach > 3001 && *plan > 1), "{made:?}");
    made.sort_unstable();
    made.dedup_by_key(|(coach, _)| *coach);
    assert_eq!(made.len(), 8, "each has an id of its own");
    // Later writes succeed as well.
    assert!(clients[0].request("new_coach", fixtures::coach("Later")).await.ok);
    clients[0].assert_in_sync().await;
}

const IMPORT: &str = "
    insert into coaches (id, name, age, picture)
    with recursive n(i) as (select 2 union all select i + 1 from n where i < 3001)
    select i, 'Import', 30, 'https://example.com' from n;
    insert into workout_plan_moves (id, workout_plan_id, exercise_move_id, position)
    with recursive n(i) as (select 2 union all select i + 1 from n where i < 300)
    select i, 1, 1, i from n";

#[actix_web::test]
async fn advanced_sequence_is_logged() {
    with_database(Engine::Postgres, async |database| {
        let program = ServerProcess::serve(&database.url(), &[]);
        let client = Client::connect(program.address).await;
        fixtures::seed_one_of_each(&client).await;
        database.execute(IMPORT).await;
        let row = client.request("new_coach", fixtures::coach("After")).await.unwrap_data();
        assert_eq!(row["id"], 3002);
        program.wait_for_log("public.coaches_id_seq").await;
    })
    .await;
}

#[actix_web::test]
async fn sequence_behind_imported_ids_leaves_far_ids_alone() {
    with_database(Engine::Postgres, async |database| {
        let node = Node::start(&database.url(), &[]).await;
        let client = Client::connect(node.address).await;
        fixtures::seed_one_of_each(&client).await;
        // A dump with a gap, and a row with a far id.
        let import = "insert into coaches (id, name, age, picture)
            select i, 'Import', 30, 'https://example.com' from generate_series(2, 900) as i where i not between 500 and 600
            union all select 1000000, 'Subscribed', 30, 'https://example.com'";
        database.execute(import).await;
        let clients = futures_util::future::join_all((0..8).map(|_| Client::connect(node.address))).await;
        let write = async |client: &Client| client.request("new_coach", fixtures::coach("After")).await.unwrap_data();
        for row in futures_util::future::join_all(clients.iter().map(write)).await {
            let id = row["id"].as_i64().unwrap();
            assert!((500..1000).contains(&id), "{row}");
        }
        client.assert_in_sync().await;
        node.stop().await;
    })
    .await;
}

#[actix_web::test]
async fn immovable_sequence_is_named() {
    with_database(Engine::Postgres, async |database: &Database| {
        let owner = Node::start(&database.url(), &[]).await;
        fixtures::seed_one_of_each(&Client::connect(owner.address).await).await;
        owner.stop().await;
        let role = format!("clerk_{}", std::process::id());
        let grants = format!(
            "create role {role} login; grant all on schema public to {role};
             grant all on all tables in schema public to {role}; grant usage on all sequences in schema public to {role}"
        );
        database.execute(&grants).await;
        let url = postgres::as_role(&database.url(), &role);
        let node = Node::start(&url, &[]).await;
        let client = Client::connect(node.address).await;
        client.request("new_coach", fixtures::coach("Before")).await.unwrap_data();
        database.execute(&IMPORT.replace("select 2 union", "select 3 union")).await;
        let ack = client.request("new_coach", fixtures::coach("After")).await;
        assert_eq!(ack.error_keys(), ["$refused"]);
        assert!(ack.error("$refused").contains("public.coaches_id_seq"), "{ack:?}");
        client.request("update_coach", json!({ "id": 1, "age": 50 })).await.unwrap_data();
        node.stop().await;
        database.execute(&format!("drop owned by {role}; drop role {role}")).await;
    })
    .await;
}
