//! Several servers on one database: a client can go from any to any other, and a row never becomes older on the way.

use serde_json::json;

use crate::harness::{
    Client, Copy, Database, Engine, Node, TestApp, begin, gym, program::Program, tell, wire::Heard,
};

#[actix_web::test]
async fn writes_reach_clients_of_every_node() {
    tell(Engine::Postgres, async |app| {
        let beside = Node::start(&app.database.url(), &[]).await;
        let clients = [
            app.follow().await,
            app.connect().await,
            Client::follow(beside.address).await,
            Client::connect(beside.address).await,
        ];
        gym::open(&clients[0]).await;
        clients[2].agrees().await;
        let writes = clients.iter().enumerate().map(async |(at, client)| {
            for round in 0..15 {
                let row = client.ask("new_coach", gym::coach(&format!("Coach {at} {round}"))).await.done();
                assert!(client.copy().has("coaches", &row), "read your writes");
                let name = format!("Ada {at} {round}");
                let ada = client.ask("update_coach", json!({ "id": 1, "name": name })).await.done();
                let shown =
                    |copy: &Copy| copy.rows("coaches")[0]["version"].as_i64() >= ada["version"].as_i64();
                assert!(shown(&client.copy()), "read your writes");
                if round % 3 == 0 {
                    client.ask("delete_coach", json!({ "id": row["id"] })).await.done();
                }
            }
        });
        futures_util::future::join_all(writes).await;
        for client in &clients {
            client.agrees().await;
        }
        beside.stop().await;
    })
    .await;
}

#[actix_web::test]
async fn client_resumes_on_alternating_nodes() {
    tell(Engine::Postgres, async |app| {
        let beside = Node::start(&app.database.url(), &[]).await;
        let writer = app.connect().await;
        gym::open(&writer).await;
        let mut kept = app.follow().await.copy();
        for round in 0..20 {
            let row = writer.ask("new_coach", gym::coach(&format!("Coach {round}"))).await.done();
            let address = if round % 2 == 0 { beside.address } else { app.address };
            let back = Client::resume(address, kept).await;
            assert_eq!(back.events_since(0)[..2], ["connected", "changes"], "round {round}");
            back.keeps("what the other node wrote", |copy| copy.has("coaches", &row)).await;
            let name = format!("Ada {round}");
            let row = back.ask("update_coach", json!({ "id": 1, "name": name })).await.done();
            assert!(back.copy().has("coaches", &row), "round {round}");
            kept = back.copy();
        }
        let back = Client::resume(beside.address, kept).await;
        assert_eq!(back.told(0), [json!({})], "nothing is told twice");
        back.agrees().await;
        beside.stop().await;
    })
    .await;
}

/// It has stood still while the other one wrote, and the client comes before it has looked.
#[actix_web::test]
async fn lagging_node_catches_up_before_connected() {
    begin(Engine::Postgres, async |database| {
        let (first, second) = two_processes(database);
        let writer = Client::follow(first.address).await;
        gym::open(&writer).await;
        for round in 0..12 {
            second.signal("STOP");
            for at in 0..5 {
                let name = format!("Ada {round} {at}");
                writer.ask("update_coach", json!({ "id": 1, "name": name })).await.done();
            }
            let kept = writer.copy();
            second.signal("CONT");
            let back = Client::resume(second.address, kept.clone()).await;
            let name = back.events_since(0).swap_remove(1);
            assert_eq!(name, "changes", "round {round}");
            assert_eq!(back.told(0), [json!({})], "round {round}: it knew all that");
            assert_eq!(back.copy().rows("coaches"), kept.rows("coaches"), "round {round}");
            back.agrees().await;
        }
    })
    .await;
}

#[actix_web::test]
async fn row_created_and_deleted_while_node_paused_is_removed() {
    begin(Engine::Postgres, async |database| {
        let (first, second) = two_processes(database);
        let writer = Client::connect(first.address).await;
        gym::open(&writer).await;
        second.signal("STOP");
        let row = writer.ask("new_coach", gym::coach("Grace")).await.done();
        let kept = Client::follow(first.address).await.copy();
        assert!(kept.has("coaches", &row));
        writer.ask("delete_coach", json!({ "id": row["id"] })).await.done();
        second.signal("CONT");
        let back = Client::resume(second.address, kept).await;
        back.agrees().await;
    })
    .await;
}

#[actix_web::test]
async fn row_reverted_while_node_paused_is_current() {
    begin(Engine::Postgres, async |database| {
        let (first, second) = two_processes(database);
        let client = Client::follow(first.address).await;
        gym::open(&client).await;
        second.signal("STOP");
        database.execute("update coaches set name = 'Grace'").await;
        client.keeps("the new name", |copy| copy.rows("coaches")[0]["name"] == "Grace").await;
        let kept = client.copy();
        drop(client);
        database.execute("update coaches set name = 'Ada'").await;
        second.signal("CONT");
        let back = Client::resume(second.address, kept).await;
        back.agrees().await;
    })
    .await;
}

#[actix_web::test]
async fn concurrently_started_nodes_accept_each_others_cursors() {
    begin(Engine::Postgres, async |database| {
        let url = database.url();
        let nodes = futures_util::future::join_all((0..4).map(|_| Node::start(&url, &[]))).await;
        let writer = Client::follow(nodes[0].address).await;
        gym::open(&writer).await;
        for node in &nodes {
            let back = Client::resume(node.address, writer.copy()).await;
            assert_eq!(back.told(0), [json!({})]);
            back.agrees().await;
        }
        for node in nodes {
            node.stop().await;
        }
    })
    .await;
}

/// A row that goes up and never down reveals a client that is sent an older state.
#[actix_web::test]
async fn reconnect_across_nodes_never_receives_older_rows() {
    tell(Engine::Postgres, async |app: &TestApp| {
        let beside = Node::start(&app.database.url(), &[]).await;
        let writers = [app.connect().await, Client::connect(beside.address).await];
        gym::open(&writers[0]).await;
        let writes = writers.iter().map(async |writer| {
            for round in 0..80 {
                writer.ask("update_coach", json!({ "id": 1, "age": 20 + round })).await.done();
            }
        });
        let travels = (0..4).map(async |at| {
            let mut kept = app.follow().await.copy();
            for round in 0..20 {
                let address = if (at + round) % 2 == 0 { beside.address } else { app.address };
                let back = Client::resume(address, kept).await;
                back.is_served().await;
                assert!(versions(&back).is_sorted(), "{:?}", versions(&back));
                kept = back.copy();
            }
            kept
        });
        let writes = futures_util::future::join_all(writes);
        let (_, kept) = tokio::join!(writes, futures_util::future::join_all(travels));
        for kept in kept {
            Client::resume(beside.address, kept).await.agrees().await;
        }
        beside.stop().await;
    })
    .await;
}

/// The versions of the first coach that a client was shown, in order.
fn versions(client: &Client) -> Vec<i64> {
    let shown = client.since(0).into_iter().filter_map(|heard| match heard {
        Heard::Event(_, arguments) => arguments[0]["coaches"]["upserted"][0]["version"].as_i64(),
        _ => None,
    });
    shown.collect()
}

/// Two servers as two processes.
fn two_processes(database: &Database) -> (Program, Program) {
    let url = database.url();
    (Program::serve(&url, &[]), Program::serve(&url, &[]))
}
