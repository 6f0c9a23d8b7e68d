//! The program without a product.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use tempfile::{TempDir, tempdir};
use test_support::http::{get, post};

const PROGRAM: &str = env!("CARGO_BIN_EXE_rowcast");

/// Ends with the value.
struct Server {
    address: SocketAddr,
    process: Child,
    _folder: TempDir,
}

impl Server {
    fn start() -> Self {
        let folder = tempdir().unwrap();
        let mut command = Command::new(PROGRAM);
        command.args(["--bind", "127.0.0.1:0"]).current_dir(folder.path());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("rowcast is listening on http://").expect("an address");
        let address = address.trim_end_matches('/').parse().unwrap();
        Self { address, process, _folder: folder }
    }

    /// The body of a page.
    async fn get(&self, path: &str) -> String {
        get(self.address, path).await.1
    }

    /// The body of what text is answered with.
    async fn post(&self, path: &str, text: &str) -> String {
        post(self.address, path, text).await.1
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[actix_web::test]
async fn program_without_a_product_serves_no_collection() {
    const PATH: &str = "/socket.io/?EIO=4&transport=polling";
    let server = Server::start();
    assert_eq!(server.get("/healthz").await.trim(), "ok");
    let open = server.get(PATH).await;
    let sid = open.split('"').nth(3).unwrap();
    let path = format!("{PATH}&sid={sid}");
    assert_eq!(server.post(&path, "40").await, "ok");
    let mut heard = String::new();
    while !heard.contains("\"connected\"") {
        heard += &server.get(&path).await;
    }
    assert!(heard.contains(r#""user":null"#) && heard.contains(r#""access":"open""#), "{heard}");
    assert_eq!(server.post(&path, r#"421["list_coaches",{}]"#).await, "ok");
    while !heard.contains("431[") {
        heard += &server.get(&path).await;
    }
    assert!(heard.contains("$unknown_event"), "{heard}");
    assert_eq!(heard.matches("42[").count(), 1, "nothing is sent but the greeting: {heard}");
}

#[test]
fn members_access_is_refused_without_users() {
    let output =
        Command::new(PROGRAM).args(["--bind", "127.0.0.1:0", "--access", "members"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("--access open"), "{said}");
}
