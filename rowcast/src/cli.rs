//! The command line of a product: `serve` (the default), `migrate`, `seed`, `resync`, `schema`, `health`, `user`.

mod project;
mod users;

use std::{
    io::{ErrorKind, Read, Write},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use clap::{CommandFactory, FromArgMatches};
use rowcast_schema::rules;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    app::{App, database_problem, refuse_foreign},
    config::{
        Cli, Command, Endpoint, SchemaFormat, Serve, Storage, UserCommand, without_sample_data,
        without_secrets,
    },
    database::{Database, DatabaseUrl},
    error::Error,
    health, live,
    product::Product,
    project::{Project, lines},
    registry::Registry,
    seed::Passwords,
    tables, telemetry,
};
use users::Users;

/// Parses the command line and runs the command.
pub(crate) async fn run(product: &Product) -> ExitCode {
    if product.tables.is_some() {
        return match project::run(product).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(reason) => fail(product.name, &reason),
        };
    }
    let program = Cli::command().name(product.name).bin_name(product.name);
    let program = if product.seed.is_none() { without_sample_data(program) } else { program };
    let cli = program.try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = cli.unwrap_or_else(|error| without_secrets(error).exit());
    let done = match cli.command {
        None => serve(cli.serve, product).await,
        Some(Command::Serve(settings)) => serve(settings, product).await,
        Some(Command::Migrate(storage)) => migrate(&storage, product).await,
        Some(Command::Seed { storage, audience }) => seed(&storage, audience.passwords(), product).await,
        Some(Command::Resync(storage)) => resync(&storage, product).await,
        Some(Command::Schema { language }) => schema(language, product),
        Some(Command::Health { endpoint, of }) => health_of(endpoint, of, product.name),
        Some(Command::User { command }) => user(command, product).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => fail(product.name, &reason),
    }
}

/// Ends the program of this name with a sentence.
pub(crate) fn fail(name: &str, reason: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{name}: {reason}");
    ExitCode::FAILURE
}

/// Prints a line. An error, such as a closed pipe or a full disk, is ignored.
fn print_line(line: std::fmt::Arguments<'_>) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Prints secrets to standard output, because logs are stored.
fn announce(message: Option<String>) {
    if let Some(message) = message {
        print_line(format_args!("{message}"));
    }
}

async fn serve(settings: Serve, product: &Product) -> Result<(), String> {
    let _log = telemetry::init_logging(&settings)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    // A start may wait for other processes that hold the database.
    let app = tokio::select! {
        app = App::build(&settings, product) => app.map_err(|error| error.to_string())?,
        _ = terminate.recv() => return Err("ended before it had started".into()),
    };
    // A full pipe without a reader would block the server.
    let line = format!("{} is listening on {}", product.name, app.url());
    let (message, remark) = (app.announcement(), project::remark_without_files(&settings, product, &app));
    std::thread::spawn(move || {
        print_line(format_args!("{line}"));
        announce(message);
        announce(remark);
    });
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    };
    app.run(stop).await.map_err(|error| error.to_string())
}

async fn migrate(storage: &Storage, product: &Product) -> Result<(), String> {
    let db = open(storage, product).await?;
    let done = match product.tables.as_ref().and_then(Project::migrations) {
        Some(folder) => project_migrations(&db, &folder).await,
        None => Ok(()),
    };
    db.close().await;
    done
}

async fn project_migrations(db: &Database, folder: &Path) -> Result<(), String> {
    let applied = crate::project::migrations::apply(db, folder).await;
    let applied = applied.map_err(|mistakes| lines(&mistakes))?;
    for file in applied.newly {
        print_line(format_args!("{file} was applied"));
    }
    Ok(())
}

async fn open(storage: &Storage, product: &Product) -> Result<Database, String> {
    telemetry::init_command_logging();
    let (url, synchronous) = (&storage.database_url, storage.sqlite_synchronous);
    let opened = Database::connect(url, synchronous, &product.migrations).await;
    opened.map_err(database_problem)
}

async fn seed(storage: &Storage, passwords: Passwords, product: &Product) -> Result<(), String> {
    let seed = product.seed.as_ref().ok_or("there is no sample data")?;
    let db = open(storage, product).await?;
    let seeded = seed.run(&db, passwords).await;
    db.close().await;
    let seeded = seeded.map_err(|error| error.to_string())?;
    let seeded = seeded.ok_or("the database is not empty, so nothing was planted")?;
    announce(seeded.announcement());
    Ok(())
}

