//! Plain HTTP endpoints: health, metrics and the web app.
//!
//! ```text
//! path ─▶ site ─┬─ page       three files in the program
//!               └─ folder     the build's files, or their compressed forms beside them
//! ```

mod asset;
mod compressed;
mod folder;
mod headers;
mod metrics;
mod page;
mod pictures;
mod site;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use actix_web::{HttpResponse, Route, body::MessageBody, guard, http::header, web};
use metrics_exporter_prometheus::PrometheusHandle;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::{
    base_path::BasePath,
    database::{Database, Transaction},
    error::Error,
    live::Live,
};

pub use metrics::MetricsAccess;
pub use pictures::Pictures;
pub use site::Site;

/// How long the readiness check waits for the database.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// The state of the endpoints, shared by all workers.
pub struct HttpState {
    /// Pinged by `/readyz`.
    pub db: Database,
    /// Must be caught up for `/readyz`.
    pub live: Live,
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
    /// The access rules of `/metrics`.
    pub metrics_access: MetricsAccess,
    /// Whether the server is shutting down.
    pub shutting_down: AtomicBool,
}

/// Mounts `/healthz`, `/readyz` and `/metrics`, and the site at every other path. With a base path the three are
/// mounted both below it, for proxies that forward nothing else, and at the root, for direct requests.
pub fn configure(
    app: &mut web::ServiceConfig,
    state: web::Data<HttpState>,
    site: web::Data<Site>,
    base: &BasePath,
    pictures: &Pictures,
) {
    let mut everything =
        web::scope("").wrap(headers::security_headers(pictures)).configure(|app| probes(app, ""));
    if !base.is_root() {
        everything = everything.configure(|app| probes(app, base.as_str()));
    }
    let everything = everything.default_service(web::route().to(site::serve));
    app.app_data(state).app_data(site).service(everything);
}

fn probes(app: &mut web::ServiceConfig, base: &str) {
    app.route(&format!("{base}/healthz"), get_or_head().to(healthz))
        .route(&format!("{base}/readyz"), get_or_head().to(readyz))
        .route(&format!("{base}/metrics"), get_or_head().to(metrics::metrics));
}

/// GET and HEAD. Some monitors send HEAD.
fn get_or_head() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// 200 while the process runs.
async fn healthz() -> HttpResponse {
    text(HttpResponse::Ok(), "ok")
}

/// 200 while the database accepts and confirms writes and live is caught up, until the server shuts down.
async fn readyz(state: web::Data<HttpState>) -> HttpResponse {
    let unready = |reason: &'static str| text(HttpResponse::ServiceUnavailable(), reason);
    if state.shutting_down.load(Ordering::Relaxed) {
        return unready("the server is ending");
    }
    if let Some(trouble) = state.db.trouble() {
        return text(HttpResponse::ServiceUnavailable(), trouble);
    }
    match tokio::time::timeout(PING_TIMEOUT, ping(&state.db)).await {
        Ok(Ok(Role::Primary)) => {}
        Ok(Ok(Role::Standby)) => return unready("the database is a standby, which takes no writes"),
        _ => return unready("the database does not answer"),
    }
    if !state.db.is_open() {
        return unready("nobody takes writes any more");
    }
    if let Some(reason) = state.db.unconfirmed() {
        return unready(reason);
    }
    if !state.live.is_caught_up() {
        return unready("live is not caught up with the database");
    }
    text(HttpResponse::Ok(), "ready")
}

/// The role of a PostgreSQL server in replication.
enum Role {
    Primary,
    Standby,
}

async fn ping(db: &Database) -> Result<Role, Error> {
    db.read(async |db: &Transaction| {
        let backend = db.get_database_backend();
        let sql = match backend {
            DbBackend::Postgres => "select pg_is_in_recovery()::int::bigint as standby",
            _ => "select 0 as standby",
        };
        let row = db.query_one_raw(Statement::from_string(backend, sql)).await?;
        let standby: Option<i64> = row.map(|row| row.try_get("", "standby")).transpose()?;
        Ok(if standby == Some(0) { Role::Primary } else { Role::Standby })
    })
    .await
}

fn text(mut response: actix_web::HttpResponseBuilder, body: impl MessageBody + 'static) -> HttpResponse {
    response
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(body)
}
