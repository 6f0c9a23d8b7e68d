//! Well-known sample passwords exist only on a loopback server with open access.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{login, password, user_command};
use crate::harness::{
    Client, Database, TIMEOUT, on_empty_databases,
    process::{self, ServerProcess},
};

on_empty_databases! {
    sample_password_is_printed_once,
    user_create_adds_accounts,
    known_password_is_logged_at_each_start,
    seed_for_reachable_address_uses_random_password,
}

const COACHES: [&str; 5] = ["mara", "teo", "yuki", "rosa", "finn"];

async fn can_sign_in(program: &ServerProcess, username: &str, password: &str) -> bool {
    let client = Client::connect_only(program.address, &json!({})).await.expect("to be connected");
    client.request("login", login(username, password)).await.ok
}

/// The password in the output for the operator.
fn printed_password(output: &str) -> String {
    let mut lines = output.lines().filter(|line| line.contains("sign in with the password "));
    let line = lines.next().unwrap_or_else(|| panic!("no password is said: {output}"));
    assert_eq!(lines.next(), None, "it is said once");
    assert!(COACHES.iter().all(|coach| line.contains(coach)), "{line}");
    let password = line.split("password ").nth(1).and_then(|rest| rest.split(',').next()).unwrap();
    assert!(password.len() >= 16, "{line}");
    password.to_owned()
}

