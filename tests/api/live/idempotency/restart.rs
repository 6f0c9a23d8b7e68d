//! A repeated write is recognized after a restart, on another node, and for a day.

use serde_json::json;

use super::{request_id, request_with_id};
use crate::harness::{
    Client, Database, Engine, Node, fixtures, http, on_empty_databases, process::ServerProcess,
    wire::ServerPacket, with_app,
};

on_empty_databases! {
    stored_ack_survives_restart_and_crash,
    retries_across_crashes_write_once,
    stored_ack_is_pruned_after_retention,
}

async fn stored_ack_survives_restart_and_crash(database: &Database) {
    let url = database.url();
    let mut program = ServerProcess::serve(&url, &[]);
    let client = Client::connect(program.address).await;
    let (id, refused) = (request_id(), request_id());
    let (grace, late) = (fixtures::coach("Grace"), json!({ "id": 2, "age": 50 }));
    let first = request_with_id(&client, &id, "new_coach", &grace).await;
    let refusal = request_with_id(&client, &refused, "update_coach", &late).await;
    assert_eq!((&first.ok, refusal.error_keys()), (&true, vec!["$not_found"]));
    client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    for orderly in [true, false, true] {
        match orderly {
            true => program.terminate(),
            false => program.kill(),
        }
        assert_eq!(program.wait_for_exit().await.success(), orderly);
        program = ServerProcess::serve(&url, &[]);
        let client = Client::connect(program.address).await;
        assert_eq!(request_with_id(&client, &id, "new_coach", &grace).await, first);
        assert_eq!(request_with_id(&client, &refused, "update_coach", &late).await, refusal);
        assert_eq!(client.latest("coaches").len(), 2);
        client.assert_in_sync().await;
    }
}

/// The server is killed repeatedly before the client has all acks.
async fn retries_across_crashes_write_once(database: &Database) {
    let url = database.url();
    let mut sent = 0;
    for _ in 0..6 {
        let mut program = ServerProcess::serve(&url, &[]);
        let client = Client::connect(program.address).await;
        let ids: Vec<String> = (0..20).map(|_| request_id()).collect();
        for (at, id) in ids.iter().enumerate() {
            let options = json!({ "request_id": id });
            client.emit("new_coach", &[fixtures::coach(&format!("Coach {at}")), options]);
        }
        let acked = client.until("an ack", |packets| match packets.last() {
            Some(ServerPacket::Ack(..)) => Some(()),
            _ => None,
        });
        acked.await;
        program.kill();
        sent += ids.len();

        let program = ServerProcess::serve(&url, &[]);
        let client = Client::connect(program.address).await;
        for (at, id) in ids.iter().enumerate() {
            request_with_id(&client, id, "new_coach", &fixtures::coach(&format!("Coach {at}")))
                .await
                .unwrap_data();
        }
        assert_eq!(client.latest("coaches").len(), sent);
        client.assert_in_sync().await;
    }
}

async fn stored_ack_is_pruned_after_retention(database: &Database) {
    let url = database.url();
    let mut program = ServerProcess::serve(&url, &[]);
    let client = Client::connect(program.address).await;
    let ids = [request_id(), request_id()];
    for id in &ids {
        request_with_id(&client, id, "new_coach", &fixtures::coach("Ada")).await.unwrap_data();
    }
    program.kill();
    // The clock may run fast by an hour and a half a day while it follows one that was set.
    for (id, hours) in ids.iter().zip([25, 27]) {
        let seconds = hours * 60 * 60;
        database.execute(&format!("update rowcast_requests set at = at - {seconds} where id = '{id}'")).await;
    }
    let program = ServerProcess::serve(&url, &[]);
    http::until_metric(program.address, "rowcast_change_log_entries", |left| left > 0.0).await;
    let client = Client::connect(program.address).await;
    request_with_id(&client, &ids[0], "new_coach", &fixtures::coach("Ada")).await.unwrap_data();
    assert_eq!(client.latest("coaches").len(), 2, "a day may not have passed");
    request_with_id(&client, &ids[1], "new_coach", &fixtures::coach("Ada")).await.unwrap_data();
    assert_eq!(client.latest("coaches").len(), 3);
}

#[actix_web::test]
async fn stored_ack_is_returned_by_another_node() {
    with_app(Engine::Postgres, async |app| {
        let beside = Node::start(&app.database.url(), &[]).await;
        let (one, two) = (app.follow().await, Client::follow(beside.address).await);
        for round in 0..30 {
            let (id, coach) = (request_id(), fixtures::coach(&format!("Coach {round}")));
            let at_once = round % 2 == 0;
            let first = async { request_with_id(&one, &id, "new_coach", &coach).await };
            let second = async {
                let ack = request_with_id(&two, &id, "new_coach", &coach).await;
                assert!(two.replica().has("coaches", &ack.clone().unwrap_data()), "shown before its ack");
                ack
            };
            let (first, second) = match at_once {
                true => tokio::join!(first, second),
                false => (first.await, second.await),
            };
            assert_eq!(first, second, "round {round}");
            assert_eq!(two.replica().rows("coaches").len(), round + 1);
        }
        one.assert_in_sync().await;
        beside.stop().await;
    })
    .await;
}
