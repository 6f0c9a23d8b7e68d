//! Passwords that everybody knows are for a server that only this machine reaches and that asks for none.

use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::tempdir;

use super::{by_hand, login, password};
use crate::harness::{
    Client, Database, PATIENCE, from_both_databases,
    program::{self, Program},
};

from_both_databases! {
    sample_coaches_have_a_password_that_is_said_once,
    an_empty_server_gets_its_first_account,
    a_known_password_is_warned_of_at_each_start,
    to_plant_the_gym_asks_for_whom,
}

const COACHES: [&str; 5] = ["mara", "teo", "yuki", "rosa", "finn"];

async fn signs_in(program: &Program, username: &str, password: &str) -> bool {
    let client = Client::arrive(program.address, &json!({})).await.expect("to be let in");
    client.ask("login", login(username, password)).await.ok
}

/// The password in what was said to the operator.
fn said(output: &str) -> String {
    let mut lines = output.lines().filter(|line| line.contains("sign in with the password "));
    let line = lines.next().unwrap_or_else(|| panic!("no password is said: {output}"));
    assert_eq!(lines.next(), None, "it is said once");
    assert!(COACHES.iter().all(|coach| line.contains(coach)), "{line}");
    let password = line.split("password ").nth(1).and_then(|rest| rest.split(',').next()).unwrap();
    assert!(password.len() >= 16, "{line}");
    password.to_owned()
}

/// Waits for what it says behind the line with its address.
async fn says(program: &Program) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match program.said() {
            said if said.ends_with('\n') => return said,
            _ => assert!(Instant::now() < deadline, "it says nothing"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits for a line in the log.
async fn logs(program: &Program, so: impl Fn(&str) -> bool) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let log = program.log();
        if let Some(line) = log.lines().find(|line| so(line)) {
            return line.to_owned();
        }
        assert!(Instant::now() < deadline, "the log lacks a line: {log}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn sample_coaches_have_a_password_that_is_said_once(database: &Database) {
    let url = database.url();
    let settings = ["--sample-data", "always", "--access", "members"];
    let program = Program::serve(&url, &settings);
    let secret = said(&says(&program).await);
    for coach in COACHES {
        assert!(!signs_in(&program, coach, &password(coach)).await, "{coach}");
        assert!(signs_in(&program, coach, &secret).await, "{coach}");
    }
    assert!(!program.log().contains(&secret), "it is in no log: {}", program.log());
    drop(program);
    let again = Program::serve(&url, &settings);
    assert!(signs_in(&again, "mara", &secret).await);
    assert_eq!(again.said(), "", "it is said once");
    assert!(!again.log().contains(&secret) && !again.log().contains("everybody knows"), "{}", again.log());
}

/// As it is by default wherever others get to the server.
#[actix_web::test]
async fn on_an_address_that_others_reach_no_password_is_known() {
    for settings in [&[][..], &["--access", "open"]] {
        let folder = tempdir().unwrap();
        let program = Program::serve_at("0.0.0.0:0", folder.path(), settings);
        let address = (std::net::Ipv4Addr::LOCALHOST, program.address.port()).into();
        let client = Client::arrive(address, &json!({})).await.expect("to be let in");
        let login_with = async |password: &str| client.ask("login", login("mara", password)).await.ok;
        assert!(!login_with(&password("mara")).await && login_with(&said(&says(&program).await)).await);
    }
}

async fn an_empty_server_gets_its_first_account(database: &Database) {
    let secret = "a long secret";
    {
        let program = Program::serve(&database.url(), &["--access", "members"]);
        logs(&program, |line| line.contains("WARN") && line.contains("planner user create USERNAME")).await;
    }
    let create =
        |arguments: &[&str], secret: &str| by_hand(database, &[&["create"], arguments].concat(), secret);
    // Without a server, and beside one.
    let first = create(&["Boss"], &format!("{secret}\n"));
    assert!(first.status.success(), "{first:?}");
    let program = Program::serve(&database.url(), &["--access", "members"]);
    assert!(!program.log().contains("nobody can sign in"), "{}", program.log());
    assert!(signs_in(&program, "boss", secret).await);
    let boss = Client::arrive(program.address, &json!({ "live": "changes" })).await.unwrap();
    boss.ask("login", login("boss", secret)).await.done();
    let second = ["ada.l", "--field", "name=Ada", "--field", "age=36"];
    assert!(create(&second, secret).status.success());
    boss.keeps("the other one", |copy| copy.rows("coaches").len() == 2).await;
    let rows = boss.copy().rows("coaches");
    assert_eq!((&rows[0]["name"], &rows[0]["username"]), (&json!("Boss"), &json!("boss")));
    assert_eq!((&rows[1]["name"], &rows[1]["age"]), (&json!("Ada"), &json!(36)));
    assert!(signs_in(&program, "ada.l", secret).await);
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
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && told.contains(named), "{arguments:?}: {told}");
    }
    assert_eq!(database.number("select count(*) from coaches").await, 2);
}

/// As `migrate` makes one.
#[actix_web::test]
async fn a_first_account_may_be_made_before_there_is_a_database() {
    let folder = tempdir().unwrap();
    let created = program::run(folder.path(), &["user", "create", "boss"], "a long secret\n");
    assert!(created.status.success(), "{created:?}");
    let program = Program::serve_in(folder.path(), &["--access", "members"]);
    assert!(signs_in(&program, "boss", "a long secret").await);
    // No other command makes a database where there is none.
    let elsewhere = tempdir().unwrap();
    let refused = program::run(elsewhere.path(), &["user", "set-password", "boss"], "a long secret\n");
    assert!(!refused.status.success() && !elsewhere.path().join("rowcast.db").exists());
}

async fn a_known_password_is_warned_of_at_each_start(database: &Database) {
    database.plant().await;
    let url = database.url();
    assert!(by_hand(database, &["set-password", "yuki"], "one of her own").status.success());
    for _ in 0..2 {
        let program = Program::serve(&url, &["--access", "members"]);
        let line = logs(&program, |line| line.contains("passwords that everybody knows")).await;
        assert!(line.contains("WARN") && line.contains("planner user set-password mara"), "{line}");
        assert!(line.contains("mara, teo, rosa, finn") && !line.contains("_password"), "{line}");
    }
    for coach in COACHES {
        assert!(by_hand(database, &["set-password", coach], "another one").status.success());
    }
    let program = Program::serve(&url, &["--access", "members"]);
    assert!(signs_in(&program, "mara", "another one").await);
    assert!(!program.log().contains("everybody knows"), "{}", program.log());
}

async fn to_plant_the_gym_asks_for_whom(database: &Database) {
    let (folder, url) = (tempdir().unwrap(), database.url());
    let seed = |settings: &[&str], environment: &[(&str, &str)]| {
        let arguments = [&["seed", "--database-url", &url], settings].concat();
        program::run_with(folder.path(), environment, &arguments, "")
    };
    let output = seed(&[], &[("ROWCAST_BIND", "0.0.0.0:5555")]);
    assert!(output.status.success(), "{output:?}");
    let secret = said(&String::from_utf8(output.stdout).unwrap());
    let program = Program::serve(&url, &[]);
    assert!(
        signs_in(&program, "mara", &secret).await && !signs_in(&program, "mara", &password("mara")).await
    );
}
