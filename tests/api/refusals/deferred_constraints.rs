//! Deferred constraints: only the violating write of a batch is refused at the commit.

use serde_json::json;

use crate::harness::{Client, Engine, TestApp, fixtures, on_both_databases, with_app};

on_both_databases! { deferred_reference_refuses_delete }

async fn deferred_reference_refuses_delete(app: &TestApp) {
    let clients = futures_util::future::join_all((0..6).map(|_| app.connect())).await;
    clients[0].request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    let table =
        "create table late_bookings (coach bigint references coaches (id) deferrable initially deferred)";
    app.database.execute(table).await;
    app.database.execute("insert into late_bookings values (1)").await;
    let write = async |(at, client): (usize, &Client)| {
        for round in 0..6 {
            if at == 0 {
                let ack = client.request("delete_coach", json!({ "id": 1 })).await;
                assert_eq!(ack.error("$in_use"), "this coach is still used by rows of late bookings");
            } else {
                client
                    .request("new_coach", fixtures::coach(&format!("Coach {at} {round}")))
                    .await
                    .unwrap_data();
            }
        }
    };
    futures_util::future::join_all(clients.iter().enumerate().map(write)).await;
    assert_eq!(clients[0].list_all("coaches").await.len(), 1 + 5 * 6);
    clients[0].assert_in_sync().await;
}

#[actix_web::test]
async fn deferred_unique_violation_names_field() {
    with_app(Engine::Postgres, async |app| {
        let client = app.connect().await;
        let sql = "alter table coaches add constraint one_name unique (name) deferrable initially deferred";
        app.database.execute(sql).await;
        client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
        let again = client.request("new_coach", fixtures::coach("Ada")).await;
        assert_eq!((again.error_keys(), again.error("name")), (vec!["name"], "is already taken"));
        client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
        client.assert_in_sync().await;
    })
    .await;
}
