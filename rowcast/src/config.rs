//! The command line: commands and settings, each a flag and an environment variable.

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

/// The data backend a front end reaches for instead of REST: one socket, every write live.
#[derive(Debug, Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; to serve, if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to serve.
    #[command(flatten)]
    pub serve: Serve,
}

/// What the program can be told to do.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one, once")]
pub enum Command {
    /// Serve the data (the default)
    Serve(Serve),
    /// Bring the database's schema up to date, and end
    Migrate(Storage),
    /// Plant the sample data in an empty database, and end
    Seed {
        /// Where the data lives.
        #[command(flatten)]
        storage: Storage,
        /// For whom it is to be served.
        #[command(flatten)]
        audience: Audience,
    },
    /// Have all servers on the database read everything anew and send what differs, and end
    Resync(Storage),
    /// Print all that crosses the wire, for programs in other languages
    Schema {
        /// The language to print it in.
        #[arg(value_enum)]
        language: Language,
    },
    /// Ask the server that runs with these settings whether it is ready, and end with status 0 if it is
    Health {
        /// Where to find the server.
        #[command(flatten)]
        place: Place,
        /// Take the settings from the command line of the process with this id, whatever else is said
        #[arg(long, value_name = "PID")]
        of: Option<u32>,
    },
    /// Change who may sign in
    User {
        /// What to change.
        #[command(subcommand)]
        command: UserCommand,
    },
}

/// What the schema can be printed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Types for a stock socket.io-client, and what a typed store needs to know of the collections
    #[value(name = "typescript")]
    TypeScript,
    /// JSON Schema 2020-12
    JsonSchema,
    /// AsyncAPI 3.0
    #[value(name = "asyncapi")]
    AsyncApi,
}

/// Changes to who may sign in.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make a user who may sign in, with the password that is read from standard input
    Create {
        /// The user's username
        username: String,
        /// A field of the user's row that is to differ from its default, as in name=Ada; may be repeated
        #[arg(long = "field", value_name = "NAME=VALUE", value_parser = field)]
        fields: Vec<(String, String)>,
        /// Where the data lives.
        #[command(flatten)]
        storage: Storage,
    },
    /// Set a user's password, read from standard input, and sign them out everywhere
    SetPassword {
        /// The user's username
        username: String,
        /// Where the data lives.
        #[command(flatten)]
        storage: Storage,
    },
    /// Give a user another username, and sign them out everywhere
    Rename {
        /// The user's username
        username: String,
        /// The username from now on
        new: String,
        /// Where the data lives.
        #[command(flatten)]
        storage: Storage,
    },
    /// Delete a user whose row no other row needs
    Delete {
        /// The user's username
        username: String,
        /// Where the data lives.
        #[command(flatten)]
        storage: Storage,
    },
}

/// Where the data lives.
#[derive(Args, Clone, Debug)]
pub struct Storage {
    /// sqlite://FILE (made if missing) or postgres://USER:PASSWORD@HOST/DATABASE
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, default_value = EMBEDDED)]
    pub database_url: DatabaseUrl,
    /// When SQLite waits for the disk: full = what is acked survives a power cut; normal = it survives a crash of the server
    #[arg(long, env = "ROWCAST_SQLITE_SYNCHRONOUS", default_value = "full", value_enum)]
    pub sqlite_synchronous: Synchronous,
}

const ORIGINS: &str = "Browser origins let in, comma-separated, as in https://gym.example.com, capacitor://localhost or null; \
    localhost = any port of it; * = all \
    [default: pages from this host and any port of localhost]";

const ACCESS: &str = "Who may do what: open = anyone may do anything [default on a loopback address]; read = anyone reads, the signed-in write; \
    members = only the signed-in [default elsewhere]";

const BIND: &str = "The address to listen on, as in 127.0.0.1:5555, localhost:5555, 5555, or :5555 for all of this machine's; port 0 takes a free one \
    [default: 127.0.0.1:5555, and [::1]:5555 where there is IPv6]";

/// Where to find the server.
#[derive(Args, Clone, Debug)]
pub struct Place {
    /// The address to listen on; see [`Bind`].
    #[arg(long, env = "ROWCAST_BIND", help = BIND)]
    pub bind: Option<Bind>,
    /// The path that everything is below, as in /gym, where a proxy passes on what is below that path and leaves it as it is
    #[arg(long, env = "ROWCAST_BASE_PATH", default_value = "", hide_default_value = true)]
    pub base_path: BasePath,
}

impl Place {
    /// The address to listen on: as it was said, or else this machine's own.
    #[must_use]
    pub fn bind(&self) -> Bind {
        self.bind.clone().unwrap_or_else(|| Bind::local(PORT))
    }
}

/// For whom the data is to be served: that decides whether sample users may have passwords that everybody knows.
#[derive(Args, Clone, Debug)]
pub struct Audience {
    /// The address that the server is going to listen on [default: 127.0.0.1:5555]
    #[arg(long, env = "ROWCAST_BIND")]
    pub bind: Option<Bind>,
    /// Who is going to be allowed what; see [`Access`].
    #[arg(long, env = "ROWCAST_ACCESS", value_enum, help = ACCESS, hide_possible_values = true)]
    pub access: Option<Access>,
}

