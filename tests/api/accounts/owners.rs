//! Username and deletion of an account are its owner's own affair.

use serde_json::{Value, json};

use super::{arrive, by_hand, login, member, no_classes, node, password, signs_in};
use crate::harness::{Client, Database, from_both_databases, gym};

from_both_databases! {
    another_member_takes_no_account,
    a_row_that_is_sent_back_is_not_refused,
    an_owner_renames_and_deletes_their_own,
    a_coach_without_a_password_is_an_ordinary_row,
    where_access_is_open_rows_are_rows,
    whoever_runs_the_server_may_do_all_of_it,
}

async fn row(client: &Client, id: i64) -> Value {
    client.ask("get_coach", json!({ "id": id })).await.done()
}

async fn another_member_takes_no_account(database: &Database) {
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
            (row(&teo, 1).await["username"].clone(), row(&teo, 1).await["age"].clone()),
            (json!("mara"), json!(34))
        );
        assert_eq!(database.number("select count(*) from tokens").await, before, "nobody is signed out");
        assert!(signs_in(&node, "mara", &password("mara")).await);
        node.stop().await;
    }
}

async fn a_row_that_is_sent_back_is_not_refused(database: &Database) {
    let node = node(database, "members").await;
    let (mara, teo) = (member(&node, "mara").await, member(&node, "teo").await);
    let sent_back = gym::with(row(&teo, 1).await, json!({ "age": "35" }));
    let after = teo.ask("update_coach", sent_back).await.done();
    assert_eq!((&after["age"], &after["username"]), (&json!(35), &json!("mara")));
    // As it counts, it is the same name.
    let after = teo.ask("update_coach", json!({ "id": 1, "username": " MARA ", "age": 36 })).await.done();
    assert_eq!((&after["age"], &after["username"]), (&json!(36), &json!("mara")));
    assert_eq!(mara.ask_with("me", &[]).await.done()["age"], 36, "she is signed in as before");
    node.stop().await;
}

async fn an_owner_renames_and_deletes_their_own(database: &Database) {
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

async fn a_coach_without_a_password_is_an_ordinary_row(database: &Database) {
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

async fn where_access_is_open_rows_are_rows(database: &Database) {
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

async fn whoever_runs_the_server_may_do_all_of_it(database: &Database) {
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
