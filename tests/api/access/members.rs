//! Access mode `members`: nothing is shown without a sign-in.

use serde_json::{Value, json};

use super::{anonymous_client, login, member, node, sign_in};
use crate::harness::{
    Client, Database, client::COLLECTIONS, fixtures, on_empty_databases, wire::ServerPacket,
};

on_empty_databases! {
    anonymous_requests_are_refused_except_login,
    anonymous_clients_receive_no_changes,
    login_sends_snapshots_before_ack,
    valid_token_receives_snapshots_on_connect,
    cursor_resumes_first_login_only,
    stored_ack_requires_sign_in,
}

async fn anonymous_requests_are_refused_except_login(database: &Database) {
    let node = node(database, "members").await;
    let client = anonymous_client(&node).await;
    let greeting = client.next_event("connected").await;
    assert_eq!((&greeting["access"], &greeting["user"]), (&json!("members"), &Value::Null));

    let registry = planner::product().registry;
    let made_up = ["new_exercise_moves", "list_tokens", ""];
    for event in registry.events().chain(made_up).chain(["refresh"]) {
        for arguments in [
            vec![],
            vec![json!({ "id": 1 })],
            vec![fixtures::coach("Eve")],
            vec![json!(7), json!(8), json!(9)],
        ] {
            let ack = client.request_with(event, &arguments).await;
            assert_eq!(ack.error_keys(), ["$unauthorized"], "{event} {arguments:?}");
            assert_eq!(ack.data, Value::Null);
        }
    }
    assert_eq!(client.request_with("me", &[]).await.unwrap_data(), Value::Null);
    client.request_with("logout", &[]).await.unwrap_data();
    let wrong = client.request("login", json!({ "username": "mara", "password": "wrong" })).await;
    assert_eq!(wrong.error_keys(), ["password", "username"]);
    assert_eq!(client.events_since(0), ["connected"]);

    let member = member(&node, "mara").await;
    assert_eq!(member.replica().rows("coaches").len(), 5, "and nothing was changed");
    node.stop().await;
}

async fn anonymous_clients_receive_no_changes(database: &Database) {
    let node = node(database, "members").await;
    let anonymous_clients =
        [anonymous_client(&node).await, Client::connect_only(node.address, &json!({})).await.unwrap()];
    let (mara, teo) = (member(&node, "mara").await, member(&node, "teo").await);
    for round in 0..10 {
        let row = mara.request("new_coach", fixtures::coach(&format!("Coach {round}"))).await.unwrap_data();
        teo.wait_for_replica("what another member wrote", |replica| replica.has("coaches", &row)).await;
        assert_eq!(teo.next_event("authored").await["by"], json!({ "id": 1, "name": "Mara Lindqvist" }));
        for anonymous in &anonymous_clients {
            anonymous.request_with("me", &[]).await.unwrap_data();
        }
    }
    for anonymous in &anonymous_clients {
        assert_eq!(anonymous.events_since(0), ["connected"]);
    }
    node.stop().await;
}

/// The original front end connects, listens, and then shows a form to sign in.
async fn login_sends_snapshots_before_ack(database: &Database) {
    let node = node(database, "members").await;
    let client = Client::connect_only(node.address, &json!({})).await.unwrap();
    let then = client.now();
    let ack = client.request("login", login("mara")).await;
    assert_eq!(ack.user.as_ref().unwrap()["name"], "Mara Lindqvist");
    let packets = client.since(then);
    let [sent @ .., ServerPacket::Ack(..)] = packets.as_slice() else { panic!("{packets:?}") };
    assert_eq!((sent.len(), client.events_since(then)), (4, COLLECTIONS.map(String::from).to_vec()));

    let ada = client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    assert!(client.latest("coaches").contains(&ada), "read your writes");
    let then = client.now();
    sign_in(&client, "teo").await;
    assert!(
        client.since(then).iter().all(|packet| matches!(packet, ServerPacket::Ack(..))),
        "all that is there already"
    );
    client.request_with("refresh", &[]).await.unwrap_data();
    assert_eq!(client.events_since(then), COLLECTIONS);
    node.stop().await;
}

async fn valid_token_receives_snapshots_on_connect(database: &Database) {
    let node = node(database, "members").await;
    let token = sign_in(&anonymous_client(&node).await, "mara").await;
    let client = Client::connect_with(node.address, &json!({ "token": token })).await.unwrap();
    assert_eq!(client.events_since(0)[1..], COLLECTIONS);
    assert_eq!(client.next_event("connected").await["user"]["id"], 1);
    client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    node.stop().await;
}

async fn cursor_resumes_first_login_only(database: &Database) {
    let node = node(database, "members").await;
    let (mara, before) = (member(&node, "mara").await, member(&node, "teo").await);
    let kept = before.replica();
    drop(before);
    let row = mara.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();

    let auth = json!({ "live": "changes", "since": kept.cursor() });
    let back = Client::connect_only(node.address, &auth).await.unwrap();
    sign_in(&back, "teo").await;
    assert_eq!(back.changes_since(0), [json!({ "coaches": { "upserted": [row], "deleted": [] } })]);
    back.request_with("logout", &[]).await.unwrap_data();
    // The client may have discarded its rows at the logout.
    let then = back.now();
    sign_in(&back, "teo").await;
    assert_eq!(back.events_since(then), COLLECTIONS);
    node.stop().await;
}

async fn stored_ack_requires_sign_in(database: &Database) {
    let node = node(database, "members").await;
    let (mara, anonymous) = (member(&node, "mara").await, anonymous_client(&node).await);
    let ada = [fixtures::coach("Ada"), json!({ "request_id": uuid::Uuid::new_v4().to_string() })];
    assert_eq!(anonymous.request_with("new_coach", &ada).await.error_keys(), ["$unauthorized"]);
    let row = mara.request_with("new_coach", &ada).await.unwrap_data();
    assert_eq!(row["id"], 6, "a refused write uses no id");
    assert_eq!(anonymous.request_with("new_coach", &ada).await.error_keys(), ["$unauthorized"]);

    database.execute("delete from rowcast_tokens").await;
    let ack = mara.request_with("new_coach", &ada).await;
    assert_eq!((ack.error_keys(), &ack.data), (vec!["$unauthorized"], &Value::Null));
    sign_in(&mara, "mara").await;
    assert_eq!(mara.request_with("new_coach", &ada).await.unwrap_data(), row);
    assert_eq!(mara.replica().rows("coaches").len(), 6);
    node.stop().await;
}
