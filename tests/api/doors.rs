//! How clients get to the server: addresses, a base path, probes, origins, and connections that are used again.

mod addresses;
mod below;
mod metrics;

use std::time::Duration;

use tempfile::tempdir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{
    Engine, PATIENCE, TestApp,
    http::{ask, browse},
    program::Program,
};

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";

#[actix_web::test]
async fn a_probe_may_be_head_and_is_the_same_without_its_body() {
    let app = TestApp::spawn(Engine::Sqlite, &[]).await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        for headers in [&[][..], &[("Accept", "text/html")]] {
            let get = ask(app.address, "GET", path, headers, "").await;
            let head = ask(app.address, "HEAD", path, headers, "").await;
            assert_eq!((get.status, head.status, head.body.len()), (200, 200, 0), "{path}");
            assert_eq!(get.header("content-type"), head.header("content-type"), "{path}");
            assert_eq!(head.header("cache-control"), "no-store");
            assert!(!get.body.is_empty() && head.header("content-length") != "0", "{path}");
        }
        let post = ask(app.address, "POST", path, &[], "").await;
        assert_eq!((post.status, post.header("allow")), (405, "GET, HEAD"), "{path}");
    }
    app.stop().await;
}

/// Whether a page of this origin, at this `Host`, is let in.
async fn admits(app: &Program, origin: &str, host: &str) -> bool {
    let request =
        format!("GET {POLLING} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: close\r\n\r\n");
    let exchange = async {
        let mut stream = TcpStream::connect(app.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let answer = tokio::time::timeout(PATIENCE, exchange).await.expect("an answer in time");
    match answer.split(' ').nth(1) {
        Some("200") => true,
        Some("403") => false,
        other => panic!("{other:?}"),
    }
}

#[actix_web::test]
async fn apps_are_let_in_by_name_and_web_sockets_by_the_name_of_their_page() {
    let folder = tempdir().unwrap();
    let origins = "https://gym.example.com/,capacitor://localhost,tauri://localhost,app://obsidian.md,file://,null,http://10.0.2.2:5555";
    let app = Program::serve_in(folder.path(), &["--origins", origins]);
    for origin in [
        "https://gym.example.com",
        "https://gym.example.com/",
        "https://gym.example.com:443",
        "wss://gym.example.com",
        "capacitor://localhost",
        "tauri://localhost",
        "app://obsidian.md",
        "file://",
        "null",
        "http://10.0.2.2:5555",
        "ws://10.0.2.2:5555/",
    ] {
        assert!(admits(&app, origin, "gym.example.com").await, "{origin}");
    }
    for origin in
        ["http://gym.example.com", "ws://gym.example.com", "http://localhost:3000", "ionic://localhost"]
    {
        assert!(!admits(&app, origin, "gym.example.com").await, "{origin}");
    }
}

#[actix_web::test]
async fn a_refused_origin_is_logged_once_with_what_lets_it_in() {
    let folder = tempdir().unwrap();
    let app = Program::serve_in(folder.path(), &[]);
    // An Android emulator's name for the machine that it runs on: to a loopback address it proves nothing.
    for _ in 0..3 {
        assert!(!admits(&app, "ws://10.0.2.2:5555", "10.0.2.2:5555").await);
    }
    assert!(!admits(&app, "tauri://localhost", "127.0.0.1").await);
    let log = app.logged("tauri://localhost").await;
    let lines: Vec<_> = log.lines().filter(|line| line.contains("an origin is refused")).collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(
        lines[0].contains("INFO") && lines[0].contains("--origins localhost,http://10.0.2.2:5555"),
        "{}",
        lines[0]
    );
    assert!(lines[1].contains("--origins localhost,tauri://localhost"), "{}", lines[1]);

    // And what it says is so.
    let other = tempdir().unwrap();
    let app = Program::serve_in(other.path(), &["--origins", "localhost,http://10.0.2.2:5555"]);
    assert!(admits(&app, "ws://10.0.2.2:5555", "10.0.2.2:5555").await);
    assert!(admits(&app, "http://localhost:5173", "localhost:5555").await);
}

/// For how long the server keeps a connection on which nothing more is asked.
async fn kept_for(app: &TestApp, most: Duration) -> Option<Duration> {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: gym\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"ok") {
        assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "it is answered first");
    }
    let began = std::time::Instant::now();
    let end = tokio::time::timeout(most, stream.read_buf(&mut answer)).await.ok()?;
    assert_eq!(end.unwrap(), 0, "nothing but the end");
    Some(began.elapsed())
}

#[actix_web::test]
async fn a_connection_is_kept_for_as_long_as_it_is_said() {
    let short = TestApp::spawn(Engine::Sqlite, &["--keep-alive", "1"]).await;
    let kept = kept_for(&short, PATIENCE).await.expect("an end");
    assert!(kept >= Duration::from_millis(800), "{kept:?}");
    let none = TestApp::spawn(Engine::Sqlite, &["--keep-alive", "0"]).await;
    assert!(kept_for(&none, PATIENCE).await.expect("an end") < Duration::from_secs(1));
    // Longer than the five seconds of many servers, after which proxies run into their ends.
    let long = TestApp::spawn(Engine::Sqlite, &[]).await;
    assert_eq!(kept_for(&long, Duration::from_secs(7)).await, None);
    for app in [short, none, long] {
        app.stop().await;
    }
}

#[actix_web::test]
async fn slashes_more_or_less_lead_to_the_socket_too() {
    let app = TestApp::spawn(Engine::Sqlite, &[]).await;
    for path in ["/socket.io/", "/socket.io", "/socket.io//", "//socket.io/"] {
        let answer = browse(app.address, &format!("{path}?EIO=4&transport=polling"), &[]).await;
        assert_eq!((answer.status, answer.body.first()), (200, Some(&b'0')), "{path}");
    }
    app.stop().await;
}
