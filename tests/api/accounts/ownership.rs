//! Only its owner changes the username of an account or deletes it.

use serde_json::{Value, json};

use super::{anonymous_client, can_sign_in, delete_schedules, login, member, node, password, user_command};
use crate::harness::{Client, Database, fixtures, on_empty_databases};

on_empty_databases! {
    account_of_another_member_is_protected,
    unchanged_username_is_accepted,
    owner_renames_and_deletes_own_account,
    coach_without_password_is_unprotected,
    open_access_leaves_accounts_unprotected,
    operator_renames_and_deletes_accounts,
}

async fn get_coach(client: &Client, id: i64) -> Value {
    client.request("get_coach", json!({ "id": id })).await.unwrap_data()
}

async fn account_of_another_member_is_protected(database: &Database) {
    for access in ["members", "read"] {
        let node = node(database, access).await;
        delete_schedules(database).await;
        let (teo, before) =
            (member(&node, "teo").await, database.number("select count(*) from rowcast_tokens").await);
        for username in [json!(null), json!("mine"), json!("mara2"), json!("")] {
            let ack = teo.request("update_coach", json!({ "id": 1, "username": username, "age": 99 })).await;
            assert_eq!(ack.error_keys(), ["username"], "{username}");
            assert!(ack.error("username").contains("planner user rename"), "{ack:?}");
        }
        let all_at_once = teo.request("update_coach", json!({ "id": 1, "username": "mine", "age": 7 })).await;
        assert_eq!(all_at_once.error_keys(), ["age", "username"]);
        let ack = teo.request("delete_coach", json!({ "id": 1 })).await;
        assert_eq!(ack.error_keys(), ["$forbidden"]);
        assert!(ack.error("$forbidden").contains("planner user remove"), "{ack:?}");
        // A username that is taken is refused as before.
        for taken in ["mara", "MARA"] {
            assert_eq!(
                teo.request("update_coach", json!({ "id": 2, "username": taken })).await.error_keys(),
                ["username"]
            );
        }
        assert_eq!(
            (get_coach(&teo, 1).await["username"].clone(), get_coach(&teo, 1).await["age"].clone()),
            (json!("mara"), json!(34))
        );
        assert_eq!(
            database.number("select count(*) from rowcast_tokens").await,
            before,
            "no token is removed"
        );
        assert!(can_sign_in(&node, "mara", &password("mara")).await);
        node.stop().await;
    }
}

async fn unchanged_username_is_accepted(database: &Database) {
    let node = node(database, "members").await;
    let (mara, teo) = (member(&node, "mara").await, member(&node, "teo").await);
    let sent_back = fixtures::with(get_coach(&teo, 1).await, json!({ "age": "35" }));
    let after = teo.request("update_coach", sent_back).await.unwrap_data();
    assert_eq!((&after["age"], &after["username"]), (&json!(35), &json!("mara")));
    // An equivalent spelling is the same username.
    let after =
        teo.request("update_coach", json!({ "id": 1, "username": " MARA ", "age": 36 })).await.unwrap_data();
    assert_eq!((&after["age"], &after["username"]), (&json!(36), &json!("mara")));
    assert_eq!(mara.request_with("me", &[]).await.unwrap_data()["age"], 36, "still signed in");
    node.stop().await;
}

async fn owner_renames_and_deletes_own_account(database: &Database) {
    let node = node(database, "members").await;
    delete_schedules(database).await;
    let (mara, other) = (member(&node, "mara").await, member(&node, "mara").await);
    let token = other.request("login", login("mara", &password("mara"))).await.unwrap_data()["token"].clone();
    let after = mara.request("update_coach", json!({ "id": 1, "username": "mara.l" })).await.unwrap_data();
    assert_eq!(after["username"], "mara.l");
    // A rename ends all sign-ins, including this one.
    other.next_event("signed_out").await;
    assert_eq!(
        mara.request("update_coach", json!({ "id": 1, "age": 50 })).await.error_keys(),
        ["$unauthorized"]
    );
    assert!(Client::connect_with(node.address, &json!({ "token": token })).await.is_err());
    assert!(!can_sign_in(&node, "mara", &password("mara")).await);
    mara.request("login", login("mara.l", &password("mara"))).await.unwrap_data();
    mara.request("delete_coach", json!({ "id": 1 })).await.unwrap_data();
    assert!(!can_sign_in(&node, "mara.l", &password("mara")).await);
    node.stop().await;
}

async fn coach_without_password_is_unprotected(database: &Database) {
    let node = node(database, "members").await;
    let teo = member(&node, "teo").await;
    let ada = teo
        .request("new_coach", fixtures::with(fixtures::coach("Ada"), json!({ "username": "ada" })))
        .await
        .unwrap_data();
    let renamed = json!({ "id": ada["id"], "username": "ada.l" });
    assert_eq!(teo.request("update_coach", renamed).await.unwrap_data()["username"], "ada.l");
    assert!(user_command(database, &["set-password", "ada.l"], "ada's own secret").status.success());
    // The row is an account from now on.
    let back = json!({ "id": ada["id"], "username": "ada" });
    assert_eq!(teo.request("update_coach", back).await.error_keys(), ["username"]);
    assert_eq!(teo.request("delete_coach", json!({ "id": ada["id"] })).await.error_keys(), ["$forbidden"]);
    node.stop().await;
}

async fn open_access_leaves_accounts_unprotected(database: &Database) {
    let node = node(database, "open").await;
    delete_schedules(database).await;
    let (stranger, mara) = (anonymous_client(&node).await, member(&node, "mara").await);
    stranger.request("update_coach", json!({ "id": 1, "username": "somebody" })).await.unwrap_data();
    assert_eq!(mara.request_with("me", &[]).await.unwrap_data()["username"], "somebody");
    for id in 1..=5 {
        stranger.request("delete_coach", json!({ "id": id })).await.unwrap_data();
    }
    node.stop().await;
}

async fn operator_renames_and_deletes_accounts(database: &Database) {
    let node = node(database, "members").await;
    let mara = member(&node, "mara").await;
    assert!(user_command(database, &["rename", "MARA", "Mara.L"], "").status.success());
    mara.next_event("signed_out").await;
    mara.request("login", login("mara.l", &password("mara"))).await.unwrap_data();
    let taken = user_command(database, &["rename", "mara.l", "teo"], "");
    assert!(!taken.status.success() && String::from_utf8_lossy(&taken.stderr).contains("already taken"));
    let needed = user_command(database, &["remove", "mara.l"], "");
    assert!(
        !needed.status.success() && String::from_utf8_lossy(&needed.stderr).contains("schedules"),
        "{needed:?}"
    );
    delete_schedules(database).await;
    for username in ["mara.l", "teo", "yuki", "rosa", "finn"] {
        assert!(user_command(database, &["remove", username], "").status.success(), "{username}");
    }
    assert!(!user_command(database, &["remove", "teo"], "").status.success(), "no such username");
    assert_eq!(database.number("select count(*) from coaches").await, 0);
    node.stop().await;
}
