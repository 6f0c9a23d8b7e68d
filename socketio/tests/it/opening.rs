//! Variants of handshakes: subprotocols, slashes, and an upgrade without a probe.

use futures_util::SinkExt;
use socketio::{Config, Frame, Message, Subprotocols};
use tokio_tungstenite::tungstenite::protocol::Message as Ws;

use crate::harness::{Http, POLLING, Poller, TestServer};

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

/// Accepted subprotocols of two WebSockets with these offers: one opens a session, the other upgrades one.
async fn answered(server: &TestServer, offers: &str) -> [Option<String>; 2] {
    let poller = Poller::connect(server).await;
    let mut chosen = [None, None];
    for (one, sid) in chosen.iter_mut().zip([String::new(), format!("&sid={}", poller.sid)]) {
        let mut http = Http::connect(server).await;
        let query = format!("?EIO=4&transport=websocket{sid}");
        http.head("GET", &query, &format!("{UPGRADE}{offers}")).await;
        let answer = http.answer().await;
        assert_eq!(answer.status, 101, "{offers}");
        *one = answer.header("sec-websocket-protocol").map(str::to_owned);
    }
    chosen
}

fn both(name: Option<&str>) -> [Option<String>; 2] {
    [name, name].map(|name| name.map(str::to_owned))
}

#[actix_web::test]
async fn first_offered_subprotocol_is_accepted() {
    let server = TestServer::start(Config::default());
    for (offers, expected) in [
        ("", None),
        ("Sec-WebSocket-Protocol: arduino\r\n", Some("arduino")),
        ("Sec-WebSocket-Protocol: v1.gym, v2.gym\r\n", Some("v1.gym")),
        ("Sec-WebSocket-Protocol: v1.gym\r\nSec-WebSocket-Protocol: v2.gym\r\n", Some("v1.gym")),
        ("sec-websocket-protocol:  ,  v2.gym ,\r\n", Some("v2.gym")),
        ("Sec-WebSocket-Protocol: \r\n", None),
        ("Sec-WebSocket-Protocol: two words, (no) token\r\n", None),
    ] {
        assert_eq!(answered(&server, offers).await, both(expected), "{offers:?}");
    }
}

#[actix_web::test]
async fn first_known_subprotocol_is_accepted() {
    let known = |names: &[&str]| Subprotocols::Known(names.iter().map(|&name| name.to_owned()).collect());
    let start = |subprotocols| TestServer::start(Config { subprotocols, ..Config::default() });
    let offers = "Sec-WebSocket-Protocol: v1.gym, v2.gym, v3.gym\r\n";
    assert_eq!(answered(&start(known(&["v3.gym", "v2.gym"])), offers).await, both(Some("v2.gym")));
    assert_eq!(
        answered(&start(known(&["V1.GYM"])), offers).await,
        both(None),
        "names are compared as they are"
    );
    assert_eq!(answered(&start(known(&[])), offers).await, both(None));
}

#[actix_web::test]
async fn path_accepts_extra_and_missing_slashes() {
    for (path, asked) in [
        (
            "/socket.io/",
            &["/socket.io/", "/socket.io", "/socket.io//", "//socket.io/", "///socket.io///"][..],
        ),
        ("/gym/live", &["/gym/live", "/gym/live/", "/gym//live/", "//gym/live//"]),
        ("/", &["/", "//", "///"]),
    ] {
        let server = TestServer::start(Config { path: path.to_owned(), ..Config::default() });
        for asked in asked {
            let mut http = Http::connect(&server).await;
            http.write(format!("GET {asked}{POLLING} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").as_bytes()).await;
            let answer = http.answer().await;
            assert!(answer.status == 200 && answer.body.starts_with("0{"), "{path} {asked}: {answer:?}");
            let websocket = format!("{asked}?EIO=4&transport=websocket");
            http.write(format!("GET {websocket} HTTP/1.1\r\nHost: 127.0.0.1\r\n{UPGRADE}\r\n").as_bytes())
                .await;
            assert_eq!(http.answer().await.status, 101, "{path} {asked}");
        }
    }
    let server = TestServer::start(Config::default());
    for asked in
        ["/socket.iox/", "/socketxio/", "/x/socket.io/", "/socket.io/x", "/Socket.io/", "/socket/.io/", "/"]
    {
        let mut http = Http::connect(&server).await;
        http.write(format!("GET {asked}{POLLING} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").as_bytes()).await;
        assert_eq!(http.answer().await.status, 404, "{asked}");
    }
}

#[actix_web::test]
async fn upgrade_without_probe_is_accepted() {
    for workers in [1, 3] {
        let server = TestServer::with_workers(Config::default(), workers);
        let mut poller = Poller::connect(&server).await;
        poller.wait().await;
        let mut client = poller.websocket(&server).await;
        for text in ["5", r#"421["echo",1]"#, r#"422["echo",2]"#] {
            client.0.feed(Ws::text(text)).await.unwrap();
        }
        client.0.flush().await.unwrap();
        assert_eq!(poller.get.answer().await.body, "6", "the GET is let go");
        assert_eq!((client.text().await, client.text().await), ("431[1]".into(), "432[2]".into()));
        let large = format!("\"{}\"", "x".repeat(300_000));
        server.hub.broadcast(Message::event(Frame::event("large", &[&large])));
        assert_eq!(client.text().await.len(), large.len() + 12);
        assert_eq!(poller.poll().await.status, 400, "it has moved");
        assert_eq!(client.request(r#"423["echo",3]"#).await, "433[3]");
    }
}

#[actix_web::test]
async fn upgrade_without_probe_is_accepted_before_connect() {
    let server = TestServer::with_workers(Config::default(), 2);
    let poller = Poller::open(&server).await;
    let mut client = poller.websocket(&server).await;
    client.send("5").await;
    client.send("40").await;
    assert!(client.text().await.starts_with(r#"40{"sid":""#));
    assert_eq!(client.text().await, r#"42["hello",none]"#);
    assert_eq!(server.io.sessions(), 1);
}
