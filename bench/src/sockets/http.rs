//! A keep-alive HTTP connection, as far as Engine.IO's polling transport needs one.

use std::io;
use std::net::SocketAddr;

use memchr::memmem;
use tokio::net::TcpStream;

use crate::{Fallible, stream};

/// A connection on which one request is under way at a time.
pub struct Http {
    stream: TcpStream,
    addr: SocketAddr,
    inbox: Vec<u8>,
}

impl Http {
    /// Connects.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn connect(addr: SocketAddr) -> Fallible<Self> {
        Ok(Self { stream: stream::connect(addr).await?, addr, inbox: Vec::new() })
    }

    /// Asks for what the session has; `query` follows the polling transport's own.
    ///
    /// # Errors
    /// When the answer is none that an HTTP client accepts.
    pub async fn get(&mut self, query: &str) -> Fallible<Vec<u8>> {
        self.begin_get(query).await?;
        self.response().await
    }

    /// The request of [`Self::get`], whose answer [`Self::response`] waits for.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn begin_get(&mut self, query: &str) -> Fallible<()> {
        self.send("GET", query, "").await
    }

    /// Sends packets.
    ///
    /// # Errors
    /// When they are refused.
    pub async fn post(&mut self, query: &str, packets: &str) -> Fallible<()> {
        self.send("POST", query, packets).await?;
        match self.response().await?.as_slice() {
            b"ok" => Ok(()),
            other => Err(format!("a POST was answered {}", String::from_utf8_lossy(other)).into()),
        }
    }

    /// Whether nothing has come in answer to the request, and the connection is open.
    pub fn is_pending(&mut self) -> bool {
        let read = self.stream.try_read_buf(&mut self.inbox);
        self.inbox.is_empty() && read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    async fn send(&mut self, method: &str, query: &str, body: &str) -> Fallible<()> {
        let of_body = match method {
            "POST" => format!("Content-Type: text/plain;charset=UTF-8\r\nContent-Length: {}\r\n", body.len()),
            _ => String::new(),
        };
        let request = format!(
            "{method} /socket.io/?EIO=4&transport=polling{query} HTTP/1.1\r\nHost: {}\r\nConnection: keep-alive\r\n{of_body}\r\n{body}",
            self.addr
        );
        self.stream.writable().await?;
        match self.stream.try_write(request.as_bytes())? == request.len() {
            true => Ok(()),
            false => Err("a request did not fit into the socket".into()),
        }
    }

    /// Waits for the answer to the request that was sent, and gives its body.
    ///
    /// # Errors
    /// When the connection ends, or the answer is not 200.
    pub async fn response(&mut self) -> Fallible<Vec<u8>> {
        loop {
            if let Some((body, len)) = parse(&self.inbox)? {
                self.inbox.drain(..len);
                return Ok(body);
            }
            self.stream.readable().await?;
            match self.stream.try_read_buf(&mut self.inbox) {
                Ok(0) => return Err("closed while a request was under way".into()),
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error.into()),
                _ => {}
            }
        }
    }
}

/// The body of the response that `inbox` begins with, and the response's length; none while it is incomplete.
fn parse(inbox: &[u8]) -> Fallible<Option<(Vec<u8>, usize)>> {
    let Some(end) = memmem::find(inbox, b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&inbox[..end]).to_ascii_lowercase();
    let rest = &inbox[end + 4..];
    if !head.starts_with("http/1.1 200") {
        return Err(format!("answered {head}: {}", String::from_utf8_lossy(rest)).into());
    }
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let body = if header("transfer-encoding:") == Some("chunked") {
        dechunk(rest)?
    } else {
        let len: usize = header("content-length:").ok_or("an answer without a length")?.parse()?;
        rest.get(..len).map(|body| (body.to_vec(), len))
    };
    Ok(body.map(|(body, len)| (body, end + 4 + len)))
}

/// What chunks hold, and how long they are up to the end of the last.
fn dechunk(mut input: &[u8]) -> Fallible<Option<(Vec<u8>, usize)>> {
    let (all, mut body) = (input.len(), Vec::new());
    while let Some(line) = memmem::find(input, b"\r\n") {
        let len = usize::from_str_radix(std::str::from_utf8(&input[..line])?, 16)?;
        let Some(chunk) = input.get(line + 2..line + 2 + len + 2) else {
            break;
        };
        body.extend_from_slice(&chunk[..len]);
        input = &input[line + 2 + len + 2..];
        if len == 0 {
            return Ok(Some((body, all - input.len())));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_is_complete_in_any_framing() {
        let plain = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_vec();
        let chunked =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n".to_vec();
        for whole in [plain, chunked] {
            for end in 0..whole.len() {
                assert!(parse(&whole[..end]).unwrap().is_none(), "{end}");
            }
            let two = [&whole[..], b"HTTP/1.1 2"].concat();
            assert_eq!(parse(&two).unwrap(), Some((b"hello".to_vec(), whole.len())));
        }
        assert!(parse(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").is_err());
    }
}
