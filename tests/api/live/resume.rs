//! A client that comes back is sent what happened since, and nothing else: after a cut, a restart, a crash.

use serde_json::{Value, json};

use crate::harness::{
    Client, Copy, Database, TestApp, client::COLLECTIONS, from_both_databases, gym, on_both_databases,
    program::Program, wire::Heard,
};

on_both_databases! {
    resume_after_disconnect_sends_missed_changes,
    resume_without_changes_sends_empty_event,
    resume_omits_row_created_and_deleted_meanwhile,
    cursor_of_first_snapshots_resumes,
    cursor_of_partial_snapshots_sends_the_others,
    concurrent_resumes_during_writes_miss_nothing,
}

from_both_databases! {
    resume_after_restart_sends_missed_changes,
    resume_after_crash_sends_missed_changes,
    cursor_survives_restarts,
}

/// What happens while a client is away, and what it must be sent of it then.
async fn write_missed_changes(writer: &Client) -> Value {
    let ada = writer.ask("update_coach", json!({ "id": 1, "name": "Ada L." })).await.done();
    writer.ask("new_coach", gym::coach("Grace")).await.done();
    let grace = writer.ask("update_coach", json!({ "id": 2, "age": 50 })).await.done();
    writer.ask("delete_schedule", json!({ "id": 1 })).await.done();
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
    assert_eq!(back.told(0), [missed]);
    back.agrees().await;

    let row = writer.ask("update_coach", json!({ "id": 1, "age": 60 })).await.done();
    back.keeps("what happens from now on", |copy| copy.has("coaches", &row)).await;
    assert_eq!(back.told(0).len(), 2);
}

async fn resume_without_changes_sends_empty_event(app: &TestApp) {
    let writer = app.connect().await;
    let mut kept = replica_of_seeded_planner(&writer, app.follow().await).await;
    for _ in 0..3 {
        let back = Client::resume(app.address, kept).await;
        assert_eq!(back.events_since(0), ["connected", "changes"]);
        assert_eq!(back.told(0), [json!({})], "a cursor and nothing else");
        kept = back.copy();
    }
}

async fn resume_omits_row_created_and_deleted_meanwhile(app: &TestApp) {
    let writer = app.connect().await;
    let kept = replica_of_seeded_planner(&writer, app.follow().await).await;
    writer.ask("new_coach", gym::coach("Grace")).await.done();
    writer.ask("delete_coach", json!({ "id": 2 })).await.done();
    let back = Client::resume(app.address, kept).await;
    assert!(back.told(0)[0]["coaches"]["upserted"].as_array().is_none_or(Vec::is_empty));
    assert_eq!(back.copy().rows("coaches").len(), 1);
    back.agrees().await;
}

async fn cursor_of_first_snapshots_resumes(app: &TestApp) {
    let writer = app.connect().await;
    gym::open(&writer).await;
    writer.ask("update_coach", json!({ "id": 1, "age": 50 })).await.done();
    let kept = app.follow().await.copy();
    writer.ask("delete_schedule", json!({ "id": 1 })).await.done();
    let back = Client::resume(app.address, kept).await;
    assert_eq!(back.events_since(0), ["connected", "changes"]);
    back.agrees().await;
}

async fn concurrent_resumes_during_writes_miss_nothing(app: &TestApp) {
    let writer = app.connect().await;
    gym::open(&writer).await;
    let writes = async {
        for round in 0..60 {
            let row = writer.ask("new_coach", gym::coach(&format!("Coach {round}"))).await.done();
            writer.ask("update_coach", json!({ "id": 1, "name": format!("Ada {round}") })).await.done();
            if round % 3 == 0 {
                writer.ask("delete_coach", json!({ "id": row["id"] })).await.done();
            }
        }
    };
    let reconnects = (0..6).map(async |_| {
        let mut kept = app.follow().await.copy();
        for _ in 0..10 {
            let back = Client::resume(app.address, kept).await;
            assert_eq!(back.events_since(0)[..2], ["connected", "changes"]);
            back.is_served().await;
            kept = back.copy();
        }
        kept
    });
    let ((), kept) = tokio::join!(writes, futures_util::future::join_all(reconnects));
    for kept in kept {
        Client::resume(app.address, kept).await.agrees().await;
    }
}

async fn resume_after_restart_sends_missed_changes(database: &Database) {
    let url = database.url();
    let mut program = Program::serve(&url, &[]);
    let writer = Client::connect(program.address).await;
    let kept = replica_of_seeded_planner(&writer, Client::follow(program.address).await).await;
    let missed = write_missed_changes(&writer).await;
    program.terminate();
    assert!(program.ended().await.success());
    assert_resumes_with(&url, kept, missed).await;
}

async fn resume_after_crash_sends_missed_changes(database: &Database) {
    let url = database.url();
    let mut program = Program::serve(&url, &[]);
    let writer = Client::connect(program.address).await;
    let kept = replica_of_seeded_planner(&writer, Client::follow(program.address).await).await;
    let missed = write_missed_changes(&writer).await;
    program.kill();
    assert_resumes_with(&url, kept, missed).await;
}

async fn assert_resumes_with(url: &str, kept: Copy, missed: Value) {
    let program = Program::serve(url, &[]);
    let back = Client::resume(program.address, kept).await;
    assert_eq!(back.events_since(0), ["connected", "changes"]);
    assert_eq!(back.told(0), [missed]);
    back.agrees().await;
    let row = back.ask("update_coach", json!({ "id": 1, "age": 60 })).await.done();
    assert!(back.copy().has("coaches", &row), "what happens from now on");
}

async fn cursor_survives_restarts(database: &Database) {
    let url = database.url();
    let mut program = Program::serve(&url, &[]);
    let writer = Client::connect(program.address).await;
    let first = replica_of_seeded_planner(&writer, Client::follow(program.address).await).await;
    let mut last = first.clone();
    for round in 0..4 {
        program.kill();
        program = Program::serve(&url, &[]);
        let back = Client::resume(program.address, last).await;
        assert_eq!(back.told(0), [json!({})], "round {round}");
        back.ask("new_coach", gym::coach(&format!("Coach {round}"))).await.done();
        last = back.copy();
    }
    let back = Client::resume(program.address, first).await;
    assert_eq!(back.events_since(0), ["connected", "changes"]);
    let told = back.told(0);
    assert_eq!(told[0]["coaches"]["upserted"].as_array().unwrap().len(), 4);
    assert_eq!(told[0].as_object().unwrap().len(), 1, "nothing that it knew: {told:?}");
    back.agrees().await;
}

/// What a client has kept that saw the gym being opened, and then left.
async fn replica_of_seeded_planner(writer: &Client, client: Client) -> Copy {
    gym::open(writer).await;
    client.agrees().await;
    client.copy()
}

async fn cursor_of_partial_snapshots_sends_the_others(app: &TestApp) {
    let writer = app.connect().await;
    gym::open(&writer).await;
    let heard = app.follow().await.since(0);
    for (at, collection) in COLLECTIONS.iter().enumerate() {
        let cursor = heard.iter().find_map(|heard| match heard {
            Heard::Event(name, arguments) if name == collection => arguments[1]["cursor"].as_str(),
            _ => None,
        });
        let back = Client::resume(app.address, Copy::at(cursor.expect("a cursor"))).await;
        let others = &COLLECTIONS[at + 1..];
        for collection in others {
            assert_eq!(json!(back.sees(collection, |_| true).await), json!(writer.latest(collection)));
        }
        assert_eq!(back.events_since(0)[..2], ["connected", "changes"]);
        assert_eq!(back.events_since(0)[2..], *others, "{collection} was the last it had");
    }
}
