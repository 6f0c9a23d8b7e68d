//! After a logout the socket receives nothing more, even if it was already queued.

use serde_json::{Value, json};

use super::{anonymous_client, login, member, node, sign_in};
use crate::harness::{
    Client, Database, Engine, Node, client::StalledClient, fixtures, http, on_empty_databases,
    wire::ServerPacket,
};

on_empty_databases! {
    logout_ends_delivery,
    stalled_client_receives_nothing_written_after_sign_out,
}

async fn logout_ends_delivery(database: &Database) {
    let node = node(database, "members").await;
    let writer = member(&node, "mara").await;
    for round in 0..12 {
        let live = if round % 2 == 0 { "changes" } else { "snapshots" };
        let auth = json!({ "live": live, "authors": true });
        let leaving = Client::connect_only(node.address, &auth).await.unwrap();
        leaving.request("login", login("teo")).await.unwrap_data();
        let writes: Vec<u64> = (0..20)
            .map(|at| {
                writer.emit("update_coach", &[json!({ "id": 1, "name": format!("Mara {round} {at}") })])
            })
            .collect();
        // Log out while writes are in progress.
        writer.ack(writes[round]).await.unwrap_data();
        let logout = leaving.emit("logout", &[]);
        leaving.ack(logout).await.unwrap_data();
        for write in writes {
            writer.ack(write).await.unwrap_data();
        }
        leaving.request_with("me", &[]).await.unwrap_data();
        let packets = leaving.since(0);
        let end = packets
            .iter()
            .position(|packet| matches!(packet, ServerPacket::Ack(id, _) if *id == logout))
            .unwrap();
        let after =
            packets[end + 1..].iter().filter(|packet| matches!(packet, ServerPacket::Event(..))).count();
        assert_eq!(after, 0, "round {round}: {:?}", &packets[end..]);
        assert_eq!(leaving.request("list_coaches", json!({})).await.error_keys(), ["$unauthorized"]);
    }
    node.stop().await;
}

/// Unread changes are coalesced when they are written, which would include later ones.
async fn stalled_client_receives_nothing_written_after_sign_out(database: &Database) {
    let node = node(database, "members").await;
    let (writer, witness) = (member(&node, "mara").await, anonymous_client(&node).await);
    let token = sign_in(&witness, "teo").await;
    let stalled_clients = [
        StalledClient::connect(node.address, &json!({ "live": "changes", "token": token })).await,
        StalledClient::connect(node.address, &json!({ "token": token })).await,
    ];
    http::until_metric(node.address, "socketio_sessions", |sessions| sessions == 4.0).await;
    // More than the connections buffer.
    let long = json!({ "video_link": format!("https://example.com/{}", "x".repeat(1900)), "description": "y".repeat(500) });
    writer
        .request("new_exercise_move", fixtures::with(fixtures::exercise_move("Heavy"), long))
        .await
        .unwrap_data();
    let plan = fixtures::workout_plan("Long", &[7; 100]);
    let plan = writer.request("new_workout_plan", plan).await.unwrap_data();
    for round in 0..60 {
        let name = json!({ "id": plan["id"], "name": format!("Long {round}") });
        writer.request("update_workout_plan", name).await.unwrap_data();
    }
    database.execute("delete from rowcast_tokens where user_id = 2").await;
    witness.next_event("signed_out").await;
    writer.request("new_coach", fixtures::coach("Secret")).await.unwrap_data();

    for stalled in stalled_clients {
        let awake = stalled.resume_reading().await;
        assert!(awake.next_event("signed_out").await["reason"].is_string());
        assert_eq!(awake.request_with("me", &[]).await.unwrap_data(), Value::Null);
        let received = format!("{:?}", awake.since(0));
        assert!(!received.contains("Secret"), "what was written after the end was sent");
        assert!(received.contains("Long"), "what was written before was sent");
    }
    node.stop().await;
}

#[actix_web::test]
async fn logout_signs_out_on_all_nodes() {
    crate::harness::with_database(Engine::Postgres, async |database| {
        let here = node(database, "members").await;
        let there = Node::start(&database.url(), &["--access", "members"]).await;
        let mara = anonymous_client(&here).await;
        let token = sign_in(&mara, "mara").await;
        let elsewhere = Client::connect_with(there.address, &json!({ "token": token })).await.unwrap();
        mara.request_with("logout", &[]).await.unwrap_data();
        assert_eq!(
            elsewhere.request("new_coach", fixtures::coach("Eve")).await.error_keys(),
            ["$unauthorized"]
        );
        elsewhere.next_event("signed_out").await;
        let teo = member(&here, "teo").await;
        let then = elsewhere.now();
        teo.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
        member(&there, "yuki")
            .await
            .wait_for_replica("the write", |replica| replica.rows("coaches").len() == 6)
            .await;
        elsewhere.request_with("me", &[]).await.unwrap_data();
        assert!(elsewhere.events_since(then).is_empty());
        here.stop().await;
        there.stop().await;
    })
    .await;
}
