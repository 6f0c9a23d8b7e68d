//! PostgreSQL is up but read-only.

use serde_json::json;

use crate::harness::{
    Client, TIMEOUT, fixtures, http,
    postgres::{self, Cluster},
    process::ServerProcess,
};

/// Makes the database read-only, as after a failover, and closes all connections.
const SET: &str = "begin read write; alter database {name} set default_transaction_read_only = {on}; commit;
    select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()";

#[actix_web::test]
async fn read_only_database_makes_server_unready() {
    let cluster = Cluster::start();
    let program = ServerProcess::serve(cluster.url(), &[]);
    let client = Client::connect(program.address).await;
    fixtures::seed_one_of_each(&client).await;
    let name = cluster.url().rsplit('/').next().unwrap().split('?').next().unwrap();
    let set = |on: &str| SET.replace("{name}", name).replace("{on}", on);

    postgres::execute(cluster.url(), &set("on")).await;
    let refused = async { while client.request("new_coach", fixtures::coach("Grace")).await.ok {} };
    tokio::time::timeout(TIMEOUT, refused).await.expect("writes to be refused");
    http::until_status(program.address, "/readyz", 503, TIMEOUT).await;
    let said = async {
        while !http::get(program.address, "/readyz").await.1.contains("read-only transaction") {
            client.request("new_coach", fixtures::coach("Grace")).await;
        }
    };
    tokio::time::timeout(TIMEOUT, said).await.expect("the database's own words");
    assert_eq!(
        client.request("get_coach", json!({ "id": 1 })).await.unwrap_data()["name"],
        "Ada",
        "reads go on"
    );

    postgres::execute(cluster.url(), &set("off")).await;
    http::until_status(program.address, "/readyz", 200, TIMEOUT).await;
    client.request("new_coach", fixtures::coach("Edsger")).await.unwrap_data();
}
