//! Lines on which a message takes longer than the heartbeat.

use std::time::Duration;

use socketio::{Config, Frame, Message, Reason, Slot};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::Instant};
use tokio_tungstenite::{client_async, tungstenite::protocol::Message as Ws};

use crate::harness::{Client, Http, Poller, ServiceEvent, TestServer, line, within};

/// On the line, a second.
const RATE: usize = 2_000_000;
/// Takes three seconds.
const LARGE: usize = 3 * RATE;
const PIECES: usize = 96;

/// What is dead is dead after less than a second.
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

/// The next event, and how many pings came before it; each is answered.
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
async fn a_message_larger_than_a_heartbeat_arrives() {
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
async fn by_polling_too() {
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
async fn pings_go_between_the_pieces_of_a_series_and_nothing_else() {
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
async fn who_takes_nothing_is_dead_in_its_time_whatever_is_on_its_way() {
    let server = TestServer::start(short());
    let _client = server.connect().await;
    server.hub.broadcast(Message::event(piece(1, 10 * LARGE)));
    assert_eq!(server.next_event().await, ServiceEvent::Disconnected(Reason::PingTimeout));
}

#[actix_web::test]
async fn a_client_that_does_not_take_a_message_of_that_size_says_so() {
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
async fn it_is_heard_though_it_is_gone_at_once() {
    let server = TestServer::start(Config::default());
    for _ in 0..20 {
        let mut client = server.connect().await;
        server.hub.broadcast(Message::event(piece(1, LARGE)));
        let stream = client.0.get_mut();
        stream.readable().await.unwrap();
        // A masked close, and then, because much has not been read, a reset.
        within(stream.write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xF1])).await.unwrap();
        drop(client);
        assert_eq!(server.disconnect_reason().await, Reason::MessageTooBig);
    }
}
