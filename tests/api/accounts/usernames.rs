//! Usernames are compared by PRECIS, whatever form the database has.

use serde_json::{Value, json};

use super::{can_sign_in, login, member, node, password, user_command};
use crate::harness::{Database, TestApp, fixtures, on_both_databases, on_empty_databases};

on_both_databases! {
    new_username_is_stored_in_canonical_form,
    invisible_and_bidirectional_text_is_refused,
}

on_empty_databases! {
    login_accepts_equivalent_usernames,
    legacy_usernames_remain_valid,
}

const SECRET: &str = "a long secret";

async fn new_username_is_stored_in_canonical_form(app: &TestApp) {
    let client = app.connect().await;
    let called = |username: &str| fixtures::with(fixtures::coach("Ada"), json!({ "username": username }));
    let ada = client.request("new_coach", called("ＡDA.L")).await.unwrap_data();
    assert_eq!(ada["username"], "ada.l");
    for same in ["ada.l", "Ada.L", "ADA．L"] {
        let ack = client.request("new_coach", called(same)).await;
        assert_eq!(
            (ack.error_keys(), ack.error("username")),
            (vec!["username"], "is already taken"),
            "{same}"
        );
    }
    for hidden in ["ad\u{200b}a", "ada\u{ad}l", "👩‍🏫x"] {
        let ack = client.request("new_coach", called(hidden)).await;
        assert_eq!(ack.error_keys(), ["username"], "{hidden:?}");
        assert!(ack.error("username").contains("letters, digits"), "{ack:?}");
    }
    let own = client
        .request("update_coach", json!({ "id": ada["id"], "username": "Ada.L", "age": 40 }))
        .await
        .unwrap_data();
    assert_eq!((&own["username"], &own["age"]), (&json!("ada.l"), &json!(40)));
}

async fn invisible_and_bidirectional_text_is_refused(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    let texts = [
        ("coach", fixtures::coach("Ada"), vec!["name"]),
        ("exercise_move", fixtures::exercise_move("Squat"), vec!["name", "focus", "description"]),
        ("workout_plan", fixtures::workout_plan("Morning", &[1]), vec!["name", "difficulty", "description"]),
    ];
    for (name, row, fields) in texts {
        for field in fields {
            for (text, says) in [
                ("Morning \u{202e}gnp.exe and more", "direction"),
                ("Morning \u{2067}and more", "direction"),
                (
                    "\u{200b}\u{2060}\u{3164}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}",
                    "seen",
                ),
            ] {
                let payload = fixtures::with(row.clone(), json!({ field: text }));
                let new = client.request(&format!("new_{name}"), payload).await;
                let update = client.request(&format!("update_{name}"), json!({ "id": 1, field: text })).await;
                for ack in [new, update] {
                    assert_eq!(ack.error_keys(), [field], "{name} {text:?}");
                    assert!(ack.error(field).contains(says), "{ack:?}");
                }
            }
        }
    }
    let arabic = client.request("new_coach", fixtures::coach("\u{645}\u{627}\u{631}\u{627}\u{200f}!")).await;
    assert!(arabic.ok, "{arabic:?}");
}

async fn login_accepts_equivalent_usernames(database: &Database) {
    let node = node(database, "members").await;
    for same in ["mara", "MARA", "Ｍara", " Mara "] {
        assert!(can_sign_in(&node, same, &password("mara")).await, "{same}");
    }
    for other in ["m\u{430}ra", "ma\u{200b}ra", "mara."] {
        assert!(!can_sign_in(&node, other, &password("mara")).await, "{other}");
    }
    assert!(user_command(database, &["set-password", "MARA"], SECRET).status.success());
    assert!(can_sign_in(&node, "mara", SECRET).await);
    let taken = user_command(database, &["add", "MaRa"], SECRET);
    assert!(!taken.status.success(), "{taken:?}");
    node.stop().await;
}

/// Names stored before usernames were canonical, or by another program.
async fn legacy_usernames_remain_valid(database: &Database) {
    let node = node(database, "members").await;
    for (old, now) in [("mara", "Mara"), ("teo", "MARA"), ("yuki", "J\u{dc}RGEN"), ("rosa", "🌹🌹")] {
        database.execute(&format!("update coaches set username = '{now}' where username = '{old}'")).await;
    }
    // An exact match wins; otherwise the oldest account does.
    for (spelled, whose) in
        [("Mara", "mara"), ("MARA", "teo"), ("mara", "mara"), ("jürgen", "yuki"), ("🌹🌹", "rosa")]
    {
        assert!(can_sign_in(&node, spelled, &password(whose)).await, "{spelled}");
    }
    assert!(!can_sign_in(&node, "mara", &password("teo")).await);
    // Equivalent names are taken, and rows with such names can be sent back.
    let finn = member(&node, "finn").await;
    for taken in ["mara", "J\u{fc}rgen"] {
        let ack = finn.request("update_coach", json!({ "id": 5, "username": taken })).await;
        assert_eq!(ack.error_keys(), ["username"], "{taken}");
    }
    for id in 1..=4 {
        let row = finn.request("get_coach", json!({ "id": id })).await.unwrap_data();
        let after = finn
            .request("update_coach", fixtures::with(row.clone(), json!({ "age": 60 })))
            .await
            .unwrap_data();
        assert_eq!(after["username"], row["username"]);
    }
    // The owner can change the name only to one that is free.
    let rosa = super::anonymous_client(&node).await;
    rosa.request("login", login("🌹🌹", &password("rosa"))).await.unwrap_data();
    assert_eq!(
        rosa.request("update_coach", json!({ "id": 4, "username": "Mara" })).await.error_keys(),
        ["username"]
    );
    let after: Value =
        rosa.request("update_coach", json!({ "id": 4, "username": "Rosa" })).await.unwrap_data();
    assert_eq!(after["username"], "rosa");
    node.stop().await;
}
