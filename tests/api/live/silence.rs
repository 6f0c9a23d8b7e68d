//! A node that loses its database, while another one does not: it says so, and is as good as new when it is back.

use std::time::Duration;

use serde_json::json;

use crate::{
    faults::writers::{Ledger, prepare},
    harness::{Client, Engine, Node, PATIENCE, gym, http, relay::Relay, tell},
};

/// How soon a node must say that it cannot be relied on.
const READINESS_TIMEOUT: Duration = Duration::from_secs(15);

#[actix_web::test]
async fn frozen_database_link_is_detected_and_recovered() {
    assert_node_recovers_from(Relay::freeze).await;
}

#[actix_web::test]
async fn cut_database_link_is_detected_and_recovered() {
    assert_node_recovers_from(Relay::cut).await;
}

async fn assert_node_recovers_from(fail: fn(&Relay)) {
    tell(Engine::Postgres, async |app| {
        let relay = Relay::to(&app.database.url()).await;
        let far = Node::start(relay.url(), &[]).await;
        let writer = app.connect().await;
        let clients = [Client::follow(far.address).await, Client::connect(far.address).await];
        prepare(&writer).await;
        gym::open_class(&writer).await;
        let ledger = Ledger::default();
        let fault = async {
            ledger.until(|ledger| ledger.written() >= 10).await;
            fail(&relay);
            http::until_status(far.address, "/readyz", 503, READINESS_TIMEOUT).await;
            assert_eq!(http::get(far.address, "/healthz").await.0, 200);
            for age in 40..60 {
                writer.ask("update_coach", json!({ "id": 1, "age": age })).await.done();
            }
            writer.ask("delete_schedule", json!({ "id": 1 })).await.done();
            ledger.until(|ledger| ledger.refused() >= 1).await;
            // Whoever comes now is sent what is known here.
            let late = Client::follow(far.address).await;
            assert_eq!(late.copy().rows("schedules").len(), 1);
            relay.mend();
            http::until_status(far.address, "/readyz", 200, PATIENCE).await;
            let before = ledger.written();
            ledger.until(|ledger| ledger.written() >= before + 10).await;
            ledger.enough.set(true);
            late
        };
        let ((), (), late) =
            tokio::join!(ledger.write(&clients[0], "Ada"), ledger.write(&clients[1], "Bob"), fault);

        for client in clients.iter().chain([&late]) {
            client.agrees().await;
        }
        ledger.holds(&clients[1]).await;
        writer.agrees().await;
        let row = writer.ask("update_coach", json!({ "id": 1, "age": 70 })).await.done();
        clients[0].keeps("the other node's writes", |copy| copy.has("coaches", &row)).await;
        let kept = clients[0].copy();
        let row = clients[0].ask("update_coach", json!({ "id": 1, "age": 71 })).await.done();
        writer.sees("coaches", |rows| rows.contains(&row)).await;
        let back = Client::resume(far.address, kept).await;
        assert_eq!(back.events_since(0)[..2], ["connected", "changes"]);
        back.agrees().await;
        far.stop().await;
    })
    .await;
}
