//! `members`: without a sign-in, nothing is shown.

use serde_json::{Value, json};

use super::{login, member, node, outsider, sign_in};
use crate::harness::{Client, Database, client::COLLECTIONS, from_both_databases, gym, wire::Heard};

from_both_databases! {
    anonymous_requests_are_refused_except_login,
    anonymous_clients_receive_no_changes,
    login_sends_snapshots_before_ack,
    valid_token_receives_snapshots_on_connect,
    cursor_resumes_first_login_only,
    stored_ack_requires_sign_in,
}

async fn anonymous_requests_are_refused_except_login(database: &Database) {
    let node = node(database, "members").await;
    let client = outsider(&node).await;
    let greeting = client.hears("connected").await;
    assert_eq!((&greeting["access"], &greeting["user"]), (&json!("members"), &Value::Null));

    let registry = planner::product().registry;
    let made_up = ["new_exercise_moves", "list_tokens", ""];
    for event in registry.events().chain(made_up).chain(["refresh"]) {
        for arguments in
            [vec![], vec![json!({ "id": 1 })], vec![gym::coach("Eve")], vec![json!(7), json!(8), json!(9)]]
        {
            let ack = client.ask_with(event, &arguments).await;
            assert_eq!(ack.refused(), ["$unauthorized"], "{event} {arguments:?}");
            assert_eq!(ack.data, Value::Null);
        }
    }
    assert_eq!(client.ask_with("me", &[]).await.done(), Value::Null);
    client.ask_with("logout", &[]).await.done();
    let wrong = client.ask("login", json!({ "username": "mara", "password": "wrong" })).await;
    assert_eq!(wrong.refused(), ["password", "username"]);
    assert_eq!(client.events_since(0), ["connected"]);

    let member = member(&node, "mara").await;
    assert_eq!(member.copy().rows("coaches").len(), 5, "and nothing was changed");
    node.stop().await;
}

async fn anonymous_clients_receive_no_changes(database: &Database) {
    let node = node(database, "members").await;
    let outsiders = [outsider(&node).await, Client::arrive(node.address, &json!({})).await.unwrap()];
    let (mara, teo) = (member(&node, "mara").await, member(&node, "teo").await);
    for round in 0..10 {
        let row = mara.ask("new_coach", gym::coach(&format!("Coach {round}"))).await.done();
        teo.keeps("what another member wrote", |copy| copy.has("coaches", &row)).await;
        assert_eq!(teo.hears("authored").await["by"], json!({ "id": 1, "name": "Mara Lindqvist" }));
        for outsider in &outsiders {
            outsider.ask_with("me", &[]).await.done();
        }
    }
    for outsider in &outsiders {
        assert_eq!(outsider.events_since(0), ["connected"]);
    }
    node.stop().await;
}

/// As the original front end does it: it connects, listens, and has a form to sign in.
async fn login_sends_snapshots_before_ack(database: &Database) {
    let node = node(database, "members").await;
    let client = Client::arrive(node.address, &json!({})).await.unwrap();
    let then = client.now();
    let ack = client.ask("login", login("mara")).await;
    assert_eq!(ack.user.as_ref().unwrap()["name"], "Mara Lindqvist");
    let heard = client.since(then);
    let [sent @ .., Heard::Ack(..)] = heard.as_slice() else { panic!("{heard:?}") };
    assert_eq!((sent.len(), client.events_since(then)), (4, COLLECTIONS.map(String::from).to_vec()));

    let ada = client.ask("new_coach", gym::coach("Ada")).await.done();
    assert!(client.latest("coaches").contains(&ada), "read your writes");
    let then = client.now();
    sign_in(&client, "teo").await;
    assert!(
        client.since(then).iter().all(|heard| matches!(heard, Heard::Ack(..))),
        "all that is there already"
    );
    client.ask_with("refresh", &[]).await.done();
    assert_eq!(client.events_since(then), COLLECTIONS);
    node.stop().await;
}

async fn valid_token_receives_snapshots_on_connect(database: &Database) {
    let node = node(database, "members").await;
    let token = sign_in(&outsider(&node).await, "mara").await;
    let client = Client::connect_with(node.address, &json!({ "token": token })).await.unwrap();
    assert_eq!(client.events_since(0)[1..], COLLECTIONS);
    assert_eq!(client.hears("connected").await["user"]["id"], 1);
    client.ask("new_coach", gym::coach("Ada")).await.done();
    node.stop().await;
}

async fn cursor_resumes_first_login_only(database: &Database) {
    let node = node(database, "members").await;
    let (mara, before) = (member(&node, "mara").await, member(&node, "teo").await);
    let kept = before.copy();
    drop(before);
    let row = mara.ask("new_coach", gym::coach("Ada")).await.done();

    let auth = json!({ "live": "changes", "since": kept.cursor() });
    let back = Client::arrive(node.address, &auth).await.unwrap();
    sign_in(&back, "teo").await;
    assert_eq!(back.told(0), [json!({ "coaches": { "upserted": [row], "deleted": [] } })]);
    back.ask_with("logout", &[]).await.done();
    // It may have thrown away what it had.
    let then = back.now();
    sign_in(&back, "teo").await;
    assert_eq!(back.events_since(then), COLLECTIONS);
    node.stop().await;
}

async fn stored_ack_requires_sign_in(database: &Database) {
    let node = node(database, "members").await;
    let (mara, outsider) = (member(&node, "mara").await, outsider(&node).await);
    let ada = [gym::coach("Ada"), json!({ "request_id": uuid::Uuid::new_v4().to_string() })];
    assert_eq!(outsider.ask_with("new_coach", &ada).await.refused(), ["$unauthorized"]);
    let row = mara.ask_with("new_coach", &ada).await.done();
    assert_eq!(row["id"], 6, "who may not write has not used the id up");
    assert_eq!(outsider.ask_with("new_coach", &ada).await.refused(), ["$unauthorized"]);

    database.execute("delete from tokens").await;
    let ack = mara.ask_with("new_coach", &ada).await;
    assert_eq!((ack.refused(), &ack.data), (vec!["$unauthorized"], &Value::Null));
    sign_in(&mara, "mara").await;
    assert_eq!(mara.ask_with("new_coach", &ada).await.done(), row);
    assert_eq!(mara.copy().rows("coaches").len(), 6);
    node.stop().await;
}
