//! What is kept of a write that may be sent again: not more than it takes, not more than there is room for, and for its user alone.

use serde_json::{Value, json};

use super::once::{ask, id};
use crate::harness::{
    Client, Database, Node, TestApp, from_both_databases, gym, http, on_both_databases, program::Program,
};

on_both_databases! {
    large_ack_is_repeated_with_current_row,
}

from_both_databases! {
    stored_ack_is_returned_to_its_user_only,
    anonymous_ack_is_returned_after_sign_in,
    exhausted_quota_is_rate_limited,
}

/// Five moves of it make a row of more than 4 kB.
fn long_move() -> Value {
    gym::with(gym::exercise_move("Plank"), json!({ "description": "On and on. ".repeat(45).trim() }))
}

async fn large_ack_is_repeated_with_current_row(app: &TestApp) {
    let client = app.connect().await;
    client.ask("new_exercise_move", long_move()).await.done();
    let (new, update, stale) = (id(), id(), id());
    let (plan, harder) = (gym::workout_plan("Long", &[1; 20]), json!({ "id": 1, "difficulty": "Hard" }));
    let conflict = json!({ "id": 1, "version": 7, "name": "Longer" });

    let first = ask(&client, &new, "new_workout_plan", &plan).await;
    assert!(first.data.to_string().len() > 4096, "the story is about large rows");
    assert_eq!(ask(&client, &new, "new_workout_plan", &plan).await, first, "nothing has changed since");
    let refused = ask(&client, &stale, "update_workout_plan", &conflict).await;
    assert_eq!((refused.refused(), &refused.data), (vec!["$conflict"], &first.data));
    let second = ask(&client, &update, "update_workout_plan", &harder).await.done();

    for (id, event, payload) in [(&new, "new_workout_plan", &plan), (&update, "update_workout_plan", &harder)]
    {
        assert_eq!(ask(&client, id, event, payload).await.done(), second, "{event}");
    }
    let again = ask(&client, &stale, "update_workout_plan", &conflict).await;
    assert_eq!((again.refused(), &again.data), (vec!["$conflict"], &second));
    assert_eq!(client.latest("workout_plans"), [second]);
    assert!(
        app.database.number("select cast(max(length(ack)) as bigint) from requests").await < 200,
        "acks are kept whole"
    );

    client.ask("delete_workout_plan", json!({ "id": 1 })).await.done();
    assert_eq!(ask(&client, &new, "new_workout_plan", &plan).await.done(), json!({ "id": 1 }));
    let gone = ask(&client, &stale, "update_workout_plan", &conflict).await;
    assert_eq!((gone.refused(), &gone.data), (vec!["$conflict"], &Value::Null));
    assert!(client.latest("workout_plans").is_empty());
}

async fn member(node: &Node, username: &str) -> Client {
    let client = Client::arrive(node.address, &json!({})).await.expect("to be let in");
    let login = json!({ "username": username, "password": format!("{username}_password") });
    client.ask("login", login).await.done();
    client
}

async fn stored_ack_is_returned_to_its_user_only(database: &Database) {
    for access in ["members", "read", "open"] {
        database.plant().await;
        let node = Node::start(&database.url(), &["--access", access]).await;
        let (mara, again, teo) =
            (member(&node, "mara").await, member(&node, "mara").await, member(&node, "teo").await);
        let stranger = Client::arrive(node.address, &json!({})).await.expect("to be let in");
        let (done, refused) = (id(), id());
        let (coach, missing) = (gym::coach("Grace"), json!({ "id": 7777, "age": 50 }));
        let first = ask(&mara, &done, "new_coach", &coach).await;
        let refusal = ask(&mara, &refused, "update_coach", &missing).await;
        assert_eq!((first.ok, refusal.refused()), (true, vec!["$not_found"]));
        for (id, event, payload, ack) in
            [(&done, "new_coach", &coach, &first), (&refused, "update_coach", &missing, &refusal)]
        {
            assert_eq!(ask(&again, id, event, payload).await, *ack, "on another socket of hers");
            assert_eq!(
                ask(&teo, id, event, payload).await.refused(),
                ["request_id"],
                "{event} by another user"
            );
            let key = if access == "open" { "request_id" } else { "$unauthorized" };
            assert_eq!(ask(&stranger, id, event, payload).await.refused(), [key], "{event} with {access}");
        }
        node.stop().await;
    }
    assert_eq!(database.number("select count(*) from coaches where name = 'Grace'").await, 3);
}

/// A client that writes, loses the connection, signs in and sends it again would otherwise not learn what became of it.
async fn anonymous_ack_is_returned_after_sign_in(database: &Database) {
    let node = Node::start(&database.url(), &["--sample-data", "always"]).await;
    let (client, id) = (Client::connect(node.address).await, id());
    let first = ask(&client, &id, "new_coach", &gym::coach("Grace")).await;
    client.ask("login", json!({ "username": "mara", "password": "mara_password" })).await.done();
    assert_eq!(ask(&client, &id, "new_coach", &gym::coach("Grace")).await, first);
    assert!(first.ok);
    node.stop().await;
}

async fn exhausted_quota_is_rate_limited(database: &Database) {
    let (url, limit) = (database.url(), ["--request-bytes", "1048576", "--sample-data", "always"]);
    let mut program = Program::serve(&url, &limit);
    let client = Client::connect(program.address).await;
    let missing = json!({ "id": 7777, "age": 50 });
    let first = id();
    let refusal = ask(&client, &first, "update_coach", &missing).await;
    assert_eq!(refusal.refused(), ["$not_found"]);
    let mut kept = 1;
    let full = loop {
        let ack = ask(&client, &id(), "update_coach", &missing).await;
        if ack.refused() != ["$not_found"] {
            break ack;
        }
        kept += 1;
        assert!(kept < 2000, "there is no limit");
    };
    assert!(kept > 500, "the limit is far below a quarter: {kept}");
    assert_eq!(full.refused(), ["$rate_limited"]);
    assert!(full.sentence("$rate_limited").contains("request_id"), "{full:?}");
    assert_eq!(
        database.number("select count(*) from requests").await,
        kept,
        "what is refused so is not kept"
    );

    let coach = gym::coach("Grace");
    assert_eq!(ask(&client, &first, "update_coach", &missing).await, refusal, "what is kept is still known");
    assert_eq!(ask(&client, &id(), "new_coach", &coach).await.refused(), ["$rate_limited"]);
    client.ask("new_coach", coach.clone()).await.done();
    let mara = Client::connect(program.address).await;
    mara.ask("login", json!({ "username": "mara", "password": "mara_password" })).await.done();
    assert!(ask(&mara, &id(), "new_coach", &coach).await.ok, "another client has room");
    assert_eq!(database.number("select count(*) from coaches where name = 'Grace'").await, 2);

    // Another server on the same data knows it, and a day later there is room again.
    program.kill();
    program = Program::serve(&url, &limit);
    http::until_metric(program.address, "rowcast_request_bytes", |bytes| bytes > 200_000.0).await;
    let client = Client::connect(program.address).await;
    assert_eq!(ask(&client, &id(), "new_coach", &coach).await.refused(), ["$rate_limited"]);
    program.kill();
    database.execute("update requests set at = at - 27 * 60 * 60").await;
    program = Program::serve(&url, &limit);
    let client = Client::connect(program.address).await;
    assert!(ask(&client, &id(), "new_coach", &coach).await.ok);
}
