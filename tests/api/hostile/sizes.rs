//! Size limits of rows, pages and acks: exact to the byte, refused by field, without effect on others.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use crate::harness::{TestApp, fixtures, http, on_both_databases};

on_both_databases! {
    row_size_limit_is_exact,
    oversized_row_is_sent_and_can_be_shortened,
    unsendable_row_does_not_block_others,
    pages_limited_by_bytes_cover_every_row_once,
}

const ROW: usize = 256 * 1024;
const ACK: usize = 1024 * 1024;

/// A move of about 4 kB.
fn large_move(name: &str) -> Value {
    let long = json!({
        "description": "\u{1F9D8}".repeat(500),
        "video_link": format!("https://example.com/{}", "x".repeat(1900)),
    });
    fixtures::with(fixtures::exercise_move(name), long)
}

fn refs(ids: &[i64]) -> Value {
    ids.iter().map(|id| json!({ "id": id })).collect()
}

async fn row_size_limit_is_exact(app: &TestApp) {
    let client = app.follow().await;
    let mut moves = Vec::new();
    for exercise in [large_move("Squat"), fixtures::exercise_move("Plank"), fixtures::exercise_move("Row")] {
        moves.push(client.request("new_exercise_move", exercise).await.unwrap_data());
    }
    let length = |row: &Value| row.to_string().len();
    let [large, small, last] = [0, 1, 2].map(|at| length(&moves[at]) + 1);
    let plan =
        client.request("new_workout_plan", fixtures::workout_plan("Long", &[1; 50])).await.unwrap_data();
    // Fill up with the large move, then with the small one; the link of the last move makes up the rest.
    let room = ROW - length(&plan) - last + length(&moves[2]["video_link"]) - 2;
    let larges = (room - 60) / large;
    let smalls = (room - larges * large - 30) / small;
    let rest = room - larges * large - smalls * small;
    let ids = [&vec![1; 50 + larges][..], &vec![2; smalls], &[3]].concat();
    for (more, version) in [(0, 1), (1, 2)] {
        let link = format!("https://e.com/{}", "y".repeat(rest + more - 14));
        let link = json!({ "id": 3, "video_link": link, "version": version });
        client.request("update_exercise_move", link).await.unwrap_data();
        let ack =
            client.request("update_workout_plan", json!({ "id": 1, "exercise_moves": refs(&ids) })).await;
        if more == 0 {
            assert_eq!(length(&ack.unwrap_data()), ROW);
        } else {
            assert_eq!(ack.error_keys(), ["exercise_moves"]);
            assert!(ack.error("exercise_moves").contains("262145 bytes"), "{ack:?}");
        }
    }
    let new = fixtures::workout_plan("Long", &ids);
    assert_eq!(client.request("new_workout_plan", new).await.error_keys(), ["exercise_moves"]);
    assert_eq!(client.list_all("workout_plans").await.len(), 1, "nothing of it was written");
    assert_eq!(client.request("get_workout_plan", json!({ "id": 1 })).await.unwrap_data()["version"], 2);
    client.assert_in_sync().await;
    assert!(http::metric(app.address, "rowcast_bounds_met_total").await >= 2.0);
}

async fn oversized_row_is_sent_and_can_be_shortened(app: &TestApp) {
    let client = app.follow().await;
    client.request("new_exercise_move", fixtures::exercise_move("Squat")).await.unwrap_data();
    client.request("new_workout_plan", fixtures::workout_plan("Long", &[1; 100])).await.unwrap_data();
    // Each move is small; the plan embeds it a hundred times.
    client
        .request("update_exercise_move", fixtures::with(large_move("Squat"), json!({ "id": 1 })))
        .await
        .unwrap_data();
    let shown = client.request("get_workout_plan", json!({ "id": 1 })).await.unwrap_data();
    assert!(shown.to_string().len() > ROW);
    client.assert_in_sync().await;
    let renamed = client.request("update_workout_plan", json!({ "id": 1, "name": "Longer" })).await;
    assert_eq!(renamed.error_keys(), ["exercise_moves"]);
    let shorter = json!({ "id": 1, "name": "Short", "exercise_moves": refs(&[1, 1]) });
    let row = client.request("update_workout_plan", shorter).await.unwrap_data();
    assert_eq!(row["exercise_moves"].as_array().unwrap().len(), 2);
    client.assert_in_sync().await;
}

