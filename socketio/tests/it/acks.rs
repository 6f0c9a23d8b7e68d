//! Acks requested by the server.

use std::time::Duration;

use serde_json::json;
use socketio::{AckError, Args, Binary, Config, Namespace, Socket, SocketIo, args};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_tungstenite::tungstenite::protocol::Message as Ws;

use crate::harness::{Client, Poller, TestServer, within};

mod broadcast_acks;
mod clients;

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(60);

/// A server whose event "ask" requests an ack, and reports its outcome.
fn asking(sender: UnboundedSender<String>, time: Duration) -> Namespace {
    Namespace::new("/")
        .on("ask", move |socket: Socket| {
            let sender = sender.clone();
            async move {
                let outcome = match socket.emit_with_ack::<i64, _>("question", &1, time).await {
                    Ok(answer) => format!("answer {answer}"),
                    Err(AckError::Timeout) => "timeout".to_owned(),
                    Err(AckError::Disconnected) => "disconnected".to_owned(),
                    Err(other) => other.to_string(),
                };
                let _ = sender.send(outcome.clone());
                Ok::<_, ()>(outcome)
            }
        })
        .on("echo", |args: Args| async move { args })
}

fn start(time: Duration) -> (TestServer, UnboundedReceiver<String>) {
    let (sender, outcome) = unbounded_channel();
    (TestServer::of(SocketIo::builder(Config::default()).namespace(asking(sender, time)), 2), outcome)
}

/// The id of the requested ack.
fn id(question: &str) -> String {
    let rest = question.strip_prefix("42").unwrap();
    let id = rest.strip_suffix(r#"["question",1]"#).unwrap_or_else(|| panic!("{question}"));
    assert!(!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()), "{question}");
    id.to_owned()
}

