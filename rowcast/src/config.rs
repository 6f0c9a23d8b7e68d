//! The command line: commands and settings. Each setting is a flag and an environment variable.

mod commands;
mod endpoint;
mod project;
mod sample_data;
mod secret;
mod serve;
mod validation;

use clap::Args;

use crate::database::{DatabaseUrl, EMBEDDED, Synchronous};
pub use commands::{Cli, Command, SchemaFormat, UserCommand};
pub use endpoint::{AccessMode, Audience, Endpoint};
pub use project::{Beside, Dev, ProjectCli, ProjectCommand};
pub(crate) use sample_data::without_sample_data;
pub use secret::{Secret, without_secrets};
pub use serve::{LogFormat, Metrics, SampleData, Serve};

/// The database's settings.
#[derive(Args, Clone, Debug)]
pub struct Storage {
    /// sqlite://FILE (created if missing) or postgres://USER:PASSWORD@HOST/DATABASE
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, default_value = EMBEDDED)]
    pub database_url: DatabaseUrl,
    /// SQLite's durability: full = acked writes survive a power failure; normal = they survive a crash of the server
    #[arg(long, env = "ROWCAST_SQLITE_SYNCHRONOUS", default_value = "full", value_enum)]
    pub sqlite_synchronous: Synchronous,
}
