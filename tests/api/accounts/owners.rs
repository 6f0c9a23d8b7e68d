//! Username and deletion of an account are its owner's own affair.

use serde_json::{Value, json};

use super::{arrive, by_hand, login, member, no_classes, node, password, signs_in};
use crate::harness::{Client, Database, from_both_databases, gym};

from_both_databases! {
    account_of_another_member_is_protected,
    unchanged_username_is_accepted,
    owner_renames_and_deletes_own_account,
    coach_without_password_is_unprotected,
    open_access_leaves_accounts_unprotected,
    operator_renames_and_deletes_accounts,
}

async fn get_coach(client: &Client, id: i64) -> Value {
    client.ask("get_coach", json!({ "id": id })).await.done()
}

async fn account_of_another_member_is_protected(database: &Database) {
    for access in ["members", "read"] {
        let node = node(database, access).await;
        no_classes(database).await;
        let (teo, before) =
            (member(&node, "teo").await, database.number("select count(*) from tokens").await);
        for username in [json!(null), json!("mine"), json!("mara2"), json!("")] {
            let ack = teo.ask("update_coach", json!({ "id": 1, "username": username, "age": 99 })).await;
            assert_eq!(ack.refused(), ["username"], "{username}");
            assert!(ack.sentence("username").contains("planner user rename"), "{ack:?}");
        }
        let all_at_once = teo.ask("update_coach", json!({ "id": 1, "username": "mine", "age": 7 })).await;
        assert_eq!(all_at_once.refused(), ["age", "username"]);
        let ack = teo.ask("delete_coach", json!({ "id": 1 })).await;
        assert_eq!(ack.refused(), ["$forbidden"]);
        assert!(ack.sentence("$forbidden").contains("planner user delete"), "{ack:?}");
        // To call oneself as somebody else is called has never worked.
        for taken in ["mara", "MARA"] {
            assert_eq!(
                teo.ask("update_coach", json!({ "id": 2, "username": taken })).await.refused(),
                ["username"]
            );
        }
        assert_eq!(
            (get_coach(&teo, 1).await["username"].clone(), get_coach(&teo, 1).await["age"].clone()),
            (json!("mara"), json!(34))
        );
        assert_eq!(database.number("select count(*) from tokens").await, before, "nobody is signed out");
        assert!(signs_in(&node, "mara", &password("mara")).await);
        node.stop().await;
    }
}

async fn unchanged_username_is_accepted(database: &Database) {
    let node = node(database, "members").await;
    let (mara, teo) = (member(&node, "mara").await, member(&node, "teo").await);
    let sent_back = gym::with(get_coach(&teo, 1).await, json!({ "age": "35" }));
    let after = teo.ask("update_coach", sent_back).await.done();
    assert_eq!((&after["age"], &after["username"]), (&json!(35), &json!("mara")));
    // As it counts, it is the same name.
    let after = teo.ask("update_coach", json!({ "id": 1, "username": " MARA ", "age": 36 })).await.done();
    assert_eq!((&after["age"], &after["username"]), (&json!(36), &json!("mara")));
    assert_eq!(mara.ask_with("me", &[]).await.done()["age"], 36, "she is signed in as before");
    node.stop().await;
}

async fn owner_renames_and_deletes_own_account(database: &Database) {
    let node = node(database, "members").await;
    no_classes(database).await;
    let (mara, other) = (member(&node, "mara").await, member(&node, "mara").await);
    let token = other.ask("login", login("mara", &password("mara"))).await.done()["token"].clone();
    let after = mara.ask("update_coach", json!({ "id": 1, "username": "mara.l" })).await.done();
    assert_eq!(after["username"], "mara.l");
    // Sign-ins by the old name are over, this one too.
    other.hears("signed_out").await;
    assert_eq!(mara.ask("update_coach", json!({ "id": 1, "age": 50 })).await.refused(), ["$unauthorized"]);
    assert!(Client::connect_with(node.address, &json!({ "token": token })).await.is_err());
    assert!(!signs_in(&node, "mara", &password("mara")).await);
    mara.ask("login", login("mara.l", &password("mara"))).await.done();
    mara.ask("delete_coach", json!({ "id": 1 })).await.done();
    assert!(!signs_in(&node, "mara.l", &password("mara")).await);
    node.stop().await;
}

async fn coach_without_password_is_unprotected(database: &Database) {
    let node = node(database, "members").await;
    let teo = member(&node, "teo").await;
    let ada = teo.ask("new_coach", gym::with(gym::coach("Ada"), json!({ "username": "ada" }))).await.done();
    let renamed = json!({ "id": ada["id"], "username": "ada.l" });
    assert_eq!(teo.ask("update_coach", renamed).await.done()["username"], "ada.l");
    assert!(by_hand(database, &["set-password", "ada.l"], "ada's own secret").status.success());
    // From now on it is an account.
    let back = json!({ "id": ada["id"], "username": "ada" });
    assert_eq!(teo.ask("update_coach", back).await.refused(), ["username"]);
    assert_eq!(teo.ask("delete_coach", json!({ "id": ada["id"] })).await.refused(), ["$forbidden"]);
    node.stop().await;
}

async fn open_access_leaves_accounts_unprotected(database: &Database) {
    let node = node(database, "open").await;
    no_classes(database).await;
    let (stranger, mara) = (arrive(&node).await, member(&node, "mara").await);
    stranger.ask("update_coach", json!({ "id": 1, "username": "somebody" })).await.done();
    assert_eq!(mara.ask_with("me", &[]).await.done()["username"], "somebody");
    for id in 1..=5 {
        stranger.ask("delete_coach", json!({ "id": id })).await.done();
    }
    node.stop().await;
}

async fn operator_renames_and_deletes_accounts(database: &Database) {
    let node = node(database, "members").await;
    let mara = member(&node, "mara").await;
    assert!(by_hand(database, &["rename", "MARA", "Mara.L"], "").status.success());
    mara.hears("signed_out").await;
    mara.ask("login", login("mara.l", &password("mara"))).await.done();
    let taken = by_hand(database, &["rename", "mara.l", "teo"], "");
    assert!(!taken.status.success() && String::from_utf8_lossy(&taken.stderr).contains("already taken"));
    let needed = by_hand(database, &["delete", "mara.l"], "");
    assert!(
        !needed.status.success() && String::from_utf8_lossy(&needed.stderr).contains("schedules"),
        "{needed:?}"
    );
    no_classes(database).await;
    for username in ["mara.l", "teo", "yuki", "rosa", "finn"] {
        assert!(by_hand(database, &["delete", username], "").status.success(), "{username}");
    }
    assert!(!by_hand(database, &["delete", "teo"], "").status.success(), "nobody is called so any more");
    assert_eq!(database.number("select count(*) from coaches").await, 0);
    node.stop().await;
}
