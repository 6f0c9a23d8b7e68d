//! Snapshots after a write.

use serde_json::{Value, json};

use crate::harness::{Client, TestApp, fixtures, on_both_databases, wire::ServerPacket};

on_both_databases! {
    only_changed_collections_are_sent,
    renamed_coach_updates_schedules,
    renamed_move_updates_plans,
    plan_keeps_order_and_duplicates_of_moves,
    failed_write_sends_nothing,
    concurrent_writers_converge,
    rows_are_sorted_by_id,
    external_write_is_sent,
    concurrent_updates_of_one_version_have_one_winner,
}

async fn only_changed_collections_are_sent(app: &TestApp) {
    let (client, other) = (app.connect().await, app.connect().await);
    fixtures::seed_one_of_each(&client).await;
    other.wait_for_rows("schedules", |rows| rows.len() == 1).await;
    for (event, payload, changed) in [
        ("new_coach", fixtures::coach("Grace"), vec!["coaches"]),
        ("update_coach", json!({ "id": 2, "age": 40 }), vec!["coaches"]),
        ("update_schedule", json!({ "id": 1, "hour": 5 }), vec!["schedules"]),
        ("new_exercise_move", fixtures::exercise_move("Plank"), vec!["exercise_moves"]),
        ("update_workout_plan", json!({ "id": 1, "exercise_moves": [2] }), vec!["workout_plans"]),
        ("update_workout_plan", json!({ "id": 1, "name": "Noon" }), vec!["schedules", "workout_plans"]),
        ("delete_exercise_move", json!({ "id": 1 }), vec!["exercise_moves"]),
        ("delete_coach", json!({ "id": 2 }), vec!["coaches"]),
    ] {
        let (here, there) = (client.now(), other.now());
        client.request(event, payload).await.unwrap_data();
        assert_eq!(names(&client, here), changed, "{event}");
        for collection in &changed {
            other.wait_for_rows(collection, |rows| rows == client.latest(collection)).await;
        }
        other.assert_responsive().await;
        assert_eq!(names(&other, there), changed, "{event}");
    }
}

async fn renamed_coach_updates_schedules(app: &TestApp) {
    let (client, other) = (app.connect().await, app.connect().await);
    fixtures::seed_one_of_each(&client).await;
    client.request("update_coach", json!({ "id": 1, "name": "Ada L." })).await.unwrap_data();
    let named = |rows: &[Value]| rows.iter().any(|row| row["coach"]["name"] == "Ada L.");
    assert!(named(&client.latest("schedules")), "before the ack");
    let rows = other.wait_for_rows("schedules", named).await;
    assert_eq!(rows[0]["version"], 1, "the class itself did not change");

    client
        .request("update_workout_plan", json!({ "id": 1, "name": "Dawn", "difficulty": "Hard" }))
        .await
        .unwrap_data();
    let shown = json!({ "id": 1, "name": "Dawn", "difficulty": "Hard" });
    assert_eq!(client.latest("schedules")[0]["workout_plan"], shown);
}

async fn renamed_move_updates_plans(app: &TestApp) {
    let (client, other) = (app.connect().await, app.connect().await);
    fixtures::seed_one_of_each(&client).await;
    let row =
        client.request("update_exercise_move", json!({ "id": 1, "name": "Deep squat" })).await.unwrap_data();
    assert_eq!(client.latest("workout_plans")[0]["exercise_moves"], json!([row]));
    other
        .wait_for_rows("workout_plans", |rows| rows.iter().any(|plan| plan["exercise_moves"] == json!([row])))
        .await;
}

async fn plan_keeps_order_and_duplicates_of_moves(app: &TestApp) {
    let client = app.connect().await;
    for name in ["Squat", "Plank", "Row"] {
        client.request("new_exercise_move", fixtures::exercise_move(name)).await.unwrap_data();
    }
    let shown = |row: &Value| -> Vec<i64> {
        row["exercise_moves"].as_array().unwrap().iter().map(|shown| shown["id"].as_i64().unwrap()).collect()
    };
    let row = client
        .request("new_workout_plan", fixtures::workout_plan("Back and forth", &[3, 1, 3, 2, 1]))
        .await
        .unwrap_data();
    assert_eq!(shown(&row), [3, 1, 3, 2, 1]);
    for moves in [vec![2, 2], vec![1, 2, 3], vec![3, 2, 1, 1, 2, 3]] {
        let row = client
            .request("update_workout_plan", json!({ "id": 1, "exercise_moves": moves }))
            .await
            .unwrap_data();
        assert_eq!(shown(&row), moves);
        assert_eq!(client.latest("workout_plans"), std::slice::from_ref(&row));
        assert_eq!(client.request("get_workout_plan", json!({ "id": 1 })).await.unwrap_data(), row);
    }
}

