//! A client's end of a connection: opened, upgraded to a WebSocket, and read.
//!
//! All connections of a thread are read into one buffer, so an idle one holds none.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Poll, ready};

use memchr::memmem;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::Fallible;

/// Connects, with Nagle's delay switched off.
pub(crate) async fn connect(addr: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Opens the WebSocket, with `query` added to the request's own; also gives back the bytes that came
/// behind the response's head.
pub(crate) async fn upgrade(
    stream: TcpStream,
    query: &str,
) -> Fallible<(OwnedReadHalf, OwnedWriteHalf, Vec<u8>)> {
    let request = format!(
        "GET /socket.io/?EIO=4&transport=websocket{query} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        stream.peer_addr()?
    );
    stream.writable().await?;
    if stream.try_write(request.as_bytes())? < request.len() {
        return Err("the handshake did not fit into the socket".into());
    }
    let mut head = Vec::with_capacity(1024);
    let end = loop {
        stream.readable().await?;
        match stream.try_read_buf(&mut head) {
            Ok(0) => return Err("closed during the handshake".into()),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error.into()),
            _ => {}
        }
        if let Some(at) = memmem::find(&head, b"\r\n\r\n") {
            break at + 4;
        }
    };
    if !head.starts_with(b"HTTP/1.1 101 ") {
        return Err(format!("refused: {}", String::from_utf8_lossy(&head)).into());
    }
    let (read, write) = stream.into_split();
    Ok((read, write, head.split_off(end)))
}

/// Waits for bytes and gives what `take` makes of them; none at the end of the stream.
pub(crate) async fn chunk<T>(
    read: &mut OwnedReadHalf,
    mut take: impl FnMut(&[u8]) -> T,
) -> io::Result<Option<T>> {
    thread_local! {
        static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; 512 * 1024]);
    }
    poll_fn(|cx| {
        BUFFER.with_borrow_mut(|buffer| {
            let mut buffer = ReadBuf::new(buffer);
            ready!(Pin::new(&mut *read).poll_read(cx, &mut buffer))?;
            let bytes = buffer.filled();
            Poll::Ready(Ok((!bytes.is_empty()).then(|| take(bytes))))
        })
    })
    .await
}