#[actix_web::test]
async fn ack_reaches_waiting_handler() {
    let (server, _reports) = start(LONG);
    let mut client = server.enter().await;
    for round in 0..20 {
        let question = client.request(&format!(r#"42{round}["ask"]"#)).await;
        assert_eq!(
            client.request(&format!("43{}[{round},\"and more\"]", id(&question))).await,
            format!(r#"43{round}["answer {round}"]"#)
        );
    }
}

#[actix_web::test]
async fn ack_reaches_handler_by_polling() {
    let (server, _reports) = start(LONG);
    let mut poller = Poller::enter(&server).await;
    poller.send(r#"421["ask"]"#).await;
    let question = poller.text().await;
    poller.send(&format!("43{}[5]", id(&question))).await;
    assert_eq!(poller.text().await, r#"431["answer 5"]"#);
}

#[actix_web::test]
async fn missing_ack_times_out() {
    let (server, _reports) = start(SHORT);
    let mut client = server.enter().await;
    let question = client.request(r#"421["ask"]"#).await;
    assert_eq!(client.text().await, r#"431["timeout"]"#);
    // A late ack is allowed.
    client.send(&format!("43{}[1]", id(&question))).await;
    assert_eq!(client.request(r#"422["echo",2]"#).await, "432[2]");
}

#[actix_web::test]
async fn disconnect_ends_wait_for_ack() {
    let (server, mut outcome) = start(LONG);
    let mut client = server.enter().await;
    id(&client.request(r#"421["ask"]"#).await);
    client.send("41").await;
    assert_eq!(within(outcome.recv()).await.unwrap(), "disconnected");

    let mut client = server.enter().await;
    id(&client.request(r#"421["ask"]"#).await);
    drop(client);
    assert_eq!(within(outcome.recv()).await.unwrap(), "disconnected");
}

#[actix_web::test]
async fn ack_of_other_type_is_error() {
    let (server, _reports) = start(LONG);
    let mut client = server.enter().await;
    for answer in ["[\"five\"]", "[]", "[null]", "[{\"a\":1}]"] {
        let question = client.request(r#"421["ask"]"#).await;
        let outcome = client.request(&format!("43{}{answer}", id(&question))).await;
        assert!(
            outcome.starts_with(r#"431["the client's answer is not what was expected: invalid type"#),
            "{outcome}"
        );
    }
}

#[actix_web::test]
async fn unrequested_ack_is_ignored() {
    let (server, _reports) = start(LONG);
    let (mut client, mut other) = (server.enter().await, server.enter().await);
    for id in ["0", "1", "77", "18446744073709551615"] {
        other.send(&format!("43{id}[1]")).await;
    }
    let question = client.request(r#"421["ask"]"#).await;
    // An ack from another client does not count.
    other.send(&format!("43{}[666]", id(&question))).await;
    assert_eq!(other.request(r#"422["echo",2]"#).await, "432[2]");
    client.send(&format!("43{}[3]", id(&question))).await;
    client.send(&format!("43{}[4]", id(&question))).await;
    assert_eq!(client.text().await, r#"431["answer 3"]"#);
    assert_eq!(client.request(r#"422["echo",2]"#).await, "432[2]");
}

#[actix_web::test]
async fn malformed_ack_closes_session() {
    let (server, _reports) = start(LONG);
    for (text, sentence) in [
        ("43[1]", "an ack has an id"),
        ("430", "an ack is a JSON array"),
        ("430{}", "an ack is a JSON array"),
        ("4318446744073709551616[]", "ack id out of range"),
        ("461-[]", "an ack has an id"),
    ] {
        let mut client = server.enter().await;
        client.send(text).await;
        assert_eq!(client.closed().await, (1002, sentence.to_owned()), "{text}");
    }
}

#[actix_web::test]
async fn acks_may_arrive_in_any_order() {
    let many = Namespace::new("/").on("many", |socket: Socket| async move {
        let asked = (0..50).map(|n| socket.emit_with_ack::<i64, _>("question", &n, LONG));
        let answers = futures_util::future::join_all(asked).await;
        Ok::<_, ()>(answers.into_iter().map(Result::unwrap).collect::<Vec<_>>())
    });
    let server = TestServer::of(SocketIo::builder(Config::default()).namespace(many), 1);
    let mut client = server.enter().await;
    client.send(r#"427["many"]"#).await;
    let mut questions = Vec::new();
    for n in 0..50 {
        let question = client.text().await;
        let question =
            question.strip_prefix("42").unwrap().strip_suffix(&format!(r#"["question",{n}]"#)).unwrap();
        questions.push((n, question.to_owned()));
    }
    for (n, id) in questions.iter().rev() {
        client.send(&format!("43{id}[{}]", n * 2)).await;
    }
    let expected = (0..50).map(|n| n * 2).collect::<Vec<_>>();
    assert_eq!(client.text().await, format!("437[{}]", json!(expected)));
}

#[actix_web::test]
async fn on_connect_may_request_ack() {
    let greeting = Namespace::new("/")
        .on_connect(|socket: Socket| async move {
            let name = socket.emit_with_ack::<String, _>("who", &(), LONG).await;
            socket.emit("hello", &name.unwrap());
        })
        .on("echo", |args: Args| async move { args });
    let server = TestServer::of(SocketIo::builder(Config::default()).namespace(greeting), 1);
    let mut client = server.open().await;
    client.enter("/", "").await;
    let question = client.text().await;
    client.send(r#"421["echo",1]"#).await;
    let id = question.strip_prefix("42").unwrap().split('[').next().unwrap().to_owned();
    assert_eq!(client.request(&format!(r#"43{id}["Ada"]"#)).await, r#"42["hello","Ada"]"#);
    assert_eq!(client.text().await, "431[1]");
}

#[actix_web::test]
async fn ack_is_read_behind_full_inbox() {
    let (sender, _reports) = unbounded_channel();
    let config = Config { max_inbox: 4, ..Config::default() };
    let server = TestServer::of(SocketIo::builder(config).namespace(asking(sender, SHORT * 5)), 1);
    let mut client = server.enter().await;
    let question = client.request(r#"420["ask"]"#).await;
    for n in 1..10 {
        client.send(&format!(r#"42{n}["echo",{n}]"#)).await;
    }
    assert_eq!(client.request(&format!("43{}[5]", id(&question))).await, r#"430["answer 5"]"#);
}

async fn binary(client: &mut Client) -> Vec<u8> {
    match client.next().await {
        Some(Ws::Binary(bytes)) => bytes.to_vec(),
        other => panic!("expected binary, not {other:?}"),
    }
}

#[actix_web::test]
async fn binary_values_travel_in_server_events_and_acks() {
    let swap = Namespace::new("/")
        .on("swap", |socket: Socket| async move {
            let question = args![Binary::from("one"), "two", vec![Binary::from(vec![3; 70_000])]];
            let answer = socket.emit_args_with_ack("question", &question, LONG).await.unwrap();
            let (first, second): (Vec<Binary>, Option<u8>) = (answer.get(0).unwrap(), answer.get(3).unwrap());
            assert_eq!((answer.len(), second), (2, None));
            args![answer.get::<Binary>(1).unwrap(), first]
        })
        .on("wrong", |socket: Socket| async move {
            let answer = socket.emit_with_ack::<Binary, _>("question", &1, LONG).await;
            Ok::<_, ()>(answer.unwrap_err().to_string())
        });
    let server = TestServer::of(SocketIo::builder(Config::default()).namespace(swap), 1);
    let mut client = server.enter().await;

    let question = client.request(r#"421["swap"]"#).await;
    let placeholder = |num: u8| format!(r#"{{"_placeholder":true,"num":{num}}}"#);
    let rest = format!(r#"["question",{},"two",[{}]]"#, placeholder(0), placeholder(1));
    let id = question.strip_prefix("452-").unwrap().strip_suffix(&rest).unwrap();
    assert_eq!((binary(&mut client).await, binary(&mut client).await), (b"one".to_vec(), vec![3; 70_000]));
    client.send(&format!("462-{id}[[{}],{}]", placeholder(1), placeholder(0))).await;
    client.raw(Ws::binary(vec![0])).await;
    client.raw(Ws::binary(vec![1])).await;
    assert_eq!(client.text().await, format!("462-1[{},[{}]]", placeholder(0), placeholder(1)));
    assert_eq!((binary(&mut client).await, binary(&mut client).await), (vec![0], vec![1]));

    // A placeholder without an attachment.
    let question = client.request(r#"422["wrong"]"#).await;
    client.send(&format!("43{}[{}]", super::acks::id(&question), placeholder(0))).await;
    assert!(client.text().await.contains("expected binary"));
}
