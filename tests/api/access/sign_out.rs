//! A sign-in that another socket, an operator or its expiry ends.

use serde_json::{Value, json};

use super::{anonymous_client, member, node, sign_in};
use crate::harness::{Client, Database, client::COLLECTIONS, fixtures, on_empty_databases, process};

on_empty_databases! {
    password_change_by_command_line_signs_out,
    deleted_coach_is_signed_out,
    expired_token_is_signed_out,
    logout_on_another_socket_signs_out,
    request_with_revoked_token_is_refused,
    no_write_commits_after_revocation,
}

/// Asserts that the client receives `signed_out` and no further change, that its requests are refused, and that its
/// token is no longer valid.
async fn assert_signed_out_by(
    database: &Database,
    says: &str,
    end: impl AsyncFnOnce(&Client, &Client),
) -> Client {
    let node = node(database, "members").await;
    let (yuki, mara) = (anonymous_client(&node).await, member(&node, "mara").await);
    let token = sign_in(&yuki, "yuki").await;
    let second = Client::connect_with(node.address, &json!({ "token": token })).await.unwrap();
    end(&mara, &second).await;
    let reason = yuki.next_event("signed_out").await["reason"].clone();
    assert!(reason.as_str().is_some_and(|reason| reason.contains(says)), "{reason}");
    let then = yuki.now();
    mara.request("update_coach", json!({ "id": 1, "name": "Mara L." })).await.unwrap_data();
    for (event, payload) in
        [("list_coaches", json!({})), ("refresh", Value::Null), ("new_coach", fixtures::coach("Eve"))]
    {
        assert_eq!(yuki.request(event, payload).await.error_keys(), ["$unauthorized"], "{event}");
    }
    assert_eq!(yuki.request_with("me", &[]).await.unwrap_data(), Value::Null);
    assert!(yuki.events_since(then).is_empty(), "{:?}", yuki.events_since(then));
    let refused = Client::connect_with(node.address, &json!({ "token": token })).await.err().unwrap();
    assert!(refused["data"]["errors"]["$unauthorized"].is_string(), "{refused}");
    mara.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    node.stop().await;
    yuki
}

async fn password_change_by_command_line_signs_out(database: &Database) {
    assert_signed_out_by(database, "ended elsewhere", async |_, _| {
        let (folder, url) = (tempfile::tempdir().unwrap(), database.url());
        let arguments = ["user", "set-password", "yuki", "--database-url", &url];
        assert!(process::run(folder.path(), &arguments, "another\n").status.success());
    })
    .await;
}

async fn deleted_coach_is_signed_out(database: &Database) {
    assert_signed_out_by(database, "ended elsewhere", async |mara, second| {
        for schedule in mara.replica().rows("schedules").iter().filter(|row| row["coach"]["id"] == 3) {
            mara.request("delete_schedule", json!({ "id": schedule["id"] })).await.unwrap_data();
        }
        second.request("delete_coach", json!({ "id": 3 })).await.unwrap_data();
    })
    .await;
}

async fn expired_token_is_signed_out(database: &Database) {
    assert_signed_out_by(database, "expired", async |_, _| {
        database.execute("update rowcast_tokens set expires_at = 1000 where user_id = 3").await;
    })
    .await;
}

async fn logout_on_another_socket_signs_out(database: &Database) {
    assert_signed_out_by(database, "ended elsewhere", async |_, second| {
        second.request_with("logout", &[]).await.unwrap_data();
        assert!(
            !second.events_since(0).contains(&"signed_out".into()),
            "the socket that logged out is not notified"
        );
    })
    .await;
}

/// The requests are sent before the token monitor has polled.
async fn request_with_revoked_token_is_refused(database: &Database) {
    let node = node(database, "members").await;
    let mara = member(&node, "mara").await;
    for (event, payload) in [
        ("new_coach", fixtures::coach("Eve")),
        ("new_coach", json!({ "name": "E", "username": "mara" })),
        ("update_coach", json!({ "id": 1, "name": "Eve" })),
        ("delete_schedule", json!({ "id": 1 })),
        ("list_coaches", json!({})),
        ("get_coach", json!({ "id": 1 })),
        ("refresh", Value::Null),
    ] {
        let teo = member(&node, "teo").await;
        let then = teo.now();
        database.execute("delete from rowcast_tokens where user_id = 2").await;
        let ack = teo.request(event, payload).await;
        assert_eq!((ack.error_keys(), &ack.data), (vec!["$unauthorized"], &Value::Null), "{event}");
        assert_eq!(teo.events_since(then), ["signed_out"], "{event}");
        sign_in(&teo, "teo").await;
        assert_eq!(teo.events_since(then)[1..], COLLECTIONS, "{event}");
    }
    assert_eq!(mara.list_all("coaches").await, mara.replica().rows("coaches"));
    assert_eq!(mara.replica().rows("coaches").len(), 5);
    assert_eq!(mara.replica().rows("coaches")[0]["name"], "Mara Lindqvist");
    node.stop().await;
}

/// The revocation waits for writes in progress; later writes are refused.
async fn no_write_commits_after_revocation(database: &Database) {
    let node = node(database, "members").await;
    let mara = member(&node, "mara").await;
    for round in 0..8 {
        let first = anonymous_client(&node).await;
        let token = json!({ "token": sign_in(&first, "teo").await });
        let mut sockets = vec![first];
        for _ in 0..5 {
            sockets.push(Client::connect_with(node.address, &token).await.unwrap());
        }
        let writing = sockets.iter().map(async |socket| {
            while socket.request("new_coach", fixtures::coach(&format!("Coach {round}"))).await.ok {}
        });
        let revoking = async {
            mara.wait_for_replica("the first of them", |replica| {
                replica.rows("coaches").len() > 5 + 20 * round
            })
            .await;
            database.execute("delete from rowcast_tokens where user_id = 2").await;
            mara.list_all("coaches").await.len()
        };
        let (then, _) = tokio::join!(revoking, futures_util::future::join_all(writing));
        assert_eq!(mara.list_all("coaches").await.len(), then, "round {round}");
    }
    node.stop().await;
}
