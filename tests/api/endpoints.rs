//! Endpoints: addresses, base path, probes, origins and keep-alive.

mod addresses;
mod base_path;
mod metrics;

use std::time::Duration;

use tempfile::tempdir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{
    Engine, TIMEOUT, TestApp,
    http::{browse, request},
    process::ServerProcess,
};

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";

#[actix_web::test]
async fn head_of_probe_matches_get_without_body() {
    let app = TestApp::spawn(Engine::Sqlite, &[]).await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        for headers in [&[][..], &[("Accept", "text/html")]] {
            let get = request(app.address, "GET", path, headers, "").await;
            let head = request(app.address, "HEAD", path, headers, "").await;
            assert_eq!((get.status, head.status, head.body.len()), (200, 200, 0), "{path}");
            assert_eq!(get.header("content-type"), head.header("content-type"), "{path}");
            assert_eq!(head.header("cache-control"), "no-store");
            assert!(!get.body.is_empty() && head.header("content-length") != "0", "{path}");
        }
        let post = request(app.address, "POST", path, &[], "").await;
        assert_eq!((post.status, post.header("allow")), (405, "GET, HEAD"), "{path}");
    }
    app.stop().await;
}

/// Whether a page of this origin may connect with this `Host` header.
async fn allows_origin(app: &ServerProcess, origin: &str, host: &str) -> bool {
    let request =
        format!("GET {POLLING} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: close\r\n\r\n");
    let exchange = async {
        let mut stream = TcpStream::connect(app.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let answer = tokio::time::timeout(TIMEOUT, exchange).await.expect("an answer in time");
    match answer.split(' ').nth(1) {
        Some("200") => true,
        Some("403") => false,
        other => panic!("{other:?}"),
    }
}

#[actix_web::test]
async fn only_listed_origins_are_allowed() {
    let folder = tempdir().unwrap();
    let origins = "https://gym.example.com/,capacitor://localhost,tauri://localhost,app://obsidian.md,file://,null,http://10.0.2.2:5555";
    let app = ServerProcess::serve_in(folder.path(), &["--origins", origins]);
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
        assert!(allows_origin(&app, origin, "gym.example.com").await, "{origin}");
    }
    for origin in
        ["http://gym.example.com", "ws://gym.example.com", "http://localhost:3000", "ionic://localhost"]
    {
        assert!(!allows_origin(&app, origin, "gym.example.com").await, "{origin}");
    }
}

#[actix_web::test]
async fn refused_origin_is_logged_once_with_setting() {
    let folder = tempdir().unwrap();
    let app = ServerProcess::serve_in(folder.path(), &[]);
    // The Android emulator's name of its host machine; on a loopback address it is no proof.
    for _ in 0..3 {
        assert!(!allows_origin(&app, "ws://10.0.2.2:5555", "10.0.2.2:5555").await);
    }
    assert!(!allows_origin(&app, "tauri://localhost", "127.0.0.1").await);
    let log = app.wait_for_log("tauri://localhost").await;
    let lines: Vec<_> = log.lines().filter(|line| line.contains("an origin was refused")).collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(
        lines[0].contains("INFO") && lines[0].contains("--origins localhost,http://10.0.2.2:5555"),
        "{}",
        lines[0]
    );
    assert!(lines[1].contains("--origins localhost,tauri://localhost"), "{}", lines[1]);

    // The logged setting works.
    let other = tempdir().unwrap();
    let app = ServerProcess::serve_in(other.path(), &["--origins", "localhost,http://10.0.2.2:5555"]);
    assert!(allows_origin(&app, "ws://10.0.2.2:5555", "10.0.2.2:5555").await);
    assert!(allows_origin(&app, "http://localhost:5173", "localhost:5555").await);
}

/// How long the server keeps an idle connection open.
async fn idle_time(app: &TestApp, most: Duration) -> Option<Duration> {
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
async fn keep_alive_setting_limits_idle_time() {
    let short = TestApp::spawn(Engine::Sqlite, &["--keep-alive", "1"]).await;
    let kept = idle_time(&short, TIMEOUT).await.expect("an end");
    assert!(kept >= Duration::from_millis(800), "{kept:?}");
    let none = TestApp::spawn(Engine::Sqlite, &["--keep-alive", "0"]).await;
    assert!(idle_time(&none, TIMEOUT).await.expect("an end") < Duration::from_secs(1));
    // Longer than the five seconds of many servers, which cause errors behind proxies.
    let long = TestApp::spawn(Engine::Sqlite, &[]).await;
    assert_eq!(idle_time(&long, Duration::from_secs(7)).await, None);
    for app in [short, none, long] {
        app.stop().await;
    }
}

#[actix_web::test]
async fn socket_path_accepts_extra_and_missing_slashes() {
    let app = TestApp::spawn(Engine::Sqlite, &[]).await;
    for path in ["/socket.io/", "/socket.io", "/socket.io//", "//socket.io/"] {
        let answer = browse(app.address, &format!("{path}?EIO=4&transport=polling"), &[]).await;
        assert_eq!((answer.status, answer.body.first()), (200, Some(&b'0')), "{path}");
    }
    app.stop().await;
}
