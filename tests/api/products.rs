//! Products other than the planner.

use serde_json::{Value, json};

use crate::harness::{Client, Database, Node, on_empty_databases};

on_empty_databases! {
    example_products_serve_their_own_collections,
    agent_takes_ticket,
    booleans_are_written_listed_and_sorted,
    fractions_are_written_and_listed,
}

async fn example_products_serve_their_own_collections(database: &Database) {
    let node = Node::serve(&database.url(), &[], &chat::rowcast().build()).await;
    let client = Client::connect_only(node.address, &json!({})).await.unwrap();
    client.wait_for_rows("messages", |rows| rows.is_empty()).await;
    assert_eq!(client.events_since(0), ["connected", "rooms", "messages"]);
    let room = client.request("new_room", json!({ "name": "Kitchen" })).await.unwrap_data();
    let message = json!({ "room": room["id"], "author": "Ada", "text": "Lunch!", "sent_at": "never" });
    let message = client.request("new_message", message).await.unwrap_data();
    assert_ne!(message["sent_at"], "never", "it is the database's to say");
    client.wait_for_rows("messages", |rows| rows == std::slice::from_ref(&message)).await;
    let ack = client.request("delete_room", room).await;
    assert_eq!(ack.error("$in_use"), "this room is still used by 1 message");
    // The product has no users.
    for event in ["login", "logout", "me", "set_password", "new_coach"] {
        let ack = client.request(event, json!({ "username": "ada", "password": "ada_password" })).await;
        assert_eq!(ack.error_keys(), ["$unknown_event"], "{event}");
    }
    node.stop().await;
}

async fn agent_takes_ticket(database: &Database) {
    let desk = support_desk::rowcast().build();
    let settings = ["--sample-data", "always"];
    let node = Node::serve(&database.url(), &settings, &desk).await;
    let client = Client::connect_only(node.address, &json!({})).await.unwrap();
    let ticket = json!({ "id": 1 });
    assert_eq!(client.request("take_ticket", ticket.clone()).await.error_keys(), ["$unauthorized"]);
    let login = json!({ "username": "robin", "password": "robin_password" });
    let signed_in = client.request("login", login).await.unwrap_data();
    assert_eq!(signed_in["user"]["name"], "Robin Berg");
    let taken = client.request("take_ticket", ticket).await.unwrap_data();
    assert_eq!(taken["assignee"], json!({ "id": signed_in["user"]["id"], "name": "Robin Berg" }));
    assert_eq!((&taken["status"], &taken["customer"]["name"]), (&json!("open"), &json!("Ada Lovelace")));
    let freed = client.request("update_ticket", json!({ "id": 1, "assignee": null })).await.unwrap_data();
    assert_eq!(freed["assignee"], Value::Null);
    let ack = client.request("update_ticket", json!({ "id": 1, "assignee": 99, "status": "lost" })).await;
    assert_eq!(ack.error_keys(), ["assignee.id", "status"]);
    node.stop().await;
}

async fn booleans_are_written_listed_and_sorted(database: &Database) {
    let node = Node::serve(&database.url(), &[], &chat::rowcast().build()).await;
    let client = Client::connect_only(node.address, &json!({})).await.unwrap();
    client.request("new_room", json!({ "name": "Kitchen" })).await.unwrap_data();
    let message = |pinned| json!({ "room": 1, "author": "Ada", "text": "Lunch!", "pinned": pinned });
    for (pinned, expected) in [(json!("on"), true), (json!(false), false), (json!(1), true)] {
        let row = client.request("new_message", message(pinned)).await.unwrap_data();
        assert_eq!(row["pinned"], expected);
    }
    let without = json!({ "room": 1, "author": "Ada", "text": "Lunch!" });
    assert_eq!(client.request("new_message", without).await.unwrap_data()["pinned"], false);
    for blank in [Value::Null, json!(" ")] {
        let row = client.request("new_message", message(blank)).await.unwrap_data();
        assert_eq!(row["pinned"], false, "the default counts");
        client.request("delete_message", row).await.unwrap_data();
    }
    let refused = client.request("new_message", message(json!("perhaps"))).await;
    assert_eq!(refused.error("pinned"), "must be true or false");
    let row = client.request("update_message", json!({ "id": 3, "pinned": "false" })).await.unwrap_data();
    assert_eq!(row["pinned"], false);
    database.execute("update messages set pinned = true where id = 4").await;
    client.wait_for_rows("messages", |rows| rows.last().is_some_and(|row| row["pinned"] == true)).await;
    for (query, expected) in [
        (json!({ "where": { "pinned": true } }), json!([1, 4])),
        (json!({ "where": { "pinned": { "ne": "true" } } }), json!([2, 3])),
        (json!({ "sort": "-pinned" }), json!([1, 4, 2, 3])),
    ] {
        assert_eq!(list(&client, "list_messages", query.clone()).await, expected, "{query}");
    }
    node.stop().await;
}

async fn fractions_are_written_and_listed(database: &Database) {
    let desk = support_desk::rowcast().build();
    let node = Node::serve(&database.url(), &["--sample-data", "always"], &desk).await;
    let client = Client::connect_only(node.address, &json!({})).await.unwrap();
    let ticket = |hours| json!({ "subject": "Fire", "priority": 1, "customer": 1, "hours": hours });
    for (hours, expected) in
        [(json!("0.1"), json!(0.1)), (json!(1e2), json!(100.0)), (json!(""), Value::Null)]
    {
        let row = client.request("new_ticket", ticket(hours)).await.unwrap_data();
        assert_eq!(row["hours"], expected);
    }
    for hours in [json!(1000.5), json!("much")] {
        assert_eq!(client.request("new_ticket", ticket(hours)).await.error_keys(), ["hours"]);
    }
    let row = client.request("update_ticket", json!({ "id": 3, "hours": 2.75 })).await.unwrap_data();
    assert_eq!(row["hours"], json!(2.75));
    for (query, expected) in [
        (json!({ "where": { "hours": { "gt": 0.05, "lt": "3" } } }), json!([2, 3])),
        (json!({ "where": { "hours": null } }), json!([1, 4])),
        (json!({ "sort": "-hours" }), json!([3, 2, 1, 4])),
    ] {
        assert_eq!(list(&client, "list_tickets", query.clone()).await, expected, "{query}");
    }
    node.stop().await;
}

/// The ids of all rows, read one row at a time.
async fn list(client: &Client, event: &str, mut query: Value) -> Value {
    let mut ids = Vec::new();
    query["limit"] = json!(1);
    loop {
        let page = client.request(event, query.clone()).await.unwrap_data();
        ids.extend(page["rows"].as_array().unwrap().iter().map(|row| row["id"].clone()));
        if page["next"].is_null() {
            return ids.into();
        }
        query["after"] = page["next"].clone();
    }
}
