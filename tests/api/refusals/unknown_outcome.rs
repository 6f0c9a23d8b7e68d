//! A commit with an unknown outcome: the client is told so, and learns the outcome by repeating the request.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    harness::{
        Client, TIMEOUT, fixtures, http,
        postgres::{Cluster, Session},
        process::ServerProcess,
    },
    live::{request_id, request_with_id},
};

/// Makes commits wait for a standby that does not exist.
async fn require_missing_standby(cluster: &Cluster) {
    let mut session = Session::open(cluster.url()).await;
    session.execute("alter system set synchronous_standby_names = 'nobody'").await;
    session.execute("select pg_reload_conf()").await;
    // Processes apply the setting with a delay.
    session.until("select (current_setting('synchronous_standby_names') = 'nobody')::text").await;
}

async fn stop_requiring_standby(cluster: &Cluster) {
    let mut session = Session::open(cluster.url()).await;
    session.execute("alter system reset synchronous_standby_names").await;
    session.execute("select pg_reload_conf()").await;
}

/// Repeats the request until its outcome is known.
async fn wait_until_known(
    client: &Client,
    id: &str,
    event: &str,
    payload: &Value,
) -> crate::harness::wire::Ack {
    let ask = async {
        loop {
            let ack = request_with_id(client, id, event, payload).await;
            if ack.ok || ack.error_keys() != ["$unknown_outcome"] {
                break ack;
            }
        }
    };
    tokio::time::timeout(TIMEOUT, ask).await.expect("it to be known")
}

async fn wait_for_readiness(program: &ServerProcess, says: &str) -> String {
    let wait = async {
        loop {
            let (status, reason) = http::get(program.address, "/readyz").await;
            if (says == "ready") == (status == 200) && reason.contains(says) {
                break reason;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, wait).await.unwrap_or_else(|_| panic!("/readyz to say {says}"))
}

#[actix_web::test]
async fn hanging_commit_is_unknown_until_it_ends() {
    let cluster = Cluster::start();
    let programs = [ServerProcess::serve(cluster.url(), &[]), ServerProcess::serve(cluster.url(), &[])];
    let client = Client::follow(programs[0].address).await;
    let (again, elsewhere) =
        (Client::connect(programs[0].address).await, Client::connect(programs[1].address).await);
    fixtures::seed_one_of_each(&client).await;
    require_missing_standby(&cluster).await;
    let (made, changed) = (request_id(), request_id());
    let (grace, older) = (fixtures::coach("Grace"), json!({ "id": 1, "age": 50 }));

    let (first, second) = tokio::join!(request_with_id(&client, &made, "new_coach", &grace), async {
        let waits = wait_for_readiness(&programs[0], "commits are not confirmed").await;
        assert!(waits.contains("commits are not confirmed"), "{waits}");
        request_with_id(&again, &changed, "update_coach", &older).await
    });
    assert_eq!(first.error_keys(), ["$unknown_outcome"]);
    assert_eq!(second.error_keys(), ["$unknown_outcome"]);
    assert!(again.request("get_coach", json!({ "id": 1 })).await.ok, "reading goes on");
    wait_for_readiness(&programs[0], "synchronous standby").await;
    // A repeated request is neither executed nor refused as not written, on either node.
    for repeats in [&again, &elsewhere] {
        let repeat = request_with_id(repeats, &made, "new_coach", &grace).await;
        assert_eq!(repeat.error_keys(), ["$unknown_outcome"], "{repeat:?}");
    }
    let repeat = request_with_id(&elsewhere, &changed, "update_coach", &older).await;
    assert_eq!(repeat.error_keys(), ["$unknown_outcome"], "{repeat:?}");

    stop_requiring_standby(&cluster).await;
    let (made_here, made_there) = (
        wait_until_known(&client, &made, "new_coach", &grace).await,
        wait_until_known(&elsewhere, &made, "new_coach", &grace).await,
    );
    assert_eq!(made_here, made_there);
    assert_eq!(made_here.unwrap_data()["id"], 2);
    assert_eq!(wait_until_known(&client, &changed, "update_coach", &older).await.unwrap_data()["version"], 2);
    wait_for_readiness(&programs[0], "ready").await;
    client.wait_for_replica("what was committed", |replica| replica.rows("coaches").len() == 2).await;
    client.assert_in_sync().await;
}
