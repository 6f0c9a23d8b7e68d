//! Rows for tests.

use serde_json::{Value, json};

use super::Client;

pub(crate) const PICTURE: &str = "https://example.com/portrait.png";

pub(crate) fn coach(name: &str) -> Value {
    json!({ "name": name, "age": 36, "picture": PICTURE })
}

pub(crate) fn exercise_move(name: &str) -> Value {
    json!({
        "name": name,
        "focus": "Legs",
        "description": "Down slowly, up again quickly.",
        "video_link": "https://example.com/video",
    })
}

/// A plan with these moves.
pub(crate) fn workout_plan(name: &str, moves: &[i64]) -> Value {
    let moves: Vec<Value> = moves.iter().map(|id| json!({ "id": id })).collect();
    json!({
        "name": name,
        "difficulty": "Easy",
        "description": "A quiet start into the day.",
        "exercise_moves": moves,
    })
}

pub(crate) fn schedule(day: &str, hour: &str) -> Value {
    json!({ "day": day, "hour": hour, "coach": { "id": 1 }, "workout_plan": { "id": 1 } })
}

/// Creates one row of each collection, each with id 1: Ada, Squat, Morning, Monday at nine.
pub(crate) async fn seed_one_of_each(client: &Client) {
    for (event, payload) in [
        ("new_coach", coach("Ada")),
        ("new_exercise_move", exercise_move("Squat")),
        ("new_workout_plan", workout_plan("Morning", &[1])),
        ("new_schedule", schedule("Monday", "900")),
    ] {
        let row = client.request(event, payload).await.unwrap_data();
        assert_eq!(row["id"], 1, "{event}");
    }
}

/// Creates a schedule with its coach and plan, where moves exist already.
pub(crate) async fn seed_class(client: &Client) {
    client.request("new_coach", coach("Ada")).await.unwrap_data();
    client.request("new_workout_plan", workout_plan("Morning", &[1, 2, 1])).await.unwrap_data();
    client.request("new_schedule", schedule("Monday", "900")).await.unwrap_data();
}

/// The payload with some fields replaced; null removes a field.
pub(crate) fn with(mut payload: Value, changes: Value) -> Value {
    let (Value::Object(fields), Value::Object(changes)) = (&mut payload, changes) else {
        panic!("only objects have fields")
    };
    for (field, value) in changes {
        match value {
            Value::Null => fields.remove(&field),
            value => fields.insert(field, value),
        };
    }
    payload
}
