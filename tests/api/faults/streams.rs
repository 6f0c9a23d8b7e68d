//! Standard output and standard error that are not read, or that are not there at all: the server serves.

use std::{
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::harness::{
    Client, PATIENCE, http,
    program::{PROGRAM, clean},
};

/// More lines than wait for standard error, and than a pipe holds.
const EVENTS: usize = 8000;

/// A server without output. It dies with the value.
struct Deaf {
    process: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Deaf {
    /// Started by a shell, with these redirections.
    async fn start(redirections: &str) -> Self {
        let folder = tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let script = format!("exec \"$0\" \"$@\" {redirections}");
        let mut command = Command::new("bash");
        clean(&mut command);
        let bind = address.to_string();
        command.args(["-c", &script, PROGRAM, "--bind", &bind, "--log", "info,rowcast=debug"]);
        let process = command.current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let server = Self { process: process.spawn().unwrap(), address, _folder: folder };
        let serves = async {
            while tokio::net::TcpStream::connect(address).await.is_err() {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, serves).await.expect("it serves");
        server
    }

    /// Asks it to end, and says whether it did in order.
    async fn ends(&mut self) -> bool {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let ended = async {
            loop {
                if let Some(status) = self.process.try_wait().unwrap() {
                    return status.success();
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ended).await.expect("it ends")
    }
}

impl Drop for Deaf {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[actix_web::test]
async fn a_pipe_that_nobody_reads_holds_nobody_up() {
    let mut server = Deaf::start("").await;
    let client = Client::connect(server.address).await;
    for _ in 0..EVENTS / 100 {
        let asked: Vec<u64> = (0..100).map(|_| client.emit("get_coach", &[json!({ "id": 1 })])).collect();
        for id in asked {
            client.ack(id).await.done();
        }
    }
    assert!(
        http::metric(server.address, "rowcast_log_dropped_total").await > 0.0,
        "what a pipe holds was passed"
    );
    assert!(server.ends().await);
}

#[actix_web::test]
async fn neither_closed_nor_full_ones_end_it() {
    for redirections in [">&- 2>&-", ">/dev/full 2>/dev/full"] {
        let mut server = Deaf::start(redirections).await;
        let client = Client::connect(server.address).await;
        let ack = client.ask("no_such_event", Value::Null).await;
        assert_eq!(ack.refused(), ["$unknown_event"], "{redirections}");
        client.is_served().await;
        assert!(server.ends().await, "{redirections}");
    }
}
