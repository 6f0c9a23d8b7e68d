//! Access to the metrics.

use tempfile::tempdir;

use crate::harness::{
    http::{Answer, browse},
    program::Program,
};

async fn metrics(app: &Program, headers: &[(&str, &str)]) -> Answer {
    browse(app.address, "/metrics", headers).await
}

fn says(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

#[actix_web::test]
async fn programs_on_this_machine_and_not_those_that_a_proxy_speaks_for() {
    let folder = tempdir().unwrap();
    let app = Program::serve_in(folder.path(), &[]);
    let own = metrics(&app, &[]).await;
    assert_eq!(own.status, 200);
    assert!(says(&own).contains("rowcast_collection_rows"));
    for header in [
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("Forwarded", "for=127.0.0.1"),
        ("Via", "1.1 vegur"),
        ("X-Real-IP", "127.0.0.1"),
    ] {
        let passed_on = metrics(&app, &[header]).await;
        assert_eq!(passed_on.status, 403, "{header:?}");
        let said = says(&passed_on);
        assert!(said.contains("--metrics-token") && !said.contains("socketio_"), "{said}");
    }
    assert_eq!(browse(app.address, "/readyz", &[("X-Forwarded-For", "203.0.113.9")]).await.status, 200);
}

#[actix_web::test]
async fn whoever_has_the_token() {
    let folder = tempdir().unwrap();
    let app = Program::serve_in(folder.path(), &["--metrics-token", "correct-horse-battery"]);
    let through = ("X-Forwarded-For", "203.0.113.9");
    let good = ("Authorization", "Bearer correct-horse-battery");
    assert_eq!(metrics(&app, &[good, through]).await.status, 200);
    for bad in [&[][..], &[("Authorization", "Bearer correct-horse-batterx")], &[through]] {
        assert_eq!(metrics(&app, bad).await.status, 403, "{bad:?}");
    }
    assert!(!app.log().contains("correct-horse"), "{}", app.log());
}

#[actix_web::test]
async fn anybody_where_that_is_said() {
    let folder = tempdir().unwrap();
    let app = Program::serve_in(folder.path(), &["--metrics", "open"]);
    assert_eq!(metrics(&app, &[("X-Forwarded-For", "203.0.113.9")]).await.status, 200);
}
