//! `--bind`, in each of its spellings, and the health check that follows it.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    process::Output,
};

use tempfile::tempdir;

use crate::harness::{
    http::get,
    program::{self, Program},
};

async fn lives(address: impl Into<SocketAddr>) -> bool {
    let address = address.into();
    tokio::net::TcpStream::connect(address).await.is_ok() && get(address, "/healthz").await.0 == 200
}

/// Whether this machine has IPv6 at all.
fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

#[actix_web::test]
async fn localhost_is_both_of_its_addresses() {
    let folder = tempdir().unwrap();
    for bind in ["localhost:0", "0"] {
        let app = Program::serve_at(bind, folder.path(), &[]);
        assert_eq!(
            app.address.ip(),
            Ipv4Addr::LOCALHOST,
            "{bind}: the line names the one that every program knows"
        );
        assert!(lives(app.address).await, "{bind}");
        assert_eq!(lives((Ipv6Addr::LOCALHOST, app.address.port())).await, has_ipv6(), "{bind}");
    }
    let exact = Program::serve_in(folder.path(), &[]);
    assert!(lives(exact.address).await);
    assert!(!lives((Ipv6Addr::LOCALHOST, exact.address.port())).await, "only what was said");
}

#[actix_web::test]
async fn a_port_with_a_colon_is_every_address() {
    let folder = tempdir().unwrap();
    let app = Program::serve_at(":0", folder.path(), &["--access", "open"]);
    let port = app.address.port();
    assert!(app.address.ip().is_unspecified());
    assert!(lives((Ipv4Addr::LOCALHOST, port)).await && lives((Ipv4Addr::new(127, 0, 0, 2), port)).await);
    assert_eq!(lives((Ipv6Addr::LOCALHOST, port)).await, has_ipv6());
}

fn asked(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let folder = tempdir().unwrap();
    program::run_with(folder.path(), environment, &[&["health"], arguments].concat(), "")
}

#[actix_web::test]
async fn the_health_check_finds_the_server_wherever_its_settings_have_put_it() {
    let folder = tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let everywhere = format!(":{free}");
    let app = Program::serve_at(&everywhere, folder.path(), &["--base-path", "/gym"]);
    let process = app.id().to_string();
    assert!(asked(&["--of", &process], &[]).status.success(), "by the command line of the server");
    assert!(asked(&["--bind", &everywhere], &[]).status.success(), "by a flag of its own");
    assert!(asked(&[], &[("ROWCAST_BIND", &everywhere)]).status.success(), "by the environment");
    drop(app);

    let gone = asked(&["--bind", &everywhere], &[]);
    let error = String::from_utf8(gone.stderr).unwrap();
    assert!(!gone.status.success() && error.contains(&format!("127.0.0.1:{free}")), "{error}");
    for (arguments, words) in
        [(&["--of", "999999999"][..], "--of"), (&["--of", "self"], "--of"), (&["--bind", "0"], "port 0")]
    {
        let refused = asked(arguments, &[]);
        let error = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && error.contains(words), "{arguments:?}: {error}");
    }
}

#[actix_web::test]
async fn a_server_that_is_not_ready_is_not_healthy() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap().to_string();
    let answering = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = server.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]).unwrap();
        stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\n\r\nthe database does not answer").unwrap();
    });
    let output = asked(&["--bind", &address], &[]);
    answering.join().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains("the database does not answer"), "{error}");
}
