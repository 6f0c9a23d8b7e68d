//! Acks requested by clients: each is sent exactly once, whatever the handler does.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use socketio::{AckSender, Args, Binary, Config, Data, Event, Namespace, Reply, Socket, SocketIo, args};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::protocol::Message as Ws;

use super::binary;
use crate::harness::TestServer;

#[derive(Serialize, Deserialize)]
struct Line {
    from: String,
    #[serde(default)]
    size: Option<u8>,
}

fn all(gate: Arc<Notify>) -> Namespace {
    Namespace::new("/")
        .on("nothing", || async {})
        .on("ok", || async { Ok::<_, ()>("fine") })
        .on("err", || async { Err::<(), _>("not fine") })
        .on("reply", || async { Reply::json("[1]".into()) })
        .on("args", |args: Args| async move { args })
        .on(
            "sum",
            |Data(a): Data<i64>, Data(b): Data<i64>| async move { a.checked_add(b).ok_or("too large") },
        )
        .on("line", |Data(line): Data<Line>| async move { Ok::<_, ()>(line) })
        .on("maybe", |Data(a): Data<Option<u8>>| async move { Ok::<_, ()>(a) })
        .on("event", |event: Event| async move {
            Ok::<_, ()>(format!("{} {} {}", event.name, event.args.len(), event.wants_ack))
        })
        .on("sent", |ack: AckSender| async move { ack.send(&1) })
        .on("dropped", |ack: AckSender| async move { drop(ack) })
        .on("sent and returned", |ack: AckSender| async move {
            ack.send(&1);
            Ok::<_, ()>(2)
        })
        .on("kept", move |ack: AckSender| {
            let gate = gate.clone();
            async move {
                actix_web::rt::spawn(async move {
                    gate.notified().await;
                    ack.reply(args!["late", Binary::from("x")]);
                });
                Ok::<_, ()>("not this")
            }
        })
        .on("by hand", |mut event: Event| async move {
            let wanted = event.wants_ack;
            let ack = event.ack();
            assert_eq!(wanted, ack.is_wanted());
            ack.send(&event.args.len());
        })
        .on("ack first", |ack: AckSender, Data(n): Data<i64>| async move { ack.send(&n) })
        .on("ack last", |Data(n): Data<i64>, ack: AckSender| async move { ack.send(&n) })
        .on("rest", |Data(_): Data<i64>, rest: Args, more: Data<Option<i64>>| async move {
            Ok::<_, ()>((rest.len(), more.0))
        })
        .on("binary", |Data(name): Data<String>, Data(bytes): Data<Binary>| async move {
            Ok::<_, ()>((name, bytes))
        })
}

fn start() -> (TestServer, Arc<Notify>) {
    let gate = Arc::new(Notify::new());
    (TestServer::of(SocketIo::builder(Config::default()).namespace(all(gate.clone())), 1), gate)
}

