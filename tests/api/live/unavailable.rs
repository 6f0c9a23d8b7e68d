//! What could not be carried out because the database was away is not remembered: the same request succeeds later.

use serde_json::json;

use super::once::{ask, id};
use crate::harness::{Client, Engine, PATIENCE, gym, postgres::Cluster, program::Program, tell};

#[actix_web::test]
async fn refusal_by_locked_file_is_not_stored() {
    tell(Engine::Sqlite, async |app| {
        let client = app.follow().await;
        gym::open(&client).await;
        let file = rusqlite::Connection::open(app.database.url().trim_start_matches("sqlite://")).unwrap();
        file.execute_batch("begin immediate").unwrap();
        let (id, grace) = (id(), gym::coach("Grace"));
        assert_eq!(ask(&client, &id, "new_coach", &grace).await.refused(), ["$unavailable"]);
        let busy = self::id();
        let taken = ask(&client, &busy, "delete_coach", &json!({ "id": 1 })).await;
        assert_eq!(taken.refused(), ["$unavailable"], "a refusal that cannot be kept is none");
        file.execute_batch("rollback").unwrap();
        let first = ask(&client, &id, "new_coach", &grace).await;
        assert!(first.ok, "{first:?}");
        assert_eq!(ask(&client, &id, "new_coach", &grace).await, first);
        assert_eq!(ask(&client, &busy, "delete_coach", &json!({ "id": 1 })).await.refused(), ["$in_use"]);
        assert_eq!(client.copy().rows("coaches").len(), 2);
        client.agrees().await;
    })
    .await;
}

#[actix_web::test]
async fn refusal_during_outage_is_not_stored() {
    let mut cluster = Cluster::start();
    let program = Program::serve(cluster.url(), &[]);
    let client = Client::follow(program.address).await;
    gym::open(&client).await;
    let (before, during) = (id(), id());
    let (grace, edsger) = (gym::coach("Grace"), gym::coach("Edsger"));
    let first = ask(&client, &before, "new_coach", &grace).await;
    cluster.crash();
    for _ in 0..2 {
        assert_eq!(ask(&client, &during, "new_coach", &edsger).await.refused(), ["$unavailable"]);
        assert_eq!(ask(&client, &before, "new_coach", &grace).await.refused(), ["$unavailable"]);
    }
    cluster.recover();
    let repeats = async {
        loop {
            let ack = ask(&client, &during, "new_coach", &edsger).await;
            match ack.ok {
                true => break ack,
                false => assert_eq!(ack.refused(), ["$unavailable"]),
            }
        }
    };
    let second = tokio::time::timeout(PATIENCE, repeats).await.expect("writes to succeed again");
    assert_eq!(ask(&client, &before, "new_coach", &grace).await, first);
    assert_eq!(ask(&client, &during, "new_coach", &edsger).await, second);
    assert_eq!(client.copy().rows("coaches").len(), 3);
    client.agrees().await;
}
