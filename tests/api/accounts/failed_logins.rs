//! Failed logins are throttled, and the owner can still sign in.

use serde_json::json;

use super::{login, node, password};
use crate::harness::{Client, Database, Node, on_empty_databases};

on_empty_databases! {
    failed_logins_elsewhere_do_not_lock_out_owner,
    valid_token_marks_address_as_known,
    concurrent_logins_are_counted_before_verification,
}

const HERE: [u8; 4] = [127, 0, 0, 1];
const ELSEWHERE: [u8; 4] = [127, 0, 0, 2];

async fn connect_from(node: &Node, address: [u8; 4]) -> Client {
    let client = Client::connect_only_from(node.address, address, &json!({})).await;
    client.expect("to be connected")
}

/// Sends wrong passwords until `$rate_limited`; returns how many were checked.
async fn guess_until_limited(client: &Client, username: &str) -> usize {
    for tries in 0..100 {
        let ack = client.request("login", login(username, "a guess")).await;
        if ack.error_keys() == ["$rate_limited"] {
            return tries;
        }
        assert_eq!(ack.error_keys(), ["password", "username"]);
    }
    panic!("guesses are not limited");
}

async fn failed_logins_elsewhere_do_not_lock_out_owner(database: &Database) {
    let node = node(database, "members").await;
    connect_from(&node, HERE).await.request("login", login("mara", &password("mara"))).await.unwrap_data();
    let stranger = connect_from(&node, ELSEWHERE).await;
    assert_eq!(guess_until_limited(&stranger, "mara").await, 20);
    assert_eq!(guess_until_limited(&stranger, "MARA").await, 0, "spelled otherwise it is the same account");
    // The correct password is refused as well, since the difference would reveal it.
    let right = stranger.request("login", login("mara", &password("mara"))).await;
    assert_eq!(right.error_keys(), ["$rate_limited"]);
    assert!(right.error("$rate_limited").contains("try again in"), "{right:?}");
    stranger.request("login", login("teo", &password("teo"))).await.unwrap_data();

    let owner = connect_from(&node, HERE).await;
    owner.request("login", login("mara", &password("mara"))).await.unwrap_data();
    node.stop().await;
    // The address is known after a restart and on other nodes.
    let again = Node::start(&database.url(), &["--access", "members"]).await;
    assert_eq!(guess_until_limited(&connect_from(&again, ELSEWHERE).await, "mara").await, 20);
    let owner = connect_from(&again, HERE).await;
    owner.request("login", login("mara", &password("mara"))).await.unwrap_data();
    // A known address has some more attempts, not unlimited ones.
    assert_eq!(guess_until_limited(&owner, "mara").await, 10);
    again.stop().await;
}

async fn valid_token_marks_address_as_known(database: &Database) {
    let node = node(database, "members").await;
    let here = connect_from(&node, HERE).await;
    let token = here.request("login", login("mara", &password("mara"))).await.unwrap_data()["token"].clone();
    assert_eq!(guess_until_limited(&connect_from(&node, [127, 0, 0, 3]).await, "mara").await, 20);
    let auth = json!({ "token": token });
    let moved = Client::connect_only_from(node.address, ELSEWHERE, &auth).await.expect("to be connected");
    moved.request("login", login("mara", &password("mara"))).await.unwrap_data();
    assert_eq!(
        guess_until_limited(&connect_from(&node, ELSEWHERE).await, "mara").await,
        10,
        "and now so is that address"
    );
    node.stop().await;
}

async fn concurrent_logins_are_counted_before_verification(database: &Database) {
    let node = node(database, "members").await;
    // Two logins of a session may be queued.
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(connect_from(&node, ELSEWHERE).await);
    }
    let all = sockets.iter().map(async |socket| {
        let acks: Vec<u64> = (0..2).map(|_| socket.emit("login", &[login("nobody", "a guess")])).collect();
        let mut checked = 0;
        for ack in acks {
            checked += usize::from(socket.ack(ack).await.error_keys() == ["password", "username"]);
        }
        checked
    });
    let checked: usize = futures_util::future::join_all(all).await.into_iter().sum();
    assert_eq!(checked, 20, "unknown names have the same limit as known ones");
    node.stop().await;
}
