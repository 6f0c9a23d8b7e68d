//! Invalid frames and packets.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{
    Client, Database, Engine, TIMEOUT, TestApp, fixtures, http,
    process::ServerProcess,
    wire::{Ack, ServerPacket},
    with_app,
};

/// Invalid packets. Each is acked, ignored, or closes its own connection with code and reason.
const PACKETS: [&str; 34] = [
    "",
    "4",
    "5",
    "6",
    "9",
    "x",
    "0{}",
    "3",
    "3probe",
    "2probe",
    "b",
    "bAAAA",
    "47",
    "4x",
    "40",
    "40{}",
    "40[",
    "40{\"token\":",
    "42",
    "42[",
    "42[]",
    "42{}",
    "42null",
    "42[1]",
    "42[null,{}]",
    "42[\"list_coaches\"",
    "42[\"list_coaches\",]",
    "42-1[\"list_coaches\"]",
    "4299999999999999999999999[\"list_coaches\"]",
    "42[\"connect\"]",
    "42[\"disconnect\"]",
    "430[\"nobody asked\"]",
    "451-[\"new_coach\",{\"_placeholder\":true,\"num\":9}]",
    "4599999999-[\"new_coach\"]",
];

#[actix_web::test]
async fn invalid_packet_affects_only_its_connection() {
    with_app(Engine::Sqlite, async |app: &TestApp| {
        let other = app.connect().await;
        let before = other.now();
        for packet in PACKETS {
            let client = app.connect().await;
            client.send(packet);
            assert_responsive_or_closed_with_reason(&client, packet).await;
        }
        other.assert_responsive().await;
        assert!(other.events_since(before).is_empty());
    })
    .await;
}

#[actix_web::test]
async fn out_of_order_packets_affect_only_their_connection() {
    with_app(Engine::Sqlite, async |app: &TestApp| {
        for packet in [
            "42[\"list_coaches\"]",
            "420[\"list_coaches\"]",
            "41",
            "430[]",
            "450-[\"x\"]",
            "40/elsewhere,",
            "2",
            "3",
            "1",
        ] {
            let client = Client::open(app.address).await;
            client.send(packet);
            client.send("40");
            client.send("40");
            client.send("41");
            client.send("42[\"list_coaches\"]");
            client.send("1");
            client.closed().await;
        }
        app.connect().await.assert_responsive().await;
    })
    .await;
}

#[actix_web::test]
async fn unknown_namespace_is_refused() {
    with_app(Engine::Sqlite, async |app: &TestApp| {
        let client = app.connect().await;
        let then = client.now();
        client.send("40/elsewhere,{}");
        client.assert_responsive().await;
        let elsewhere = "44/elsewhere,";
        assert!(
            client.since(then).contains(&ServerPacket::OtherNamespace(elsewhere.into())),
            "{:?}",
            client.since(then)
        );
    })
    .await;
}

#[actix_web::test]
async fn binary_event_is_refused() {
    with_app(Engine::Sqlite, async |app: &TestApp| {
        let client = app.connect().await;
        for (packet, attachments) in [
            (r#"451-901["new_coach",{"_placeholder":true,"num":0}]"#, 1),
            (r#"452-902["new_coach",{"name":{"_placeholder":true,"num":1}}]"#, 2),
            (r#"451-903["nothing",{"_placeholder":true,"num":0}]"#, 1),
        ] {
            client.send(packet);
            for _ in 0..attachments {
                client.send_message(Message::binary(vec![0, 159, 146, 150]));
            }
        }
        for id in 901..=903 {
            assert_eq!(client.ack(id).await.error_keys(), ["$bad_payload"], "{id}");
        }
        client.assert_responsive().await;
        // An attachment without an event.
        client.send_message(Message::binary(vec![1, 2, 3]));
        assert_responsive_or_closed_with_reason(&client, "an attachment of nothing").await;
    })
    .await;
}

#[actix_web::test]
async fn invalid_frame_closes_only_its_connection() {
    with_app(Engine::Sqlite, async |app: &TestApp| {
        let other = app.connect().await;
        fixtures::seed_one_of_each(&other).await;
        for (what, bytes) in [
            ("text that is not UTF-8", vec![0x81, 0x83, 0, 0, 0, 0, b'4', 0xff, 0xfe]),
            ("a frame without a mask", vec![0x81, 0x02, b'4', b'0']),
            ("a reserved bit", vec![0xf1, 0x82, 0, 0, 0, 0, b'4', b'0']),
            ("a reserved kind of frame", vec![0x83, 0x80, 0, 0, 0, 0]),
            ("a ping that is too long", [vec![0x89, 0xfe, 0, 200, 0, 0, 0, 0], vec![0; 200]].concat()),
            ("a continuation of nothing", vec![0x80, 0x81, 0, 0, 0, 0, b'x']),
            (
                "a length beyond all bounds",
                vec![0x81, 0xff, 0xff, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0],
            ),
        ] {
            let mut stream = http::websocket(app.address).await;
            stream.write_all(&bytes).await.unwrap();
            let mut rest = Vec::new();
            let end = tokio::time::timeout(TIMEOUT, stream.read_to_end(&mut rest)).await;
            let _ = end.unwrap_or_else(|_| panic!("{what} does not end the connection"));
            assert!(has_close_frame(&rest), "{what} ends the connection without a word");
        }
        other.assert_responsive().await;
    })
    .await;
}

#[actix_web::test]
async fn truncated_frame_has_no_effect() {
    let database = Database::new(Engine::Sqlite).await;
    let program = ServerProcess::serve(&database.url(), &[]);
    let other = Client::connect(program.address).await;
    let event =
        http::text_frame(r#"42["new_coach",{"name":"Ada","age":36,"picture":"https://example.com"}]"#);
    for length in 0..event.len() {
        let mut stream = http::websocket(program.address).await;
        stream.write_all(&http::text_frame("40")).await.unwrap();
        stream.write_all(&event[..length]).await.unwrap();
    }
    http::until_metric(program.address, "socketio_sessions", |sessions| sessions == 1.0).await;
    other.request("refresh", serde_json::Value::Null).await.unwrap_data();
    assert!(other.latest("coaches").is_empty());
}

/// Waits until the client receives an ack, or its connection is closed with code and reason.
async fn assert_responsive_or_closed_with_reason(client: &Client, what: &str) {
    client.send(r#"42777["list_coaches",{}]"#);
    let end = client.until(what, |packets| {
        packets.iter().rev().find_map(|packet| match packet {
            ServerPacket::Ack(777, arguments) => Some(Ok(Ack::read(arguments))),
            ServerPacket::Closed(reason) => Some(Err(reason.clone())),
            _ => None,
        })
    });
    match end.await {
        Ok(ack) => assert!(ack.ok, "{what}: {ack:?}"),
        Err(Some((code, sentence))) => assert!(code >= 1000 && !sentence.is_empty(), "{what}: {code}"),
        Err(None) => panic!("{what:?} ended the connection without a word"),
    }
}

/// Whether unmasked frames end with a close frame that has code and reason.
fn has_close_frame(mut bytes: &[u8]) -> bool {
    while let [kind, length, rest @ ..] = bytes {
        let (length, rest) = match length {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            127 => panic!("no frame here is that long"),
            length => (usize::from(*length), rest),
        };
        if kind & 0x0f == 8 {
            return length > 2;
        }
        bytes = &rest[length..];
    }
    false
}
