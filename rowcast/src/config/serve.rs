//! The settings of a server.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, ValueEnum};

use super::{
    AccessMode, Endpoint, Secret, Storage,
    endpoint::{ACCESS, passwords},
};
use crate::{
    http::Pictures,
    limits::Limits,
    live::{self, Retention},
    seed::Passwords,
};

const ORIGINS: &str = "Accepted browser origins, comma-separated, as in https://gym.example.com, capacitor://localhost or null; \
    localhost = any port of it; * = all \
    [default: pages from this host and any port of localhost]";

/// The settings of a server.
#[derive(Args, Clone, Debug)]
pub struct Serve {
    /// The address and path.
    #[command(flatten)]
    pub endpoint: Endpoint,
    /// The database's settings.
    #[command(flatten)]
    pub storage: Storage,
    /// Accepted browser origins; see `app::origins` for the default, `localhost` and `*`.
    #[arg(long, env = "ROWCAST_ORIGINS", value_delimiter = ',', help = ORIGINS)]
    pub origins: Vec<String>,
    /// When to insert the sample data: auto = into a new database at the default path; always = into an empty database;
    /// never
    #[arg(long, env = "ROWCAST_SAMPLE_DATA", default_value = "auto", value_enum)]
    pub sample_data: SampleData,
    /// Which requests need a sign-in; see [`AccessMode`].
    #[arg(long, env = "ROWCAST_ACCESS", value_enum, help = ACCESS, hide_possible_values = true)]
    pub access: Option<AccessMode>,
    /// The folder of the built web app [default: the product's own, if it exists]
    #[arg(long, env = "ROWCAST_WEB")]
    pub web: Option<PathBuf>,
    /// Origins from which served pages may load pictures, besides their own, comma-separated: none; https = any https
    /// origin; origins with their scheme; * = any
    #[arg(long, env = "ROWCAST_PICTURES", default_value = "https")]
    pub pictures: Pictures,
    /// Access to /metrics: local = direct requests from this machine, or requests with the token if one is set; open =
    /// all requests
    #[arg(long, env = "ROWCAST_METRICS", default_value = "local", value_enum, hide_possible_values = true)]
    pub metrics: Metrics,
    /// The token that requests of /metrics must send as Authorization: Bearer; at least 16 characters
    #[arg(long, env = "ROWCAST_METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<Secret>,
    /// Seconds for which an idle HTTP connection is kept. Must be longer than that of a proxy that reuses connections.
    /// 0 closes it after each response
    #[arg(long, env = "ROWCAST_KEEP_ALIVE", default_value_t = 75, value_parser = clap::value_parser!(u32).range(..=86_400))]
    pub keep_alive: u32,
    /// The most changes of rows that a reconnecting client may have missed; beyond that it receives full snapshots
    #[arg(long, env = "ROWCAST_CHANGE_LOG_ROWS", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub change_log_rows: u32,
    /// The most hours for which a client may be disconnected and still resume; beyond that it receives full snapshots
    #[arg(long, env = "ROWCAST_CHANGE_LOG_HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=8760))]
    pub change_log_hours: u32,
    /// The approximate bytes of stored acks of writes with a request_id; one client may use a quarter of that
    #[arg(long, env = "ROWCAST_REQUEST_BYTES", default_value_t = 256 << 20, value_parser = clap::value_parser!(u64).range(1 << 20..=1 << 40))]
    pub request_bytes: u64,
    /// The most bytes of JSON of a collection that is sent to clients; a larger one must be listed
    #[arg(long, env = "ROWCAST_COLLECTION_BYTES", default_value_t = 8 * 1024 * 1024, value_parser = clap::value_parser!(u64).range(1024..=1_073_741_824))]
    pub collection_bytes: u64,
    /// Rows per second that are compared with the cache, to detect changes without triggers; 0 = none
    #[arg(long, env = "ROWCAST_RECONCILE_ROWS", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub reconcile_rows: u32,
    /// Limits of addresses, users and the whole server.
    #[command(flatten)]
    pub limits: Limits,
    /// The format of the log: text or json
    #[arg(long, env = "ROWCAST_LOG_FORMAT", default_value = "text", value_enum)]
    pub log_format: LogFormat,
    /// The log filter: a level, or levels by target as in info,rowcast=debug
    #[arg(
        long,
        env = "ROWCAST_LOG",
        default_value = "info,actix_http=off,actix_server=warn,sea_orm_migration=warn,sqlx=warn"
    )]
    pub log: String,
}

/// When to insert the sample data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SampleData {
    /// Into a new database at the default path.
    Auto,
    /// Into an empty database.
    Always,
    /// Never.
    Never,
}

/// Access to `/metrics`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Metrics {
    /// Direct requests from this machine, or requests with the token if one is set.
    Local,
    /// All requests.
    Open,
}

/// The format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line of text for each entry.
    Text,
    /// A JSON object for each entry.
    Json,
}

impl Serve {
    /// The access mode; the default depends on the address.
    #[must_use]
    pub fn access(&self) -> AccessMode {
        let by_address =
            if self.endpoint.bind().is_loopback() { AccessMode::Open } else { AccessMode::Members };
        self.access.unwrap_or(by_address)
    }

    /// The passwords of sample users.
    #[must_use]
    pub fn passwords(&self) -> Passwords {
        passwords(&self.endpoint.bind(), self.access)
    }

    /// The listed browser origins.
    #[must_use]
    pub fn origins(&self) -> Vec<&str> {
        self.origins.iter().map(|origin| origin.trim()).filter(|origin| !origin.is_empty()).collect()
    }

    /// The settings of [`crate::live`].
    #[must_use]
    pub fn live(&self) -> live::Settings {
        let retention = Retention {
            entries: usize::try_from(self.change_log_rows).unwrap_or(usize::MAX),
            age: Duration::from_secs(u64::from(self.change_log_hours) * 60 * 60),
        };
        let collection_bytes = usize::try_from(self.collection_bytes).unwrap_or(usize::MAX);
        live::Settings { retention, collection_bytes, reconcile_rows: self.reconcile_rows }
    }

    /// The folder to serve pages from; the default is the product's own, if it exists.
    #[must_use]
    pub fn web_folder(&self, products: Option<&str>) -> Option<PathBuf> {
        let default = || products.map(PathBuf::from).filter(|folder| is_built(folder));
        self.web.clone().or_else(default)
    }
}

pub(super) fn is_built(folder: &Path) -> bool {
    folder.join("index.html").is_file()
}
