//! How large rows, pages and acks may be: the last byte is taken, one more is refused by name, and nothing else is held up.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use crate::harness::{TestApp, gym, http, on_both_databases};

on_both_databases! {
    row_size_limit_is_exact,
    oversized_row_is_sent_and_can_be_shortened,
    unsendable_row_does_not_block_others,
    pages_limited_by_bytes_cover_every_row_once,
}

const ROW: usize = 256 * 1024;
const ACK: usize = 1024 * 1024;

/// A move of some 4 kB.
fn large_move(name: &str) -> Value {
    let long = json!({
        "description": "\u{1F9D8}".repeat(500),
        "video_link": format!("https://example.com/{}", "x".repeat(1900)),
    });
    gym::with(gym::exercise_move(name), long)
}

fn refs(ids: &[i64]) -> Value {
    ids.iter().map(|id| json!({ "id": id })).collect()
}

async fn row_size_limit_is_exact(app: &TestApp) {
    let client = app.follow().await;
    let mut moves = Vec::new();
    for exercise in [large_move("Squat"), gym::exercise_move("Plank"), gym::exercise_move("Row")] {
        moves.push(client.ask("new_exercise_move", exercise).await.done());
    }
    let length = |row: &Value| row.to_string().len();
    let [large, small, last] = [0, 1, 2].map(|at| length(&moves[at]) + 1);
    let plan = client.ask("new_workout_plan", gym::workout_plan("Long", &[1; 50])).await.done();
    // As many of the large move as there is room for, then of the small one; the address of the last makes up the rest.
    let room = ROW - length(&plan) - last + length(&moves[2]["video_link"]) - 2;
    let larges = (room - 60) / large;
    let smalls = (room - larges * large - 30) / small;
    let rest = room - larges * large - smalls * small;
    let ids = [&vec![1; 50 + larges][..], &vec![2; smalls], &[3]].concat();
    for (more, version) in [(0, 1), (1, 2)] {
        let link = format!("https://e.com/{}", "y".repeat(rest + more - 14));
        let link = json!({ "id": 3, "video_link": link, "version": version });
        client.ask("update_exercise_move", link).await.done();
        let ack = client.ask("update_workout_plan", json!({ "id": 1, "exercise_moves": refs(&ids) })).await;
        if more == 0 {
            assert_eq!(length(&ack.done()), ROW);
        } else {
            assert_eq!(ack.refused(), ["exercise_moves"]);
            assert!(ack.sentence("exercise_moves").contains("262145 bytes"), "{ack:?}");
        }
    }
    let new = gym::workout_plan("Long", &ids);
    assert_eq!(client.ask("new_workout_plan", new).await.refused(), ["exercise_moves"]);
    assert_eq!(client.every("workout_plans").await.len(), 1, "nothing of it was written");
    assert_eq!(client.ask("get_workout_plan", json!({ "id": 1 })).await.done()["version"], 2);
    client.agrees().await;
    assert!(http::metric(app.address, "rowcast_bounds_met_total").await >= 2.0);
}

async fn oversized_row_is_sent_and_can_be_shortened(app: &TestApp) {
    let client = app.follow().await;
    client.ask("new_exercise_move", gym::exercise_move("Squat")).await.done();
    client.ask("new_workout_plan", gym::workout_plan("Long", &[1; 100])).await.done();
    // Each move is small, and so is what is written; the plan shows it a hundred times.
    client.ask("update_exercise_move", gym::with(large_move("Squat"), json!({ "id": 1 }))).await.done();
    let shown = client.ask("get_workout_plan", json!({ "id": 1 })).await.done();
    assert!(shown.to_string().len() > ROW);
    client.agrees().await;
    let renamed = client.ask("update_workout_plan", json!({ "id": 1, "name": "Longer" })).await;
    assert_eq!(renamed.refused(), ["exercise_moves"]);
    let shorter = json!({ "id": 1, "name": "Short", "exercise_moves": refs(&[1, 1]) });
    let row = client.ask("update_workout_plan", shorter).await.done();
    assert_eq!(row["exercise_moves"].as_array().unwrap().len(), 2);
    client.agrees().await;
}

async fn unsendable_row_does_not_block_others(app: &TestApp) {
    let client = app.follow().await;
    client.ask("new_exercise_move", large_move("Squat")).await.done();
    for name in ["One", "Two", "Three"] {
        client.ask("new_workout_plan", gym::workout_plan(name, &[1])).await.done();
    }
    let links: Vec<String> = (1..300).map(|at| format!("(2, 1, {at})")).collect();
    let links = links.join(",");
    let sql = format!(
        "insert into workout_plan_moves (workout_plan_id, exercise_move_id, position) values {links}"
    );
    app.database.execute(&sql).await;

    let ack = client.ask("get_workout_plan", json!({ "id": 2 })).await;
    assert_eq!(ack.refused(), ["$too_large"]);
    assert!(ack.sentence("$too_large").contains(&(ACK - 256).to_string()), "{ack:?}");
    let conflict = json!({ "id": 2, "name": "Stale", "version": 77 });
    let ack = client.ask("update_workout_plan", conflict).await;
    assert_eq!((ack.refused(), &ack.data), (vec!["$conflict"], &Value::Null));
    for (limit, pages) in [(500, 1), (2, 2), (1, 3)] {
        let (mut rows, mut left_out, mut after, mut count) = (Vec::new(), Vec::new(), Value::Null, 0);
        loop {
            let page =
                client.ask("list_workout_plans", json!({ "limit": limit, "after": after })).await.done();
            rows.extend(page["rows"].as_array().unwrap().iter().map(|row| row["id"].clone()));
            left_out.extend(page["left_out"].as_array().into_iter().flatten().cloned());
            (after, count) = (page["next"].clone(), count + 1);
            if after.is_null() {
                break;
            }
        }
        assert_eq!((rows, left_out, count), (vec![json!(1), json!(3)], vec![json!(2)], pages));
    }
    client.ask("delete_workout_plan", json!({ "id": 2 })).await.done();
    client.agrees().await;
}

async fn pages_limited_by_bytes_cover_every_row_once(app: &TestApp) {
    let client = app.connect().await;
    client.ask("new_exercise_move", large_move("Squat")).await.done();
    let seed: u64 = rand::rng().random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    for at in 0..60 {
        let moves = vec![1; if rng.random::<bool>() { 1 } else { rng.random_range(1..=58) }];
        let plan = gym::workout_plan(&format!("Plan {}", at % 7), &moves);
        client.ask("new_workout_plan", plan).await.done();
    }
    for (sort, limit) in
        [("id", 500), ("name,-id", 500), ("-name", 53), ("-version", rng.random_range(1..60))]
    {
        let (mut rows, mut after, mut early) = (Vec::new(), Value::Null, 0);
        loop {
            let asked = json!({ "sort": sort, "limit": limit, "after": after });
            let page = client.ask("list_workout_plans", asked).await.done();
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
