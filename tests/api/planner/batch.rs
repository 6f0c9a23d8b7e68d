//! `batch`: several writes in one transaction.

use serde_json::{Value, json};

use crate::harness::{Client, Node, TestApp, fixtures, on_both_databases};

on_both_databases! {
    batch_is_one_change_whose_writes_refer_to_each_other,
    batch_writes_nothing_if_one_write_fails,
    all_invalid_writes_of_a_batch_are_reported,
    reference_without_a_row_is_refused,
    repeated_batch_is_acked_as_the_first_time,
    batch_has_1_to_500_writes,
}

fn schedule(coach: Value, plan: Value) -> Value {
    fixtures::with(fixtures::schedule("Monday", "900"), json!({ "coach": coach, "workout_plan": plan }))
}

/// A coach, a move, a plan with it, and a schedule with coach and plan.
fn one_of_each() -> Value {
    json!([
        ["new_coach", fixtures::coach("Ada")],
        ["new_exercise_move", fixtures::exercise_move("Squat")],
        [
            "new_workout_plan",
            fixtures::with(
                fixtures::workout_plan("Morning", &[]),
                json!({ "exercise_moves": [{ "id": { "$ref": 1 } }, { "id": { "$ref": 1 } }] })
            )
        ],
        ["new_schedule", schedule(json!({ "$ref": 0 }), json!({ "$ref": 2 }))],
        ["update_coach", { "id": { "$ref": 0 }, "name": "Augusta" }],
    ])
}

async fn counts(client: &Client) -> Vec<Value> {
    let mut counts = Vec::new();
    for event in ["count_coaches", "count_exercise_moves", "count_workout_plans", "count_schedules"] {
        counts.push(client.request_with(event, &[]).await.unwrap_data()["count"].clone());
    }
    counts
}

async fn batch_is_one_change_whose_writes_refer_to_each_other(app: &TestApp) {
    let auth = json!({ "live": "changes", "authors": true });
    let other = Client::connect_with(app.address, &auth).await.unwrap();
    let client = Client::follow(app.address).await;
    let (then, own) = (other.now(), client.now());
    let data = client.request("batch", one_of_each()).await.unwrap_data();
    let ids: Vec<&Value> = data.as_array().unwrap().iter().map(|row| &row["id"]).collect();
    assert_eq!(ids, [1, 1, 1, 1, 1]);
    assert_eq!(data[2]["exercise_moves"][0]["name"], "Squat");
    assert_eq!((&data[3]["coach"]["id"], &data[3]["workout_plan"]["name"]), (&json!(1), &json!("Morning")));
    assert_eq!(data[4]["name"], "Augusta");
    assert_eq!(client.changes_since(own).len(), 1, "it is there before the ack");

    let mut authored = Vec::new();
    while authored.len() < 5 {
        authored.push(other.next_event("authored").await["collection"].clone());
    }
    assert_eq!(authored, ["coaches", "exercise_moves", "workout_plans", "schedules", "coaches"]);
    let changes = other.changes_since(then);
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!(changes[0]["schedules"]["upserted"][0]["coach"]["name"], "Augusta");
    other.assert_in_sync().await;
}

async fn batch_writes_nothing_if_one_write_fails(app: &TestApp) {
    let client = Client::follow(app.address).await;
    let row = client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    let first = json!(["new_coach", fixtures::coach("Grace")]);
    let stale = json!({ "id": 1, "name": "Grace", "version": 99 });
    let then = client.now();
    for (second, error) in [
        (json!(["new_schedule", schedule(json!({ "$ref": 0 }), json!(7))]), "1.workout_plan.id"),
        (json!(["update_coach", { "id": 7, "name": "Grace" }]), "1.$not_found"),
        (json!(["update_coach", stale]), "1.$conflict"),
        (json!(["delete_coach", { "id": 7 }]), "1.$not_found"),
    ] {
        let ack = client.request("batch", json!([first, second])).await;
        assert_eq!(ack.error_keys(), [error], "{second}");
    }
    // The database finds this one.
    app.database.execute("create unique index one_of_a_name on coaches (lower(name))").await;
    let ack = client.request("batch", json!([first, ["new_coach", fixtures::coach("ADA")], first])).await;
    assert_eq!(ack.error_keys().len(), 1, "{ack:?}");
    assert!(ack.error_keys()[0].starts_with("1."), "{ack:?}");
    assert_eq!(client.request_with("list_coaches", &[]).await.unwrap_data()["rows"], json!([row]));
    assert!(client.changes_since(then).is_empty());
    client.assert_in_sync().await;
}

