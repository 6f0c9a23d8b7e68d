//! Starting: by the book, and when something stands in the way.

use std::{fs, process::Output};

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::harness::{
    Client, Database, Engine, on_both_databases,
    program::{self, Program},
};

on_both_databases! { commands_do_just_what_they_say }

#[actix_web::test]
async fn with_nothing_said_there_is_a_sample_gym_whose_coaches_sign_in() {
    let folder = tempdir().unwrap();
    for start in 0..2 {
        let program = Program::serve_in(folder.path(), &[]);
        let client = Client::connect(program.address).await;
        let counts = ["coaches", "exercise_moves", "workout_plans", "schedules"]
            .map(|collection| client.latest(collection).len());
        assert_eq!(counts, [5, 6, 3, 36], "start {start}");
        for coach in client.latest("coaches") {
            let username = coach["username"].as_str().expect("a username");
            let login = json!({ "username": username, "password": format!("{username}_password") });
            assert_eq!(client.ask("login", login).await.done()["user"], coach);
        }
        assert!(!program.log().contains("_password"), "no secret is logged");
    }
    assert!(folder.path().join("rowcast.db").exists());
}

#[actix_web::test]
async fn the_sample_gym_comes_only_where_it_is_wanted() {
    let folder = tempdir().unwrap();
    let elsewhere = format!("sqlite://{}", folder.path().join("other.db").display());
    let coaches = async |program: Program| Client::connect(program.address).await.latest("coaches").len();
    assert_eq!(coaches(Program::serve_in(folder.path(), &["--sample-data", "never"])).await, 0);
    assert_eq!(coaches(Program::serve_in(folder.path(), &[])).await, 0, "the file was there before");
    assert_eq!(coaches(Program::serve(&elsewhere, &[])).await, 0, "not the embedded default");
    assert_eq!(coaches(Program::serve(&elsewhere, &["--sample-data", "always"])).await, 5);
}

async fn commands_do_just_what_they_say(app: &crate::harness::TestApp) {
    let fresh = Database::new(match &app.database {
        Database::Sqlite(_) => Engine::Sqlite,
        Database::Postgres(_) | Database::Cluster(_) => Engine::Postgres,
    })
    .await;
    let (folder, url) = (tempdir().unwrap(), fresh.url());
    let run = |arguments: &[&str], input: &str| {
        program::run(folder.path(), &[arguments, &["--database-url", &url]].concat(), input)
    };
    assert!(run(&["migrate"], "").status.success());
    assert!(run(&["migrate"], "").status.success(), "what is up to date stays");
    refused(&run(&["user", "set-password", "mara"], "x\n"), "username");
    assert!(run(&["seed"], "").status.success());
    refused(&run(&["seed"], ""), "not empty");
    refused(&run(&["user", "set-password", "mara"], ""), "standard input");

    let program = Program::serve(&url, &[]);
    let client = Client::connect(program.address).await;
    let username = client.latest("coaches")[0]["username"].clone();
    let arguments = ["user", "set-password", username.as_str().unwrap()];
    assert!(run(&arguments, "a new one\n").status.success(), "beside a running server");
    let login = |password: &str| json!({ "username": username, "password": password });
    client.ask("login", login("a new one")).await.done();
    let old = format!("{}_password", username.as_str().unwrap());
    assert!(!client.ask("login", login(&old)).await.ok);
}

#[test]
fn a_setting_that_does_not_work_is_named_and_its_secret_is_not() {
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
        refused(&program::run(folder.path(), &arguments, ""), named);
    }
    let kept = fs::read_to_string(path("letter.db")).unwrap();
    assert!(kept.starts_with("Dear Ada"), "what is not ours is not touched");
}

#[test]
fn each_setting_is_an_environment_variable_too() {
    let folder = tempdir().unwrap();
    for (name, value) in [
        ("ROWCAST_BIND", "nonsense"),
        ("DATABASE_URL", "mysql://ada:s3cret@127.0.0.1/gym"),
        ("ROWCAST_SAMPLE_DATA", "often"),
        ("ROWCAST_ACCESS", "nobody"),
        ("ROWCAST_WEB", "/absent"),
    ] {
        let output = program::run_with(folder.path(), &[(name, value)], &["serve"], "");
        let flag = name.trim_start_matches("ROWCAST_").to_lowercase().replace('_', "-");
        refused(&output, &format!("--{flag}"));
    }
    let help = program::run(folder.path(), &["serve", "--help"], "");
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
async fn the_log_names_events_and_never_what_was_in_them() {
    let folder = tempdir().unwrap();
    let program = Program::serve_in(folder.path(), &["--log-format", "json", "--log", "debug"]);
    let client = Client::connect(program.address).await;
    client.ask("login", json!({ "username": "mara", "password": "a secret guess" })).await;
    client.ask("new_coach", json!({ "name": "a private matter" })).await;
    let (log, line) = logged(&program, "new_coach").await;
    assert!(line["sid"].is_string() && line["outcome"] == "invalid", "{line}");
    assert!(!log.contains("secret guess") && !log.contains("private matter"), "no payload is logged");
}

/// The whole log, once it has a line about this event, and that line.
async fn logged(program: &Program, event: &str) -> (String, Value) {
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
    tokio::time::timeout(crate::harness::PATIENCE, find).await.expect("a line about the event")
}

/// The program has ended with a failure that says this, and no password.
#[track_caller]
fn refused(output: &Output, says: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it succeeds, though {says} is wrong");
    assert!(output.status.code().is_some(), "it crashed: {stderr}");
    assert!(stderr.contains(says), "nothing about {says}: {stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(!stderr.contains("s3cret"), "a password is shown: {stderr}");
}

/// Output on a full disk is lost, and that is all.
#[test]
fn output_that_cannot_be_written_changes_no_outcome() {
    let folder = tempdir().unwrap();
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(program::PROGRAM);
        program::clean(&mut command);
        command.args(arguments).current_dir(folder.path()).stdout(full()).stderr(full());
        command.status().unwrap().code()
    };
    assert_eq!(run(&["migrate"]), Some(0));
    assert_eq!(run(&["resync"]), Some(0), "it prints what it has done");
    assert_eq!(run(&["resync", "--database-url", "sqlite://missing.db"]), Some(1), "it prints why not");
}
