//! A server that keeps the planner's promises out of memory, or breaks one of them: to try the
//! measuring itself on. It takes the same environment as rowcast.
//!
//! ```text
//! ROWCAST_BIND=127.0.0.1:5555 stand_in [ack-first|deaf|backwards|gaps]
//! ```

use rowcast_bench::{Fallible, bare};
use tokio::net::TcpListener;

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
        Some(other) => return Err(format!("no fault is called {other}").into()),
    };
    let bind = std::env::var("ROWCAST_BIND").unwrap_or_else(|_| "127.0.0.1:5555".into());
    bare::serve(TcpListener::bind(bind).await?, Memory::new(fault)).await?;
    Ok(())
}
