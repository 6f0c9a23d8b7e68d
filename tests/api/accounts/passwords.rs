//! `set_password`: a new password in exchange for the old one.

use serde_json::{Value, json};

use super::{arrive, by_hand, login, member, node, password, signs_in};
use crate::harness::{Client, Database, from_both_databases};

from_both_databases! {
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
        assert!(by_hand(database, &["set-password", "mara"], &password("mara")).status.success());
        let (mara, other, teo) =
            (member(&node, "mara").await, member(&node, "mara").await, member(&node, "teo").await);
        let token = mara.ask("login", login("mara", &password("mara"))).await.done()["token"].clone();
        let ack = mara.ask("set_password", change(&password("mara"), NEW)).await;
        assert!(ack.ok && ack.data.is_null(), "{ack:?}");
        other.hears("signed_out").await;
        assert_eq!(other.ask_with("me", &[]).await.done(), Value::Null);
        for still in [&mara, &teo] {
            assert!(still.ask_with("me", &[]).await.done()["id"].is_i64());
        }
        assert!(Client::arrive(node.address, &json!({ "token": token })).await.is_ok());
        assert!(signs_in(&node, "mara", NEW).await && !signs_in(&node, "mara", &password("mara")).await);
        let heard = format!("{:?}", mara.since(0));
        assert!(!heard.contains(NEW), "nobody is sent it");
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
        assert_eq!(mara.ask("set_password", payload.clone()).await.refused(), wrong, "{payload}");
    }
    assert_eq!(mara.ask_with("set_password", &[]).await.refused(), ["$bad_payload"]);
    assert!(signs_in(&node, "mara", &password("mara")).await, "nothing has changed");
    // Whoever finds a page that is signed in does not find out by trying.
    for _ in 0..40 {
        let ack = mara.ask("set_password", change("another guess", NEW)).await;
        if ack.refused() == ["$rate_limited"] {
            node.stop().await;
            return;
        }
    }
    panic!("guesses are not limited");
}

async fn anonymous_set_password_is_refused(database: &Database) {
    for access in ["open", "read", "members"] {
        let node = node(database, access).await;
        let client = arrive(&node).await;
        let payload = change(&password("mara"), NEW);
        assert_eq!(client.ask("set_password", payload.clone()).await.refused(), ["$unauthorized"]);
        client.ask("login", login("mara", &password("mara"))).await.done();
        database.execute("delete from tokens").await;
        assert_eq!(client.ask("set_password", payload).await.refused(), ["$unauthorized"], "{access}");
        assert!(signs_in(&node, "mara", &password("mara")).await);
        node.stop().await;
    }
}

async fn repeated_set_password_succeeds_and_is_not_stored(database: &Database) {
    let node = node(database, "members").await;
    let (mara, request) = (member(&node, "mara").await, json!({ "request_id": uuid::Uuid::new_v4() }));
    let payload = change(&password("mara"), NEW);
    for _ in 0..3 {
        assert!(mara.ask_with("set_password", &[payload.clone(), request.clone()]).await.ok);
    }
    assert!(signs_in(&node, "mara", NEW).await);
    assert_eq!(database.number("select count(*) from requests").await, 0, "nothing is kept of it");
    node.stop().await;
}
