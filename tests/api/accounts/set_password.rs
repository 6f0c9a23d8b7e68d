//! `set_password`: a new password in exchange for the old one.

use serde_json::{Value, json};

use super::{anonymous_client, can_sign_in, login, member, node, password, user_command};
use crate::harness::{Client, Database, on_empty_databases};

on_empty_databases! {
    set_password_signs_out_other_sockets_only,
    set_password_requires_old_password,
    anonymous_set_password_is_refused,
    repeated_set_password_succeeds_and_is_not_stored,
}

const NEW: &str = "a longer secret";

fn change(old: &str, new: &str) -> Value {
    json!({ "old": old, "new": new })
}

async fn set_password_signs_out_other_sockets_only(database: &Database) {
    for access in ["members", "open"] {
        let node = node(database, access).await;
        assert!(user_command(database, &["set-password", "mara"], &password("mara")).status.success());
        let (mara, other, teo) =
            (member(&node, "mara").await, member(&node, "mara").await, member(&node, "teo").await);
        let token =
            mara.request("login", login("mara", &password("mara"))).await.unwrap_data()["token"].clone();
        let ack = mara.request("set_password", change(&password("mara"), NEW)).await;
        assert!(ack.ok && ack.data.is_null(), "{ack:?}");
        other.next_event("signed_out").await;
        assert_eq!(other.request_with("me", &[]).await.unwrap_data(), Value::Null);
        for still in [&mara, &teo] {
            assert!(still.request_with("me", &[]).await.unwrap_data()["id"].is_i64());
        }
        assert!(Client::connect_only(node.address, &json!({ "token": token })).await.is_ok());
        assert!(
            can_sign_in(&node, "mara", NEW).await && !can_sign_in(&node, "mara", &password("mara")).await
        );
        let received = format!("{:?}", mara.since(0));
        assert!(!received.contains(NEW), "the new password is not sent");
        node.stop().await;
    }
}

async fn set_password_requires_old_password(database: &Database) {
    let node = node(database, "members").await;
    let mara = member(&node, "mara").await;
    for (payload, wrong) in [
        (change("a guess", NEW), vec!["old"]),
        (change(&password("teo"), NEW), vec!["old"]),
        (change(&password("mara"), "7 chars"), vec!["new"]),
        (change("", "short"), vec!["new", "old"]),
        (change(&password("mara"), &"x".repeat(201)), vec!["new"]),
        (json!({ "new": NEW }), vec!["old"]),
        (json!({ "old": password("mara"), "new": NEW, "username": "teo" }), vec!["username"]),
    ] {
        assert_eq!(mara.request("set_password", payload.clone()).await.error_keys(), wrong, "{payload}");
    }
    assert_eq!(mara.request_with("set_password", &[]).await.error_keys(), ["$bad_payload"]);
    assert!(can_sign_in(&node, "mara", &password("mara")).await, "nothing has changed");
    // An open page with a sign-in does not allow guessing of the password.
    for _ in 0..40 {
        let ack = mara.request("set_password", change("another guess", NEW)).await;
        if ack.error_keys() == ["$rate_limited"] {
            node.stop().await;
            return;
        }
    }
    panic!("guesses are not limited");
}

async fn anonymous_set_password_is_refused(database: &Database) {
    for access in ["open", "read", "members"] {
        let node = node(database, access).await;
        let client = anonymous_client(&node).await;
        let payload = change(&password("mara"), NEW);
        assert_eq!(client.request("set_password", payload.clone()).await.error_keys(), ["$unauthorized"]);
        client.request("login", login("mara", &password("mara"))).await.unwrap_data();
        database.execute("delete from rowcast_tokens").await;
        assert_eq!(client.request("set_password", payload).await.error_keys(), ["$unauthorized"], "{access}");
        assert!(can_sign_in(&node, "mara", &password("mara")).await);
        node.stop().await;
    }
}

async fn repeated_set_password_succeeds_and_is_not_stored(database: &Database) {
    let node = node(database, "members").await;
    let (mara, request) = (member(&node, "mara").await, json!({ "request_id": uuid::Uuid::new_v4() }));
    let payload = change(&password("mara"), NEW);
    for _ in 0..3 {
        assert!(mara.request_with("set_password", &[payload.clone(), request.clone()]).await.ok);
    }
    assert!(can_sign_in(&node, "mara", NEW).await);
    assert_eq!(database.number("select count(*) from rowcast_requests").await, 0, "nothing is kept of it");
    node.stop().await;
}
