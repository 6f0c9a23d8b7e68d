//! A client in changes mode receives snapshots once, and then changes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{
    Client, TestApp,
    client::COLLECTIONS,
    fixtures, on_both_databases,
    wire::{Ack, ServerPacket},
};

on_both_databases! {
    changes_follow_snapshots_once_per_write,
    changes_contain_only_changed_rows,
    renamed_coach_updates_embedding_schedules,
    changed_plan_keeps_order_of_moves,
    failed_write_is_not_published,
    writer_receives_change_before_ack,
    refresh_sends_snapshots_to_caller_before_ack,
    snapshot_and_changes_clients_converge,
}

async fn changes_follow_snapshots_once_per_write(app: &TestApp) {
    let writer = app.connect().await;
    fixtures::seed_one_of_each(&writer).await;
    let client = app.follow().await;
    assert_eq!(client.events_since(0), [&["connected"][..], &COLLECTIONS].concat());
    client.assert_in_sync().await;

    let (then, mut cursors) = (client.now(), BTreeSet::from([client.replica().cursor().map(str::to_owned)]));
    for age in 20..40 {
        let row = writer.request("update_coach", json!({ "id": 1, "age": age })).await.unwrap_data();
        client.wait_for_replica("the coach's new age", |replica| replica.has("coaches", &row)).await;
        let changes = client.changes_since(then);
        assert_eq!(changes.last(), Some(&json!({ "coaches": { "upserted": [row], "deleted": [] } })));
        assert!(cursors.insert(client.replica().cursor().map(str::to_owned)), "each has a cursor of its own");
    }
    assert_eq!(client.changes_since(then).len(), 20);
    assert!(client.events_since(then).iter().all(|event| event == "changes"));
    client.assert_in_sync().await;
}

async fn changes_contain_only_changed_rows(app: &TestApp) {
    let (client, other) = (app.follow().await, app.follow().await);
    fixtures::seed_one_of_each(&client).await;
    other.assert_in_sync().await;
    for (event, payload, changed) in [
        ("new_coach", fixtures::coach("Grace"), vec!["coaches"]),
        ("update_coach", json!({ "id": 2, "age": 40 }), vec!["coaches"]),
        ("update_schedule", json!({ "id": 1, "hour": 5 }), vec!["schedules"]),
        ("new_exercise_move", fixtures::exercise_move("Plank"), vec!["exercise_moves"]),
        ("update_workout_plan", json!({ "id": 1, "exercise_moves": [2] }), vec!["workout_plans"]),
        ("update_workout_plan", json!({ "id": 1, "name": "Noon" }), vec!["schedules", "workout_plans"]),
    ] {
        let (here, there) = (client.now(), other.now());
        let row = client.request(event, payload).await.unwrap_data();
        let changes = single_change(&client, here);
        assert_eq!(changes.as_object().unwrap().keys().collect::<Vec<_>>(), changed, "{event}");
        let shown = json!({ "upserted": [row], "deleted": [] });
        assert_eq!(changes[changed.last().unwrap()], shown, "{event}");
        let cursor = client.replica().cursor().map(str::to_owned);
        other.wait_for_replica("as much", |replica| replica.cursor() == cursor.as_deref()).await;
        assert_eq!(single_change(&other, there), changes, "{event}");
    }
    for (event, collection, id) in
        [("delete_schedule", "schedules", 1), ("delete_coach", "coaches", 2), ("delete_coach", "coaches", 1)]
    {
        let then = client.now();
        client.request(event, json!({ "id": id })).await.unwrap_data();
        let changes = single_change(&client, then);
        assert_eq!(changes, json!({ collection: { "upserted": [], "deleted": [id] } }), "{event}");
    }
    other.assert_in_sync().await;
}

async fn renamed_coach_updates_embedding_schedules(app: &TestApp) {
    let client = app.follow().await;
    fixtures::seed_one_of_each(&client).await;
    client.request("new_schedule", fixtures::schedule("Friday", "1900")).await.unwrap_data();
    let then = client.now();
    let row = client.request("update_coach", json!({ "id": 1, "name": "Ada L." })).await.unwrap_data();
    let changes = single_change(&client, then);
    assert_eq!(changes["coaches"], json!({ "upserted": [row], "deleted": [] }));
    let shown: Vec<&Value> = changes["schedules"]["upserted"].as_array().unwrap().iter().collect();
    assert_eq!(shown.iter().map(|class| &class["id"]).collect::<Vec<_>>(), [&json!(1), &json!(2)]);
    assert!(shown.iter().all(|class| class["coach"] == json!({ "id": 1, "name": "Ada L." })));
    assert!(shown.iter().all(|class| class["version"] == 1), "the classes themselves did not change");
    client.assert_in_sync().await;
}

