//! Values with a meaning: times of day sort as such, and equal numbers are equal.

use serde_json::{Value, json};

use crate::harness::{Client, TestApp, fixtures, on_both_databases};

on_both_databases! {
    hours_sort_by_time_of_day,
    hours_compare_by_time_of_day,
    conditions_are_combined,
    pages_sorted_by_hour_are_contiguous,
    forged_page_position_is_refused,
    equal_numbers_are_equivalent,
    integers_beyond_2_to_53_are_refused,
    ids_beyond_2_to_53_are_sent,
}

const HOURS: [&str; 8] = ["1330", "0", "730", "900", "5", "2359", "1000", "59"];
const IN_ORDER: [&str; 8] = ["0", "5", "59", "730", "900", "1000", "1330", "2359"];

/// Schedules on Sunday, which has no others.
async fn open(app: &TestApp) -> Client {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    for hour in HOURS {
        client.request("new_schedule", fixtures::schedule("Sunday", hour)).await.unwrap_data();
    }
    client
}

async fn hours(client: &Client, request: Value) -> Vec<String> {
    let page = client.request("list_schedules", request).await.unwrap_data();
    hours_of(&page)
}

fn hours_of(page: &Value) -> Vec<String> {
    let hour = |row: &Value| row["hour"].as_str().unwrap().to_owned();
    page["rows"].as_array().unwrap().iter().map(hour).collect()
}

async fn hours_sort_by_time_of_day(app: &TestApp) {
    let client = open(app).await;
    let sunday = json!({ "day": "Sunday" });
    assert_eq!(hours(&client, json!({ "where": sunday, "sort": "hour" })).await, IN_ORDER);
    let latest: Vec<_> = IN_ORDER.into_iter().rev().collect();
    assert_eq!(hours(&client, json!({ "where": sunday, "sort": "-hour" })).await, latest);
    assert_eq!(hours(&client, json!({ "where": sunday, "sort": "day,-hour" })).await, latest);
}

async fn hours_compare_by_time_of_day(app: &TestApp) {
    let client = open(app).await;
    for (condition, expected) in [
        (json!({ "gte": 900 }), &IN_ORDER[4..]),
        (json!({ "gt": "0900" }), &IN_ORDER[5..]),
        (json!({ "lt": 1000 }), &IN_ORDER[..5]),
        (json!({ "lte": 1e3 }), &IN_ORDER[..6]),
        (json!({ "gt": 100, "lt": "1330" }), &IN_ORDER[3..6]),
        (json!(900.0), &IN_ORDER[4..5]),
        (json!("0900"), &IN_ORDER[4..5]),
        (json!({ "in": [5, "0005", "59", 900.0] }), &["5", "59", "900"]),
        (json!({ "ne": 0 }), &IN_ORDER[1..]),
        (json!({ "contains": "00" }), &["900", "1000"]),
    ] {
        let found =
            hours(&client, json!({ "where": { "day": "Sunday", "hour": condition }, "sort": "hour" })).await;
        assert_eq!(found, expected, "{condition}");
    }
    let ack = client.request("list_schedules", json!({ "where": { "hour": "noon" } })).await;
    assert_eq!(ack.error("where.hour"), "must be a whole number");
}

async fn conditions_are_combined(app: &TestApp) {
    let client = open(app).await;
    let on_sunday =
        |filter: Value| json!({ "where": { "and": [{ "day": "Sunday" }, filter] }, "sort": "hour" });
    for (filter, expected) in [
        (json!({ "or": [{ "hour": { "lt": 10 } }, { "hour": 1330 }] }), &["0", "5", "1330"][..]),
        (json!({ "not": { "hour": { "gt": 59 } } }), &["0", "5", "59"]),
        (
            json!({ "not": { "or": [{ "hour": { "lt": 1000 } }, { "hour": { "starts_with": "1" } }] } }),
            &["2359"],
        ),
        (json!({ "hour": { "is_null": true } }), &[]),
        (json!({ "not": { "hour": { "is_null": true } }, "hour": { "in": [0, 5] } }), &["0", "5"]),
        (json!({ "or": [] }), &[]),
        (json!({ "not": {} }), &[]),
        (json!({ "or": [{}] }), &IN_ORDER),
    ] {
        assert_eq!(hours(&client, on_sunday(filter.clone())).await, expected, "{filter}");
        let filter = json!({ "where": on_sunday(filter)["where"] });
        let counted = client.request("count_schedules", filter.clone()).await.unwrap_data();
        assert_eq!(counted, json!({ "count": expected.len() }), "{filter}");
    }
    assert_eq!(client.request("count_schedules", Value::Null).await.unwrap_data(), json!({ "count": 9 }));
    // A coach without a username is not equal to any.
    let named = json!({ "where": { "not": { "username": { "starts_with": "m" } } } });
    let coaches = client.request("list_coaches", named).await.unwrap_data();
    assert_eq!(coaches["rows"].as_array().unwrap().len(), 1);
    let mistakes = json!({ "or": [{ "hour": { "has": 1 } }, { "not": { "dai": "Sunday" } }] });
    for event in ["list_schedules", "count_schedules"] {
        let ack = client.request(event, json!({ "where": mistakes })).await;
        assert_eq!(ack.error("where.or.0.hour"), "holds no list");
        assert_eq!(ack.error("where.or.1.not.dai"), "is not a column of a schedule; did you mean day?");
    }
    let ack = client.request("count_schedules", json!({ "where": {}, "sort": "day" })).await;
    assert_eq!(ack.error_keys(), ["sort"]);
}

