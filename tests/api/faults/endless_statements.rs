//! Long statements do not block other clients for long.

use planner::collections::{Coaches, ExerciseMoves, Schedules, WorkoutPlans};
use rowcast::{
    context::Context,
    error::Error,
    registry::{Registry, Route, TransactionKind},
};
use rowcast_schema::ById;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use crate::harness::{Client, Database, Engine, Node, fixtures, http};

/// Counts to a number that no machine reaches.
const ENDLESS: &str =
    "with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 1000000000000)
    select count(*) as n from numbers";

#[actix_web::test]
async fn endless_read_is_cancelled_and_frees_its_reader() {
    let database = Database::new(Engine::Sqlite).await;
    let node = start(&database).await;
    let clients = [(); 4].map(|()| Client::connect(node.address));
    let clients = futures_util::future::join_all(clients).await;
    fixtures::seed_one_of_each(&clients[0]).await;
    let endless: Vec<u64> =
        clients[1..].iter().map(|client| client.emit("count_endlessly", &[json!({ "id": 1 })])).collect();
    assert_eq!(http::get(node.address, "/readyz").await.0, 200, "a reader is kept for what is quick");
    for (client, ack) in clients[1..].iter().zip(endless) {
        assert_eq!(client.ack(ack).await.error_keys(), ["$unavailable"]);
    }
    assert_eq!(clients[0].request("get_coach", json!({ "id": 1 })).await.unwrap_data()["name"], "Ada");
    assert_eq!(http::get(node.address, "/readyz").await.0, 200);
    node.stop().await;
}

#[actix_web::test]
async fn endless_write_is_cancelled_alone() {
    let database = Database::new(Engine::Sqlite).await;
    let node = start(&database).await;
    let (slow, other) = (Client::connect(node.address).await, Client::connect(node.address).await);
    let endless = slow.emit("write_endlessly", &[json!({ "id": 1 })]);
    let names = ["Ada", "Grace", "Edsger"];
    let acks = names.map(|name| other.emit("new_coach", &[fixtures::coach(name)]));
    assert_eq!(slow.ack(endless).await.error_keys(), ["$unavailable"]);
    for ack in acks {
        other.ack(ack).await.unwrap_data();
    }
    let found: Vec<Value> =
        other.list_all("coaches").await.iter().map(|coach| coach["name"].clone()).collect();
    assert_eq!(found, names);
    node.stop().await;
}

async fn start(database: &Database) -> Node {
    let read = async |context: &Context<'_>, _: ById| {
        let count = Statement::from_string(context.db.get_database_backend(), ENDLESS);
        context.db.query_one_raw(count).await?;
        Ok::<_, Error>(())
    };
    let write = async |context: &Context<'_>, _: ById| {
        let sql = format!(
            "insert into rowcast_change_log_marks (at, next) {}",
            ENDLESS.replace("count(*) as n", "n, n")
        );
        let insert = Statement::from_string(context.db.get_database_backend(), sql);
        context.db.execute_raw(insert).await?;
        Ok::<_, Error>(())
    };
    let registry =
        Registry::builder("planner").with::<Coaches>().with::<ExerciseMoves>().with::<WorkoutPlans>();
    let registry = registry
        .with::<Schedules>()
        .on("count_endlessly", Route::new(TransactionKind::Read, read))
        .on("write_endlessly", Route::new(TransactionKind::Write, write));
    Node::start_with(&database.url(), &[], registry.build()).await
}