async fn changed_plan_keeps_order_of_moves(app: &TestApp) {
    let client = app.follow().await;
    for name in ["Squat", "Plank"] {
        client.request("new_exercise_move", fixtures::exercise_move(name)).await.unwrap_data();
    }
    client
        .request("new_workout_plan", fixtures::workout_plan("Back and forth", &[2, 1, 2]))
        .await
        .unwrap_data();
    let then = client.now();
    let row =
        client.request("update_exercise_move", json!({ "id": 2, "name": "Side plank" })).await.unwrap_data();
    let changes = single_change(&client, then);
    assert_eq!(changes["exercise_moves"]["upserted"], json!([row]));
    let plan = &changes["workout_plans"]["upserted"][0];
    let names: Vec<&Value> =
        plan["exercise_moves"].as_array().unwrap().iter().map(|shown| &shown["name"]).collect();
    assert_eq!(names, ["Side plank", "Squat", "Side plank"]);

    client.request("update_workout_plan", json!({ "id": 1, "exercise_moves": [1] })).await.unwrap_data();
    let then = client.now();
    client.request("update_exercise_move", json!({ "id": 2, "name": "High plank" })).await.unwrap_data();
    assert_eq!(single_change(&client, then).as_object().unwrap().len(), 1, "no plan shows it any more");
    client.assert_in_sync().await;
}

async fn failed_write_is_not_published(app: &TestApp) {
    let (client, other) = (app.follow().await, app.follow().await);
    fixtures::seed_one_of_each(&client).await;
    other.assert_in_sync().await;
    let (here, there) = (client.now(), other.now());
    for (event, payload) in [
        ("new_coach", json!({ "name": "A" })),
        ("update_workout_plan", json!({ "id": 1, "name": "Other", "exercise_moves": [1, 9] })),
        ("update_coach", json!({ "id": 1, "version": 9, "name": "Other" })),
        ("delete_coach", json!({ "id": 1 })),
    ] {
        assert!(!client.request(event, payload).await.ok, "{event}");
    }
    other.assert_responsive().await;
    assert_eq!((client.changes_since(here), other.changes_since(there)), (vec![], vec![]));
}

async fn writer_receives_change_before_ack(app: &TestApp) {
    let clients = [app.follow().await, app.follow().await, app.follow().await, app.follow().await];
    let writes = clients.iter().enumerate().map(async |(at, client)| {
        for round in 0..15 {
            let new = client.emit("new_coach", &[fixtures::coach(&format!("Coach {at} {round}"))]);
            let row = change_before_ack(client, new).await;
            let update = client.emit("update_coach", &[json!({ "id": row["id"], "age": 40 + round })]);
            change_before_ack(client, update).await;
        }
    });
    futures_util::future::join_all(writes).await;
    for client in &clients {
        client.assert_in_sync().await;
    }
}

/// The row of that ack; asserts that the change preceded it.
async fn change_before_ack(client: &Client, id: u64) -> Value {
    let row = client.ack(id).await.unwrap_data();
    let packets = client.since(0);
    let before = packets.iter().take_while(|packet| !matches!(packet, ServerPacket::Ack(of, _) if *of == id));
    let changes = before.filter(|packet| match packet {
        ServerPacket::Event(_, arguments) => {
            arguments[0]["coaches"]["upserted"].as_array().is_some_and(|rows| rows.contains(&row))
        }
        _ => false,
    });
    assert_eq!(changes.count(), 1, "{row} is in one change before its ack");
    row
}

async fn refresh_sends_snapshots_to_caller_before_ack(app: &TestApp) {
    let (asking, other) = (app.follow().await, app.follow().await);
    fixtures::seed_one_of_each(&asking).await;
    other.assert_in_sync().await;
    let (then, elsewhere) = (asking.now(), other.now());
    let ack: Ack = asking.request_with("refresh", &[]).await;
    assert_eq!(ack.unwrap_data(), Value::Null);
    assert_eq!(asking.events_since(then), COLLECTIONS);
    assert!(matches!(asking.since(then).last(), Some(ServerPacket::Ack(..))));
    asking.assert_in_sync().await;

    let then = asking.now();
    asking.request("update_coach", json!({ "id": 1, "age": 50 })).await.unwrap_data();
    assert_eq!(asking.events_since(then), ["changes"], "changes follow as before");
    other.assert_in_sync().await;
    assert_eq!(other.events_since(elsewhere), ["changes"], "a refresh is the caller's alone");
}

async fn snapshot_and_changes_clients_converge(app: &TestApp) {
    let clients = [app.follow().await, app.connect().await, app.follow().await, app.connect().await];
    fixtures::seed_one_of_each(&clients[0]).await;
    let writes = clients.iter().enumerate().map(async |(at, client)| {
        for round in 0..10 {
            let row = client
                .request("new_coach", fixtures::coach(&format!("Coach {at} {round}")))
                .await
                .unwrap_data();
            let name = format!("Ada {at} {round}");
            client.request("update_coach", json!({ "id": 1, "name": name })).await.unwrap_data();
            if round % 2 == 0 {
                client.request("delete_coach", json!({ "id": row["id"] })).await.unwrap_data();
            }
        }
    });
    futures_util::future::join_all(writes).await;
    for client in &clients {
        client.assert_in_sync().await;
    }
    app.follow().await.assert_in_sync().await;
}

/// The payload of the only `changes` event since then.
fn single_change(client: &Client, then: usize) -> Value {
    let mut changes = client.changes_since(then);
    assert_eq!(changes.len(), 1, "one event: {changes:?}");
    changes.remove(0)
}
