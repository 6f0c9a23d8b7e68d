//! A client that asks for parts receives its first snapshot in parts, and then changes as others do.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{
    Client, Database, Node, ReplicaModel, TestApp,
    client::COLLECTIONS,
    fixtures, http,
    line::line,
    on_both_databases, on_empty_databases,
    wire::{self, ServerPacket},
};

on_both_databases! {
    parts_replace_snapshots,
    empty_collections_have_one_part_each,
    own_change_follows_parts_and_precedes_ack,
    slow_client_with_reconnects_converges,
    polling_client_receives_parts,
}
on_empty_databases! {
    last_part_lists_withheld_collections,
    all_collections_withheld_send_one_part,
    large_resume_is_sent_in_parts,
    sign_out_ends_parts,
}

/// Bytes per second; a first snapshot takes some seconds.
const RATE: usize = 1_000_000;

/// Inserts coaches of about half a kilobyte each.
async fn insert_coaches(database: &Database, count: usize) {
    let picture = format!("https://example.com/{}", "x".repeat(400));
    let numbers = format!(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < {count}) \
         insert into coaches (name, age, picture) select 'Coach ' || i, 30, '{picture}' from n"
    );
    database.execute(&numbers).await;
}

/// The parts received since then: collection and number of rows.
fn parts(client: &Client, then: usize) -> Vec<(String, usize)> {
    let part = |packet| match packet {
        ServerPacket::Event(name, what) if name == "part" => {
            let rows = what[0]["rows"].as_array().expect("rows").len();
            Some((what[0]["collection"].as_str().expect("a collection").to_owned(), rows))
        }
        _ => None,
    };
    client.since(then).into_iter().filter_map(part).collect()
}

fn is_last_part(packet: &ServerPacket) -> bool {
    matches!(packet, ServerPacket::Event(name, what) if name == "part" && what[0]["n"] == what[0]["of"])
}

async fn parts_replace_snapshots(app: &TestApp) {
    let writer = app.follow().await;
    fixtures::seed_one_of_each(&writer).await;
    insert_coaches(&app.database, 500).await;
    writer.assert_in_sync().await;

    let client = Client::in_parts(app.address, ReplicaModel::default()).await;
    client.assert_in_sync().await;
    let first = parts(&client, 0);
    let names: BTreeSet<String> = client.events_since(0).into_iter().collect();
    assert_eq!(names, ["connected", "part"].map(str::to_owned).into());
    let of = |collection: &str| first.iter().filter(|(name, _)| name == collection).count();
    assert_eq!(COLLECTIONS.map(of), [4, 1, 1, 1], "some 64 kB each");
    let mut order: Vec<&String> = first.iter().map(|(name, _)| name).collect();
    order.dedup();
    assert_eq!(order, COLLECTIONS);

    let then = client.now();
    client.request("refresh", Value::Null).await.unwrap_data();
    assert_eq!(parts(&client, then), first, "once more, before the ack");

    let then = client.now();
    let row = writer.request("update_coach", json!({ "id": 9, "age": 51 })).await.unwrap_data();
    client.wait_for_replica("a change", |replica| replica.has("coaches", &row)).await;
    assert_eq!(client.events_since(then), ["changes"]);

    let back = Client::in_parts(app.address, client.replica()).await;
    assert_eq!(back.events_since(0), ["connected", "changes"]);
    back.assert_in_sync().await;
    let lost =
        Client::in_parts(app.address, ReplicaModel::at("8a3c5ff8-0d0a-4b0a-9c57-0a5a7f2f3c11.7")).await;
    assert_eq!(parts(&lost, 0).len(), first.len());
    lost.assert_in_sync().await;
    let auth = json!({ "chunks": true });
    let snapshots = app.connect_with(&auth).await.expect("to be connected");
    assert_eq!(
        snapshots.events_since(0),
        [&["connected"][..], &COLLECTIONS].concat(),
        "not asked for changes"
    );
    let refused = app.connect_with(&json!({ "live": "changes", "chunks": "yes" })).await.err().expect("no");
    assert!(refused["data"]["errors"]["$bad_payload"].as_str().unwrap().contains("chunks"), "{refused}");
}

async fn empty_collections_have_one_part_each(app: &TestApp) {
    let client = Client::in_parts(app.address, ReplicaModel::default()).await;
    assert_eq!(parts(&client, 0), COLLECTIONS.map(|name| (name.to_owned(), 0)));
    client.assert_in_sync().await;
    let row = client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    assert!(client.replica().has("coaches", &row));
}

