//! Several nodes on one database: clients move between them and never receive older rows.

use serde_json::json;

use crate::harness::{
    Client, Database, Engine, Node, ReplicaModel, TestApp, fixtures, process::ServerProcess,
    wire::ServerPacket, with_app, with_database,
};

#[actix_web::test]
async fn writes_reach_clients_of_every_node() {
    with_app(Engine::Postgres, async |app| {
        let beside = Node::start(&app.database.url(), &[]).await;
        let clients = [
            app.follow().await,
            app.connect().await,
            Client::follow(beside.address).await,
            Client::connect(beside.address).await,
        ];
        fixtures::seed_one_of_each(&clients[0]).await;
        clients[2].assert_in_sync().await;
        let writes = clients.iter().enumerate().map(async |(at, client)| {
            for round in 0..15 {
                let row = client
                    .request("new_coach", fixtures::coach(&format!("Coach {at} {round}")))
                    .await
                    .unwrap_data();
                assert!(client.replica().has("coaches", &row), "read your writes");
                let name = format!("Ada {at} {round}");
                let ada =
                    client.request("update_coach", json!({ "id": 1, "name": name })).await.unwrap_data();
                let shown = |replica: &ReplicaModel| {
                    replica.rows("coaches")[0]["version"].as_i64() >= ada["version"].as_i64()
                };
                assert!(shown(&client.replica()), "read your writes");
                if round % 3 == 0 {
                    client.request("delete_coach", json!({ "id": row["id"] })).await.unwrap_data();
                }
            }
        });
        futures_util::future::join_all(writes).await;
        for client in &clients {
            client.assert_in_sync().await;
        }
        beside.stop().await;
    })
    .await;
}

#[actix_web::test]
async fn client_resumes_on_alternating_nodes() {
    with_app(Engine::Postgres, async |app| {
        let beside = Node::start(&app.database.url(), &[]).await;
        let writer = app.connect().await;
        fixtures::seed_one_of_each(&writer).await;
        let mut kept = app.follow().await.replica();
        for round in 0..20 {
            let row =
                writer.request("new_coach", fixtures::coach(&format!("Coach {round}"))).await.unwrap_data();
            let address = if round % 2 == 0 { beside.address } else { app.address };
            let back = Client::resume(address, kept).await;
            assert_eq!(back.events_since(0)[..2], ["connected", "changes"], "round {round}");
            back.wait_for_replica("what the other node wrote", |replica| replica.has("coaches", &row)).await;
            let name = format!("Ada {round}");
            let row = back.request("update_coach", json!({ "id": 1, "name": name })).await.unwrap_data();
            assert!(back.replica().has("coaches", &row), "round {round}");
            kept = back.replica();
        }
        let back = Client::resume(beside.address, kept).await;
        assert_eq!(back.changes_since(0), [json!({})], "no change is sent twice");
        back.assert_in_sync().await;
        beside.stop().await;
    })
    .await;
}

/// The node was paused while the other one wrote, and a client connects before it has polled.
#[actix_web::test]
async fn lagging_node_catches_up_before_connected() {
    with_database(Engine::Postgres, async |database| {
        let (first, second) = two_processes(database);
        let writer = Client::follow(first.address).await;
        fixtures::seed_one_of_each(&writer).await;
        for round in 0..12 {
            second.signal("STOP");
            for at in 0..5 {
                let name = format!("Ada {round} {at}");
                writer.request("update_coach", json!({ "id": 1, "name": name })).await.unwrap_data();
            }
            let kept = writer.replica();
            second.signal("CONT");
            let back = Client::resume(second.address, kept.clone()).await;
            let name = back.events_since(0).swap_remove(1);
            assert_eq!(name, "changes", "round {round}");
            assert_eq!(back.changes_since(0), [json!({})], "round {round}: it knew all that");
            assert_eq!(back.replica().rows("coaches"), kept.rows("coaches"), "round {round}");
            back.assert_in_sync().await;
        }
    })
    .await;
}

