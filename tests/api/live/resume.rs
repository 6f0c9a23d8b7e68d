//! A returning client receives exactly the missed changes: after a disconnect, a restart or a crash.

use serde_json::{Value, json};

use crate::harness::{
    Client, Database, ReplicaModel, TestApp, client::COLLECTIONS, fixtures, on_both_databases,
    on_empty_databases, process::ServerProcess, wire::ServerPacket,
};

on_both_databases! {
    resume_after_disconnect_sends_missed_changes,
    resume_without_changes_sends_empty_event,
    resume_omits_row_created_and_deleted_meanwhile,
    cursor_of_first_snapshots_resumes,
    cursor_of_partial_snapshots_sends_the_others,
    concurrent_resumes_during_writes_miss_nothing,
}

on_empty_databases! {
    resume_after_restart_sends_missed_changes,
    resume_after_crash_sends_missed_changes,
    cursor_survives_restarts,
}

/// Writes while a client is away; returns the changes that it must receive.
async fn write_missed_changes(writer: &Client) -> Value {
    let ada = writer.request("update_coach", json!({ "id": 1, "name": "Ada L." })).await.unwrap_data();
    writer.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    let grace = writer.request("update_coach", json!({ "id": 2, "age": 50 })).await.unwrap_data();
    writer.request("delete_schedule", json!({ "id": 1 })).await.unwrap_data();
    json!({
        "coaches": { "upserted": [ada, grace], "deleted": [] },
        "schedules": { "upserted": [], "deleted": [1] },
    })
}

async fn resume_after_disconnect_sends_missed_changes(app: &TestApp) {
    let writer = app.connect().await;
    let kept = replica_of_seeded_planner(&writer, app.follow().await).await;
    let missed = write_missed_changes(&writer).await;
    let back = Client::resume(app.address, kept).await;
    assert_eq!(back.events_since(0), ["connected", "changes"]);
    assert_eq!(back.changes_since(0), [missed]);
    back.assert_in_sync().await;

    let row = writer.request("update_coach", json!({ "id": 1, "age": 60 })).await.unwrap_data();
    back.wait_for_replica("what happens from now on", |replica| replica.has("coaches", &row)).await;
    assert_eq!(back.changes_since(0).len(), 2);
}

async fn resume_without_changes_sends_empty_event(app: &TestApp) {
    let writer = app.connect().await;
    let mut kept = replica_of_seeded_planner(&writer, app.follow().await).await;
    for _ in 0..3 {
        let back = Client::resume(app.address, kept).await;
        assert_eq!(back.events_since(0), ["connected", "changes"]);
        assert_eq!(back.changes_since(0), [json!({})], "a cursor and nothing else");
        kept = back.replica();
    }
}

async fn resume_omits_row_created_and_deleted_meanwhile(app: &TestApp) {
    let writer = app.connect().await;
    let kept = replica_of_seeded_planner(&writer, app.follow().await).await;
    writer.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    writer.request("delete_coach", json!({ "id": 2 })).await.unwrap_data();
    let back = Client::resume(app.address, kept).await;
    assert!(back.changes_since(0)[0]["coaches"]["upserted"].as_array().is_none_or(Vec::is_empty));
    assert_eq!(back.replica().rows("coaches").len(), 1);
    back.assert_in_sync().await;
}

async fn cursor_of_first_snapshots_resumes(app: &TestApp) {
    let writer = app.connect().await;
    fixtures::seed_one_of_each(&writer).await;
    writer.request("update_coach", json!({ "id": 1, "age": 50 })).await.unwrap_data();
    let kept = app.follow().await.replica();
    writer.request("delete_schedule", json!({ "id": 1 })).await.unwrap_data();
    let back = Client::resume(app.address, kept).await;
    assert_eq!(back.events_since(0), ["connected", "changes"]);
    back.assert_in_sync().await;
}