async fn unsendable_row_does_not_block_others(app: &TestApp) {
    let client = app.follow().await;
    client.request("new_exercise_move", large_move("Squat")).await.unwrap_data();
    for name in ["One", "Two", "Three"] {
        client.request("new_workout_plan", fixtures::workout_plan(name, &[1])).await.unwrap_data();
    }
    let links: Vec<String> = (1..300).map(|at| format!("(2, 1, {at})")).collect();
    let links = links.join(",");
    let sql = format!(
        "insert into workout_plan_moves (workout_plan_id, exercise_move_id, position) values {links}"
    );
    app.database.execute(&sql).await;

    let ack = client.request("get_workout_plan", json!({ "id": 2 })).await;
    assert_eq!(ack.error_keys(), ["$too_large"]);
    assert!(ack.error("$too_large").contains(&(ACK - 256).to_string()), "{ack:?}");
    let conflict = json!({ "id": 2, "name": "Stale", "version": 77 });
    let ack = client.request("update_workout_plan", conflict).await;
    assert_eq!((ack.error_keys(), &ack.data), (vec!["$conflict"], &Value::Null));
    for (limit, pages) in [(500, 1), (2, 2), (1, 3)] {
        let (mut rows, mut left_out, mut after, mut count) = (Vec::new(), Vec::new(), Value::Null, 0);
        loop {
            let page = client
                .request("list_workout_plans", json!({ "limit": limit, "after": after }))
                .await
                .unwrap_data();
            rows.extend(page["rows"].as_array().unwrap().iter().map(|row| row["id"].clone()));
            left_out.extend(page["left_out"].as_array().into_iter().flatten().cloned());
            (after, count) = (page["next"].clone(), count + 1);
            if after.is_null() {
                break;
            }
        }
        assert_eq!((rows, left_out, count), (vec![json!(1), json!(3)], vec![json!(2)], pages));
    }
    client.request("delete_workout_plan", json!({ "id": 2 })).await.unwrap_data();
    client.assert_in_sync().await;
}

async fn pages_limited_by_bytes_cover_every_row_once(app: &TestApp) {
    let client = app.connect().await;
    client.request("new_exercise_move", large_move("Squat")).await.unwrap_data();
    let seed: u64 = rand::rng().random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    for at in 0..60 {
        let moves = vec![1; if rng.random::<bool>() { 1 } else { rng.random_range(1..=58) }];
        let plan = fixtures::workout_plan(&format!("Plan {}", at % 7), &moves);
        client.request("new_workout_plan", plan).await.unwrap_data();
    }
    for (sort, limit) in
        [("id", 500), ("name,-id", 500), ("-name", 53), ("-version", rng.random_range(1..60))]
    {
        let (mut rows, mut after, mut early) = (Vec::new(), Value::Null, 0);
        loop {
            let asked = json!({ "sort": sort, "limit": limit, "after": after });
            let page = client.request("list_workout_plans", asked).await.unwrap_data();
            assert!(page.to_string().len() <= ACK, "{} bytes", page.to_string().len());
            let found = page["rows"].as_array().unwrap();
            assert!(!found.is_empty() && found.len() <= limit);
            rows.extend(found.iter().map(|row| (row["name"].to_string(), row["id"].as_i64().unwrap())));
            after = page["next"].clone();
            if after.is_null() {
                break;
            }
            early += usize::from(found.len() < limit);
        }
        let mut sorted = rows.clone();
        match sort {
            "name,-id" => sorted.sort_by_key(|(name, id)| (name.clone(), -id)),
            "-name" => sorted.sort_by(|(one, first), (other, second)| (other, first).cmp(&(one, second))),
            _ => sorted.sort_by_key(|(_, id)| *id),
        }
        assert_eq!(rows, sorted, "{sort}");
        sorted.sort_by_key(|(_, id)| *id);
        assert!(sorted.iter().map(|(_, id)| *id).eq(1..=60), "each once, by {sort}");
        assert!(limit < 500 || early > 0, "no page ended early");
    }
}