async fn all_invalid_writes_of_a_batch_are_reported(app: &TestApp) {
    let client = app.connect().await;
    let good = json!(["new_coach", fixtures::coach("Ada")]);
    let ack = client
        .request(
            "batch",
            json!([
                good,
                ["list_coaches"],
                ["new_coch", {}],
                7,
                ["new_coach"],
                ["new_coach", [1]],
                [1, {}],
                ["batch", [good]]
            ]),
        )
        .await;
    let keys = ["1", "2.$unknown_event", "3", "4.$bad_payload", "5.$bad_payload", "6", "7"];
    assert_eq!(ack.error_keys(), keys);
    assert_eq!(ack.error("1"), "list_coaches writes nothing: a batch takes writes");
    assert_eq!(ack.error("7"), "batch is no write: it is sent by itself");
    assert_eq!(ack.error("2.$unknown_event"), "no such event; did you mean new_coach?");

    let bad = fixtures::with(fixtures::coach("A"), json!({ "age": 7 }));
    let ack = client
        .request("batch", json!([["new_coach", bad], good, ["update_coach", { "id": 1, "age": "x" }]]))
        .await;
    let alone = client.request("new_coach", bad).await;
    assert_eq!(ack.error_keys().first().copied(), Some("0.age"), "{ack:?}");
    assert_eq!(ack.error("0.name"), alone.error("name"));
    assert!(ack.error_keys().contains(&"2.age"), "{ack:?}");
    assert_eq!(counts(&client).await, [0, 0, 0, 0]);
}

async fn reference_without_a_row_is_refused(app: &TestApp) {
    let client = app.connect().await;
    client.request("batch", one_of_each()).await.unwrap_data();
    for (write, sentence) in [
        (1, "refers to write 1, which does not come before this one"),
        (9, "refers to write 9, which does not come before this one"),
    ] {
        let second = json!(["update_schedule", { "id": 1, "coach": { "$ref": write } }]);
        let ack = client.request("batch", json!([["new_coach", fixtures::coach("Grace")], second])).await;
        assert_eq!(ack.error("1.coach"), sentence);
    }
    let ack = client
        .request("batch", json!([["delete_coach", { "id": 1 }], ["delete_coach", [{ "$ref": 0 }]]]))
        .await;
    assert!(!ack.ok);
    assert_eq!(counts(&client).await, [1, 1, 1, 1]);
}

async fn repeated_batch_is_acked_as_the_first_time(app: &TestApp) {
    let client = app.connect().await;
    let with_id = async |payload: &Value, id: &str| {
        client.request_with("batch", &[payload.clone(), json!({ "request_id": id })]).await
    };
    let id = || uuid::Uuid::new_v4().to_string();
    let (once, refused, large) = (id(), id(), id());
    let first = with_id(&one_of_each(), &once).await;
    assert!(first.ok);
    // Another server of the database knows it too.
    let beside = Node::start(&app.database.url(), &[]).await;
    let elsewhere = Client::connect(beside.address).await;
    let repeated = elsewhere.request_with("batch", &[one_of_each(), json!({ "request_id": once })]).await;
    assert_eq!(repeated.unwrap_data(), first.clone().unwrap_data());
    assert_eq!(with_id(&one_of_each(), &once).await.unwrap_data(), first.unwrap_data());
    assert_eq!(counts(&client).await, [1, 1, 1, 1]);
    let other = json!([["new_coach", fixtures::coach("Grace")]]);
    assert_eq!(with_id(&other, &once).await.error_keys(), ["request_id"]);

    let missing = json!([
        ["new_coach", fixtures::coach("Grace")],
        ["delete_coach", { "id": { "$ref": 0 } }],
        ["delete_coach", { "id": 99 }],
    ]);
    assert_eq!(with_id(&missing, &refused).await.error_keys(), ["2.$not_found"]);
    client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    assert_eq!(with_id(&missing, &refused).await.error_keys(), ["2.$not_found"], "as the first time");

    // Of a large ack the keys are kept.
    let many: Vec<Value> = (0..100)
        .map(|at| json!(["new_exercise_move", fixtures::exercise_move(&format!("Move {at}"))]))
        .collect();
    let first = with_id(&json!(many), &large).await.unwrap_data();
    let repeated = with_id(&json!(many), &large).await.unwrap_data();
    let ids: Vec<Value> = first.as_array().unwrap().iter().map(|row| json!({ "id": row["id"] })).collect();
    assert_eq!(repeated, json!(ids));
    assert_eq!(counts(&client).await, [2, 101, 1, 1]);
    beside.stop().await;
}

async fn batch_has_1_to_500_writes(app: &TestApp) {
    let client = app.connect().await;
    let writes = |count: usize| -> Value {
        (0..count).map(|at| json!(["new_coach", fixtures::coach(&format!("Coach {at}"))])).collect()
    };
    for wrong in [writes(0), writes(501), json!({}), json!("new_coach"), Value::Null] {
        let ack = client.request("batch", wrong).await;
        assert_eq!(ack.error("$bad_payload"), "takes a list of 1 to 500 writes, each [event, payload]");
    }
    assert_eq!(client.request("batch", writes(500)).await.unwrap_data().as_array().unwrap().len(), 500);
    assert_eq!(counts(&client).await[0], 500);
    client.assert_in_sync().await;
}
