//! `--bind` in all its notations, and the health command.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    process::Output,
};

use tempfile::tempdir;

use crate::harness::{
    http::get,
    process::{self, ServerProcess},
};

async fn is_healthy(address: impl Into<SocketAddr>) -> bool {
    let address = address.into();
    tokio::net::TcpStream::connect(address).await.is_ok() && get(address, "/healthz").await.0 == 200
}

/// Whether this machine has IPv6 at all.
fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

#[actix_web::test]
async fn localhost_binds_ipv4_and_ipv6() {
    let folder = tempdir().unwrap();
    for bind in ["localhost:0", "0"] {
        let app = ServerProcess::serve_at(bind, folder.path(), &[]);
        assert_eq!(
            app.address.ip(),
            Ipv4Addr::LOCALHOST,
            "{bind}: the line names the one that every program knows"
        );
        assert!(is_healthy(app.address).await, "{bind}");
        assert_eq!(is_healthy((Ipv6Addr::LOCALHOST, app.address.port())).await, has_ipv6(), "{bind}");
    }
    let exact = ServerProcess::serve_in(folder.path(), &[]);
    assert!(is_healthy(exact.address).await);
    assert!(!is_healthy((Ipv6Addr::LOCALHOST, exact.address.port())).await, "only what was said");
}

#[actix_web::test]
async fn colon_and_port_bind_all_addresses() {
    let folder = tempdir().unwrap();
    let app = ServerProcess::serve_at(":0", folder.path(), &["--access", "open"]);
    let port = app.address.port();
    assert!(app.address.ip().is_unspecified());
    assert!(
        is_healthy((Ipv4Addr::LOCALHOST, port)).await
            && is_healthy((Ipv4Addr::new(127, 0, 0, 2), port)).await
    );
    assert_eq!(is_healthy((Ipv6Addr::LOCALHOST, port)).await, has_ipv6());
}

fn health_command(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let folder = tempdir().unwrap();
    process::run_with(folder.path(), environment, &[&["health"], arguments].concat(), "")
}

#[actix_web::test]
async fn health_command_finds_server_by_settings() {
    let folder = tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let everywhere = format!(":{free}");
    let app = ServerProcess::serve_at(&everywhere, folder.path(), &["--base-path", "/gym"]);
    let process = app.id().to_string();
    assert!(health_command(&["--of", &process], &[]).status.success(), "by the command line of the server");
    assert!(health_command(&["--bind", &everywhere], &[]).status.success(), "by a flag of its own");
    assert!(health_command(&[], &[("ROWCAST_BIND", &everywhere)]).status.success(), "by the environment");
    drop(app);

    let gone = health_command(&["--bind", &everywhere], &[]);
    let error = String::from_utf8(gone.stderr).unwrap();
    assert!(!gone.status.success() && error.contains(&format!("127.0.0.1:{free}")), "{error}");
    for (arguments, words) in
        [(&["--of", "999999999"][..], "--of"), (&["--of", "self"], "--of"), (&["--bind", "0"], "port 0")]
    {
        let refused = health_command(arguments, &[]);
        let error = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && error.contains(words), "{arguments:?}: {error}");
    }
}

#[actix_web::test]
async fn health_command_fails_when_server_is_not_ready() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap().to_string();
    let answering = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = server.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]).unwrap();
        stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\n\r\nthe database does not answer").unwrap();
    });
    let output = health_command(&["--bind", &address], &[]);
    answering.join().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains("the database does not answer"), "{error}");
}
