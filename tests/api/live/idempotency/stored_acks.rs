//! Stored acks: limited in size, limited in number, and returned to their user only.

use serde_json::{Value, json};

use super::{request_id, request_with_id};
use crate::harness::{
    Client, Database, Node, TestApp, fixtures, http, on_both_databases, on_empty_databases,
    process::ServerProcess,
};

on_both_databases! {
    large_ack_is_repeated_with_current_row,
}

on_empty_databases! {
    stored_ack_is_returned_to_its_user_only,
    anonymous_ack_is_returned_after_sign_in,
    exhausted_quota_is_rate_limited,
}

/// Five such moves make a plan of more than 4 kB.
fn long_move() -> Value {
    fixtures::with(
        fixtures::exercise_move("Plank"),
        json!({ "description": "On and on. ".repeat(45).trim() }),
    )
}

async fn large_ack_is_repeated_with_current_row(app: &TestApp) {
    let client = app.connect().await;
    client.request("new_exercise_move", long_move()).await.unwrap_data();
    let (new, update, stale) = (request_id(), request_id(), request_id());
    let (plan, harder) = (fixtures::workout_plan("Long", &[1; 20]), json!({ "id": 1, "difficulty": "Hard" }));
    let conflict = json!({ "id": 1, "version": 7, "name": "Longer" });

    let first = request_with_id(&client, &new, "new_workout_plan", &plan).await;
    assert!(first.data.to_string().len() > 4096, "the test needs a large row");
    assert_eq!(
        request_with_id(&client, &new, "new_workout_plan", &plan).await,
        first,
        "nothing has changed since"
    );
    let refused = request_with_id(&client, &stale, "update_workout_plan", &conflict).await;
    assert_eq!((refused.error_keys(), &refused.data), (vec!["$conflict"], &first.data));
    let second = request_with_id(&client, &update, "update_workout_plan", &harder).await.unwrap_data();

    for (id, event, payload) in [(&new, "new_workout_plan", &plan), (&update, "update_workout_plan", &harder)]
    {
        assert_eq!(request_with_id(&client, id, event, payload).await.unwrap_data(), second, "{event}");
    }
    let again = request_with_id(&client, &stale, "update_workout_plan", &conflict).await;
    assert_eq!((again.error_keys(), &again.data), (vec!["$conflict"], &second));
    assert_eq!(client.latest("workout_plans"), [second]);
    assert!(
        app.database.number("select cast(max(length(ack)) as bigint) from rowcast_requests").await < 200,
        "acks are kept whole"
    );

    client.request("delete_workout_plan", json!({ "id": 1 })).await.unwrap_data();
    assert_eq!(
        request_with_id(&client, &new, "new_workout_plan", &plan).await.unwrap_data(),
        json!({ "id": 1 })
    );
    let gone = request_with_id(&client, &stale, "update_workout_plan", &conflict).await;
    assert_eq!((gone.error_keys(), &gone.data), (vec!["$conflict"], &Value::Null));
    assert!(client.latest("workout_plans").is_empty());
}

async fn member(node: &Node, username: &str) -> Client {
    let client = Client::connect_only(node.address, &json!({})).await.expect("to be connected");
    let login = json!({ "username": username, "password": format!("{username}_password") });
    client.request("login", login).await.unwrap_data();
    client
}

