//! Access to the metrics.

use tempfile::tempdir;

use crate::harness::{
    http::{Answer, browse},
    process::ServerProcess,
};

async fn metrics(app: &ServerProcess, headers: &[(&str, &str)]) -> Answer {
    browse(app.address, "/metrics", headers).await
}

fn body_text(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

#[actix_web::test]
async fn metrics_are_served_to_local_requests_only() {
    let folder = tempdir().unwrap();
    let app = ServerProcess::serve_in(folder.path(), &[]);
    let own = metrics(&app, &[]).await;
    assert_eq!(own.status, 200);
    assert!(body_text(&own).contains("rowcast_collection_rows"));
    for header in [
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("Forwarded", "for=127.0.0.1"),
        ("Via", "1.1 vegur"),
        ("X-Real-IP", "127.0.0.1"),
    ] {
        let passed_on = metrics(&app, &[header]).await;
        assert_eq!(passed_on.status, 403, "{header:?}");
        let said = body_text(&passed_on);
        assert!(said.contains("--metrics-token") && !said.contains("socketio_"), "{said}");
    }
    assert_eq!(browse(app.address, "/readyz", &[("X-Forwarded-For", "203.0.113.9")]).await.status, 200);
}

#[actix_web::test]
async fn metrics_token_grants_access() {
    let folder = tempdir().unwrap();
    let app = ServerProcess::serve_in(folder.path(), &["--metrics-token", "correct-horse-battery"]);
    let through = ("X-Forwarded-For", "203.0.113.9");
    let good = ("Authorization", "Bearer correct-horse-battery");
    assert_eq!(metrics(&app, &[good, through]).await.status, 200);
    for bad in [&[][..], &[("Authorization", "Bearer correct-horse-batterx")], &[through]] {
        assert_eq!(metrics(&app, bad).await.status, 403, "{bad:?}");
    }
    assert!(!app.log().contains("correct-horse"), "{}", app.log());
}

#[actix_web::test]
async fn open_metrics_are_served_to_all() {
    let folder = tempdir().unwrap();
    let app = ServerProcess::serve_in(folder.path(), &["--metrics", "open"]);
    assert_eq!(metrics(&app, &[("X-Forwarded-For", "203.0.113.9")]).await.status, 200);
}
