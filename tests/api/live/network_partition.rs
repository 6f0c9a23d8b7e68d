//! A node that loses its connection to the database while another does not: it becomes unready, and catches up
//! afterwards.

use std::time::Duration;

use serde_json::json;

use crate::{
    faults::write_log::{WriteLog, create_moves},
    harness::{Client, Engine, Node, TIMEOUT, fixtures, http, relay::Relay, with_app},
};

/// How soon a node without a database must be unready.
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
    with_app(Engine::Postgres, async |app| {
        let relay = Relay::to(&app.database.url()).await;
        let far = Node::start(relay.url(), &[]).await;
        let writer = app.connect().await;
        let clients = [Client::follow(far.address).await, Client::connect(far.address).await];
        create_moves(&writer).await;
        fixtures::seed_class(&writer).await;
        let write_log = WriteLog::default();
        let fault = async {
            write_log.until(|write_log| write_log.written_count() >= 10).await;
            fail(&relay);
            http::until_status(far.address, "/readyz", 503, READINESS_TIMEOUT).await;
            assert_eq!(http::get(far.address, "/healthz").await.0, 200);
            for age in 40..60 {
                writer.request("update_coach", json!({ "id": 1, "age": age })).await.unwrap_data();
            }
            writer.request("delete_schedule", json!({ "id": 1 })).await.unwrap_data();
            write_log.until(|write_log| write_log.refused_count() >= 1).await;
            // A new client receives the node's current state.
            let late = Client::follow(far.address).await;
            assert_eq!(late.replica().rows("schedules").len(), 1);
            relay.repair();
            http::until_status(far.address, "/readyz", 200, TIMEOUT).await;
            let before = write_log.written_count();
            write_log.until(|write_log| write_log.written_count() >= before + 10).await;
            write_log.finished.set(true);
            late
        };
        let ((), (), late) =
            tokio::join!(write_log.write(&clients[0], "Ada"), write_log.write(&clients[1], "Bob"), fault);

        for client in clients.iter().chain([&late]) {
            client.assert_in_sync().await;
        }
        write_log.assert_matches_server(&clients[1]).await;
        writer.assert_in_sync().await;
        let row = writer.request("update_coach", json!({ "id": 1, "age": 70 })).await.unwrap_data();
        clients[0].wait_for_replica("the other node's writes", |replica| replica.has("coaches", &row)).await;
        let kept = clients[0].replica();
        let row = clients[0].request("update_coach", json!({ "id": 1, "age": 71 })).await.unwrap_data();
        writer.wait_for_rows("coaches", |rows| rows.contains(&row)).await;
        let back = Client::resume(far.address, kept).await;
        assert_eq!(back.events_since(0)[..2], ["connected", "changes"]);
        back.assert_in_sync().await;
        far.stop().await;
    })
    .await;
}