async fn stored_ack_is_returned_to_its_user_only(database: &Database) {
    for access in ["members", "read", "open"] {
        database.seed().await;
        let node = Node::start(&database.url(), &["--access", access]).await;
        let (mara, again, teo) =
            (member(&node, "mara").await, member(&node, "mara").await, member(&node, "teo").await);
        let stranger = Client::connect_only(node.address, &json!({})).await.expect("to be connected");
        let (done, refused) = (request_id(), request_id());
        let (coach, missing) = (fixtures::coach("Grace"), json!({ "id": 7777, "age": 50 }));
        let first = request_with_id(&mara, &done, "new_coach", &coach).await;
        let refusal = request_with_id(&mara, &refused, "update_coach", &missing).await;
        assert_eq!((first.ok, refusal.error_keys()), (true, vec!["$not_found"]));
        for (id, event, payload, ack) in
            [(&done, "new_coach", &coach, &first), (&refused, "update_coach", &missing, &refusal)]
        {
            assert_eq!(request_with_id(&again, id, event, payload).await, *ack, "on another socket of hers");
            assert_eq!(
                request_with_id(&teo, id, event, payload).await.error_keys(),
                ["request_id"],
                "{event} by another user"
            );
            let key = if access == "open" { "request_id" } else { "$unauthorized" };
            assert_eq!(
                request_with_id(&stranger, id, event, payload).await.error_keys(),
                [key],
                "{event} with {access}"
            );
        }
        node.stop().await;
    }
    assert_eq!(database.number("select count(*) from coaches where name = 'Grace'").await, 3);
}

/// Otherwise a client that writes, loses the connection and signs in would not learn the outcome.
async fn anonymous_ack_is_returned_after_sign_in(database: &Database) {
    let node = Node::start(&database.url(), &["--sample-data", "always"]).await;
    let (client, id) = (Client::connect(node.address).await, request_id());
    let first = request_with_id(&client, &id, "new_coach", &fixtures::coach("Grace")).await;
    client.request("login", json!({ "username": "mara", "password": "mara_password" })).await.unwrap_data();
    assert_eq!(request_with_id(&client, &id, "new_coach", &fixtures::coach("Grace")).await, first);
    assert!(first.ok);
    node.stop().await;
}

async fn exhausted_quota_is_rate_limited(database: &Database) {
    let (url, limit) = (database.url(), ["--request-bytes", "1048576", "--sample-data", "always"]);
    let mut program = ServerProcess::serve(&url, &limit);
    let client = Client::connect(program.address).await;
    let missing = json!({ "id": 7777, "age": 50 });
    let first = request_id();
    let refusal = request_with_id(&client, &first, "update_coach", &missing).await;
    assert_eq!(refusal.error_keys(), ["$not_found"]);
    let mut kept = 1;
    let full = loop {
        let ack = request_with_id(&client, &request_id(), "update_coach", &missing).await;
        if ack.error_keys() != ["$not_found"] {
            break ack;
        }
        kept += 1;
        assert!(kept < 2000, "there is no limit");
    };
    assert!(kept > 500, "the limit is far below a quarter: {kept}");
    assert_eq!(full.error_keys(), ["$rate_limited"]);
    assert!(full.error("$rate_limited").contains("request_id"), "{full:?}");
    assert_eq!(
        database.number("select count(*) from rowcast_requests").await,
        kept,
        "what is refused so is not kept"
    );

    let coach = fixtures::coach("Grace");
    assert_eq!(
        request_with_id(&client, &first, "update_coach", &missing).await,
        refusal,
        "what is kept is still known"
    );
    assert_eq!(
        request_with_id(&client, &request_id(), "new_coach", &coach).await.error_keys(),
        ["$rate_limited"]
    );
    client.request("new_coach", coach.clone()).await.unwrap_data();
    let mara = Client::connect(program.address).await;
    mara.request("login", json!({ "username": "mara", "password": "mara_password" })).await.unwrap_data();
    assert!(request_with_id(&mara, &request_id(), "new_coach", &coach).await.ok, "another client has room");
    assert_eq!(database.number("select count(*) from coaches where name = 'Grace'").await, 2);

    // Another server on the same data counts them, and a day later they are pruned.
    program.kill();
    program = ServerProcess::serve(&url, &limit);
    http::until_metric(program.address, "rowcast_request_bytes", |bytes| bytes > 200_000.0).await;
    let client = Client::connect(program.address).await;
    assert_eq!(
        request_with_id(&client, &request_id(), "new_coach", &coach).await.error_keys(),
        ["$rate_limited"]
    );
    program.kill();
    database.execute("update rowcast_requests set at = at - 27 * 60 * 60").await;
    program = ServerProcess::serve(&url, &limit);
    let client = Client::connect(program.address).await;
    assert!(request_with_id(&client, &request_id(), "new_coach", &coach).await.ok);
}