async fn own_change_follows_parts_and_precedes_ack(app: &TestApp) {
    let writer = app.follow().await;
    insert_coaches(&app.database, 4000).await;
    writer.assert_in_sync().await;

    let client = Client::open(line(app.address, RATE).await).await;
    client.send(r#"40{"live":"changes","chunks":true}"#);
    client.next_event("part").await;
    let id = client.emit("update_coach", &[json!({ "id": 4000, "age": 44 })]);
    let ack = client.ack(id).await.unwrap_data();
    let packets = client.since(0);
    let at = |so: &dyn Fn(&ServerPacket) -> bool| packets.iter().position(so).expect("to be received");
    let last = at(&is_last_part);
    let change = at(&|packet| matches!(packet, ServerPacket::Event(name, _) if name == "changes"));
    let acked = at(&|packet| matches!(packet, ServerPacket::Ack(..)));
    assert!(last < change && change < acked, "{last}, {change}, {acked}");
    assert!(client.replica().has("coaches", &ack));
    client.assert_in_sync().await;
}

async fn slow_client_with_reconnects_converges(app: &TestApp) {
    let writer = app.follow().await;
    fixtures::seed_one_of_each(&writer).await;
    insert_coaches(&app.database, 3000).await;
    writer.assert_in_sync().await;
    let write = async {
        for round in 0.. {
            let id = round * 37 % 3000 + 1;
            writer
                .request("update_coach", json!({ "id": id, "name": format!("Round {round}") }))
                .await
                .unwrap_data();
            if round % 10 == 0 {
                writer.request("new_coach", fixtures::coach(&format!("New {round}"))).await.unwrap_data();
                writer
                    .request("update_schedule", json!({ "id": 1, "hour": format!("{}", 600 + round % 60) }))
                    .await
                    .unwrap_data();
            }
        }
    };
    let read = async {
        let mut kept = ReplicaModel::default();
        for (parts, whole) in [(3, false), (9, false), (0, true), (0, true)] {
            let client = Client::open(line(app.address, 4 * RATE).await).await;
            kept = client.receive_parts(kept, parts, whole).await;
        }
        kept
    };
    let kept = tokio::select! {
        kept = read => kept,
        () = write => unreachable!("it writes for ever"),
    };
    let client = Client::in_parts(app.address, kept).await;
    client.assert_in_sync().await;
    writer.assert_in_sync().await;
}

impl Client {
    /// Connects, and leaves after this many parts, or after the whole snapshot and some changes.
    async fn receive_parts(self, kept: ReplicaModel, parts: usize, whole: bool) -> ReplicaModel {
        let auth = json!({ "live": "changes", "chunks": true, "since": kept.cursor() });
        self.set_replica(kept);
        self.send(format!("40{auth}"));
        let received = |packets: &[ServerPacket]| {
            let of = |name: &str| {
                packets
                    .iter()
                    .filter(|one| matches!(one, ServerPacket::Event(event, _) if event == name))
                    .count()
            };
            let enough = if whole { of("changes") > 5 } else { of("part") >= parts };
            enough.then_some(())
        };
        self.until("what it stays for", received).await;
        let kept = self.replica();
        assert_eq!(kept.cursor().is_some(), whole, "only the last part has a cursor");
        kept.without_incomplete_parts()
    }
}

async fn polling_client_receives_parts(app: &TestApp) {
    let writer = app.follow().await;
    insert_coaches(&app.database, 2000).await;
    writer.assert_in_sync().await;
    let (path, enter) = ("/socket.io/?EIO=4&transport=polling", r#"40{"live":"changes","chunks":true}"#);
    let (_, open) = http::get(app.address, path).await;
    let ServerPacket::Open(open) = wire::read(&open) else { panic!("{open}") };
    let path = format!("{path}&sid={}", open["sid"].as_str().unwrap());
    http::post(app.address, &path, enter).await;
    let (mut replica, mut polls, mut last) = (ReplicaModel::default(), 0, false);
    while !last {
        let (_, payload) = http::get(app.address, &path).await;
        assert!(payload.len() < 512 * 1024, "{} bytes in one answer", payload.len());
        polls += 1;
        for packet in payload.split('\u{1e}').map(wire::read) {
            last |= is_last_part(&packet);
            if let ServerPacket::Event(name, arguments) = packet {
                replica.apply(&name, &arguments);
            }
        }
    }
    assert!(polls > 3, "{polls} answers");
    assert_eq!(replica.rows("coaches"), writer.replica().rows("coaches"));
}

async fn start(database: &Database, limit: usize) -> Node {
    Node::start(&database.url(), &["--collection-bytes", &limit.to_string()]).await
}

async fn last_part_lists_withheld_collections(database: &Database) {
    let node = start(database, 100_000).await;
    let writer = Client::follow(node.address).await;
    fixtures::seed_one_of_each(&writer).await;
    let early = Client::in_parts(node.address, ReplicaModel::default()).await;
    insert_coaches(database, 500).await;
    early.wait_for_replica("coaches withheld", |replica| replica.is_withheld("coaches")).await;
    let late = Client::in_parts(node.address, ReplicaModel::default()).await;
    assert!(late.replica().is_withheld("coaches"));
    let names: Vec<String> = parts(&late, 0).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, COLLECTIONS[1..]);

    database.execute("delete from coaches where id > 9").await;
    for client in [&early, &late] {
        client.assert_in_sync().await;
        assert!(!client.events_since(0).contains(&"coaches".to_owned()), "in parts");
    }
    node.stop().await;
}

async fn all_collections_withheld_send_one_part(database: &Database) {
    let node = start(database, 1024).await;
    let writer = Client::follow(node.address).await;
    fixtures::seed_one_of_each(&writer).await;
    let long = json!({ "description": "x".repeat(500) });
    for _ in 0..3 {
        writer.request("new_coach", fixtures::coach("Ada")).await;
        writer
            .request("new_exercise_move", fixtures::with(fixtures::exercise_move("Row"), long.clone()))
            .await
            .unwrap_data();
        writer.request("new_workout_plan", fixtures::workout_plan("Long", &[1; 10])).await.unwrap_data();
    }
    insert_coaches(database, 9).await;
    for _ in 0..12 {
        writer.request("new_schedule", fixtures::schedule("Monday", "900")).await.unwrap_data();
    }
    for collection in COLLECTIONS {
        writer.wait_for_replica("all withheld", |replica| replica.is_withheld(collection)).await;
    }
    let client = Client::in_parts(node.address, ReplicaModel::default()).await;
    assert_eq!(client.events_since(0), ["connected", "part"]);
    COLLECTIONS.iter().for_each(|collection| assert!(client.replica().is_withheld(collection)));
    let back = Client::in_parts(node.address, client.replica()).await;
    back.assert_responsive().await;
    node.stop().await;
}

async fn large_resume_is_sent_in_parts(database: &Database) {
    let node = Node::start(&database.url(), &[]).await;
    let writer = Client::follow(node.address).await;
    let kept = Client::in_parts(node.address, ReplicaModel::default()).await.replica();
    insert_coaches(database, 4000).await;
    writer.assert_in_sync().await;
    let back = Client::in_parts(node.address, kept.clone()).await;
    assert!(parts(&back, 0).len() > 20);
    back.assert_in_sync().await;
    let other = Client::resume(node.address, kept).await;
    assert_eq!(other.events_since(0), ["connected", "changes"], "without `chunks` there are no parts");
    node.stop().await;
}

async fn sign_out_ends_parts(database: &Database) {
    // Well-known passwords are seeded in access mode `open` only.
    Node::start(&database.url(), &["--access", "open", "--sample-data", "always"]).await.stop().await;
    let node = Node::start(&database.url(), &["--access", "members"]).await;
    let login = json!({ "username": "mara", "password": "mara_password" });
    let member = Client::connect_only(node.address, &json!({})).await.expect("to be connected");
    let token = member.request("login", login).await.unwrap_data()["token"].clone();
    insert_coaches(database, 12_000).await;
    member.wait_for_replica("the coaches", |replica| replica.rows("coaches").len() > 12_000).await;
    let auth = json!({ "live": "changes", "chunks": true, "token": token });
    let slow = Client::open(line(node.address, RATE).await).await;
    slow.send(format!("40{auth}"));
    slow.next_event("part").await;
    member.request("logout", Value::Null).await.unwrap_data();
    slow.next_event("signed_out").await;
    assert!(!slow.since(0).iter().any(is_last_part), "all of it takes six seconds");
    node.stop().await;
}