#[actix_web::test]
async fn return_value_is_ack() {
    let (server, _) = start();
    let mut client = server.enter().await;
    for (event, ack) in [
        (r#"["nothing"]"#, "[]"),
        (r#"["ok"]"#, r#"["fine"]"#),
        (r#"["err"]"#, r#"[{"error":"not fine"}]"#),
        (r#"["reply"]"#, "[[1]]"),
        (r#"["args",1,{"a":[null]},"ü\u001e"]"#, r#"[1,{"a":[null]},"ü\u001e"]"#),
        (r#"["sum",2,3]"#, "[5]"),
        (r#"["sum",9223372036854775807,1]"#, r#"[{"error":"too large"}]"#),
        (r#"["maybe"]"#, "[null]"),
        (r#"["maybe",7,"more"]"#, "[7]"),
        (r#"["event",1,2]"#, r#"["event 2 true"]"#),
        (r#"["sent"]"#, "[1]"),
        (r#"["dropped"]"#, "[]"),
        (r#"["sent and returned"]"#, "[1]"),
        (r#"["by hand",1,2]"#, "[2]"),
        (r#"["ack last",4]"#, "[4]"),
        (r#"["ack first",4]"#, "[4]"),
    ] {
        assert_eq!(client.request(&format!("425{event}")).await, format!("435{ack}"), "{event}");
    }
}

#[actix_web::test]
async fn mismatched_arguments_are_acked_with_error() {
    let (server, _) = start();
    let mut client = server.enter().await;
    for (event, error) in [
        (r#"["sum"]"#, "argument 1 is missing"),
        (r#"["sum",1]"#, "argument 2 is missing"),
        (r#"["sum","1",2]"#, r#"argument 1: invalid type: string \"1\", expected i64"#),
        (r#"["sum",1,2.5]"#, "argument 2: invalid type: floating point `2.5`, expected i64"),
        (r#"["sum",1,null]"#, "argument 2: invalid type: null, expected i64"),
        (r#"["line",{}]"#, "argument 1: missing field `from`"),
        (r#"["line",{"from":"a","size":300}]"#, "argument 1: invalid value: integer `300`, expected u8"),
        (r#"["maybe",256]"#, "argument 1: invalid value: integer `256`, expected u8"),
        (r#"["binary","a","b"]"#, "argument 2: expected binary"),
        (r#"["binary","a",{"_placeholder":true,"num":0}]"#, "argument 2: expected binary"),
        (r#"["nobody's"]"#, r#"nobody handles the event \"nobody's\""#),
        (r#"["ack last","x"]"#, r#"argument 1: invalid type: string \"x\", expected i64"#),
    ] {
        assert_eq!(
            client.request(&format!("425{event}")).await,
            format!(r#"435[{{"error":"{error}"}}]"#),
            "{event}"
        );
    }
    // Without an ack the error is not sent.
    client.send(r#"42["sum","x"]"#).await;
    assert_eq!(client.request(r#"426["sum",1,1]"#).await, "436[2]");
}

#[actix_web::test]
async fn mismatched_arguments_are_acked_despite_ack_sender() {
    let (server, _) = start();
    let mut client = server.enter().await;
    let error = r#"435[{"error":"argument 1: invalid type: string \"x\", expected i64"}]"#;
    assert_eq!(client.request(r#"425["ack first","x"]"#).await, error);
}

#[actix_web::test]
async fn data_after_args_is_null() {
    let (server, _) = start();
    let mut client = server.enter().await;
    assert_eq!(client.request(r#"425["rest",1,2,3]"#).await, "435[[2,null]]");
    assert_eq!(client.request(r#"425["rest",1]"#).await, "435[[0,null]]");
}

#[actix_web::test]
async fn ack_sender_may_outlive_handler() {
    let (server, gate) = start();
    let mut client = server.enter().await;
    client.send(r#"421["kept"]"#).await;
    assert_eq!(client.request(r#"422["ok"]"#).await, r#"432["fine"]"#);
    gate.notify_one();
    assert_eq!(client.text().await, r#"461-1["late",{"_placeholder":true,"num":0}]"#);
    assert_eq!(binary(&mut client).await, b"x");
}

#[actix_web::test]
async fn binary_arguments_are_echoed() {
    let (server, _) = start();
    let mut client = server.enter().await;
    client.send(r#"451-8["binary","a",{"_placeholder":true,"num":0}]"#).await;
    client.raw(Ws::binary(vec![9; 100_000])).await;
    assert_eq!(client.text().await, r#"461-8[["a",{"_placeholder":true,"num":0}]]"#);
    assert_eq!(binary(&mut client).await, vec![9; 100_000]);
}

#[actix_web::test]
async fn ack_is_sent_once_and_only_if_requested() {
    let (server, gate) = start();
    let mut client = server.enter().await;
    let names = [
        "nothing",
        "ok",
        "err",
        "reply",
        "args",
        "sum",
        "line",
        "maybe",
        "event",
        "sent",
        "dropped",
        "sent and returned",
        "by hand",
        "ack first",
        "ack last",
        "binary",
        "unknown",
        "kept",
    ];
    let mut asked = Vec::new();
    for id in 0..600 {
        let name = names[id % names.len()];
        if id % 3 == 0 {
            client.send(&format!(r#"42["{name}"]"#)).await;
        } else {
            client.send(&format!(r#"42{id}["{name}"]"#)).await;
            asked.push(id);
        }
        if name == "kept" {
            gate.notify_one();
        }
    }
    client.send(r#"429999["ok"]"#).await;
    let (mut acked, mut last) = (Vec::new(), false);
    // Deferred acks may follow the last one.
    while acked.len() < asked.len() || !last {
        match client.next().await {
            Some(Ws::Text(text)) => {
                let text = text.as_str();
                let ack =
                    text.strip_prefix("43").or(text.strip_prefix("461-")).unwrap_or_else(|| panic!("{text}"));
                let id: usize = ack.split('[').next().unwrap().parse().unwrap();
                if id == 9999 { last = true } else { acked.push(id) }
            }
            Some(Ws::Binary(_)) => {}
            other => panic!("{other:?}"),
        }
        gate.notify_one();
    }
    acked.sort_unstable();
    assert_eq!(acked, asked);
}

#[actix_web::test]
async fn ack_follows_events_of_its_handler() {
    let order = Namespace::new("/").on("order", |socket: Socket, ack: AckSender| async move {
        socket.emit("one", &1);
        let hub = socket.hub();
        std::thread::spawn(move || hub.emit("two", &2)).join().unwrap();
        ack.send(&3);
    });
    let server = TestServer::of(SocketIo::builder(Config::default()).namespace(order), 2);
    let mut client = server.enter().await;
    assert_eq!(client.request(r#"421["order"]"#).await, r#"42["one",1]"#);
    assert_eq!((client.text().await, client.text().await), (r#"42["two",2]"#.into(), "431[3]".into()));
}

#[actix_web::test]
async fn emit_to_socket_does_not_overtake_broadcast() {
    let order = Namespace::new("/").on_connect(|socket: Socket| async move {
        socket.hub().emit("n", &1);
        socket.emit("n", &2);
        socket.join("a");
        socket.hub().to("a").emit("n", &3);
        socket.leave("a");
        socket.hub().to("a").emit("n", &666);
        socket.emit_volatile("n", &4);
        socket.hub().emit("n", &5);
        socket.disconnect();
    });
    let server = TestServer::of(SocketIo::builder(Config::default()).namespace(order), 1);
    let mut client = server.open().await;
    client.enter("/", "").await;
    for n in 1..=5 {
        assert_eq!(client.text().await, format!(r#"42["n",{n}]"#));
    }
    assert_eq!(client.text().await, "41");
}
