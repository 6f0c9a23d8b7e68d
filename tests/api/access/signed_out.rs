//! After a logout nothing more is sent, whatever was on its way.

use serde_json::{Value, json};

use super::{login, member, node, outsider, sign_in};
use crate::harness::{
    Client, Database, Engine, Node, client::Sleeper, from_both_databases, gym, http, wire::Heard,
};

from_both_databases! {
    logout_ends_delivery,
    stalled_client_receives_nothing_written_after_sign_out,
}

async fn logout_ends_delivery(database: &Database) {
    let node = node(database, "members").await;
    let writer = member(&node, "mara").await;
    for round in 0..12 {
        let live = if round % 2 == 0 { "changes" } else { "snapshots" };
        let auth = json!({ "live": live, "authors": true });
        let leaving = Client::arrive(node.address, &auth).await.unwrap();
        leaving.ask("login", login("teo")).await.done();
        let writes: Vec<u64> = (0..20)
            .map(|at| {
                writer.emit("update_coach", &[json!({ "id": 1, "name": format!("Mara {round} {at}") })])
            })
            .collect();
        // Somewhere in between.
        writer.ack(writes[round]).await.done();
        let logout = leaving.emit("logout", &[]);
        leaving.ack(logout).await.done();
        for write in writes {
            writer.ack(write).await.done();
        }
        leaving.ask_with("me", &[]).await.done();
        let heard = leaving.since(0);
        let end = heard.iter().position(|heard| matches!(heard, Heard::Ack(id, _) if *id == logout)).unwrap();
        let after = heard[end + 1..].iter().filter(|heard| matches!(heard, Heard::Event(..))).count();
        assert_eq!(after, 0, "round {round}: {:?}", &heard[end..]);
        assert_eq!(leaving.ask("list_coaches", json!({})).await.refused(), ["$unauthorized"]);
    }
    node.stop().await;
}

/// Changes that were not taken become one, which is made when it leaves, and then it would know everything.
async fn stalled_client_receives_nothing_written_after_sign_out(database: &Database) {
    let node = node(database, "members").await;
    let (writer, witness) = (member(&node, "mara").await, outsider(&node).await);
    let token = sign_in(&witness, "teo").await;
    let sleepers = [
        Sleeper::connect(node.address, &json!({ "live": "changes", "token": token })).await,
        Sleeper::connect(node.address, &json!({ "token": token })).await,
    ];
    http::until_metric(node.address, "socketio_sessions", |sessions| sessions == 4.0).await;
    // More than connections hold.
    let long = json!({ "video_link": format!("https://example.com/{}", "x".repeat(1900)), "description": "y".repeat(500) });
    writer.ask("new_exercise_move", gym::with(gym::exercise_move("Heavy"), long)).await.done();
    let plan = gym::workout_plan("Long", &[7; 100]);
    let plan = writer.ask("new_workout_plan", plan).await.done();
    for round in 0..60 {
        let name = json!({ "id": plan["id"], "name": format!("Long {round}") });
        writer.ask("update_workout_plan", name).await.done();
    }
    database.execute("delete from tokens where user_id = 2").await;
    witness.hears("signed_out").await;
    writer.ask("new_coach", gym::coach("Secret")).await.done();

    for sleeper in sleepers {
        let awake = sleeper.wake().await;
        assert!(awake.hears("signed_out").await["reason"].is_string());
        assert_eq!(awake.ask_with("me", &[]).await.done(), Value::Null);
        let heard = format!("{:?}", awake.since(0));
        assert!(!heard.contains("Secret"), "what was written after the end was sent");
        assert!(heard.contains("Long"), "what was written before was sent");
    }
    node.stop().await;
}

#[actix_web::test]
async fn logout_signs_out_on_all_nodes() {
    crate::harness::begin(Engine::Postgres, async |database| {
        let here = node(database, "members").await;
        let there = Node::start(&database.url(), &["--access", "members"]).await;
        let mara = outsider(&here).await;
        let token = sign_in(&mara, "mara").await;
        let elsewhere = Client::connect_with(there.address, &json!({ "token": token })).await.unwrap();
        mara.ask_with("logout", &[]).await.done();
        assert_eq!(elsewhere.ask("new_coach", gym::coach("Eve")).await.refused(), ["$unauthorized"]);
        elsewhere.hears("signed_out").await;
        let teo = member(&here, "teo").await;
        let then = elsewhere.now();
        teo.ask("new_coach", gym::coach("Ada")).await.done();
        member(&there, "yuki").await.keeps("the write", |copy| copy.rows("coaches").len() == 6).await;
        elsewhere.ask_with("me", &[]).await.done();
        assert!(elsewhere.events_since(then).is_empty());
        here.stop().await;
        there.stop().await;
    })
    .await;
}
