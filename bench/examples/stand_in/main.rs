//! A server that keeps the planner's promises out of memory, or breaks one of them: to try the
//! measuring itself on. It takes the same environment as rowcast, and fills itself with COACHES coaches and ROWS rows of
//! everything else if these are set.
//!
//! ```text
//! ROWCAST_BIND=127.0.0.1:5555 stand_in [ack-first|deaf|backwards|gaps|lossy|half|forgetful]
//! ```

use std::env::var;
use std::net::SocketAddr;

use rowcast_bench::{Fallible, bare};
use tokio::net::TcpSocket;

mod memory;

use memory::{Fault, Memory};

#[tokio::main]
async fn main() -> Fallible<()> {
    let fault = match std::env::args().nth(1).as_deref() {
        None => Fault::None,
        Some("ack-first") => Fault::AckFirst,
        Some("deaf") => Fault::Deaf,
        Some("backwards") => Fault::Backwards,
        Some("gaps") => Fault::Gaps,
        Some("lossy") => Fault::Lossy,
        Some("half") => Fault::Half,
        Some("forgetful") => Fault::Forgetful,
        Some(other) => return Err(format!("no fault is called {other}").into()),
    };
    let mut memory = Memory::new(fault);
    if let (Ok(coaches), Ok(rows)) = (var("COACHES"), var("ROWS")) {
        memory.fill(coaches.parse()?, rows.parse()?);
    }
    let bind: SocketAddr = var("ROWCAST_BIND").unwrap_or_else(|_| "127.0.0.1:5555".into()).parse()?;
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(bind)?;
    // a crowd may come back all at once
    bare::serve(socket.listen(1024)?, memory).await?;
    Ok(())
}
