//! Payloads as HTML forms send them.

use serde_json::{Value, json};

use crate::harness::{
    TestApp,
    fixtures::{self, with},
    on_both_databases,
};

on_both_databases! {
    numbers_and_text_are_converted,
    id_and_version_of_new_row_are_ignored,
    reference_uses_only_the_id,
    whole_row_is_accepted_as_payload,
    absent_fields_are_unchanged,
    text_is_trimmed_and_keeps_line_breaks,
    unicode_text_round_trips,
    alias_new_exercise_moves_is_accepted,
    username_can_be_set_and_cleared,
}

async fn numbers_and_text_are_converted(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    let row =
        client.request("new_coach", with(fixtures::coach("Ada"), json!({ "age": "44" }))).await.unwrap_data();
    assert_eq!(row["age"], 44);
    let row = client.request("update_coach", json!({ "id": "1", "age": " 45 " })).await.unwrap_data();
    assert_eq!(row["age"], 45);
    let row = client.request("update_coach", json!({ "id": 1.0, "name": 1815 })).await.unwrap_data();
    assert_eq!((&row["id"], &row["name"]), (&json!(1), &json!("1815")));
    let row = client.request("update_schedule", json!({ "id": 1, "hour": 800 })).await.unwrap_data();
    assert_eq!(row["hour"], "800");
    let row = client.request("update_schedule", json!({ "id": 1, "hour": "0745" })).await.unwrap_data();
    assert_eq!(row["hour"], "745", "an hour has one spelling");
}

async fn id_and_version_of_new_row_are_ignored(app: &TestApp) {
    let client = app.connect().await;
    for (at, id) in [json!(""), json!(77), json!("abc"), json!([]), Value::Null].into_iter().enumerate() {
        let mut payload = fixtures::coach("Ada");
        payload["id"] = id;
        payload["version"] = json!(9);
        let row = client.request("new_coach", payload).await.unwrap_data();
        assert_eq!((&row["id"], &row["version"]), (&json!(at + 1), &json!(1)));
    }
}

async fn reference_uses_only_the_id(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    for coach in
        [json!({ "id": "2", "name": "stale", "colour": [] }), json!({ "id": 2 }), json!("2"), json!(2)]
    {
        let row = client
            .request("new_schedule", with(fixtures::schedule("Friday", "700"), json!({ "coach": coach })));
        assert_eq!(row.await.unwrap_data()["coach"], json!({ "id": 2, "name": "Grace" }), "{coach}");
    }
    assert_eq!(client.latest("coaches")[1]["name"], "Grace");

    let moves = json!([{ "id": "1", "name": "stale" }, { "id": 1 }, "1", 1]);
    let payload = with(fixtures::workout_plan("Again", &[]), json!({ "exercise_moves": moves }));
    let row = client.request("new_workout_plan", payload).await.unwrap_data();
    let squat = &client.latest("exercise_moves")[0];
    assert_eq!(row["exercise_moves"], json!([squat, squat, squat, squat]));
}

async fn whole_row_is_accepted_as_payload(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();

    let mut row = client.latest("schedules").remove(0);
    row["coach"]["id"] = json!("2");
    row["hour"] = json!("1930");
    let row = client.request("update_schedule", row).await.unwrap_data();
    assert_eq!(row["coach"], json!({ "id": 2, "name": "Grace" }));
    assert_eq!((&row["hour"], &row["version"]), (&json!("1930"), &json!(2)));

    let mut plan = client.latest("workout_plans").remove(0);
    plan["name"] = json!("Evening");
    assert_eq!(client.request("update_workout_plan", plan).await.unwrap_data()["name"], "Evening");
    let schedule = client.latest("schedules").remove(0);
    assert_eq!(client.request("delete_schedule", schedule).await.unwrap_data(), json!({ "id": 1 }));
}

async fn absent_fields_are_unchanged(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    let before = client.latest("workout_plans").remove(0);
    let after = client.request("update_workout_plan", json!({ "id": 1, "difficulty": "Hard" })).await;
    assert_eq!(after.unwrap_data(), with(before, json!({ "difficulty": "Hard", "version": 2 })));
    let blank =
        client.request("update_workout_plan", json!({ "id": 1, "name": " ", "difficulty": null })).await;
    assert_eq!(blank.error_keys(), ["difficulty", "name"], "what is there but blank is not absent");
}

async fn text_is_trimmed_and_keeps_line_breaks(app: &TestApp) {
    let client = app.connect().await;
    let row = client.request("new_coach", fixtures::coach("  Ada \n")).await.unwrap_data();
    assert_eq!(row["name"], "Ada");
    let lines = json!({ "description": " Down slowly,\r\nup again\nquickly. " });
    let row = client
        .request("new_exercise_move", with(fixtures::exercise_move("Squat"), lines))
        .await
        .unwrap_data();
    assert_eq!(row["description"], "Down slowly,\r\nup again\nquickly.");
    for control in ["A\u{0}da", "A\u{7}da", "A\tda", "A\u{85}da"] {
        let ack = client.request("new_coach", fixtures::coach(control)).await;
        assert_eq!(ack.error_keys(), ["name"], "{control:?}");
    }
}

async fn unicode_text_round_trips(app: &TestApp) {
    let (client, other) = (app.connect().await, app.connect().await);
    for name in [
        "🏋️‍♀️🏋️‍♀️",
        "Zoë Müller",
        "李小龍",
        "مدرب",
        "O'Brien \"Bob\" \\",
        "'; drop table coaches; --",
        "a\u{2028}b",
    ] {
        let row = client.request("new_coach", fixtures::coach(name)).await.unwrap_data();
        assert_eq!(row["name"], name);
        let found = client.request("list_coaches", json!({ "where": { "name": name } })).await.unwrap_data();
        assert_eq!(found["rows"], json!([row]));
        other.wait_for_rows("coaches", |rows| rows.contains(&row)).await;
    }
    // Length is counted in characters, not in bytes.
    client.request("new_coach", fixtures::coach(&"🙂".repeat(40))).await.unwrap_data();
    assert_eq!(client.request("new_coach", fixtures::coach(&"🙂".repeat(41))).await.error_keys(), ["name"]);
}

async fn alias_new_exercise_moves_is_accepted(app: &TestApp) {
    let client = app.connect().await;
    let row = client.request("new_exercise_moves", fixtures::exercise_move("Squat")).await.unwrap_data();
    assert_eq!(client.latest("exercise_moves"), [row]);
}

async fn username_can_be_set_and_cleared(app: &TestApp) {
    let client = app.connect().await;
    let row = client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    assert_eq!(row["username"], Value::Null);
    let row = client.request("update_coach", json!({ "id": 1, "username": "ada" })).await.unwrap_data();
    assert_eq!(row["username"], "ada");
    assert_eq!(client.request("update_coach", row.clone()).await.unwrap_data()["username"], "ada");
    let row = client.request("update_coach", json!({ "id": 1, "username": "" })).await.unwrap_data();
    assert_eq!(row["username"], Value::Null);
}
