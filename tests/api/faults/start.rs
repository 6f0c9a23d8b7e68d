//! Starts, with valid and invalid settings.

use std::{fs, process::Output};

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::harness::{
    Client, Database, Engine, fixtures, on_both_databases,
    process::{self, ServerProcess},
    relay::Relay,
    with_database,
};

on_both_databases! { commands_migrate_seed_and_set_password }

#[actix_web::test]
async fn default_start_seeds_sample_data() {
    let folder = tempdir().unwrap();
    for start in 0..2 {
        let program = ServerProcess::serve_in(folder.path(), &[]);
        let client = Client::connect(program.address).await;
        let counts = ["coaches", "exercise_moves", "workout_plans", "schedules"]
            .map(|collection| client.latest(collection).len());
        assert_eq!(counts, [5, 6, 3, 36], "start {start}");
        for coach in client.latest("coaches") {
            let username = coach["username"].as_str().expect("a username");
            let login = json!({ "username": username, "password": format!("{username}_password") });
            assert_eq!(client.request("login", login).await.unwrap_data()["user"], coach);
        }
        assert!(!program.log().contains("_password"), "no secret is logged");
    }
    assert!(folder.path().join("rowcast.db").exists());
}

#[actix_web::test]
async fn sample_data_setting_controls_seeding() {
    let folder = tempdir().unwrap();
    let elsewhere = format!("sqlite://{}", folder.path().join("other.db").display());
    let coaches =
        async |program: ServerProcess| Client::connect(program.address).await.latest("coaches").len();
    assert_eq!(coaches(ServerProcess::serve_in(folder.path(), &["--sample-data", "never"])).await, 0);
    assert_eq!(coaches(ServerProcess::serve_in(folder.path(), &[])).await, 0, "the file was there before");
    assert_eq!(coaches(ServerProcess::serve(&elsewhere, &[])).await, 0, "not the embedded default");
    assert_eq!(coaches(ServerProcess::serve(&elsewhere, &["--sample-data", "always"])).await, 5);
}

async fn commands_migrate_seed_and_set_password(app: &crate::harness::TestApp) {
    let fresh = Database::new(match &app.database {
        Database::Sqlite(_) => Engine::Sqlite,
        Database::Postgres(_) | Database::Cluster(_) => Engine::Postgres,
    })
    .await;
    let (folder, url) = (tempdir().unwrap(), fresh.url());
    let run = |arguments: &[&str], input: &str| {
        process::run(folder.path(), &[arguments, &["--database-url", &url]].concat(), input)
    };
    assert!(run(&["migrate"], "").status.success());
    assert!(run(&["migrate"], "").status.success(), "what is up to date stays");
    assert_failed_with(&run(&["user", "set-password", "mara"], "x\n"), "username");
    assert!(run(&["seed"], "").status.success());
    assert_failed_with(&run(&["seed"], ""), "not empty");
    assert_failed_with(&run(&["user", "set-password", "mara"], ""), "standard input");

    let program = ServerProcess::serve(&url, &[]);
    let client = Client::connect(program.address).await;
    let username = client.latest("coaches")[0]["username"].clone();
    let arguments = ["user", "set-password", username.as_str().unwrap()];
    assert!(run(&arguments, "a new one\n").status.success(), "beside a running server");
    let login = |password: &str| json!({ "username": username, "password": password });
    client.request("login", login("a new one")).await.unwrap_data();
    let old = format!("{}_password", username.as_str().unwrap());
    assert!(!client.request("login", login(&old)).await.ok);
}

