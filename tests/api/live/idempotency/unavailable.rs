//! A refusal because of an unavailable database is not stored: the same request succeeds later.

use serde_json::json;

use super::{request_id, request_with_id};
use crate::harness::{
    Client, Engine, TIMEOUT, fixtures, postgres::Cluster, process::ServerProcess, with_app,
};

#[actix_web::test]
async fn refusal_by_locked_file_is_not_stored() {
    with_app(Engine::Sqlite, async |app| {
        let client = app.follow().await;
        fixtures::seed_one_of_each(&client).await;
        let file = rusqlite::Connection::open(app.database.url().trim_start_matches("sqlite://")).unwrap();
        file.execute_batch("begin immediate").unwrap();
        let (id, grace) = (request_id(), fixtures::coach("Grace"));
        assert_eq!(request_with_id(&client, &id, "new_coach", &grace).await.error_keys(), ["$unavailable"]);
        let busy = request_id();
        let taken = request_with_id(&client, &busy, "delete_coach", &json!({ "id": 1 })).await;
        assert_eq!(taken.error_keys(), ["$unavailable"], "a refusal that cannot be kept is none");
        file.execute_batch("rollback").unwrap();
        let first = request_with_id(&client, &id, "new_coach", &grace).await;
        assert!(first.ok, "{first:?}");
        assert_eq!(request_with_id(&client, &id, "new_coach", &grace).await, first);
        assert_eq!(
            request_with_id(&client, &busy, "delete_coach", &json!({ "id": 1 })).await.error_keys(),
            ["$in_use"]
        );
        assert_eq!(client.replica().rows("coaches").len(), 2);
        client.assert_in_sync().await;
    })
    .await;
}

#[actix_web::test]
async fn refusal_during_outage_is_not_stored() {
    let mut cluster = Cluster::start();
    let program = ServerProcess::serve(cluster.url(), &[]);
    let client = Client::follow(program.address).await;
    fixtures::seed_one_of_each(&client).await;
    let (before, during) = (request_id(), request_id());
    let (grace, edsger) = (fixtures::coach("Grace"), fixtures::coach("Edsger"));
    let first = request_with_id(&client, &before, "new_coach", &grace).await;
    cluster.crash();
    for _ in 0..2 {
        assert_eq!(
            request_with_id(&client, &during, "new_coach", &edsger).await.error_keys(),
            ["$unavailable"]
        );
        assert_eq!(
            request_with_id(&client, &before, "new_coach", &grace).await.error_keys(),
            ["$unavailable"]
        );
    }
    cluster.recover();
    let repeats = async {
        loop {
            let ack = request_with_id(&client, &during, "new_coach", &edsger).await;
            match ack.ok {
                true => break ack,
                false => assert_eq!(ack.error_keys(), ["$unavailable"]),
            }
        }
    };
    let second = tokio::time::timeout(TIMEOUT, repeats).await.expect("writes to succeed again");
    assert_eq!(request_with_id(&client, &before, "new_coach", &grace).await, first);
    assert_eq!(request_with_id(&client, &during, "new_coach", &edsger).await, second);
    assert_eq!(client.replica().rows("coaches").len(), 3);
    client.assert_in_sync().await;
}
