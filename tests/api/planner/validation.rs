//! Refused payloads: error keys and messages, and no effect.

use serde_json::{Value, json};

use crate::harness::{
    Client, TestApp,
    client::COLLECTIONS,
    fixtures::{self, with},
    on_both_databases,
};

on_both_databases! {
    all_errors_are_reported_together,
    bounds_are_exact,
    hour_must_be_time_of_day,
    day_must_be_weekday,
    link_must_be_http_url,
    reference_must_exist,
    delete_of_referenced_row_is_refused,
    username_is_unique,
    concurrent_claims_of_username_have_one_winner,
    misspelled_name_gets_suggestion,
}

async fn all_errors_are_reported_together(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    let then = client.now();

    let ack = client
        .request("new_coach", json!({ "name": "A", "age": "17", "picture": "me.png", "agee": 1 }))
        .await;
    assert_eq!(ack.error_keys(), ["age", "agee", "name", "picture"]);
    assert_eq!(ack.data, Value::Null);
    assert_eq!(ack.error("age"), "must be at least 18");
    let ack = client.request("new_coach", json!({})).await;
    assert_eq!(ack.error_keys(), ["age", "name", "picture"]);
    let ack = client
        .request("new_schedule", json!({ "day": "Someday", "hour": "2400", "coach": { "id": "x" } }))
        .await;
    assert_eq!(ack.error_keys(), ["coach.id", "day", "hour", "workout_plan"]);
    let ack = client
        .request("new_schedule", json!({ "coach": {}, "workout_plan": [], "day": 1, "hour": {} }))
        .await;
    assert_eq!(ack.error_keys(), ["coach.id", "day", "hour", "workout_plan"]);
    let ack = client.request("update_coach", json!({ "age": 200, "name": "", "username": "a b" })).await;
    assert_eq!(ack.error_keys(), ["age", "id", "name", "username"]);
    let payload = with(fixtures::workout_plan("M", &[]), json!({ "exercise_moves": [1, "x", {}, null] }));
    let ack = client.request("new_workout_plan", payload).await;
    assert_eq!(ack.error_keys(), ["exercise_moves.1", "exercise_moves.2.id", "exercise_moves.3", "name"]);

    assert!(client.events_since(then).is_empty(), "nothing was written, so nothing was sent");
}

async fn bounds_are_exact(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    let coach = fixtures::coach("Ada");
    let exercise_move = fixtures::exercise_move("Squat");
    let plan = fixtures::workout_plan("Morning", &[1]);
    for (event, payload, field, least, most) in [
        ("new_coach", &coach, "name", 2, 40),
        ("new_coach", &coach, "username", 2, 40),
        ("new_exercise_move", &exercise_move, "name", 2, 30),
        ("new_exercise_move", &exercise_move, "focus", 2, 30),
        ("new_exercise_move", &exercise_move, "description", 10, 500),
        ("new_workout_plan", &plan, "name", 2, 40),
        ("new_workout_plan", &plan, "difficulty", 2, 20),
        ("new_workout_plan", &plan, "description", 10, 300),
    ] {
        let ask = async |length: usize| {
            client.request(event, with(payload.clone(), json!({ field: "é".repeat(length) }))).await
        };
        for length in [least, most] {
            assert!(ask(length).await.ok, "{event} {field} of {length}");
        }
        for length in [least - 1, most + 1] {
            let ack = ask(length).await;
            assert_eq!(ack.error_keys(), [field], "{event} of {length}");
            let sentence = format!("must be {least} to {most} characters long");
            assert_eq!(ack.error(field), sentence);
        }
    }
    for (age, fine) in [(17, false), (18, true), (120, true), (121, false), (-36, false)] {
        let ack = client.request("new_coach", with(coach.clone(), json!({ "age": age }))).await;
        assert_eq!(ack.ok, fine, "{age}: {ack:?}");
    }
    let none = client.request("new_workout_plan", fixtures::workout_plan("Nothing", &[])).await;
    assert_eq!(none.error_keys(), ["exercise_moves"]);
}

async fn hour_must_be_time_of_day(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    for hour in ["0", "5", "59", "100", "859", "900", "1000", "2359"] {
        let row = client.request("update_schedule", json!({ "id": 1, "hour": hour })).await.unwrap_data();
        assert_eq!(row["hour"], hour);
    }
    for hour in ["60", "99", "160", "1260", "2360", "2400", "9:00", "-1", "+9", "1e3", "nine", "9.5", "99999"]
    {
        let ack = client.request("update_schedule", json!({ "id": 1, "hour": hour })).await;
        assert_eq!(ack.error_keys(), ["hour"], "{hour}");
    }
}

async fn day_must_be_weekday(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    for day in ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] {
        let row = client.request("update_schedule", json!({ "id": 1, "day": day })).await.unwrap_data();
        assert_eq!(row["day"], day);
    }
    for day in ["monday", "Mon", "Montag", "1", "Monday Tuesday"] {
        let ack = client.request("update_schedule", json!({ "id": 1, "day": day })).await;
        assert_eq!(ack.error_keys(), ["day"], "{day}");
    }
}

