//! Many clients, some of them on their way at a time.

use std::rc::Rc;
use std::time::Duration;

use clap::ValueEnum;
use tokio::sync::Semaphore;

use crate::load::Load;
use crate::sockets::client::{Client, Handler};
use crate::sockets::polling::Polling;
use crate::{Fallible, stream};

/// How long a server is left alone with a crowd before its first event.
const PAUSE: Duration = Duration::from_millis(300);

/// How clients connect.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Transport {
    /// With a WebSocket and nothing else.
    Websocket,
    /// With polling and nothing else.
    Polling,
    /// With polling, upgraded to a WebSocket.
    Upgraded,
}

impl Transport {
    /// As the command line and the results name it.
    pub fn name(self) -> &'static str {
        match self {
            Transport::Websocket => "websocket",
            Transport::Polling => "polling",
            Transport::Upgraded => "upgraded",
        }
    }
}

/// A client that only stays. It leaves when this is dropped.
pub enum Session {
    /// On a WebSocket, upgraded or not.
    Socket(Rc<Client>),
    /// On the polling transport.
    Polling(Box<Polling>),
}

impl Session {
    async fn open(load: Rc<Load>, transport: Transport) -> Fallible<Self> {
        Ok(match transport {
            Transport::Websocket => {
                let stream = stream::connect(load.addr).await?;
                Self::Socket(Client::connect(load, Rc::new(()), stream).await?)
            }
            Transport::Polling => Self::Polling(Box::new(Polling::connect(&load).await?)),
            Transport::Upgraded => Self::Socket(Polling::connect(&load).await?.upgrade(load).await?),
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Self::Socket(client) = self {
            client.stop_reading();
        }
    }
}

/// Opens `count` sessions, `at_once` at a time.
///
/// # Errors
/// When any of them cannot be opened.
pub async fn sessions(
    load: &Rc<Load>,
    transport: Transport,
    count: u32,
    at_once: usize,
) -> Fallible<Vec<Session>> {
    gather(at_once, (0..count).map(|_| Session::open(load.clone(), transport))).await
}

/// Connects a WebSocket client for each of `handlers`, 16 at a time, and leaves the server time to make ready
/// for their events: socketioxide registers for them when the client has already been let in.
///
/// # Errors
/// When any of them is not let in.
pub async fn clients(
    load: &Rc<Load>,
    handlers: impl IntoIterator<Item = Rc<dyn Handler>>,
) -> Fallible<Vec<Rc<Client>>> {
    let connect = |handler| {
        let load = load.clone();
        async move {
            let stream = stream::connect(load.addr).await?;
            Client::connect(load, handler, stream).await
        }
    };
    let clients = gather(16, handlers.into_iter().map(connect)).await?;
    tokio::time::sleep(PAUSE).await;
    Ok(clients)
}

async fn gather<T: 'static>(
    at_once: usize,
    work: impl Iterator<Item = impl Future<Output = Fallible<T>> + 'static>,
) -> Fallible<Vec<T>> {
    let permits = Rc::new(Semaphore::new(at_once.max(1)));
    let tasks: Vec<_> = work
        .map(|work| {
            let permits = permits.clone();
            tokio::task::spawn_local(async move {
                let _permit = permits.acquire().await?;
                work.await
            })
        })
        .collect();
    let mut done = Vec::with_capacity(tasks.len());
    for task in tasks {
        done.push(task.await??);
    }
    Ok(done)
}