async fn pages_sorted_by_hour_are_contiguous(app: &TestApp) {
    let client = open(app).await;
    for sort in ["hour", "-hour"] {
        let (mut found, mut after) = (Vec::new(), Value::Null);
        loop {
            let request = json!({ "where": { "day": "Sunday" }, "sort": sort, "limit": 1, "after": after });
            let page = client.request("list_schedules", request).await.unwrap_data();
            found.extend(hours_of(&page));
            after = page["next"].clone();
            if after.is_null() {
                break;
            }
        }
        if sort.starts_with('-') {
            found.reverse();
        }
        assert_eq!(found, IN_ORDER, "{sort}");
    }
}

/// Page positions are opaque, but a client can decode them.
async fn forged_page_position_is_refused(app: &TestApp) {
    let client = open(app).await;
    for cells in [
        json!(["hour,id", [["text", "900"], ["whole", 1]]]),
        json!(["hour,id", [["whole", 900], ["text", "1"]]]),
        json!(["hour,id", [["real", 1], ["whole", 1]]]),
        json!(["hour,id", [null, ["whole", 1]]]),
        json!(["hour,id", [["uuid", "6a2f41a3-c54c-4b1c-8f5e-0f1d2c3b4a59"], ["whole", 1]]]),
        json!(["hour,id", [["whole", 900]]]),
        json!(["hour,id", [900, 1]]),
        json!(["hour", [["whole", 900]]]),
        json!({}),
    ] {
        let after: String = cells.to_string().bytes().map(|byte| format!("{byte:02x}")).collect();
        let ack = client.request("list_schedules", json!({ "sort": "hour", "after": after })).await;
        assert_eq!(ack.error_keys(), ["after"], "{cells}");
    }
}

async fn equal_numbers_are_equivalent(app: &TestApp) {
    let client = open(app).await;
    for (payload, hour) in [
        (r#"{"id":1.0,"hour":900.0}"#, "900"),
        (r#"{"id":1e0,"hour":73e1}"#, "730"),
        (r#"{"id":"1","hour":-0}"#, "0"),
    ] {
        let row = client.ack(client.emit_text("update_schedule", payload)).await.unwrap_data();
        assert_eq!(row["hour"], hour, "{payload}");
    }
    for (name, kept) in
        [("1.50", "1.5"), ("9e2", "900"), ("12345678901234567890123", "12345678901234567890123")]
    {
        let payload = format!(r#"{{"id":1,"name":{name}}}"#);
        let row = client.ack(client.emit_text("update_coach", &payload)).await.unwrap_data();
        assert_eq!(row["name"], kept);
        let found = format!(r#"{{"where":{{"name":{name}}}}}"#);
        let page = client.ack(client.emit_text("list_coaches", &found)).await.unwrap_data();
        assert_eq!(page["rows"][0]["name"], kept, "{found}");
    }
    let ack = client.ack(client.emit_text("update_coach", r#"{"id":1,"name":5.0}"#)).await;
    assert_eq!(ack.error("name"), "must be 2 to 40 characters long");
    let ack = client.ack(client.emit_text("update_coach", r#"{"id":1,"name":1e400}"#)).await;
    assert_eq!(ack.error_keys(), ["name"]);
}

/// JavaScript rounds it to the number before.
const BEYOND_2_TO_53: i64 = 9_007_199_254_740_993;

async fn integers_beyond_2_to_53_are_refused(app: &TestApp) {
    let client = open(app).await;
    for (event, payload, field) in [
        ("get_coach", json!({ "id": BEYOND_2_TO_53 }), "id"),
        ("delete_coach", json!({ "id": -BEYOND_2_TO_53 }), "id"),
        ("update_coach", json!({ "id": 1, "version": BEYOND_2_TO_53 }), "version"),
        ("update_coach", json!({ "id": 1, "age": "9007199254740992" }), "age"),
        ("update_schedule", json!({ "id": 1, "coach": BEYOND_2_TO_53 }), "coach"),
        ("update_schedule", json!({ "id": 1, "coach": { "id": BEYOND_2_TO_53 } }), "coach.id"),
        (
            "update_workout_plan",
            json!({ "id": 1, "exercise_moves": [1, BEYOND_2_TO_53] }),
            "exercise_moves.1",
        ),
        ("list_coaches", json!({ "where": { "age": { "gt": BEYOND_2_TO_53 } } }), "where.age"),
        ("list_schedules", json!({ "where": { "hour": { "in": [900, BEYOND_2_TO_53] } } }), "where.hour"),
    ] {
        let ack = client.request(event, payload.clone()).await;
        assert_eq!(ack.error_keys(), [field], "{event} {payload}");
        assert!(ack.error(field).contains("9007199254740991"), "{ack:?}");
    }
}

/// Other programs can use any id.
async fn ids_beyond_2_to_53_are_sent(app: &TestApp) {
    let client = app.follow().await;
    fixtures::seed_one_of_each(&client).await;
    let sql =
        "insert into coaches (id, name, age, picture) values (9007199254740993, 'Far', 50, 'https://x.y')";
    app.database.execute(sql).await;
    let far = |row: &Value| row["id"] == BEYOND_2_TO_53 && row["name"] == "Far";
    client.wait_for_replica("the far row", |replica| replica.rows("coaches").iter().any(far)).await;
    let listed = client.request("list_coaches", json!({ "sort": "-id" })).await.unwrap_data();
    assert!(far(&listed["rows"][0]));
    client.assert_responsive().await;
}