async fn link_must_be_http_url(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    for good in ["http://localhost/a.png", "https://example.com", "https://example.com/?a=b#c"] {
        let row = client.request("update_coach", json!({ "id": 1, "picture": good })).await.unwrap_data();
        assert_eq!(row["picture"], good);
    }
    for bad in
        ["portrait.png", "ftp://example.com", "javascript:alert(1)", "http://", "data:image/png;base64,AA=="]
    {
        let ack = client.request("update_coach", json!({ "id": 1, "picture": bad })).await;
        assert_eq!(ack.error_keys(), ["picture"], "{bad}");
        let ack = client.request("update_exercise_move", json!({ "id": 1, "video_link": bad })).await;
        assert_eq!(ack.error_keys(), ["video_link"], "{bad}");
    }
}

async fn reference_must_exist(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    let nowhere = json!({ "coach": { "id": 8 }, "workout_plan": 9 });
    let ack =
        client.request("new_schedule", with(fixtures::schedule("Monday", "900"), nowhere.clone())).await;
    assert_eq!(ack.error_keys(), ["coach.id", "workout_plan.id"]);
    assert_eq!(ack.error("coach.id"), "no coach has id 8");
    let ack = client.request("update_schedule", with(json!({ "id": 1 }), nowhere)).await;
    assert_eq!(ack.error("workout_plan.id"), "no workout plan has id 9");
    let ack = client.request("new_workout_plan", fixtures::workout_plan("Holes", &[1, 7, 1, 8])).await;
    assert_eq!(ack.error_keys(), ["exercise_moves.1.id", "exercise_moves.3.id"]);
    assert_eq!(client.latest("schedules").len(), 1);
    assert_eq!(client.latest("workout_plans").len(), 1);
}

async fn delete_of_referenced_row_is_refused(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    client.request("new_schedule", fixtures::schedule("Friday", "1800")).await.unwrap_data();
    // A plan that contains a move twice counts as one plan.
    client.request("update_workout_plan", json!({ "id": 1, "exercise_moves": [1, 1] })).await.unwrap_data();
    let then = client.now();
    for (event, sentence) in [
        ("delete_coach", "this coach is still used by 2 schedules"),
        ("delete_workout_plan", "this workout plan is still used by 2 schedules"),
        ("delete_exercise_move", "this exercise move is still used by 1 workout plan"),
    ] {
        let ack = client.request(event, json!({ "id": 1 })).await;
        assert_eq!(ack.error_keys(), ["$in_use"]);
        assert_eq!(ack.error("$in_use"), sentence);
    }
    assert!(client.events_since(then).is_empty());

    for (event, id) in [
        ("delete_schedule", 1),
        ("delete_schedule", 2),
        ("delete_workout_plan", 1),
        ("delete_exercise_move", 1),
        ("delete_coach", 1),
    ] {
        client.request(event, json!({ "id": id })).await.unwrap_data();
    }
    assert!(COLLECTIONS.into_iter().all(|collection| client.latest(collection).is_empty()));
}

async fn username_is_unique(app: &TestApp) {
    let client = app.connect().await;
    let named = |name: &str, username: &str| with(fixtures::coach(name), json!({ "username": username }));
    client.request("new_coach", named("Ada", "ada")).await.unwrap_data();
    let ack = client.request("new_coach", named("Another", "ada")).await;
    assert_eq!(ack.error_keys(), ["username"]);
    client.request("new_coach", named("Grace", "grace")).await.unwrap_data();
    let ack = client.request("update_coach", json!({ "id": 2, "username": "ada", "age": "x" })).await;
    assert!(ack.error_keys().contains(&"age"));
    let ack = client.request("update_coach", json!({ "id": 2, "username": "ada" })).await;
    assert_eq!(ack.error("username"), "is already taken");
    client.request("update_coach", json!({ "id": 1, "username": "ada" })).await.unwrap_data();
    client.request("delete_coach", json!({ "id": 1 })).await.unwrap_data();
    client.request("update_coach", json!({ "id": 2, "username": "ada" })).await.unwrap_data();
}

async fn concurrent_claims_of_username_have_one_winner(app: &TestApp) {
    let (one, two) = (app.connect().await, app.connect().await);
    for round in 0..20 {
        let payload = with(fixtures::coach("Ada"), json!({ "username": format!("ada{round}") }));
        let ask = async |client: &Client| client.request("new_coach", payload.clone()).await;
        let (first, second) = tokio::join!(ask(&one), ask(&two));
        assert_ne!(first.ok, second.ok, "round {round}: {first:?} {second:?}");
        let loser = if first.ok { second } else { first };
        assert_eq!(loser.error_keys(), ["username"]);
    }
    assert_eq!(one.wait_for_rows("coaches", |rows| rows.len() == 20).await.len(), 20);
}

async fn misspelled_name_gets_suggestion(app: &TestApp) {
    let client = app.connect().await;
    let ack = client.request("new_coach", with(fixtures::coach("Ada"), json!({ "pictur": "x" }))).await;
    assert_eq!(ack.error("pictur"), "is not a field of a coach; did you mean picture?");
    let ack = client.request("list_coaches", json!({ "where": { "nam": 1 } })).await;
    assert!(ack.error("where.nam").ends_with("did you mean name?"), "{ack:?}");
    let ack = client.request("new_coache", fixtures::coach("Ada")).await;
    assert_eq!(ack.error("$unknown_event"), "no such event; did you mean new_coach?");
}