impl Audience {
    /// Which passwords sample users may have.
    #[must_use]
    pub fn passwords(&self) -> Passwords {
        passwords(&self.bind.clone().unwrap_or_else(|| Bind::local(PORT)), self.access)
    }
}

/// Passwords that everybody knows are for a server that only this machine reaches and that asks for none.
fn passwords(bind: &Bind, access: Option<Access>) -> Passwords {
    match (bind.is_loopback(), access) {
        (true, None | Some(Access::Open)) => Passwords::Known,
        _ => Passwords::Random,
    }
}

/// How to serve.
#[derive(Args, Clone, Debug)]
pub struct Serve {
    /// Where to listen, and below which path.
    #[command(flatten)]
    pub place: Place,
    /// Where the data lives.
    #[command(flatten)]
    pub storage: Storage,
    /// Which browser origins are let in; see `app::origins` for what nothing, `localhost` and `*` mean.
    #[arg(long, env = "ROWCAST_ORIGINS", value_delimiter = ',', help = ORIGINS)]
    pub origins: Vec<String>,
    /// Plant the sample data: auto = in a database just made with the embedded default; always = if it is empty; never
    #[arg(long, env = "ROWCAST_SAMPLE_DATA", default_value = "auto", value_enum)]
    pub sample_data: SampleData,
    /// Who may do what; see [`Access`].
    #[arg(long, env = "ROWCAST_ACCESS", value_enum, help = ACCESS, hide_possible_values = true)]
    pub access: Option<Access>,
    /// The folder of the built web app [default: the product's own, if it is there]
    #[arg(long, env = "ROWCAST_WEB")]
    pub web: Option<PathBuf>,
    /// From where the pages that are served here load pictures, beside their own address, comma-separated: none; https = any server
    /// that proves its name; origins, with their scheme; * = anywhere
    #[arg(long, env = "ROWCAST_PICTURES", default_value = "https")]
    pub pictures: Pictures,
    /// Who is shown /metrics: local = programs on this machine that ask directly, or whoever sends the token if there is one; open = anyone
    #[arg(long, env = "ROWCAST_METRICS", default_value = "local", value_enum, hide_possible_values = true)]
    pub metrics: Metrics,
    /// A token that whoever asks for /metrics must send as Authorization: Bearer; 16 characters at least
    #[arg(long, env = "ROWCAST_METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<Secret>,
    /// For how many seconds a connection without a request is kept; more than a proxy that uses connections again keeps them, or else the
    /// two cross. 0 closes it after each answer
    #[arg(long, env = "ROWCAST_KEEP_ALIVE", default_value_t = 75, value_parser = clap::value_parser!(u32).range(..=86_400))]
    pub keep_alive: u32,
    /// How many changes of rows clients that come back may have missed; with more they are sent everything
    #[arg(long, env = "ROWCAST_CHANGE_LOG_ROWS", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub change_log_rows: u32,
    /// For how many hours clients may be away and be sent just what they missed
    #[arg(long, env = "ROWCAST_CHANGE_LOG_HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=8760))]
    pub change_log_hours: u32,
    /// Bytes of acks that are kept for writes with a request_id, about; one client may take a quarter of that
    #[arg(long, env = "ROWCAST_REQUEST_BYTES", default_value_t = 256 << 20, value_parser = clap::value_parser!(u64).range(1 << 20..=1 << 40))]
    pub request_bytes: u64,
    /// How many bytes of JSON a collection may have to be sent to clients; a larger one they must list
    #[arg(long, env = "ROWCAST_COLLECTION_BYTES", default_value_t = 8 * 1024 * 1024, value_parser = clap::value_parser!(u64).range(1024..=1_073_741_824))]
    pub collection_bytes: u64,
    /// How many rows a second to compare with what is shown, for changes that no trigger saw; 0 = none
    #[arg(long, env = "ROWCAST_RECONCILE_ROWS", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub reconcile_rows: u32,
    /// How much one address, one user and all together may take.
    #[command(flatten)]
    pub limits: Limits,
    /// How to write the log: text for people, json for programs
    #[arg(long, env = "ROWCAST_LOG_FORMAT", default_value = "text", value_enum)]
    pub log_format: LogFormat,
    /// What to log: a level, or levels by target as in info,rowcast=debug
    #[arg(
        long,
        env = "ROWCAST_LOG",
        default_value = "info,actix_http=off,actix_server=warn,sea_orm_migration=warn,sqlx=warn"
    )]
    pub log: String,
}

/// When to plant the sample data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SampleData {
    /// In a database that has just been made with the embedded default.
    Auto,
    /// If the database is empty.
    Always,
    /// Not at all.
    Never,
}

