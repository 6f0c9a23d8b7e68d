//! A second handle on each TCP connection, to abort it and to write to it without copying.
//!
//! actix closes a connection after flushing it, and cannot flush to a peer that does not read. Shutting down the file
//! descriptor works at once, from any duplicate. actix also copies each body into a buffer of the connection, which it
//! keeps. Writing shared frames directly costs neither the copy nor the buffer.

use std::{
    any::Any,
    io::{self, IoSlice, Write},
    net::{Shutdown, TcpStream},
    os::fd::AsFd,
    sync::Arc,
};

use actix_web::dev::Extensions;
#[cfg(any(target_os = "android", target_os = "linux"))]
use socket2::SockRef;
use tokio::io::Interest;
#[cfg(any(target_os = "android", target_os = "linux"))]
use tracing::debug;
use tracing::warn;

/// Bytes of a backlog that the kernel accepts ahead of the network.
#[cfg(any(target_os = "android", target_os = "linux"))]
const NOTSENT_LOWAT: u32 = 128 * 1024;

/// Stored in actix's data of the connection, so that it never outlives the connection. All other references are weak.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    /// Plain TCP, without TLS between this stream and the peer.
    plain: bool,
}

impl Connection {
    /// Whether frames may be written directly. Under TLS only the shutdown is possible.
    pub(crate) fn is_direct(&self) -> bool {
        self.plain
    }

    /// Writes as much as the kernel accepts.
    pub(crate) fn write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (&self.stream).write_vectored(slices)
    }

    /// Limits the unsent bytes that the kernel accepts, or accepts the several megabytes again that it is set to. On
    /// other systems there is no limit.
    pub(crate) fn limit_kernel_buffer(&self, limited: bool) {
        #[cfg(any(target_os = "android", target_os = "linux"))]
        {
            let bytes = if limited { NOTSENT_LOWAT } else { 0 };
            if let Err(error) = SockRef::from(&self.stream).set_tcp_notsent_lowat(bytes) {
                debug!(%error, "the kernel buffer of a connection could not be limited");
            }
        }
    }

    /// A further handle that can wait for writability.
    pub(crate) fn waiting(&self) -> io::Result<tokio::net::TcpStream> {
        self.stream.try_clone().and_then(tokio::net::TcpStream::from_std)
    }

    /// Waits until the peer has shut down its direction or is gone, whether or not its data has been read.
    pub(crate) fn wait_for_peer_close(&self) -> io::Result<impl Future<Output = ()> + use<>> {
        let stream = self.waiting()?;
        Ok(async move {
            while let Ok(ready) = stream.ready(Interest::READABLE).await
                && !ready.is_read_closed()
            {
                // The unread bytes are for actix. The kernel notifies again on more data, and this does not clear a
                // seen end of stream.
                let unread = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
                let _ = stream.try_io(Interest::READABLE, unread);
            }
        })
    }

    /// Shuts down the write direction after what has been written; actix would wait a second for the peer first.
    pub(crate) fn end(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Shuts down both directions at once. The peer receives what has reached the kernel, then the end.
    pub(crate) fn abort(&self) {
        // It fails only if the connection has ended already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// Lets the server disconnect clients that do not read, and write to the others without copying. Pass it to
/// [`HttpServer::on_connect`](actix_web::HttpServer::on_connect). It keeps a duplicate of each connection's file
/// descriptor: the open-file limit should allow two per session, and three for one with a waiting GET.
pub fn on_connect(io: &dyn Any, extensions: &mut Extensions) {
    type Tcp = actix_web::rt::net::TcpStream;
    let (stream, plain) = match io.downcast_ref::<Tcp>() {
        Some(stream) => (Some(stream), true),
        None => (under_tls(io), false),
    };
    let Some(stream) = stream else { return };
    match stream.as_fd().try_clone_to_owned() {
        Ok(fd) => {
            extensions.insert(Arc::new(Connection { stream: fd.into(), plain }));
        }
        Err(error) => warn!(%error, "the file descriptor of a connection could not be duplicated"),
    }
}

#[cfg(feature = "rustls")]
fn under_tls(io: &dyn Any) -> Option<&actix_web::rt::net::TcpStream> {
    use actix_tls::accept::rustls_0_23::TlsStream;
    io.downcast_ref::<TlsStream<actix_web::rt::net::TcpStream>>().map(|stream| stream.get_ref().0)
}

#[cfg(not(feature = "rustls"))]
fn under_tls(_: &dyn Any) -> Option<&actix_web::rt::net::TcpStream> {
    None
}