async fn concurrent_resumes_during_writes_miss_nothing(app: &TestApp) {
    let writer = app.connect().await;
    fixtures::seed_one_of_each(&writer).await;
    let writes = async {
        for round in 0..60 {
            let row =
                writer.request("new_coach", fixtures::coach(&format!("Coach {round}"))).await.unwrap_data();
            writer
                .request("update_coach", json!({ "id": 1, "name": format!("Ada {round}") }))
                .await
                .unwrap_data();
            if round % 3 == 0 {
                writer.request("delete_coach", json!({ "id": row["id"] })).await.unwrap_data();
            }
        }
    };
    let reconnects = (0..6).map(async |_| {
        let mut kept = app.follow().await.replica();
        for _ in 0..10 {
            let back = Client::resume(app.address, kept).await;
            assert_eq!(back.events_since(0)[..2], ["connected", "changes"]);
            back.assert_responsive().await;
            kept = back.replica();
        }
        kept
    });
    let ((), kept) = tokio::join!(writes, futures_util::future::join_all(reconnects));
    for kept in kept {
        Client::resume(app.address, kept).await.assert_in_sync().await;
    }
}

async fn resume_after_restart_sends_missed_changes(database: &Database) {
    let url = database.url();
    let mut program = ServerProcess::serve(&url, &[]);
    let writer = Client::connect(program.address).await;
    let kept = replica_of_seeded_planner(&writer, Client::follow(program.address).await).await;
    let missed = write_missed_changes(&writer).await;
    program.terminate();
    assert!(program.wait_for_exit().await.success());
    assert_resumes_with(&url, kept, missed).await;
}

async fn resume_after_crash_sends_missed_changes(database: &Database) {
    let url = database.url();
    let mut program = ServerProcess::serve(&url, &[]);
    let writer = Client::connect(program.address).await;
    let kept = replica_of_seeded_planner(&writer, Client::follow(program.address).await).await;
    let missed = write_missed_changes(&writer).await;
    program.kill();
    assert_resumes_with(&url, kept, missed).await;
}

async fn assert_resumes_with(url: &str, kept: ReplicaModel, missed: Value) {
    let program = ServerProcess::serve(url, &[]);
    let back = Client::resume(program.address, kept).await;
    assert_eq!(back.events_since(0), ["connected", "changes"]);
    assert_eq!(back.changes_since(0), [missed]);
    back.assert_in_sync().await;
    let row = back.request("update_coach", json!({ "id": 1, "age": 60 })).await.unwrap_data();
    assert!(back.replica().has("coaches", &row), "what happens from now on");
}

async fn cursor_survives_restarts(database: &Database) {
    let url = database.url();
    let mut program = ServerProcess::serve(&url, &[]);
    let writer = Client::connect(program.address).await;
    let first = replica_of_seeded_planner(&writer, Client::follow(program.address).await).await;
    let mut last = first.clone();
    for round in 0..4 {
        program.kill();
        program = ServerProcess::serve(&url, &[]);
        let back = Client::resume(program.address, last).await;
        assert_eq!(back.changes_since(0), [json!({})], "round {round}");
        back.request("new_coach", fixtures::coach(&format!("Coach {round}"))).await.unwrap_data();
        last = back.replica();
    }
    let back = Client::resume(program.address, first).await;
    assert_eq!(back.events_since(0), ["connected", "changes"]);
    let changes = back.changes_since(0);
    assert_eq!(changes[0]["coaches"]["upserted"].as_array().unwrap().len(), 4);
    assert_eq!(changes[0].as_object().unwrap().len(), 1, "nothing that it knew: {changes:?}");
    back.assert_in_sync().await;
}

/// The replica of a client that has seen all rows of [`fixtures::seed_one_of_each`].
async fn replica_of_seeded_planner(writer: &Client, client: Client) -> ReplicaModel {
    fixtures::seed_one_of_each(writer).await;
    client.assert_in_sync().await;
    client.replica()
}

async fn cursor_of_partial_snapshots_sends_the_others(app: &TestApp) {
    let writer = app.connect().await;
    fixtures::seed_one_of_each(&writer).await;
    let packets = app.follow().await.since(0);
    for (at, collection) in COLLECTIONS.iter().enumerate() {
        let cursor = packets.iter().find_map(|packet| match packet {
            ServerPacket::Event(name, arguments) if name == collection => arguments[1]["cursor"].as_str(),
            _ => None,
        });
        let back = Client::resume(app.address, ReplicaModel::at(cursor.expect("a cursor"))).await;
        let others = &COLLECTIONS[at + 1..];
        for collection in others {
            assert_eq!(
                json!(back.wait_for_rows(collection, |_| true).await),
                json!(writer.latest(collection))
            );
        }
        assert_eq!(back.events_since(0)[..2], ["connected", "changes"]);
        assert_eq!(back.events_since(0)[2..], *others, "{collection} was the last it had");
    }
}