/// Who may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Access {
    /// Anyone may do anything.
    Open,
    /// Anyone reads, the signed-in write.
    Read,
    /// The signed-in read and write; others are shown nothing.
    Members,
}

impl From<Access> for rowcast_schema::Access {
    fn from(access: Access) -> Self {
        match access {
            Access::Open => Self::Open,
            Access::Read => Self::Read,
            Access::Members => Self::Members,
        }
    }
}

/// Who is shown what is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Metrics {
    /// Programs on this machine that ask directly, or whoever has the token if there is one.
    Local,
    /// Anyone.
    Open,
}

/// Text that is never printed.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    const SHORTEST: usize = 16;

    /// What it is.
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
        let fits = text.len() >= Self::SHORTEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        let sentence = || format!("must have {} visible ASCII characters at least", Self::SHORTEST);
        if fits { Ok(Self(text.to_owned())) } else { Err(sentence()) }
    }
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line of words for each entry.
    Text,
    /// A JSON object for each entry.
    Json,
}

impl Serve {
    /// What clap cannot see: settings that do not go together.
    ///
    /// # Errors
    /// A sentence that names the setting and what to do.
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

    /// Who may do what: as it was said, or else what the address allows.
    #[must_use]
    pub fn access(&self) -> Access {
        let by_address = if self.place.bind().is_loopback() { Access::Open } else { Access::Members };
        self.access.unwrap_or(by_address)
    }

    /// Which passwords sample users may have.
    #[must_use]
    pub fn passwords(&self) -> Passwords {
        passwords(&self.place.bind(), self.access)
    }

    /// The browser origins that are named.
    #[must_use]
    pub fn origins(&self) -> Vec<&str> {
        self.origins.iter().map(|origin| origin.trim()).filter(|origin| !origin.is_empty()).collect()
    }

    /// What these settings say of live.
    #[must_use]
    pub fn live(&self) -> live::Settings {
        let retention = Retention {
            entries: usize::try_from(self.change_log_rows).unwrap_or(usize::MAX),
            age: Duration::from_secs(u64::from(self.change_log_hours) * 60 * 60),
        };
        let collection_bytes = usize::try_from(self.collection_bytes).unwrap_or(usize::MAX);
        live::Settings { retention, collection_bytes, reconcile_rows: self.reconcile_rows }
    }

    /// The folder to serve pages from, if there is one; the product's own, unless another is said.
    #[must_use]
    pub fn web_folder(&self, products: Option<&str>) -> Option<PathBuf> {
        let default = || products.map(PathBuf::from).filter(|folder| is_built(folder));
        self.web.clone().or_else(default)
    }
}

/// Settings in which there may be a password.
const SECRET: [&str; 2] = ["--database-url", "--metrics-token"];

/// What is wrong with the command line, without what may be a secret: values of those, addresses with a
/// password wherever they stand, and whatever stands behind the name of a `user`.
#[must_use]
pub fn without_secrets(mut error: clap::Error) -> clap::Error {
    let argument = error.get(ContextKind::InvalidArg).map(ToString::to_string);
    if argument.is_some_and(|argument| SECRET.iter().any(|secret| argument.starts_with(secret))) {
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

/// An origin, or one of the words that stand for some.
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
    fn beyond_loopback_only_members_are_let_in_unless_it_is_said() {
        let access = |args: &[&str]| {
            let cli = Cli::try_parse_from([&["gymbook"], args].concat()).unwrap();
            cli.serve.check().map(|()| cli.serve.access())
        };
        assert_eq!(access(&[]), Ok(Access::Open));
        for here in ["[::1]:80", "localhost:80", "80"] {
            assert_eq!(access(&["--bind", here]), Ok(Access::Open), "{here}");
        }
        assert_eq!(access(&["--bind", ":80"]), Ok(Access::Members));
        assert_eq!(access(&["--bind", "0.0.0.0:80"]), Ok(Access::Members));
        assert_eq!(access(&["--bind", "0.0.0.0:80", "--access", "open"]), Ok(Access::Open));
        assert_eq!(access(&["--access", "read"]), Ok(Access::Read));
    }

    #[test]
    fn without_a_word_it_is_this_machine_by_both_of_its_addresses() {
        let bind =
            |args: &[&str]| Cli::try_parse_from([&["gymbook"], args].concat()).unwrap().serve.place.bind();
        assert_eq!(bind(&[]), "localhost:5555".parse().unwrap());
        assert_ne!(bind(&["--bind", "127.0.0.1:5555"]), bind(&[]), "what is said is meant");
    }

    #[test]
    fn a_bad_setting_is_named() {
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
    fn what_is_printed_for_debugging_has_no_password() {
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
    fn what_is_wrong_with_the_command_line_has_no_password() {
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
            let told = without_secrets(error).render().to_string();
            assert!(!told.contains("s3cret"), "{args:?}: {told}");
            assert!(told.contains("error: "), "{told}");
        }
    }

    #[test]
    fn sample_passwords_are_known_only_where_nobody_else_is() {
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
