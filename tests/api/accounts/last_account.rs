//! The last account that can sign in cannot be removed.

use serde_json::json;

use super::{can_sign_in, delete_schedules, member, node, password};
use crate::harness::{Database, Node, on_empty_databases};

on_empty_databases! {
    last_account_cannot_be_removed,
    concurrent_removal_leaves_one_account,
}

/// A node with this number of accounts.
async fn node_with_accounts(database: &Database, count: usize) -> Node {
    let node = node(database, "members").await;
    delete_schedules(database).await;
    database.execute(&format!("delete from coaches where id > {count}")).await;
    node
}

async fn last_account_cannot_be_removed(database: &Database) {
    let node = node_with_accounts(database, 1).await;
    // Rows without a password or without a username are not accounts.
    database.execute("insert into coaches (name, age, picture, username) values ('Ada', 36, 'https://a.example', 'ada')").await;
    database.execute("insert into coaches (name, age, picture, password_hash) values ('Bob', 36, 'https://a.example', 'x')").await;
    let mara = member(&node, "mara").await;
    let ack = mara.request("delete_coach", json!({ "id": 1 })).await;
    assert_eq!(ack.error_keys(), ["$forbidden"]);
    assert!(ack.error("$forbidden").contains("last account"), "{ack:?}");
    assert_eq!(
        mara.request("update_coach", json!({ "id": 1, "username": null })).await.error_keys(),
        ["username"]
    );
    // Renaming the account is allowed.
    mara.request("update_coach", json!({ "id": 1, "username": "mara.l" })).await.unwrap_data();
    assert!(can_sign_in(&node, "mara.l", &password("mara")).await);
    node.stop().await;
}

async fn concurrent_removal_leaves_one_account(database: &Database) {
    let empty = "delete from schedules; delete from workout_plan_moves; delete from workout_plans; \
        delete from exercise_moves; delete from coaches";
    for round in 0..6 {
        let node = node(database, "members").await;
        delete_schedules(database).await;
        let first = database.number("select min(id) from coaches").await;
        database.execute(&format!("delete from coaches where id > {}", first + 1)).await;
        let (mara, teo) = (member(&node, "mara").await, member(&node, "teo").await);
        let leave = [
            mara.emit("delete_coach", &[json!({ "id": first })]),
            if round % 2 == 0 {
                teo.emit("delete_coach", &[json!({ "id": first + 1 })])
            } else {
                teo.emit("update_coach", &[json!({ "id": first + 1, "username": null })])
            },
        ];
        let (one, other) = tokio::join!(mara.ack(leave[0]), teo.ack(leave[1]));
        assert!(one.ok != other.ok, "round {round}: {one:?} {other:?}");
        let left = "select count(*) from coaches where username is not null and password_hash is not null";
        assert_eq!(database.number(left).await, 1, "round {round}");
        node.stop().await;
        database.execute(empty).await;
    }
}