#[test]
fn invalid_setting_is_named_without_its_secret() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("letter.db"), "Dear Ada, this is not a database. ".repeat(200)).unwrap();
    let letter = format!("sqlite://{}", path("letter.db"));
    let nowhere = format!("sqlite://{}", path("nowhere/gym.db"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let absent = path("absent");
    let empty = folder.path().display().to_string();
    for (arguments, named) in [
        (["--bind", &taken], "--bind"),
        (["--bind", "nonsense"], "--bind"),
        (["--bind", "203.0.113.7:1"], "--bind"),
        (["--database-url", "postgres://ada:s3cret@127.0.0.1:1/gym"], "--database-url"),
        (["--database-url", "postgres://ada:s3cret@127.0.0.1:1/gym?password=s3cret"], "--database-url"),
        (["--database-url", "mysql://ada:s3cret@127.0.0.1/gym"], "--database-url"),
        (["--database-url", &letter], "--database-url"),
        (["--database-url", &nowhere], "--database-url"),
        (["--database-url", "sqlite://:memory:"], "--database-url"),
        (["--sample-data", "often"], "--sample-data"),
        (["--access", "nobody"], "--access"),
        (["--web", &absent], "--web"),
        (["--web", &empty], "--web"),
        (["--log", "=loud="], "--log"),
        (["--log-format", "xml"], "--log-format"),
        (["--sqlite-synchronous", "off"], "--sqlite-synchronous"),
    ] {
        let free = if arguments[0] == "--bind" { vec![] } else { vec!["--bind", "127.0.0.1:0"] };
        let arguments = [&arguments[..], &free].concat();
        assert_failed_with(&process::run(folder.path(), &arguments, ""), named);
    }
    let kept = fs::read_to_string(path("letter.db")).unwrap();
    assert!(kept.starts_with("Dear Ada"), "what is not ours is not touched");
}

#[test]
fn environment_variables_set_options() {
    let folder = tempdir().unwrap();
    for (name, value) in [
        ("ROWCAST_BIND", "nonsense"),
        ("DATABASE_URL", "mysql://ada:s3cret@127.0.0.1/gym"),
        ("ROWCAST_SAMPLE_DATA", "often"),
        ("ROWCAST_ACCESS", "nobody"),
        ("ROWCAST_WEB", "/absent"),
    ] {
        let output = process::run_with(folder.path(), &[(name, value)], &["serve"], "");
        let flag = name.trim_start_matches("ROWCAST_").to_lowercase().replace('_', "-");
        assert_failed_with(&output, &format!("--{flag}"));
    }
    let help = process::run(folder.path(), &["serve", "--help"], "");
    let help = String::from_utf8(help.stdout).unwrap();
    for name in [
        "ROWCAST_BIND=",
        "DATABASE_URL",
        "ROWCAST_ORIGINS=",
        "ROWCAST_SAMPLE_DATA=",
        "ROWCAST_ACCESS=",
        "ROWCAST_WEB=",
        "127.0.0.1:5555",
        "sqlite://rowcast.db",
    ] {
        assert!(help.contains(name), "{name} is not in the help");
    }
}

#[actix_web::test]
async fn log_contains_event_names_without_payloads() {
    let folder = tempdir().unwrap();
    let program = ServerProcess::serve_in(folder.path(), &["--log-format", "json", "--log", "debug"]);
    let client = Client::connect(program.address).await;
    client.request("login", json!({ "username": "mara", "password": "a secret guess" })).await;
    client.request("new_coach", json!({ "name": "a private matter" })).await;
    let (log, line) = wait_for_event_line(&program, "new_coach").await;
    assert!(line["sid"].is_string() && line["outcome"] == "invalid", "{line}");
    assert!(!log.contains("secret guess") && !log.contains("private matter"), "no payload is logged");
}

/// Waits for a log line about this event; returns the whole log and the line.
async fn wait_for_event_line(program: &ServerProcess, event: &str) -> (String, Value) {
    let find = async {
        loop {
            let log = program.log();
            let lines = log.lines().map(|line| serde_json::from_str(line).expect("a line of JSON"));
            if let Some(line) = lines.into_iter().find(|line: &Value| line["event"] == event) {
                return (log, line);
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(crate::harness::TIMEOUT, find).await.expect("a line about the event")
}

/// Asserts that the program failed with this message and printed no password.
#[track_caller]
fn assert_failed_with(output: &Output, says: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it succeeds, though {says} is wrong");
    assert!(output.status.code().is_some(), "it crashed: {stderr}");
    assert!(stderr.contains(says), "nothing about {says}: {stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(!stderr.contains("s3cret"), "a password is shown: {stderr}");
}

/// Output on a full disk is lost without an error.
#[test]
fn unwritable_output_does_not_change_exit_code() {
    let folder = tempdir().unwrap();
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(process::PROGRAM);
        process::clean(&mut command);
        command.args(arguments).current_dir(folder.path()).stdout(full()).stderr(full());
        command.status().unwrap().code()
    };
    assert_eq!(run(&["migrate"]), Some(0));
    assert_eq!(run(&["resync"]), Some(0), "it prints what it has done");
    assert_eq!(run(&["resync", "--database-url", "sqlite://missing.db"]), Some(1), "it prints why not");
}

/// The first start migrates; the others find everything there.
#[actix_web::test]
async fn start_that_loses_the_database_at_any_point_tries_again() {
    with_database(Engine::Postgres, async |database| {
        let relay = Relay::to(&database.url()).await;
        let (mut budget, mut was_cut) = (100, true);
        while was_cut {
            relay.cut_after(budget);
            let url = relay.url().to_owned();
            let start = actix_web::rt::task::spawn_blocking(move || ServerProcess::serve(&url, &[]));
            let program = start.await.unwrap_or_else(|_| panic!("cut after {budget} bytes"));
            was_cut = relay.has_cut();
            relay.repair();
            let client = Client::connect(program.address).await;
            client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
            budget = budget * 3 / 2;
        }
    })
    .await;
}
