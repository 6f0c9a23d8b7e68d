//! The program without a product.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::Duration,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_rowcast");

/// Ends with the value.
struct Server(Child, String);

impl Server {
    fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("rowcast-program-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut command = Command::new(PROGRAM);
        command.args(["--bind", "127.0.0.1:0"]).current_dir(folder);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("rowcast is listening on http://").expect("an address");
        let address = address.trim_end_matches('/').to_owned();
        Self(process, address)
    }

    /// The body of the answer to a request.
    fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.1).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n",
            self.1
        );
        stream.write_all((head + body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn program_without_a_product_serves_no_collection() {
    const PATH: &str = "/socket.io/?EIO=4&transport=polling";
    let server = Server::start();
    assert_eq!(server.ask("GET", "/healthz", "").trim(), "ok");
    let open = server.ask("GET", PATH, "");
    let sid = open.split('"').nth(3).unwrap();
    let path = format!("{PATH}&sid={sid}");
    assert_eq!(server.ask("POST", &path, "40"), "ok");
    let mut heard = String::new();
    while !heard.contains("\"connected\"") {
        heard += &server.ask("GET", &path, "");
    }
    assert!(heard.contains(r#""user":null"#) && heard.contains(r#""access":"open""#), "{heard}");
    assert_eq!(server.ask("POST", &path, r#"421["list_coaches",{}]"#), "ok");
    while !heard.contains("431[") {
        heard += &server.ask("GET", &path, "");
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
    let output = Command::new(PROGRAM).arg("seed").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("there is no sample data"), "{said}");
}
