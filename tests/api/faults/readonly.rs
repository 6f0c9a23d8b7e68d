//! PostgreSQL answers, and takes no writes.

use serde_json::json;

use crate::harness::{
    Client, PATIENCE, gym, http,
    postgres::{self, Cluster},
    program::Program,
};

/// A database that is set so, as a failover or an administrator may leave it, and everybody connects anew.
const SET: &str = "begin read write; alter database {name} set default_transaction_read_only = {on}; commit;
    select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()";

#[actix_web::test]
async fn read_only_database_makes_server_unready() {
    let cluster = Cluster::start();
    let program = Program::serve(cluster.url(), &[]);
    let client = Client::connect(program.address).await;
    gym::open(&client).await;
    let name = cluster.url().rsplit('/').next().unwrap().split('?').next().unwrap();
    let set = |on: &str| SET.replace("{name}", name).replace("{on}", on);

    postgres::execute(cluster.url(), &set("on")).await;
    let refused = async { while client.ask("new_coach", gym::coach("Grace")).await.ok {} };
    tokio::time::timeout(PATIENCE, refused).await.expect("writes to be refused");
    http::until_status(program.address, "/readyz", 503, PATIENCE).await;
    let said = async {
        while !http::get(program.address, "/readyz").await.1.contains("read-only transaction") {
            client.ask("new_coach", gym::coach("Grace")).await;
        }
    };
    tokio::time::timeout(PATIENCE, said).await.expect("the database's own words");
    assert_eq!(client.ask("get_coach", json!({ "id": 1 })).await.done()["name"], "Ada", "reads go on");

    postgres::execute(cluster.url(), &set("off")).await;
    http::until_status(program.address, "/readyz", 200, PATIENCE).await;
    client.ask("new_coach", gym::coach("Edsger")).await.done();
}
