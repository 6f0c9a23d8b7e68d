//! `read`: everything is shown to all, and changes take a sign-in.

use serde_json::{Value, json};

use super::{node, outsider, sign_in};
use crate::harness::{Client, Database, from_both_databases, gym};

from_both_databases! {
    anonymous_clients_read_and_members_write,
    signed_out_client_continues_reading,
}

async fn anonymous_clients_read_and_members_write(database: &Database) {
    let node = node(database, "read").await;
    let (reader, writer) = (Client::follow(node.address).await, Client::connect(node.address).await);
    assert_eq!(reader.hears("connected").await["access"], "read");
    assert_eq!(reader.every("coaches").await.len(), 5);
    reader.ask("get_coach", json!({ "id": 1 })).await.done();
    reader.ask_with("refresh", &[]).await.done();
    let id = json!({ "request_id": uuid::Uuid::new_v4().to_string() });
    for (event, payload) in [
        ("new_coach", gym::coach("Ada")),
        ("new_coach", json!({ "name": "A", "age": 7 })),
        ("update_coach", json!({ "id": 1, "name": "Ada" })),
        ("delete_schedule", json!({ "id": 1 })),
        ("new_exercise_moves", gym::exercise_move("Squat")),
    ] {
        for arguments in [vec![payload.clone()], vec![payload.clone(), id.clone()]] {
            let ack = writer.ask_with(event, &arguments).await;
            assert_eq!(ack.refused(), ["$unauthorized"], "{event}");
            assert_eq!(ack.sentence("$unauthorized"), "sign in to change anything");
        }
    }
    assert_eq!(reader.ask("no_such_event", json!({})).await.refused(), ["$unknown_event"]);

    let then = writer.now();
    sign_in(&writer, "mara").await;
    assert!(writer.events_since(then).is_empty(), "all that is there already");
    let row = writer.ask_with("new_coach", &[gym::coach("Ada"), id.clone()]).await.done();
    reader.keeps("the write", |copy| copy.has("coaches", &row)).await;
    writer.ask_with("logout", &[]).await.done();
    assert_eq!(writer.ask_with("new_coach", &[gym::coach("Ada"), id]).await.refused(), ["$unauthorized"]);
    node.stop().await;
}

async fn signed_out_client_continues_reading(database: &Database) {
    let node = node(database, "read").await;
    let (mara, teo) = (outsider(&node).await, outsider(&node).await);
    sign_in(&mara, "mara").await;
    sign_in(&teo, "teo").await;
    database.execute("delete from tokens where user_id = 1").await;
    assert_eq!(mara.ask("new_coach", gym::coach("Ada")).await.refused(), ["$unauthorized"]);
    assert!(mara.hears("signed_out").await["reason"].is_string());
    assert_eq!(mara.ask_with("me", &[]).await.done(), Value::Null);
    let row = teo.ask("new_coach", gym::coach("Grace")).await.done();
    mara.keeps("what others write", |copy| copy.has("coaches", &row)).await;
    node.stop().await;
}
