//! A list-only collection is not sent to clients, and rows that embed its rows are live.

use planner::collections::{Coaches, ExerciseMoves, Schedules, WorkoutPlans};
use rowcast::{
    collection::{ActiveModel, Changeset, Collection, Column, Model, RowUpdate},
    database::Transaction,
    registry::Registry,
};
use sea_orm::DbErr;
use serde_json::{Value, json};

use crate::harness::{Client, Database, Node, ReplicaModel, fixtures, on_empty_databases};

on_empty_databases! {
    list_only_collection_is_never_sent,
    embedding_rows_are_published,
    list_only_collection_is_not_sent_after_restart,
}

/// The planner's moves as a list-only collection.
struct Moves;

impl Collection for Moves {
    type Entity = <ExerciseMoves as Collection>::Entity;
    type Row = <ExerciseMoves as Collection>::Row;
    type New = <ExerciseMoves as Collection>::New;
    type Update = <ExerciseMoves as Collection>::Update;

    const SINGULAR: &'static str = ExerciseMoves::SINGULAR;
    const NAME: &'static str = ExerciseMoves::NAME;
    const ID: Column<Self> = ExerciseMoves::ID;
    const VERSION: Column<Self> = ExerciseMoves::VERSION;
    const COLUMNS: &'static [(&'static str, Column<Self>)] = ExerciseMoves::COLUMNS;
    const LIVE: bool = false;

    fn create(new: Self::New) -> Changeset<ActiveModel<Self>> {
        ExerciseMoves::create(new)
    }

    fn update(update: Self::Update) -> RowUpdate<ActiveModel<Self>> {
        ExerciseMoves::update(update)
    }

    async fn rows(db: &Transaction, models: Vec<Model<Self>>) -> Result<Vec<Self::Row>, DbErr> {
        ExerciseMoves::rows(db, models).await
    }
}

const LIVE: [&str; 3] = ["coaches", "workout_plans", "schedules"];

async fn start(url: &str) -> Node {
    let registry = Registry::builder("planner");
    let registry = registry.with::<Coaches>().with::<WorkoutPlans>().with::<Moves>().with::<Schedules>();
    Node::start_with(url, &[], registry.build()).await
}

async fn list_only_collection_is_never_sent(database: &Database) {
    let node = start(&database.url()).await;
    let clients = [connect(&node, json!({})).await, connect(&node, json!({ "live": "changes" })).await];
    for client in &clients {
        assert_eq!(client.events_since(0), [&["connected"][..], &LIVE].concat());
    }
    let thens = clients.each_ref().map(Client::now);
    for (at, client) in clients.iter().enumerate() {
        let row = client.request("new_exercise_move", fixtures::exercise_move("Squat")).await.unwrap_data();
        let id = row["id"].clone();
        assert_eq!(client.request("get_exercise_move", json!({ "id": id })).await.unwrap_data(), row);
        let row =
            client.request("update_exercise_move", json!({ "id": id, "name": "Plank" })).await.unwrap_data();
        let page =
            client.request("list_exercise_moves", json!({ "sort": "-id", "limit": 1 })).await.unwrap_data();
        assert_eq!(page["rows"], json!([row]));
        client.request("delete_exercise_move", json!({ "id": id })).await.unwrap_data();
        assert_eq!(client.list_all("exercise_moves").await, [] as [Value; 0], "client {at}");
    }
    for (client, then) in clients.iter().zip(thens) {
        client.assert_responsive().await;
        assert_eq!(client.events_since(then), [] as [String; 0]);
        let then = client.now();
        client.request("refresh", Value::Null).await.unwrap_data();
        assert_eq!(client.events_since(then), LIVE);
    }
    node.stop().await;
}

async fn embedding_rows_are_published(database: &Database) {
    let node = start(&database.url()).await;
    let client = connect(&node, json!({ "live": "changes" })).await;
    let snapshots = connect(&node, json!({})).await;
    fixtures::seed_one_of_each(&client).await;
    let then = client.now();
    let row =
        client.request("update_exercise_move", json!({ "id": 1, "name": "Deep squat" })).await.unwrap_data();
    let plan = client.request("get_workout_plan", json!({ "id": 1 })).await.unwrap_data();
    assert_eq!(plan["exercise_moves"], json!([row]));
    assert_eq!(
        client.changes_since(then),
        [json!({ "workout_plans": { "upserted": [plan], "deleted": [] } })]
    );
    snapshots.wait_for_rows("workout_plans", |rows| rows == [plan.clone()]).await;

    database.execute("update exercise_moves set name = 'Marker'").await;
    let marked =
        |replica: &ReplicaModel| replica.rows("workout_plans")[0]["exercise_moves"][0]["name"] == "Marker";
    client.wait_for_replica("another program's change", marked).await;
    node.stop().await;
}

async fn list_only_collection_is_not_sent_after_restart(database: &Database) {
    let node = start(&database.url()).await;
    let writer = connect(&node, json!({})).await;
    let client = connect(&node, json!({ "live": "changes" })).await;
    fixtures::seed_one_of_each(&writer).await;
    client.wait_for_replica("the gym", |replica| replica.rows("schedules").len() == 1).await;
    let since = client.replica().cursor().map(str::to_owned);
    drop(client);
    writer.request("new_exercise_move", fixtures::exercise_move("Plank")).await.unwrap_data();
    writer.request("update_exercise_move", json!({ "id": 1, "name": "Deep squat" })).await.unwrap_data();
    let plan = writer.request("get_workout_plan", json!({ "id": 1 })).await.unwrap_data();
    let missed = json!({ "workout_plans": { "upserted": [plan], "deleted": [] } });
    let back = connect(&node, json!({ "live": "changes", "since": since })).await;
    assert_eq!(back.changes_since(0), std::slice::from_ref(&missed));
    node.stop().await;

    let node = start(&database.url()).await;
    let back = connect(&node, json!({ "live": "changes", "since": since })).await;
    assert_eq!(back.changes_since(0), [missed]);
    node.stop().await;
}

/// A client that has received the first snapshots, or the missed changes.
async fn connect(node: &Node, auth: Value) -> Client {
    let client = Client::open(node.address).await;
    client.send(format!("40{auth}"));
    client.next_event(if auth["since"].is_string() { "changes" } else { "schedules" }).await;
    client
}
