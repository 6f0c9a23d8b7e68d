//! A second handle on each TCP connection, for what actix cannot do: end it, and write to it without copying.
//!
//! actix closes a connection after flushing it, and cannot flush to a peer that does not read. Shutting the
//! descriptor down works at once, from whoever holds a duplicate. And actix copies each body's bytes into a buffer of the
//! connection's own, which it keeps; shared frames written from where they are cost neither the copy nor the buffer.

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

/// Bytes of a large backlog that the kernel takes ahead of the line.
#[cfg(any(target_os = "android", target_os = "linux"))]
const NOTSENT_LOWAT: u32 = 128 * 1024;

/// Lives in the connection's own data, so it never keeps a socket open that actix has closed;
/// all others hold it weakly.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    /// Plain TCP: what we write is what the peer reads.
    plain: bool,
}

impl Connection {
    /// Whether it may be written to: under TLS only its end is ours to bring about.
    pub(crate) fn is_direct(&self) -> bool {
        self.plain
    }

    /// Writes as much as the kernel takes now.
    pub(crate) fn write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (&self.stream).write_vectored(slices)
    }

    /// Has the kernel take no more as long as it has that much which it could not send yet. Where it cannot be told so it
    /// takes some megabytes.
    pub(crate) fn limit_kernel_buffer(&self) {
        #[cfg(any(target_os = "android", target_os = "linux"))]
        if let Err(error) = SockRef::from(&self.stream).set_tcp_notsent_lowat(NOTSENT_LOWAT) {
            debug!(%error, "a connection's backlog stays deep");
        }
    }

    /// One more handle, that can wait until the kernel takes more.
    pub(crate) fn waiting(&self) -> io::Result<tokio::net::TcpStream> {
        self.stream.try_clone().and_then(tokio::net::TcpStream::from_std)
    }

    /// Ready once the peer has ended its direction, or is gone: whether or not what it has sent is read.
    pub(crate) fn wait_for_peer_close(&self) -> io::Result<impl Future<Output = ()> + use<>> {
        let stream = self.waiting()?;
        Ok(async move {
            while let Ok(ready) = stream.ready(Interest::READABLE).await
                && !ready.is_read_closed()
            {
                // Bytes wait, which are actix's to read. The kernel speaks up again when more is known; the end, once
                // it has been seen, is not forgotten by this.
                let unread = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
                let _ = stream.try_io(Interest::READABLE, unread);
            }
        })
    }

    /// Ends our direction, behind what has been written: actix would first wait a second for the peer to do so.
    pub(crate) fn end(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Ends both directions now. The peer sees what has reached the kernel, then the end.
    pub(crate) fn abort(&self) {
        // It fails only if the connection has ended already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// Lets the server cut off clients that do not read, and write to the others without copying. Give it to
/// [`HttpServer::on_connect`](actix_web::HttpServer::on_connect): it keeps a duplicate of each connection's descriptor. The open-file limit should allow
/// two descriptors per session, and three for one whose GET waits.
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
        Err(error) => warn!(%error, "cannot duplicate a connection's descriptor"),
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
