//! Another program alters a table while the server runs: prepared statements are prepared again.

use serde_json::{Value, json};

use crate::harness::{Client, Database, TestApp, fixtures, http, on_both_databases};

on_both_databases! { altered_table_does_not_break_requests }

async fn altered_table_does_not_break_requests(app: &TestApp) {
    let clients = futures_util::future::join_all((0..8).map(|_| app.follow())).await;
    fixtures::seed_one_of_each(&clients[0]).await;
    // Often enough that every connection has prepared each statement.
    for round in 0..12 {
        use_all(&clients, round).await;
    }
    for change in 0..3 {
        let sql = match &app.database {
            Database::Sqlite(_) => format!("alter table coaches add column note_{change} text"),
            _ => {
                let width = 100 + change;
                format!("alter table coaches alter column name type varchar({width}) collate \"C\"")
            }
        };
        app.database.execute(&sql).await;
        for round in 0..3 {
            use_all(&clients, 100 + 10 * change + round).await;
        }
    }
    let (status, reason) = http::get(app.address, "/readyz").await;
    assert_eq!(status, 200, "{reason}");
    for client in &clients {
        client.assert_in_sync().await;
    }
}

/// Concurrent reads and writes, all of which succeed.
async fn use_all(clients: &[Client], round: i64) {
    let each = async |(at, client): (usize, &Client)| {
        client.request("get_coach", json!({ "id": 1 })).await.unwrap_data();
        client.request("list_coaches", Value::Null).await.unwrap_data();
        client.request("new_coach", fixtures::coach(&format!("Coach {round} {at}"))).await.unwrap_data();
        client
            .request("update_coach", json!({ "id": 1, "age": 20 + (round + at as i64) % 90 }))
            .await
            .unwrap_data();
    };
    futures_util::future::join_all(clients.iter().enumerate().map(each)).await;
}
