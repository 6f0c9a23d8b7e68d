//! Access mode `read`: everybody reads, and writes need a sign-in.

use serde_json::{Value, json};

use super::{anonymous_client, node, sign_in};
use crate::harness::{Client, Database, fixtures, on_empty_databases};

on_empty_databases! {
    anonymous_clients_read_and_members_write,
    signed_out_client_continues_reading,
}

async fn anonymous_clients_read_and_members_write(database: &Database) {
    let node = node(database, "read").await;
    let (reader, writer) = (Client::follow(node.address).await, Client::connect(node.address).await);
    assert_eq!(reader.next_event("connected").await["access"], "read");
    assert_eq!(reader.list_all("coaches").await.len(), 5);
    reader.request("get_coach", json!({ "id": 1 })).await.unwrap_data();
    reader.request_with("refresh", &[]).await.unwrap_data();
    let id = json!({ "request_id": uuid::Uuid::new_v4().to_string() });
    for (event, payload) in [
        ("new_coach", fixtures::coach("Ada")),
        ("new_coach", json!({ "name": "A", "age": 7 })),
        ("update_coach", json!({ "id": 1, "name": "Ada" })),
        ("delete_schedule", json!({ "id": 1 })),
        ("new_exercise_moves", fixtures::exercise_move("Squat")),
        ("batch", json!([["new_coach", fixtures::coach("Ada")]])),
        ("batch", json!([["new_coach", { "name": "A" }]])),
    ] {
        for arguments in [vec![payload.clone()], vec![payload.clone(), id.clone()]] {
            let ack = writer.request_with(event, &arguments).await;
            assert_eq!(ack.error_keys(), ["$unauthorized"], "{event}");
            assert_eq!(ack.error("$unauthorized"), "sign in to change anything");
        }
    }
    assert_eq!(reader.request("no_such_event", json!({})).await.error_keys(), ["$unknown_event"]);

    let then = writer.now();
    sign_in(&writer, "mara").await;
    assert!(writer.events_since(then).is_empty(), "all that is there already");
    let row = writer.request_with("new_coach", &[fixtures::coach("Ada"), id.clone()]).await.unwrap_data();
    reader.wait_for_replica("the write", |replica| replica.has("coaches", &row)).await;
    writer.request_with("logout", &[]).await.unwrap_data();
    assert_eq!(
        writer.request_with("new_coach", &[fixtures::coach("Ada"), id]).await.error_keys(),
        ["$unauthorized"]
    );
    node.stop().await;
}

async fn signed_out_client_continues_reading(database: &Database) {
    let node = node(database, "read").await;
    let (mara, teo) = (anonymous_client(&node).await, anonymous_client(&node).await);
    sign_in(&mara, "mara").await;
    sign_in(&teo, "teo").await;
    database.execute("delete from rowcast_tokens where user_id = 1").await;
    assert_eq!(mara.request("new_coach", fixtures::coach("Ada")).await.error_keys(), ["$unauthorized"]);
    assert!(mara.next_event("signed_out").await["reason"].is_string());
    assert_eq!(mara.request_with("me", &[]).await.unwrap_data(), Value::Null);
    let row = teo.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    mara.wait_for_replica("what others write", |replica| replica.has("coaches", &row)).await;
    node.stop().await;
}
