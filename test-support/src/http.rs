//! A plain HTTP client.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::TIMEOUT;

/// Status and body of a GET.
pub async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    exchange(address, "GET", path, "").await
}

/// Status and body of a POST.
pub async fn post(address: SocketAddr, path: &str, text: &str) -> (u16, String) {
    exchange(address, "POST", path, text).await
}

async fn exchange(address: SocketAddr, method: &str, path: &str, text: &str) -> (u16, String) {
    let answer = request(address, method, path, &[], text).await;
    (answer.status, String::from_utf8(answer.body).expect("a body of text"))
}

/// The response to a request.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    head: String,
    /// The bytes as they came, compressed if the head says so.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value, or the empty string.
    pub fn header(&self, name: &str) -> &str {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(other, _)| other.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }
}

/// A GET with these headers, as from a browser.
pub async fn browse(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Answer {
    request(address, "GET", path, headers, "").await
}

/// Any request.
pub async fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    text: &str,
) -> Answer {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}");
        let request = format!("{head}Content-Length: {}\r\n\r\n{text}", text.len());
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answer
    };
    let mut answer = tokio::time::timeout(TIMEOUT, exchange).await.expect("an answer in time");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head and a body");
    let body = answer.split_off(end + 4);
    let head = String::from_utf8(answer).expect("a head of text");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Answer { status: status.expect("a status"), head, body }
}

/// A number from `/metrics`: the sum over all labels, or zero if it was not counted yet.
pub async fn metric(address: SocketAddr, name: &str) -> f64 {
    let (_, text) = get(address, "/metrics").await;
    let of_name = |line: &&str| line.split(['{', ' ']).next() == Some(name);
    let value = |line: &str| line.rsplit(' ').next()?.parse::<f64>().ok();
    text.lines().filter(of_name).filter_map(value).sum()
}

/// Waits until the metric meets the condition.
pub async fn until_metric(address: SocketAddr, name: &str, so: impl Fn(f64) -> bool) {
    let look = async {
        while !so(metric(address, name).await) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(TIMEOUT, look).await.is_err() {
        panic!("{name} stays at {}", metric(address, name).await);
    }
}

/// Waits until a path has this status, for at most this time.
pub async fn until_status(address: SocketAddr, path: &str, status: u16, patience: Duration) {
    let look = async {
        while get(address, path).await.0 != status {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let seen = tokio::time::timeout(patience, look).await;
    assert!(seen.is_ok(), "{path} is not {status} within {patience:?}");
}

/// A WebSocket whose bytes the caller reads and writes. The handshake is done; the stream may already contain the
/// first frames.
pub async fn websocket(address: SocketAddr) -> TcpStream {
    let upgrade = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
        stream
    };
    tokio::time::timeout(TIMEOUT, upgrade).await.expect("a handshake in time")
}

/// A text frame of a client, masked with zeros.
pub fn text_frame(text: &str) -> Vec<u8> {
    let length = text.len();
    let mut frame = vec![0x81];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < 126 => frame.push(0x80 | short),
        (_, Ok(medium)) => {
            frame.push(0x80 | 126);
            frame.extend(medium.to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}
