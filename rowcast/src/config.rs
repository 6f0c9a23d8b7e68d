//! The command line: commands and settings. Each setting is a flag and an environment variable.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    error::{ContextKind, ContextValue},
};

use socketio::Origins;

use crate::{
    address::{Bind, PORT},
    base_path::BasePath,
    database::{DatabaseUrl, EMBEDDED, Synchronous},
    http::Pictures,
    limits::Limits,
    live::{self, Retention},
    seed::Passwords,
};

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
    /// Create a user with the password that is read from standard input
    Create {
        /// The user's username
        username: String,
        /// A field of the user's row that differs from its default, as in name=Ada; may be repeated
        #[arg(long = "field", value_name = "NAME=VALUE", value_parser = field)]
        fields: Vec<(String, String)>,
        /// The database.
        #[command(flatten)]
        storage: Storage,
    },
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
    /// Delete a user whose row is not referenced by another
    Delete {
        /// The user's username
        username: String,
        /// The database.
        #[command(flatten)]
        storage: Storage,
    },
}

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

const ORIGINS: &str = "Accepted browser origins, comma-separated, as in https://gym.example.com, capacitor://localhost or null; \
    localhost = any port of it; * = all \
    [default: pages from this host and any port of localhost]";

const ACCESS: &str = "Which requests need a sign-in: open = none [default on a loopback address]; read = writes; members = all \
    [default elsewhere]";

const BIND: &str = "The address to listen on, as in 127.0.0.1:5555, localhost:5555, 5555, or :5555 for all of this machine's; port 0 takes a free one \
    [default: 127.0.0.1:5555, and [::1]:5555 where there is IPv6]";

/// The address and path of the server.
#[derive(Args, Clone, Debug)]
pub struct Endpoint {
    /// The address to listen on; see [`Bind`].
    #[arg(long, env = "ROWCAST_BIND", help = BIND)]
    pub bind: Option<Bind>,
    /// The prefix of all paths, as in /gym, for a proxy that forwards this prefix unchanged
    #[arg(long, env = "ROWCAST_BASE_PATH", default_value = "", hide_default_value = true)]
    pub base_path: BasePath,
}

impl Endpoint {
    /// The address to listen on; the default is a loopback address.
    #[must_use]
    pub fn bind(&self) -> Bind {
        self.bind.clone().unwrap_or_else(|| Bind::local(PORT))
    }
}

/// The settings of a server that decide whether sample users may have publicly known passwords.
#[derive(Args, Clone, Debug)]
pub struct Audience {
    /// The address that the server is going to listen on [default: 127.0.0.1:5555]
    #[arg(long, env = "ROWCAST_BIND")]
    pub bind: Option<Bind>,
    /// The access mode of the server; see [`AccessMode`].
    #[arg(long, env = "ROWCAST_ACCESS", value_enum, help = ACCESS, hide_possible_values = true)]
    pub access: Option<AccessMode>,
}

impl Audience {
    /// The passwords of sample users.
    #[must_use]
    pub fn passwords(&self) -> Passwords {
        passwords(&self.bind.clone().unwrap_or_else(|| Bind::local(PORT)), self.access)
    }
}

/// Publicly known passwords are for servers on a loopback address that need no sign-in.
fn passwords(bind: &Bind, access: Option<AccessMode>) -> Passwords {
    match (bind.is_loopback(), access) {
        (true, None | Some(AccessMode::Open)) => Passwords::Known,
        _ => Passwords::Random,
    }
}

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

/// Which requests need a signed-in user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AccessMode {
    /// None.
    Open,
    /// Writes.
    Read,
    /// All.
    Members,
}

impl From<AccessMode> for rowcast_schema::AccessMode {
    fn from(access: AccessMode) -> Self {
        match access {
            AccessMode::Open => Self::Open,
            AccessMode::Read => Self::Read,
            AccessMode::Members => Self::Members,
        }
    }
}

/// Access to `/metrics`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Metrics {
    /// Direct requests from this machine, or requests with the token if one is set.
    Local,
    /// All requests.
    Open,
}

/// A secret, which `Debug` does not print.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    const MIN_LEN: usize = 16;

    /// The secret's text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl FromStr for Secret {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = text.len() >= Self::MIN_LEN && text.bytes().all(|byte| byte.is_ascii_graphic());
        let sentence = || format!("must have {} visible ASCII characters at least", Self::MIN_LEN);
        if fits { Ok(Self(text.to_owned())) } else { Err(sentence()) }
    }
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
    /// Validates what clap cannot: combinations of settings.
    ///
    /// # Errors
    /// A sentence with the setting and a remedy.
    pub fn check(&self) -> Result<(), String> {
        if let Some(web) = self.web.as_ref().filter(|web| !web.is_dir()) {
            return Err(format!("--web: {} is not a folder", web.display()));
        }
        if let Some(web) = self.web.as_ref().filter(|web| !is_built(web)) {
            return Err(format!("--web: there is no index.html in {}", web.display()));
        }
        self.limits.check()?;
        if let Some(origin) = self.origins().into_iter().find(|origin| !is_origin(origin)) {
            return Err(format!(
                "--origins: {origin} is not an origin such as https://gym.example.com or capacitor://localhost"
            ));
        }
        Ok(())
    }

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

/// Settings that may contain secrets.
const SECRET_ARGUMENTS: [&str; 2] = ["--database-url", "--metrics-token"];

