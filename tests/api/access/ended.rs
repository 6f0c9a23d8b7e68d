//! A sign-in that ends by another hand, or because its time is up.

use serde_json::{Value, json};
use tempfile::tempdir;

use super::{member, node, outsider, sign_in};
use crate::harness::{Client, Database, client::COLLECTIONS, from_both_databases, gym, program};

from_both_databases! {
    a_new_password_from_the_command_line,
    a_coach_who_is_deleted,
    a_sign_in_whose_time_is_up,
    a_logout_on_another_socket,
    what_was_revoked_never_writes_and_is_never_answered,
    nothing_is_written_any_more_once_the_token_is_gone,
}

/// The client is sent `signed_out`, is shown nothing more, may do nothing more, and may sign in again if she still can.
async fn ends(database: &Database, says: &str, end: impl AsyncFnOnce(&Client, &Client)) -> Client {
    let node = node(database, "members").await;
    let (yuki, mara) = (outsider(&node).await, member(&node, "mara").await);
    let token = sign_in(&yuki, "yuki").await;
    let second = Client::connect_with(node.address, &json!({ "token": token })).await.unwrap();
    end(&mara, &second).await;
    let reason = yuki.hears("signed_out").await["reason"].clone();
    assert!(reason.as_str().is_some_and(|reason| reason.contains(says)), "{reason}");
    let then = yuki.now();
    mara.ask("update_coach", json!({ "id": 1, "name": "Mara L." })).await.done();
    for (event, payload) in
        [("list_coaches", json!({})), ("refresh", Value::Null), ("new_coach", gym::coach("Eve"))]
    {
        assert_eq!(yuki.ask(event, payload).await.refused(), ["$unauthorized"], "{event}");
    }
    assert_eq!(yuki.ask_with("me", &[]).await.done(), Value::Null);
    assert!(yuki.events_since(then).is_empty(), "{:?}", yuki.events_since(then));
    let refused = Client::connect_with(node.address, &json!({ "token": token })).await.err().unwrap();
    assert!(refused["data"]["errors"]["$unauthorized"].is_string(), "{refused}");
    mara.ask("new_coach", gym::coach("Ada")).await.done();
    node.stop().await;
    yuki
}

async fn a_new_password_from_the_command_line(database: &Database) {
    ends(database, "ended elsewhere", async |_, _| {
        let (folder, url) = (tempdir().unwrap(), database.url());
        let arguments = ["user", "set-password", "yuki", "--database-url", &url];
        assert!(program::run(folder.path(), &arguments, "another\n").status.success());
    })
    .await;
}

async fn a_coach_who_is_deleted(database: &Database) {
    ends(database, "ended elsewhere", async |mara, second| {
        for schedule in mara.copy().rows("schedules").iter().filter(|row| row["coach"]["id"] == 3) {
            mara.ask("delete_schedule", json!({ "id": schedule["id"] })).await.done();
        }
        second.ask("delete_coach", json!({ "id": 3 })).await.done();
    })
    .await;
}

async fn a_sign_in_whose_time_is_up(database: &Database) {
    ends(database, "expired", async |_, _| {
        database.execute("update tokens set expires_at = 1000 where user_id = 3").await;
    })
    .await;
}

async fn a_logout_on_another_socket(database: &Database) {
    ends(database, "ended elsewhere", async |_, second| {
        second.ask_with("logout", &[]).await.done();
        assert!(!second.events_since(0).contains(&"signed_out".into()), "she knows");
    })
    .await;
}

/// Sent at once, long before anybody has looked.
async fn what_was_revoked_never_writes_and_is_never_answered(database: &Database) {
    let node = node(database, "members").await;
    let mara = member(&node, "mara").await;
    for (event, payload) in [
        ("new_coach", gym::coach("Eve")),
        ("new_coach", json!({ "name": "E", "username": "mara" })),
        ("update_coach", json!({ "id": 1, "name": "Eve" })),
        ("delete_schedule", json!({ "id": 1 })),
        ("list_coaches", json!({})),
        ("get_coach", json!({ "id": 1 })),
        ("refresh", Value::Null),
    ] {
        let teo = member(&node, "teo").await;
        let then = teo.now();
        database.execute("delete from tokens where user_id = 2").await;
        let ack = teo.ask(event, payload).await;
        assert_eq!((ack.refused(), &ack.data), (vec!["$unauthorized"], &Value::Null), "{event}");
        assert_eq!(teo.events_since(then), ["signed_out"], "{event}");
        sign_in(&teo, "teo").await;
        assert_eq!(teo.events_since(then)[1..], COLLECTIONS, "{event}");
    }
    assert_eq!(mara.every("coaches").await, mara.copy().rows("coaches"));
    assert_eq!(mara.copy().rows("coaches").len(), 5);
    assert_eq!(mara.copy().rows("coaches")[0]["name"], "Mara Lindqvist");
    node.stop().await;
}

/// What had begun is waited for; what had not is refused.
async fn nothing_is_written_any_more_once_the_token_is_gone(database: &Database) {
    let node = node(database, "members").await;
    let mara = member(&node, "mara").await;
    for round in 0..8 {
        let first = outsider(&node).await;
        let token = json!({ "token": sign_in(&first, "teo").await });
        let mut sockets = vec![first];
        for _ in 0..5 {
            sockets.push(Client::connect_with(node.address, &token).await.unwrap());
        }
        let writing = sockets.iter().map(async |socket| {
            while socket.ask("new_coach", gym::coach(&format!("Coach {round}"))).await.ok {}
        });
        let revoking = async {
            mara.keeps("the first of them", |copy| copy.rows("coaches").len() > 5 + 20 * round).await;
            database.execute("delete from tokens where user_id = 2").await;
            mara.every("coaches").await.len()
        };
        let (then, _) = tokio::join!(revoking, futures_util::future::join_all(writing));
        assert_eq!(mara.every("coaches").await.len(), then, "round {round}");
    }
    node.stop().await;
}
