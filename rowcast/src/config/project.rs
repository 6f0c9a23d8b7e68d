//! The commands of a project without Rust.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, builder::NonEmptyStringValueParser};

use super::{Endpoint, SchemaFormat, Serve, Storage, UserCommand};
use crate::database::DatabaseUrl;

/// A data backend over Socket.IO: every table of a database is live
#[derive(Debug, Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
pub struct ProjectCli {
    /// The command; the default is to serve.
    #[command(subcommand)]
    pub command: Option<ProjectCommand>,
    /// The settings of the default command.
    #[command(flatten)]
    pub serve: Serve,
}

/// Command-line subcommands of a project.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one, once")]
pub enum ProjectCommand {
    /// Write the files of a new project into a folder
    Init {
        /// The folder, created if it is missing
        folder: PathBuf,
    },
    /// Serve the tables, and follow the files of the project: migrations, rowcast.toml, types
    Dev(Dev),
    /// Serve the tables (the default)
    Serve(Serve),
    /// Apply pending migrations, and exit
    Migrate(Storage),
    /// Put what logs changes beside the tables of a database, and exit
    Attach(Beside),
    /// Remove everything of Rowcast from a database, and exit
    Detach {
        /// The database
        url: DatabaseUrl,
        /// Print the SQL, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Print the schema of all messages
    Schema {
        /// The format of the output.
        #[arg(value_enum)]
        language: SchemaFormat,
        /// The database.
        #[command(flatten)]
        storage: Storage,
    },
    /// Manage the users of `[accounts]` in rowcast.toml
    User {
        /// The change.
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Make all servers on the database reload all data and send the differences, and exit
    Resync(Storage),
    /// Query the readiness of the server that runs with these settings; the exit status is 0 if it is ready
    Health {
        /// The server.
        #[command(flatten)]
        endpoint: Endpoint,
        /// Use the settings of the command line of the process with this id
        #[arg(long, value_name = "PID")]
        of: Option<u32>,
    },
}

/// The settings of development.
#[derive(Args, Clone, Debug)]
pub struct Dev {
    /// The settings of the server.
    #[command(flatten)]
    pub serve: Serve,
    /// The file of the TypeScript types, written again whenever the tables change [default: `output` of the section `types` of rowcast.toml]
    #[arg(long, value_name = "FILE")]
    pub types: Option<PathBuf>,
    /// Delete all data first, and apply all migrations anew
    #[arg(long)]
    pub reset: bool,
}

/// What to attach to.
#[derive(Args, Clone, Debug)]
pub struct Beside {
    /// The database: sqlite://FILE or postgres://USER:PASSWORD@HOST/DATABASE
    pub url: DatabaseUrl,
    /// The schemas of PostgreSQL, comma-separated [default: those chosen before, or that in which tables are made]
    #[arg(long, value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    pub schema: Vec<String>,
    /// The only tables that are collections, comma-separated: names, or schema.table; "*" is all [default: those chosen before, or all]
    #[arg(long, value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    pub tables: Vec<String>,
    /// Print the SQL, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}
