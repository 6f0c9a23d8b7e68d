//! Standard output and standard error that are unread, closed or full do not stop the server.

use std::{
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::harness::{
    Client, TIMEOUT, http,
    process::{PROGRAM, clean},
};

/// More lines than the queue for standard error and a pipe hold.
const EVENTS: usize = 8000;

/// A server without usable output. It is killed on drop.
struct SilentServer {
    process: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl SilentServer {
    /// Started by a shell with these redirections.
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
        tokio::time::timeout(TIMEOUT, serves).await.expect("it serves");
        server
    }

    /// Sends SIGTERM; returns whether the exit was successful.
    async fn stop(&mut self) -> bool {
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
        tokio::time::timeout(TIMEOUT, ended).await.expect("it ends")
    }
}

impl Drop for SilentServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[actix_web::test]
async fn unread_output_pipe_does_not_block_server() {
    let mut server = SilentServer::start("").await;
    let client = Client::connect(server.address).await;
    for _ in 0..EVENTS / 100 {
        let asked: Vec<u64> = (0..100).map(|_| client.emit("get_coach", &[json!({ "id": 1 })])).collect();
        for id in asked {
            client.ack(id).await.unwrap_data();
        }
    }
    assert!(
        http::metric(server.address, "rowcast_log_dropped_total").await > 0.0,
        "what a pipe holds was passed"
    );
    assert!(server.stop().await);
}

#[actix_web::test]
async fn closed_or_full_output_does_not_end_server() {
    for redirections in [">&- 2>&-", ">/dev/full 2>/dev/full"] {
        let mut server = SilentServer::start(redirections).await;
        let client = Client::connect(server.address).await;
        let ack = client.request("no_such_event", Value::Null).await;
        assert_eq!(ack.error_keys(), ["$unknown_event"], "{redirections}");
        client.assert_responsive().await;
        assert!(server.stop().await, "{redirections}");
    }
}
