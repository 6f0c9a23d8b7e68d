//! A client in changes mode is sent everything once, and from then on what changed.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{
    Client, TestApp,
    client::COLLECTIONS,
    gym, on_both_databases,
    wire::{Ack, Heard},
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
    gym::open(&writer).await;
    let client = app.follow().await;
    assert_eq!(client.events_since(0), [&["connected"][..], &COLLECTIONS].concat());
    client.agrees().await;

    let (then, mut cursors) = (client.now(), BTreeSet::from([client.copy().cursor().map(str::to_owned)]));
    for age in 20..40 {
        let row = writer.ask("update_coach", json!({ "id": 1, "age": age })).await.done();
        client.keeps("the coach's new age", |copy| copy.has("coaches", &row)).await;
        let told = client.told(then);
        assert_eq!(told.last(), Some(&json!({ "coaches": { "upserted": [row], "deleted": [] } })));
        assert!(cursors.insert(client.copy().cursor().map(str::to_owned)), "each has a cursor of its own");
    }
    assert_eq!(client.told(then).len(), 20);
    assert!(client.events_since(then).iter().all(|event| event == "changes"));
    client.agrees().await;
}

async fn changes_contain_only_changed_rows(app: &TestApp) {
    let (client, other) = (app.follow().await, app.follow().await);
    gym::open(&client).await;
    other.agrees().await;
    for (event, payload, changed) in [
        ("new_coach", gym::coach("Grace"), vec!["coaches"]),
        ("update_coach", json!({ "id": 2, "age": 40 }), vec!["coaches"]),
        ("update_schedule", json!({ "id": 1, "hour": 5 }), vec!["schedules"]),
        ("new_exercise_move", gym::exercise_move("Plank"), vec!["exercise_moves"]),
        ("update_workout_plan", json!({ "id": 1, "exercise_moves": [2] }), vec!["workout_plans"]),
        ("update_workout_plan", json!({ "id": 1, "name": "Noon" }), vec!["schedules", "workout_plans"]),
    ] {
        let (here, there) = (client.now(), other.now());
        let row = client.ask(event, payload).await.done();
        let told = single_change(&client, here);
        assert_eq!(told.as_object().unwrap().keys().collect::<Vec<_>>(), changed, "{event}");
        let shown = json!({ "upserted": [row], "deleted": [] });
        assert_eq!(told[changed.last().unwrap()], shown, "{event}");
        let cursor = client.copy().cursor().map(str::to_owned);
        other.keeps("as much", |copy| copy.cursor() == cursor.as_deref()).await;
        assert_eq!(single_change(&other, there), told, "{event}");
    }
    for (event, collection, id) in
        [("delete_schedule", "schedules", 1), ("delete_coach", "coaches", 2), ("delete_coach", "coaches", 1)]
    {
        let then = client.now();
        client.ask(event, json!({ "id": id })).await.done();
        let told = single_change(&client, then);
        assert_eq!(told, json!({ collection: { "upserted": [], "deleted": [id] } }), "{event}");
    }
    other.agrees().await;
}

async fn renamed_coach_updates_embedding_schedules(app: &TestApp) {
    let client = app.follow().await;
    gym::open(&client).await;
    client.ask("new_schedule", gym::schedule("Friday", "1900")).await.done();
    let then = client.now();
    let row = client.ask("update_coach", json!({ "id": 1, "name": "Ada L." })).await.done();
    let told = single_change(&client, then);
    assert_eq!(told["coaches"], json!({ "upserted": [row], "deleted": [] }));
    let shown: Vec<&Value> = told["schedules"]["upserted"].as_array().unwrap().iter().collect();
    assert_eq!(shown.iter().map(|class| &class["id"]).collect::<Vec<_>>(), [&json!(1), &json!(2)]);
    assert!(shown.iter().all(|class| class["coach"] == json!({ "id": 1, "name": "Ada L." })));
    assert!(shown.iter().all(|class| class["version"] == 1), "the classes themselves did not change");
    client.agrees().await;
}

