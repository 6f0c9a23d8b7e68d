//! Metrics of live updates.

use serde_json::json;

use crate::harness::{
    Client, Database, ReplicaModel, fixtures, http, on_empty_databases, process::ServerProcess,
};

on_empty_databases! { live_metrics_are_exported }

async fn live_metrics_are_exported(database: &Database) {
    let program = ServerProcess::serve(&database.url(), &[]);
    let address = program.address;
    let client = Client::follow(address).await;
    fixtures::seed_one_of_each(&client).await;
    let kept = client.replica();
    for _ in 0..3 {
        Client::resume(address, kept.clone()).await;
    }
    Client::resume(address, ReplicaModel::at("nonsense.7")).await;
    client.request("update_coach", json!({ "id": 1, "age": 50 })).await.unwrap_data();

    let (_, metrics) = http::get(address, "/metrics").await;
    for line in [
        r#"rowcast_live_resumed_total{with="changes"} 3"#,
        r#"rowcast_live_resumed_total{with="snapshots"} 1"#,
        r#"rowcast_collection_rows{collection="coaches"} 1"#,
    ] {
        assert!(metrics.lines().any(|shown| shown == line), "{line}");
    }
    for name in [
        "rowcast_live_publish_seconds_count",
        "rowcast_live_lag_seconds_count",
        "rowcast_live_delivery_seconds_count",
        "rowcast_live_history_changes",
    ] {
        http::until_metric(address, name, |count| count >= 5.0).await;
    }
    http::until_metric(address, "rowcast_log_horizon_seconds", |seconds| seconds == 0.0).await;
}