/// Removes possible secrets from an error of the command line: values of secret settings, URLs, and further arguments
/// of `user`.
#[must_use]
pub fn without_secrets(mut error: clap::Error) -> clap::Error {
    let argument = error.get(ContextKind::InvalidArg).map(ToString::to_string);
    if argument.is_some_and(|argument| SECRET_ARGUMENTS.iter().any(|secret| argument.starts_with(secret))) {
        error.insert(ContextKind::InvalidValue, ContextValue::String("…".into()));
    }
    let of_user = error.get(ContextKind::Usage).is_some_and(|usage| usage.to_string().contains(" user "));
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidSubcommand, ContextKind::InvalidValue] {
        let hides = |text: &str| text.contains("://") || (of_user && !text.starts_with(['-', '<']));
        if matches!(error.get(kind), Some(ContextValue::String(text)) if hides(text)) {
            error.insert(kind, ContextValue::String("…".into()));
        }
    }
    error
}

/// `NAME=VALUE`.
fn field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("must be like name=Ada")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn is_built(folder: &Path) -> bool {
    folder.join("index.html").is_file()
}

/// An origin, or a keyword for several.
fn is_origin(text: &str) -> bool {
    text == "*" || Origins::is_valid_entry(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(args: &[&str]) -> Result<(), String> {
        let args = [&["gymbook"], args].concat();
        Cli::try_parse_from(args).map_err(|error| error.to_string())?.serve.check()
    }

    #[test]
    fn access_mode_defaults_to_members_beyond_loopback() {
        let access = |args: &[&str]| {
            let cli = Cli::try_parse_from([&["gymbook"], args].concat()).unwrap();
            cli.serve.check().map(|()| cli.serve.access())
        };
        assert_eq!(access(&[]), Ok(AccessMode::Open));
        for here in ["[::1]:80", "localhost:80", "80"] {
            assert_eq!(access(&["--bind", here]), Ok(AccessMode::Open), "{here}");
        }
        assert_eq!(access(&["--bind", ":80"]), Ok(AccessMode::Members));
        assert_eq!(access(&["--bind", "0.0.0.0:80"]), Ok(AccessMode::Members));
        assert_eq!(access(&["--bind", "0.0.0.0:80", "--access", "open"]), Ok(AccessMode::Open));
        assert_eq!(access(&["--access", "read"]), Ok(AccessMode::Read));
    }

    #[test]
    fn bind_defaults_to_both_loopback_addresses() {
        let bind =
            |args: &[&str]| Cli::try_parse_from([&["gymbook"], args].concat()).unwrap().serve.endpoint.bind();
        assert_eq!(bind(&[]), "localhost:5555".parse().unwrap());
        assert_ne!(bind(&["--bind", "127.0.0.1:5555"]), bind(&[]), "what is said is meant");
    }

    #[test]
    fn invalid_setting_is_named_in_error() {
        assert!(check(&["--bind", "nonsense"]).unwrap_err().contains("--bind"));
        assert!(check(&["--database-url", "mysql://x"]).unwrap_err().contains("--database-url"));
        assert!(check(&["--web", "/nowhere"]).unwrap_err().contains("--web"));
        assert!(check(&["--origins", "gym.example.com"]).unwrap_err().contains("--origins"));
        assert!(
            check(&["--origins", "localhost,https://gym.example.com,capacitor://localhost,file://,null"])
                .is_ok()
        );
        assert!(check(&["--base-path", "/a b"]).unwrap_err().contains("--base-path"));
        assert!(check(&["--keep-alive", "soon"]).unwrap_err().contains("--keep-alive"));
    }

    #[test]
    fn debug_output_contains_no_password() {
        let args = ["gymbook", "--database-url", "postgres://ada:s3cret@db/gym"];
        assert!(!format!("{:?}", Cli::try_parse_from(args).unwrap()).contains("s3cret"));
        let args = ["gymbook", "--metrics-token", "a-s3cret-of-its-own"];
        assert!(!format!("{:?}", Cli::try_parse_from(args).unwrap()).contains("s3cret"));
        let short = Cli::try_parse_from(["gymbook", "--metrics-token", "s3cret"]).map_err(without_secrets);
        let error = short.unwrap_err().to_string();
        assert!(
            error.contains("--metrics-token") && error.contains("16") && !error.contains("s3cret"),
            "{error}"
        );
    }

    #[test]
    fn command_line_error_contains_no_password() {
        let url = "postgres://ada:s3cret@db/gym";
        for args in [
            vec![url],
            vec!["serve", url],
            vec!["migrate", url],
            vec!["user", url],
            vec!["--bind", url],
            vec!["--database-url", "mysql://ada:s3cret@db/gym"],
            vec!["--database-uri", url],
            vec!["--sample-data", url],
            vec!["user", "set-password", "mara", "s3cret"],
            vec!["user", "create", "mara", "s3cret"],
        ] {
            let error = Cli::try_parse_from([&["gymbook"], &*args].concat()).unwrap_err();
            let message = without_secrets(error).render().to_string();
            assert!(!message.contains("s3cret"), "{args:?}: {message}");
            assert!(message.contains("error: "), "{message}");
        }
    }

    #[test]
    fn sample_passwords_are_known_only_on_open_loopback_server() {
        let passwords =
            |args: &[&str]| Cli::try_parse_from([&["gymbook"], args].concat()).unwrap().serve.passwords();
        assert_eq!(passwords(&[]), Passwords::Known);
        assert_eq!(passwords(&["--bind", "[::1]:80", "--access", "open"]), Passwords::Known);
        for (bind, access) in [("127.0.0.1:80", "members"), ("127.0.0.1:80", "read"), ("0.0.0.0:80", "open")]
        {
            assert_eq!(
                passwords(&["--bind", bind, "--access", access]),
                Passwords::Random,
                "{bind} {access}"
            );
        }
        assert_eq!(passwords(&["--bind", ":80"]), Passwords::Random);
    }
}
