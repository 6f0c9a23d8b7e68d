//! JSON that is small to send and expensive to read.

use tokio_tungstenite::tungstenite::protocol::Message as Ws;

use super::start;
use crate::harness::{Client, Poller, TestServer};
use socketio::Config;

fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

async fn goes_on(client: &mut Client) {
    assert_eq!(client.request(r#"429["echo",9]"#).await, "439[9]");
}

#[actix_web::test]
async fn deep_arguments_do_not_close_session() {
    let (server, _) = start(Config::default());
    let mut client = server.enter().await;
    for levels in [129, 5_000, 400_000] {
        for event in ["echo", "value"] {
            let ack = client.request(&format!(r#"421["{event}",{}]"#, nested(levels))).await;
            assert_eq!(ack, r#"431[{"error":"the data is nested deeper than 128 levels"}]"#, "{levels}");
        }
    }
    // An allowed depth may still exceed the decoding type's: serde_json stops at 127.
    assert_eq!(client.request(&format!(r#"421["value",{}]"#, nested(127))).await, "431[true]");
    let deepest = client.request(&format!(r#"421["value",{}]"#, nested(128))).await;
    assert!(deepest.starts_with(r#"431[{"error":"argument 1: recursion limit"#), "{deepest}");
    goes_on(&mut client).await;
}

#[actix_web::test]
async fn deep_auth_and_acks_are_not_decoded() {
    let (server, _) = start(Config::default());
    let mut client = server.open().await;
    let refused = client.request(&format!(r#"40{{"a":{}}}"#, nested(400_000))).await;
    assert!(
        refused.starts_with(r#"44{"message":"recursion limit exceeded"#),
        "{}",
        &refused[..60.min(refused.len())]
    );
    client.enter("/", "").await;
    client.send(&format!("430{}", nested(400_000))).await;
    client.send(&format!("4318446744073709551615[{}]", nested(400_000))).await;
    goes_on(&mut client).await;
}

#[actix_web::test]
async fn malformed_json_of_any_depth_closes_session() {
    let (server, _) = start(Config::default());
    for text in [
        format!("42{}", "[".repeat(900_000)),
        format!(r#"42["echo",{}"#, "{\"a\":".repeat(150_000)),
        format!(r#"42["echo",{}]"#, "\"".repeat(900_001)),
        format!("42[\"echo\",{}]", "-".repeat(900_000)),
        format!("42[\"echo\",{}", "1".repeat(900_000)),
    ] {
        let mut client = server.enter().await;
        client.send(&text).await;
        assert_eq!(client.closed().await.0, 1002, "{}", &text[..20]);
    }
    server.wait_until_empty().await;
}

#[actix_web::test]
async fn unusual_valid_json_is_passed_unchanged() {
    let (server, _) = start(Config::default());
    let mut client = server.enter().await;
    let many = "0,".repeat(200_000);
    let long = "1".repeat(400_000);
    let escapes = "\\u0000\\ud83d\\ude00".repeat(20_000);
    let keys = (0..50_000).map(|n| format!("\"{n}\":{{}}")).collect::<Vec<_>>().join(",");
    for data in [
        format!("{many}0"),
        long.clone(),
        format!("\"{escapes}\""),
        format!("{{{keys}}}"),
        format!("{{{}\"a\":1}}", "\"a\":1,".repeat(50_000)),
        "1e999999,-0.0,1E-999999".to_owned(),
        format!("0.{long}"),
        r#"{"__proto__":{"a":1},"constructor":null}"#.to_owned(),
        r#""\u2028\ud800""#.to_owned(),
    ] {
        assert_eq!(
            client.request(&format!(r#"421["echo",{data}]"#)).await,
            format!("431[{data}]"),
            "{}",
            &data[..9]
        );
    }
    for data in [long.as_str(), "1e999999", r#""\ud800""#] {
        let ack = client.request(&format!(r#"421["value",{data}]"#)).await;
        assert!(ack.starts_with(r#"431[{"error":"argument 1: "#), "{}", &ack[..40.min(ack.len())]);
    }
    let name = "x".repeat(500_000);
    let ack = client.request(&format!(r#"421["{name}"]"#)).await;
    assert!(ack.starts_with(r#"431[{"error":"nobody handles the event"#));
    goes_on(&mut client).await;
}

#[actix_web::test]
async fn unusual_namespace_names_are_unknown() {
    let (server, _) = start(Config::default());
    let mut client = server.enter().await;
    for name in [
        "/".repeat(100_000),
        format!("/{}", "é".repeat(100_000)),
        "/a\"b\\".into(),
        "/\u{0}".into(),
        "/?a=1".into(),
    ] {
        let answer = client.request(&format!("40{name},")).await;
        assert_eq!(answer, format!(r#"44{name},{{"message":"Invalid namespace"}}"#));
    }
    goes_on(&mut client).await;
}

#[actix_web::test]
async fn fragments_with_pings_between_form_one_message() {
    use tokio_tungstenite::tungstenite::protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    };
    let (server, _) = start(Config::default());
    let mut client = server.enter().await;
    let text = format!(r#"421["echo","{}"]"#, "é".repeat(200));
    let bytes = text.as_bytes();
    let last = bytes.len() - 1;
    for (n, byte) in bytes.iter().enumerate() {
        let opcode = OpCode::Data(if n == 0 { Data::Text } else { Data::Continue });
        client.raw(Ws::Frame(Frame::message(vec![*byte], opcode, n == last))).await;
        if n % 100 == 50 {
            client.raw(Ws::Ping("between".into())).await;
            assert!(client.next().await.unwrap().is_pong());
        }
    }
    assert_eq!(client.text().await, format!(r#"431["{}"]"#, "é".repeat(200)));
}

/// A body of separators, almost.
#[actix_web::test]
async fn payload_with_too_many_packets_closes_session() {
    let (server, _) = start(Config { max_packets: 1_000, ..Config::default() });
    let mut poller = Poller::enter(&server).await;
    poller.send(&vec!["3"; 1_000].join("\u{1e}")).await;
    assert_eq!(poller.try_send(vec!["3"; 1_001].join("\u{1e}").as_bytes()).await.status, 400);
    poll_until_ended(&server, poller).await;
    let mut poller = Poller::enter(&server).await;
    assert_eq!(poller.try_send("\u{1e}".repeat(900_000).as_bytes()).await.status, 400);
    poll_until_ended(&server, poller).await;
}

async fn poll_until_ended(server: &TestServer, mut poller: Poller) {
    server.wait_until_empty().await;
    assert_eq!(poller.poll().await.status, 400);
}
