//! Networks on which a message takes longer than the heartbeat.

use std::time::Duration;

use socketio::{Config, Frame, Message, Reason, Slot};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::Instant};
use tokio_tungstenite::{client_async, tungstenite::protocol::Message as Ws};

use crate::harness::{Client, Http, Poller, ServiceEvent, TestServer, line, within};

/// Bytes per second.
const RATE: usize = 2_000_000;
/// Takes three seconds.
const LARGE: usize = 3 * RATE;
const PIECES: usize = 96;

/// Timeouts of less than a second.
fn short() -> Config {
    Config {
        ping_interval: Duration::from_millis(200),
        ping_timeout: Duration::from_millis(500),
        ..Config::default()
    }
}

async fn connect(server: &TestServer, rate: usize) -> Client {
    let tcp = TcpStream::connect(line(server.address, rate).await).await.unwrap();
    let (ws, _) = within(client_async(server.url(), tcp)).await.unwrap();
    let mut client = Client(ws);
    assert!(client.text().await.starts_with("0{"));
    client.enter("/", "").await;
    assert_eq!(client.text().await, r#"42["hello",none]"#);
    client
}

/// The next event, and the number of pings before it, which are answered.
async fn event(client: &mut Client) -> (String, usize) {
    let mut pings = 0;
    loop {
        match client.text().await.as_str() {
            "2" => client.send("3").await,
            text => return (text.to_owned(), pings),
        }
        pings += 1;
    }
}

fn piece(number: usize, bytes: usize) -> Frame {
    Frame::event("piece", &[&number.to_string(), &format!("\"{}\"", "x".repeat(bytes))])
}

#[actix_web::test]
async fn message_slower_than_heartbeat_arrives() {
    let server = TestServer::start(short());
    let mut client = connect(&server, RATE).await;
    let began = Instant::now();
    server.hub.broadcast(Message::event(piece(1, LARGE)));
    let (text, _) = event(&mut client).await;
    assert!(text.starts_with(r#"42["piece",1,"#) && text.len() > LARGE);
    assert!(began.elapsed() > Duration::from_secs(2), "the line is slow");
    client.send(r#"421["echo",1]"#).await;
    assert_eq!(event(&mut client).await.0, "431[1]", "and it lives");
}

#[actix_web::test]
async fn message_slower_than_heartbeat_arrives_by_polling() {
    let server = TestServer::start(short());
    let mut poller = Poller::connect(&server).await;
    poller.get = Http::over(TcpStream::connect(line(server.address, RATE).await).await.unwrap());
    let began = Instant::now();
    server.hub.broadcast(Message::event(piece(1, LARGE)));
    let text = poller.next_packet().await;
    assert!(text.starts_with(r#"42["piece",1,"#) && text.len() > LARGE);
    assert!(began.elapsed() > Duration::from_secs(2), "the line is slow");
    poller.send(r#"421["echo",1]"#).await;
    assert_eq!(poller.next_packet().await, "431[1]", "and it lives");
}

#[actix_web::test]
async fn only_pings_interrupt_series() {
    let server = TestServer::start(short());
    let mut client = connect(&server, RATE).await;
    let pieces: Vec<Frame> = (0..PIECES).map(|number| piece(number, LARGE / PIECES)).collect();
    server.hub.broadcast(Message::latest(Slot(1), Frame::series(&pieces)));
    server.hub.broadcast(Message::event(Frame::event("behind", &[])));
    client.send(r#"421["echo",1]"#).await;
    let mut pings = 0;
    for number in 0..PIECES {
        let (text, more) = event(&mut client).await;
        assert!(text.starts_with(&format!(r#"42["piece",{number},"#)), "{number}: {:.60}", text);
        pings += more;
    }
    assert!(pings >= 5, "{pings} pings in three seconds");
    let mut last = [event(&mut client).await.0, event(&mut client).await.0];
    last.sort_unstable();
    assert_eq!(last, [r#"42["behind"]"#, "431[1]"]);
}

#[actix_web::test]
async fn client_receiving_nothing_times_out() {
    let server = TestServer::start(short());
    let _client = server.connect().await;
    server.hub.broadcast(Message::event(piece(1, 10 * LARGE)));
    assert_eq!(server.next_event().await, ServiceEvent::Disconnected(Reason::PingTimeout));
}

#[actix_web::test]
async fn client_close_1009_is_message_too_big() {
    let server = TestServer::start(Config::default());
    let mut client = server.connect().await;
    server.hub.broadcast(Message::event(piece(1, 70_000)));
    assert!(client.text().await.len() > 70_000);
    let close = tokio_tungstenite::tungstenite::protocol::CloseFrame { code: 1009.into(), reason: "".into() };
    client.raw(Ws::Close(Some(close))).await;
    assert_eq!(client.closed().await.0, 1009);
    assert_eq!(server.disconnect_reason().await, Reason::MessageTooBig);
}

#[actix_web::test]
async fn client_close_1009_is_read_after_reset() {
    let server = TestServer::start(Config::default());
    for _ in 0..20 {
        let mut client = server.connect().await;
        server.hub.broadcast(Message::event(piece(1, LARGE)));
        let stream = client.0.get_mut();
        stream.readable().await.unwrap();
        // A masked close, and then, because of unread data, a reset.
        within(stream.write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xF1])).await.unwrap();
        drop(client);
        assert_eq!(server.disconnect_reason().await, Reason::MessageTooBig);
    }
}