async fn failed_write_sends_nothing(app: &TestApp) {
    let (client, other) = (app.connect().await, app.connect().await);
    fixtures::seed_one_of_each(&client).await;
    other.wait_for_rows("schedules", |rows| rows.len() == 1).await;
    let (here, there) = (client.now(), other.now());
    for (event, payload) in [
        ("new_coach", json!({ "name": "A" })),
        ("new_workout_plan", fixtures::workout_plan("Holes", &[1, 9])),
        ("update_workout_plan", json!({ "id": 1, "name": "Other", "exercise_moves": [1, 9] })),
        ("update_coach", json!({ "id": 1, "version": 9, "name": "Other" })),
        ("delete_coach", json!({ "id": 1 })),
    ] {
        assert!(!client.request(event, payload).await.ok, "{event}");
    }
    other.assert_responsive().await;
    assert_eq!((names(&client, here), names(&other, there)), (vec![], vec![]));
}

async fn concurrent_writers_converge(app: &TestApp) {
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(app.connect().await);
    }
    fixtures::seed_one_of_each(&clients[0]).await;
    let writes = clients.iter().enumerate().map(async |(at, client)| {
        for round in 0..10 {
            let name = format!("Coach {at} {round}");
            let row = client.request("new_coach", fixtures::coach(&name)).await.unwrap_data();
            assert!(client.latest("coaches").contains(&row), "read your writes");
            let update = json!({ "id": row["id"], "age": 50 + round });
            let row = client.request("update_coach", update).await.unwrap_data();
            assert!(client.latest("coaches").contains(&row), "read your writes");
        }
    });
    futures_util::future::join_all(writes).await;

    let done = |rows: &[Value]| rows.len() == 81 && rows[1..].iter().all(|row| row["version"] == 2);
    let last = clients[0].wait_for_rows("coaches", done).await;
    for client in &clients {
        assert_eq!(client.wait_for_rows("coaches", done).await, last);
        assert!(versions_never_decrease(client), "a client never goes back in time");
    }
    assert_eq!(app.connect().await.latest("coaches"), last);
}

/// In that test rows are only added, and versions only increase.
fn versions_never_decrease(client: &Client) -> bool {
    let snapshots = client.since(0).into_iter().filter_map(|packet| match packet {
        ServerPacket::Event(name, mut arguments) if name == "coaches" => Some(arguments.swap_remove(0)),
        _ => None,
    });
    let progress = |rows: Value| -> i64 {
        rows.as_array().unwrap().iter().map(|row| row["version"].as_i64().unwrap()).sum()
    };
    snapshots.map(progress).is_sorted()
}

async fn rows_are_sorted_by_id(app: &TestApp) {
    let client = app.connect().await;
    for name in ["Grace", "Ada", "Edsger"] {
        client.request("new_coach", fixtures::coach(name)).await.unwrap_data();
    }
    client.request("update_coach", json!({ "id": 1, "name": "Zoe" })).await.unwrap_data();
    client.request("delete_coach", json!({ "id": 2 })).await.unwrap_data();
    client.request("new_coach", fixtures::coach("Barbara")).await.unwrap_data();
    let ids: Vec<_> = client.latest("coaches").iter().map(|row| row["id"].clone()).collect();
    assert_eq!(ids, [1, 3, 4], "an id is never given out twice");
}

async fn external_write_is_sent(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    app.database.execute("update coaches set name = 'Somebody', version = version + 1 where id = 1").await;
    client.wait_for_rows("coaches", |rows| rows[0]["name"] == "Somebody").await;
    client.wait_for_rows("schedules", |rows| rows[0]["coach"]["name"] == "Somebody").await;
    app.database.execute("delete from schedules").await;
    client.wait_for_rows("schedules", <[Value]>::is_empty).await;
}

async fn concurrent_updates_of_one_version_have_one_winner(app: &TestApp) {
    let (one, two) = (app.connect().await, app.connect().await);
    one.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    for version in 1..=20 {
        let ask = async |client: &Client, age: i64| {
            client.request("update_coach", json!({ "id": 1, "version": version, "age": age })).await
        };
        let (first, second) = tokio::join!(ask(&one, 30), ask(&two, 60));
        assert_ne!(first.ok, second.ok, "version {version}: {first:?} {second:?}");
        let (winner, loser) = if first.ok { (first, second) } else { (second, first) };
        assert_eq!(loser.error_keys(), ["$conflict"]);
        assert_eq!(loser.data, winner.data, "the loser is shown what stands there now");
    }
    two.wait_for_rows("coaches", |rows| rows[0]["version"] == 21).await;
}

/// The collections sent since then, each once.
fn names(client: &Client, then: usize) -> Vec<String> {
    let mut names = client.events_since(then);
    names.sort();
    names.dedup();
    names
}