#[actix_web::test]
async fn row_created_and_deleted_while_node_paused_is_removed() {
    with_database(Engine::Postgres, async |database| {
        let (first, second) = two_processes(database);
        let writer = Client::connect(first.address).await;
        fixtures::seed_one_of_each(&writer).await;
        second.signal("STOP");
        let row = writer.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
        let kept = Client::follow(first.address).await.replica();
        assert!(kept.has("coaches", &row));
        writer.request("delete_coach", json!({ "id": row["id"] })).await.unwrap_data();
        second.signal("CONT");
        let back = Client::resume(second.address, kept).await;
        back.assert_in_sync().await;
    })
    .await;
}

#[actix_web::test]
async fn row_reverted_while_node_paused_is_current() {
    with_database(Engine::Postgres, async |database| {
        let (first, second) = two_processes(database);
        let client = Client::follow(first.address).await;
        fixtures::seed_one_of_each(&client).await;
        second.signal("STOP");
        database.execute("update coaches set name = 'Grace'").await;
        client
            .wait_for_replica("the new name", |replica| replica.rows("coaches")[0]["name"] == "Grace")
            .await;
        let kept = client.replica();
        drop(client);
        database.execute("update coaches set name = 'Ada'").await;
        second.signal("CONT");
        let back = Client::resume(second.address, kept).await;
        back.assert_in_sync().await;
    })
    .await;
}

#[actix_web::test]
async fn concurrently_started_nodes_accept_each_others_cursors() {
    with_database(Engine::Postgres, async |database| {
        let url = database.url();
        let nodes = futures_util::future::join_all((0..4).map(|_| Node::start(&url, &[]))).await;
        let writer = Client::follow(nodes[0].address).await;
        fixtures::seed_one_of_each(&writer).await;
        for node in &nodes {
            let back = Client::resume(node.address, writer.replica()).await;
            assert_eq!(back.changes_since(0), [json!({})]);
            back.assert_in_sync().await;
        }
        for node in nodes {
            node.stop().await;
        }
    })
    .await;
}

/// Versions only increase, so an older state shows.
#[actix_web::test]
async fn reconnect_across_nodes_never_receives_older_rows() {
    with_app(Engine::Postgres, async |app: &TestApp| {
        let beside = Node::start(&app.database.url(), &[]).await;
        let writers = [app.connect().await, Client::connect(beside.address).await];
        fixtures::seed_one_of_each(&writers[0]).await;
        let writes = writers.iter().map(async |writer| {
            for round in 0..80 {
                writer.request("update_coach", json!({ "id": 1, "age": 20 + round })).await.unwrap_data();
            }
        });
        let travels = (0..4).map(async |at| {
            let mut kept = app.follow().await.replica();
            for round in 0..20 {
                let address = if (at + round) % 2 == 0 { beside.address } else { app.address };
                let back = Client::resume(address, kept).await;
                back.assert_responsive().await;
                assert!(versions(&back).is_sorted(), "{:?}", versions(&back));
                kept = back.replica();
            }
            kept
        });
        let writes = futures_util::future::join_all(writes);
        let (_, kept) = tokio::join!(writes, futures_util::future::join_all(travels));
        for kept in kept {
            Client::resume(beside.address, kept).await.assert_in_sync().await;
        }
        beside.stop().await;
    })
    .await;
}

/// The versions of coach 1 that a client received, in order.
fn versions(client: &Client) -> Vec<i64> {
    let shown = client.since(0).into_iter().filter_map(|packet| match packet {
        ServerPacket::Event(_, arguments) => arguments[0]["coaches"]["upserted"][0]["version"].as_i64(),
        _ => None,
    });
    shown.collect()
}

/// Two servers as two processes.
fn two_processes(database: &Database) -> (ServerProcess, ServerProcess) {
    let url = database.url();
    (ServerProcess::serve(&url, &[]), ServerProcess::serve(&url, &[]))
}
