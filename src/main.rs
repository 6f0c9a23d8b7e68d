//! The command line: `serve` (the default), `migrate`, `seed`, `resync`, `schema`, `health`, `user`.

use std::{
    io::{Read, Write},
    process::ExitCode,
};

use clap::Parser;
use rowcast::{
    accounts::by_hand::{self, Profile},
    app::App,
    collections,
    config::{Cli, Command, Language, Serve, Storage, UserCommand, without_secrets},
    database::{Database, DatabaseUrl},
    error::Error,
    health, live,
    sample::{self, Passwords},
    telemetry,
};
use tokio::signal::unix::{SignalKind, signal};

#[actix_web::main]
async fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|error| without_secrets(error).exit());
    let done = match cli.command {
        None => serve(cli.serve).await,
        Some(Command::Serve(settings)) => serve(settings).await,
        Some(Command::Migrate(storage)) => open(&storage).await.map(drop),
        Some(Command::Seed { storage, audience }) => seed(&storage, audience.passwords()).await,
        Some(Command::Resync(storage)) => resync(&storage).await,
        Some(Command::Schema { language }) => schema(language),
        Some(Command::Health { place, of }) => {
            of.map_or(Ok(place), health::settings_of).and_then(|place| health::ask(&place))
        }
        Some(Command::User { command }) => user(command).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            let _ = writeln!(std::io::stderr(), "rowcast: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// Prints a line. Standard output that is closed, or on a full disk, ends nothing.
fn say(line: std::fmt::Arguments<'_>) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// What is not for the log, which is kept: it goes where the address is said.
fn announce(sentence: Option<String>) {
    if let Some(sentence) = sentence {
        say(format_args!("{sentence}"));
    }
}

async fn serve(settings: Serve) -> Result<(), String> {
    let _log = telemetry::log(&settings)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    // A start may wait for others that hold the database.
    let app = tokio::select! {
        app = App::build(&settings) => app?,
        _ = terminate.recv() => return Err("ended before it had started".into()),
    };
    // A pipe that is full and not read would keep the server from serving.
    let (line, sentence) = (format!("rowcast is listening on {}", app.url()), app.announcement());
    std::thread::spawn(move || {
        say(format_args!("{line}"));
        announce(sentence);
    });
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    };
    app.run(stop).await.map_err(|error| error.to_string())
}

async fn open(storage: &Storage) -> Result<Database, String> {
    telemetry::log_of_command();
    let opened = Database::connect(&storage.database_url, storage.sqlite_synchronous).await;
    opened.map_err(|error| format!("--database-url: {error}"))
}

async fn seed(storage: &Storage, passwords: Passwords) -> Result<(), String> {
    let db = open(storage).await?;
    let planted = sample::plant(&db, passwords).await;
    db.close().await;
    let planted = planted.map_err(|error| error.to_string())?;
    let planted = planted.ok_or("the database is not empty, so nothing was planted")?;
    announce(planted.announcement());
    Ok(())
}

async fn resync(storage: &Storage) -> Result<(), String> {
    existing(storage)?;
    let db = open(storage).await?;
    let done = live::resync(&db).await;
    db.close().await;
    done.map_err(|error| error.to_string())?;
    say(format_args!(
        "every server on this database now reads everything anew and sends what differs; cursors from before are forgotten"
    ));
    Ok(())
}

/// A command that changes a database does not make one.
fn existing(storage: &Storage) -> Result<(), String> {
    match &storage.database_url {
        DatabaseUrl::Sqlite(file) if !file.exists() => {
            Err(format!("--database-url: there is no {}", file.display()))
        }
        _ => Ok(()),
    }
}

fn schema(language: Language) -> Result<(), String> {
    let contract = collections::registry().contract();
    let text = match language {
        Language::TypeScript => contract.typescript(),
        Language::JsonSchema => contract.json_schema(),
        Language::AsyncApi => contract.asyncapi(),
    };
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| error.to_string())
}

async fn user(command: UserCommand) -> Result<(), String> {
    match command {
        UserCommand::Create { username, name, age, picture, storage } => {
            let password = password()?;
            let profile = Profile { name: name.unwrap_or_else(|| username.clone()), age, picture };
            // As `migrate`: it may come before the first start.
            let db = open(&storage).await?;
            let coach = by_hand::create(&db, &username, profile, &password).await;
            db.close().await;
            let username = coach.map_err(|error| error.to_string())?.username.unwrap_or_default();
            say(format_args!("{username} may sign in"));
        }
        UserCommand::SetPassword { username, storage } => {
            let password = password()?;
            at_hand(&storage, async |db| by_hand::set_password(db, username, &password).await).await?;
            say(format_args!("the password is set, and sign-ins with the old one have ended"));
        }
        UserCommand::Rename { username, new, storage } => {
            at_hand(&storage, async |db| by_hand::rename(db, username, &new).await).await?;
            say(format_args!("the username is another, and sign-ins by the old one have ended"));
        }
        UserCommand::Delete { username, storage } => {
            at_hand(&storage, async |db| by_hand::delete(db, username).await).await?;
            say(format_args!("the coach is deleted"));
        }
    }
    Ok(())
}

/// Does something to a database that is there.
async fn at_hand(
    storage: &Storage,
    what: impl AsyncFnOnce(&Database) -> Result<(), Error>,
) -> Result<(), String> {
    existing(storage)?;
    let db = open(storage).await?;
    let done = what(&db).await;
    db.close().await;
    done.map_err(|error| error.to_string())
}

/// The password on standard input, without the end of its line.
fn password() -> Result<String, String> {
    let mut password = String::new();
    std::io::stdin().take(1024).read_to_string(&mut password).map_err(|error| error.to_string())?;
    let password = password.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err("the password is read from standard input, and there was none".into());
    }
    if password.chars().count() > api_schema::rules::LONGEST_CREDENTIAL as usize {
        return Err(format!("a password has at most {} characters", api_schema::rules::LONGEST_CREDENTIAL));
    }
    Ok(password.to_owned())
}