async fn resync(storage: &Storage, product: &Product) -> Result<(), String> {
    require_existing(storage)?;
    let db = open(storage, product).await?;
    let done = live::resync(&db).await;
    db.close().await;
    done.map_err(|error| error.to_string())?;
    print_line(format_args!(
        "every server on this database now reads everything anew and sends what differs; cursors from before are forgotten"
    ));
    Ok(())
}

/// Checks the server with these settings, or with those of a process.
fn health_of(endpoint: Endpoint, of: Option<u32>, program: &str) -> Result<(), String> {
    let found = of.map_or(Ok(endpoint), |process| health::settings_of(process, program));
    found.and_then(|endpoint| health::check(&endpoint))
}

/// Fails if there is no database file: most commands do not create one.
fn require_existing(storage: &Storage) -> Result<(), String> {
    match &storage.database_url {
        DatabaseUrl::Sqlite(file) if !file.exists() => {
            Err(format!("--database-url: there is no {}", file.display()))
        }
        _ => Ok(()),
    }
}

fn schema(language: SchemaFormat, product: &Product) -> Result<(), String> {
    print_schema(language, &product.registry)
}

fn print_schema(language: SchemaFormat, registry: &Registry) -> Result<(), String> {
    let contract = registry.contract();
    let text = match language {
        SchemaFormat::TypeScript => contract.typescript(),
        SchemaFormat::JsonSchema => contract.json_schema(),
        SchemaFormat::AsyncApi => contract.asyncapi(),
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        // The reader has seen enough, as `head` has.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| error.to_string()),
    }
}

async fn user(command: UserCommand, product: &Product) -> Result<(), String> {
    match command {
        UserCommand::Add { username, fields, storage } => {
            let password = password()?;
            // Creates the database if necessary, as `migrate` does.
            let username =
                with_users(&storage, product, async |users| users.add(&username, &fields, &password).await);
            let username = username.await?;
            print_line(format_args!("{username} may sign in"));
        }
        UserCommand::List(storage) => {
            require_existing(&storage)?;
            for account in with_users(&storage, product, async |users| users.list().await).await? {
                let username = account.username.as_deref().unwrap_or_default();
                let state = if account.has_password() { "can sign in" } else { "has no password" };
                print_line(format_args!("{}\t{username}\t{state}", account.id));
            }
        }
        UserCommand::SetPassword { username, storage } => {
            let password = password()?;
            require_existing(&storage)?;
            with_users(&storage, product, async |users| users.set_password(username, &password).await)
                .await?;
            print_line(format_args!("the password is set, and sign-ins with the old one have ended"));
        }
        UserCommand::Rename { username, new, storage } => {
            require_existing(&storage)?;
            with_users(&storage, product, async |users| users.rename(username, &new).await).await?;
            print_line(format_args!("the username is another, and sign-ins by the old one have ended"));
        }
        UserCommand::Remove { username, storage } => {
            require_existing(&storage)?;
            with_users(&storage, product, async |users| users.remove(username).await).await?;
            print_line(format_args!("the user is removed"));
        }
    }
    Ok(())
}

/// Runs an operation on the users of a database.
async fn with_users<T>(
    storage: &Storage,
    product: &Product,
    what: impl AsyncFnOnce(&Users<'_>) -> Result<T, Error>,
) -> Result<T, String> {
    if product.tables.is_some() {
        refuse_foreign(&storage.database_url).await?;
    }
    let db = open(storage, product).await?;
    let done = match registry_of_operator(&db, product).await {
        Ok(registry) => match Users::new(&db, &registry) {
            Ok(users) => what(&users).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        },
        Err(reason) => Err(reason),
    };
    db.close().await;
    done
}

/// The registry with the events by which an operator manages users.
async fn registry_of_operator(db: &Database, product: &Product) -> Result<Arc<Registry>, String> {
    let Some(project) = &product.tables else { return Ok(product.registry.clone()) };
    if let Some(folder) = project.migrations() {
        project_migrations(db, &folder).await?;
    }
    tables::registry_of_operator(db, &project.settings, &product.registry).await.map(Arc::new)
}

/// Reads the password from standard input, without the line ending.
fn password() -> Result<String, String> {
    let mut password = String::new();
    std::io::stdin().take(1024).read_to_string(&mut password).map_err(|error| error.to_string())?;
    let password = password.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err("the password is read from standard input, and there was none".into());
    }
    if password.chars().count() > rules::MAX_CREDENTIAL_LEN as usize {
        return Err(format!("a password has at most {} characters", rules::MAX_CREDENTIAL_LEN));
    }
    Ok(password.to_owned())
}