/// Waits for standard output after the line with the address.
async fn wait_for_output(program: &ServerProcess) -> String {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        match program.stdout() {
            said if said.ends_with('\n') => return said,
            _ => assert!(Instant::now() < deadline, "it says nothing"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits for a log line that meets the condition.
async fn wait_for_log_line(program: &ServerProcess, so: impl Fn(&str) -> bool) -> String {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let log = program.log();
        if let Some(line) = log.lines().find(|line| so(line)) {
            return line.to_owned();
        }
        assert!(Instant::now() < deadline, "the log lacks a line: {log}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn sample_password_is_printed_once(database: &Database) {
    let url = database.url();
    let settings = ["--sample-data", "always", "--access", "members"];
    let program = ServerProcess::serve(&url, &settings);
    let secret = printed_password(&wait_for_output(&program).await);
    for coach in COACHES {
        assert!(!can_sign_in(&program, coach, &password(coach)).await, "{coach}");
        assert!(can_sign_in(&program, coach, &secret).await, "{coach}");
    }
    assert!(!program.log().contains(&secret), "it is in no log: {}", program.log());
    drop(program);
    let again = ServerProcess::serve(&url, &settings);
    assert!(can_sign_in(&again, "mara", &secret).await);
    assert_eq!(again.stdout(), "", "it is said once");
    assert!(!again.log().contains(&secret) && !again.log().contains("publicly known"), "{}", again.log());
}

/// With the default settings and with open access.
#[actix_web::test]
async fn reachable_server_has_random_sample_password() {
    for settings in [&[][..], &["--access", "open"]] {
        let folder = tempfile::tempdir().unwrap();
        let program = ServerProcess::serve_at("0.0.0.0:0", folder.path(), settings);
        let address = (std::net::Ipv4Addr::LOCALHOST, program.address.port()).into();
        let client = Client::connect_only(address, &json!({})).await.expect("to be connected");
        let login_with = async |password: &str| client.request("login", login("mara", password)).await.ok;
        assert!(
            !login_with(&password("mara")).await
                && login_with(&printed_password(&wait_for_output(&program).await)).await
        );
    }
}

async fn user_create_adds_accounts(database: &Database) {
    let secret = "a long secret";
    {
        let program = ServerProcess::serve(&database.url(), &["--access", "members"]);
        wait_for_log_line(&program, |line| {
            line.contains("WARN") && line.contains("planner user add USERNAME")
        })
        .await;
    }
    let create =
        |arguments: &[&str], secret: &str| user_command(database, &[&["add"], arguments].concat(), secret);
    // While no server runs, and while one does.
    let first = create(&["Boss"], &format!("{secret}\n"));
    assert!(first.status.success(), "{first:?}");
    let program = ServerProcess::serve(&database.url(), &["--access", "members"]);
    assert!(!program.log().contains("no account can sign in"), "{}", program.log());
    assert!(can_sign_in(&program, "boss", secret).await);
    let boss = Client::connect_only(program.address, &json!({ "live": "changes" })).await.unwrap();
    boss.request("login", login("boss", secret)).await.unwrap_data();
    let second = ["ada.l", "--field", "name=Ada", "--field", "age=36"];
    assert!(create(&second, secret).status.success());
    boss.wait_for_replica("the other one", |replica| replica.rows("coaches").len() == 2).await;
    let rows = boss.replica().rows("coaches");
    assert_eq!((&rows[0]["name"], &rows[0]["username"]), (&json!("Boss"), &json!("boss")));
    assert_eq!((&rows[1]["name"], &rows[1]["age"]), (&json!("Ada"), &json!(36)));
    assert!(can_sign_in(&program, "ada.l", secret).await);
    for (arguments, secret, named) in [
        (vec!["new"], "", "standard input"),
        (vec!["new"], "7 chars", "password: must be 8 to 200 characters"),
        (vec!["BOSS"], secret, "username: is already taken"),
        (vec!["a b"], secret, "username: must not contain spaces"),
        (vec!["new", "--field", "age=17"], secret, "age: must be at least 18"),
        (vec!["new", "--field", "height=17"], secret, "height"),
        (vec!["new", "--field", "age"], secret, "must be like name=Ada"),
    ] {
        let output = create(&arguments, secret);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && stderr.contains(named), "{arguments:?}: {stderr}");
    }
    assert_eq!(database.number("select count(*) from coaches").await, 2);
}

/// `user add` creates the database, as `migrate` does.
#[actix_web::test]
async fn user_create_creates_database() {
    let folder = tempfile::tempdir().unwrap();
    let created = process::run(folder.path(), &["user", "add", "boss"], "a long secret\n");
    assert!(created.status.success(), "{created:?}");
    let program = ServerProcess::serve_in(folder.path(), &["--access", "members"]);
    assert!(can_sign_in(&program, "boss", "a long secret").await);
    // Other commands create no database.
    let elsewhere = tempfile::tempdir().unwrap();
    let refused = process::run(elsewhere.path(), &["user", "set-password", "boss"], "a long secret\n");
    assert!(!refused.status.success() && !elsewhere.path().join("rowcast.db").exists());
}

async fn known_password_is_logged_at_each_start(database: &Database) {
    database.seed().await;
    let url = database.url();
    assert!(user_command(database, &["set-password", "yuki"], "one of her own").status.success());
    for _ in 0..2 {
        let program = ServerProcess::serve(&url, &["--access", "members"]);
        let line = wait_for_log_line(&program, |line| line.contains("publicly known passwords")).await;
        assert!(line.contains("WARN") && line.contains("planner user set-password mara"), "{line}");
        assert!(line.contains("mara, teo, rosa, finn") && !line.contains("_password"), "{line}");
    }
    for coach in COACHES {
        assert!(user_command(database, &["set-password", coach], "another one").status.success());
    }
    let program = ServerProcess::serve(&url, &["--access", "members"]);
    assert!(can_sign_in(&program, "mara", "another one").await);
    assert!(!program.log().contains("publicly known"), "{}", program.log());
}

async fn seed_for_reachable_address_uses_random_password(database: &Database) {
    let (folder, url) = (tempfile::tempdir().unwrap(), database.url());
    let seed = |settings: &[&str], environment: &[(&str, &str)]| {
        let arguments = [&["seed", "--database-url", &url], settings].concat();
        process::run_with(folder.path(), environment, &arguments, "")
    };
    let output = seed(&[], &[("ROWCAST_BIND", "0.0.0.0:5555")]);
    assert!(output.status.success(), "{output:?}");
    let secret = printed_password(&String::from_utf8(output.stdout).unwrap());
    let program = ServerProcess::serve(&url, &[]);
    assert!(
        can_sign_in(&program, "mara", &secret).await
            && !can_sign_in(&program, "mara", &password("mara")).await
    );
}