async fn changed_plan_keeps_order_of_moves(app: &TestApp) {
    let client = app.follow().await;
    for name in ["Squat", "Plank"] {
        client.ask("new_exercise_move", gym::exercise_move(name)).await.done();
    }
    client.ask("new_workout_plan", gym::workout_plan("Back and forth", &[2, 1, 2])).await.done();
    let then = client.now();
    let row = client.ask("update_exercise_move", json!({ "id": 2, "name": "Side plank" })).await.done();
    let told = single_change(&client, then);
    assert_eq!(told["exercise_moves"]["upserted"], json!([row]));
    let plan = &told["workout_plans"]["upserted"][0];
    let names: Vec<&Value> =
        plan["exercise_moves"].as_array().unwrap().iter().map(|shown| &shown["name"]).collect();
    assert_eq!(names, ["Side plank", "Squat", "Side plank"]);

    client.ask("update_workout_plan", json!({ "id": 1, "exercise_moves": [1] })).await.done();
    let then = client.now();
    client.ask("update_exercise_move", json!({ "id": 2, "name": "High plank" })).await.done();
    assert_eq!(single_change(&client, then).as_object().unwrap().len(), 1, "no plan shows it any more");
    client.agrees().await;
}

async fn failed_write_is_not_published(app: &TestApp) {
    let (client, other) = (app.follow().await, app.follow().await);
    gym::open(&client).await;
    other.agrees().await;
    let (here, there) = (client.now(), other.now());
    for (event, payload) in [
        ("new_coach", json!({ "name": "A" })),
        ("update_workout_plan", json!({ "id": 1, "name": "Other", "exercise_moves": [1, 9] })),
        ("update_coach", json!({ "id": 1, "version": 9, "name": "Other" })),
        ("delete_coach", json!({ "id": 1 })),
    ] {
        assert!(!client.ask(event, payload).await.ok, "{event}");
    }
    other.is_served().await;
    assert_eq!((client.told(here), other.told(there)), (vec![], vec![]));
}

async fn writer_receives_change_before_ack(app: &TestApp) {
    let clients = [app.follow().await, app.follow().await, app.follow().await, app.follow().await];
    let writes = clients.iter().enumerate().map(async |(at, client)| {
        for round in 0..15 {
            let new = client.emit("new_coach", &[gym::coach(&format!("Coach {at} {round}"))]);
            let row = change_before_ack(client, new).await;
            let update = client.emit("update_coach", &[json!({ "id": row["id"], "age": 40 + round })]);
            change_before_ack(client, update).await;
        }
    });
    futures_util::future::join_all(writes).await;
    for client in &clients {
        client.agrees().await;
    }
}

/// The row of that ack, which the client must have kept when the ack came.
async fn change_before_ack(client: &Client, id: u64) -> Value {
    let row = client.ack(id).await.done();
    let heard = client.since(0);
    let before = heard.iter().take_while(|heard| !matches!(heard, Heard::Ack(of, _) if *of == id));
    let told = before.filter(|heard| match heard {
        Heard::Event(_, arguments) => {
            arguments[0]["coaches"]["upserted"].as_array().is_some_and(|rows| rows.contains(&row))
        }
        _ => false,
    });
    assert_eq!(told.count(), 1, "{row} is told once, before its ack");
    row
}

async fn refresh_sends_snapshots_to_caller_before_ack(app: &TestApp) {
    let (asking, other) = (app.follow().await, app.follow().await);
    gym::open(&asking).await;
    other.agrees().await;
    let (then, elsewhere) = (asking.now(), other.now());
    let ack: Ack = asking.ask_with("refresh", &[]).await;
    assert_eq!(ack.done(), Value::Null);
    assert_eq!(asking.events_since(then), COLLECTIONS);
    assert!(matches!(asking.since(then).last(), Some(Heard::Ack(..))));
    asking.agrees().await;

    let then = asking.now();
    asking.ask("update_coach", json!({ "id": 1, "age": 50 })).await.done();
    assert_eq!(asking.events_since(then), ["changes"], "and is told of changes as before");
    other.agrees().await;
    assert_eq!(other.events_since(elsewhere), ["changes"], "a refresh is the caller's alone");
}

async fn snapshot_and_changes_clients_converge(app: &TestApp) {
    let clients = [app.follow().await, app.connect().await, app.follow().await, app.connect().await];
    gym::open(&clients[0]).await;
    let writes = clients.iter().enumerate().map(async |(at, client)| {
        for round in 0..10 {
            let row = client.ask("new_coach", gym::coach(&format!("Coach {at} {round}"))).await.done();
            let name = format!("Ada {at} {round}");
            client.ask("update_coach", json!({ "id": 1, "name": name })).await.done();
            if round % 2 == 0 {
                client.ask("delete_coach", json!({ "id": row["id"] })).await.done();
            }
        }
    });
    futures_util::future::join_all(writes).await;
    for client in &clients {
        client.agrees().await;
    }
    app.follow().await.agrees().await;
}

/// What the one event `changes` said that came since then.
fn single_change(client: &Client, then: usize) -> Value {
    let mut told = client.told(then);
    assert_eq!(told.len(), 1, "one event: {told:?}");
    told.remove(0)
}
