//! The commands.

use clap::{Parser, Subcommand, ValueEnum};

use super::{Audience, Endpoint, Serve, Storage};

/// A data backend over Socket.IO with live updates
#[derive(Debug, Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// The command; the default is to serve.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The settings of the default command.
    #[command(flatten)]
    pub serve: Serve,
}

/// Command-line subcommands.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one, once")]
pub enum Command {
    /// Serve the data (the default)
    Serve(Serve),
    /// Apply pending migrations, and exit
    Migrate(Storage),
    /// Insert the sample data into an empty database, and exit
    Seed {
        /// The database.
        #[command(flatten)]
        storage: Storage,
        /// The settings of the server that will use it.
        #[command(flatten)]
        audience: Audience,
    },
    /// Make all servers on the database reload all data and send the differences, and exit
    Resync(Storage),
    /// Print the schema of all messages, for programs in other languages
    Schema {
        /// The format of the output.
        #[arg(value_enum)]
        language: SchemaFormat,
    },
    /// Query the readiness of the server that runs with these settings; the exit status is 0 if it is ready
    Health {
        /// The server.
        #[command(flatten)]
        endpoint: Endpoint,
        /// Use the settings of the command line of the process with this id
        #[arg(long, value_name = "PID")]
        of: Option<u32>,
    },
    /// Manage users
    User {
        /// The change.
        #[command(subcommand)]
        command: UserCommand,
    },
}

/// The output format of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaFormat {
    /// Types for a stock socket.io-client, and the values that a typed store needs
    #[value(name = "typescript")]
    TypeScript,
    /// JSON Schema 2020-12
    JsonSchema,
    /// AsyncAPI 3.0
    #[value(name = "asyncapi")]
    AsyncApi,
}

/// Changes of users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user with the password that is read from standard input
    #[command(alias = "create")]
    Add {
        /// The user's username
        username: String,
        /// A field of the user's row that differs from its default, as in name=Ada; may be repeated
        #[arg(long = "field", value_name = "NAME=VALUE", value_parser = field)]
        fields: Vec<(String, String)>,
        /// The database.
        #[command(flatten)]
        storage: Storage,
    },
    /// List the users: id, username, and whether they can sign in
    List(Storage),
    /// Set a user's password, read from standard input, and sign out all of the user's sessions
    SetPassword {
        /// The user's username
        username: String,
        /// The database.
        #[command(flatten)]
        storage: Storage,
    },
    /// Change a user's username, and sign out all of the user's sessions
    Rename {
        /// The user's username
        username: String,
        /// The new username
        new: String,
        /// The database.
        #[command(flatten)]
        storage: Storage,
    },
    /// Remove a user whose row is not referenced by another
    #[command(alias = "delete")]
    Remove {
        /// The user's username
        username: String,
        /// The database.
        #[command(flatten)]
        storage: Storage,
    },
}

/// `NAME=VALUE`.
fn field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("must be like name=Ada")?;
    Ok((name.to_owned(), value.to_owned()))
}
