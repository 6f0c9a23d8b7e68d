//! Products other than the planner: what the engine asks of them, and what it does for them.

use rowcast::{
    Rowcast,
    app::App,
    config::Cli,
    migration::{List, NewTable},
};
use serde_json::{Value, json};
use support_desk::Agents;

use crate::harness::{Client, Database, Engine, Node, begin, from_both_databases};

from_both_databases! {
    example_products_serve_their_own_collections,
    agent_takes_ticket,
}

async fn example_products_serve_their_own_collections(database: &Database) {
    let node = Node::serve(&database.url(), &[], &chat::rowcast().build()).await;
    let client = Client::arrive(node.address, &json!({})).await.unwrap();
    client.sees("messages", |rows| rows.is_empty()).await;
    assert_eq!(client.events_since(0), ["connected", "rooms", "messages"]);
    let room = client.ask("new_room", json!({ "name": "Kitchen" })).await.done();
    let message = json!({ "room": room["id"], "author": "Ada", "text": "Lunch!", "sent_at": "never" });
    let message = client.ask("new_message", message).await.done();
    assert_ne!(message["sent_at"], "never", "it is the database's to say");
    client.sees("messages", |rows| rows == std::slice::from_ref(&message)).await;
    let ack = client.ask("delete_room", room).await;
    assert_eq!(ack.sentence("$in_use"), "this room is still used by 1 message");
    // No user signs in.
    for event in ["login", "logout", "me", "set_password", "new_coach"] {
        let ack = client.ask(event, json!({ "username": "ada", "password": "ada_password" })).await;
        assert_eq!(ack.refused(), ["$unknown_event"], "{event}");
    }
    node.stop().await;
}

async fn agent_takes_ticket(database: &Database) {
    let desk = support_desk::rowcast().build();
    let settings = ["--sample-data", "always"];
    let node = Node::serve(&database.url(), &settings, &desk).await;
    let client = Client::arrive(node.address, &json!({})).await.unwrap();
    let ticket = json!({ "id": 1 });
    assert_eq!(client.ask("take_ticket", ticket.clone()).await.refused(), ["$unauthorized"]);
    let login = json!({ "username": "robin", "password": "robin_password" });
    let signed_in = client.ask("login", login).await.done();
    assert_eq!(signed_in["user"]["name"], "Robin Berg");
    let taken = client.ask("take_ticket", ticket).await.done();
    assert_eq!(taken["assignee"], json!({ "id": signed_in["user"]["id"], "name": "Robin Berg" }));
    assert_eq!((&taken["status"], &taken["customer"]["name"]), (&json!("open"), &json!("Ada Lovelace")));
    let freed = client.ask("update_ticket", json!({ "id": 1, "assignee": null })).await.done();
    assert_eq!(freed["assignee"], Value::Null);
    let ack = client.ask("update_ticket", json!({ "id": 1, "assignee": 99, "status": "lost" })).await;
    assert_eq!(ack.refused(), ["assignee.id", "status"]);
    node.stop().await;
}

/// A table of users without the triggers that end their sign-ins.
fn unprepared() -> List {
    const AGENTS: &str = "create table agents (
        id {id}, name {text} not null, username {text} unique, password_hash {text}, version {i64} not null default 1
    ) {strict}";
    vec![NewTable::new("m20261201_000001_agents", "agents", AGENTS).boxed()]
}

#[actix_web::test]
async fn users_without_prepared_table_are_refused_at_start() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        begin(engine, async |database| {
            let product = Rowcast::new("unprepared").migrations(unprepared);
            let product = product.collection::<Agents>().users::<Agents>().build();
            let url = database.url();
            let cli = ["unprepared", "--bind", "127.0.0.1:0", "--database-url", &url];
            let settings = <Cli as clap::Parser>::try_parse_from(cli).unwrap().serve;
            let refused = App::build(&settings, &product).await.map(drop).unwrap_err();
            assert!(refused.contains("the table agents is not prepared"), "{refused}");
        })
        .await;
    }
}
