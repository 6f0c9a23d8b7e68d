//! A TCP relay in front of PostgreSQL that can freeze or cut its connections.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::{JoinHandle, JoinSet},
};

#[derive(Clone, Copy, Debug, Default)]
struct State {
    frozen: bool,
    broken: bool,
    /// The number of cuts: earlier connections are closed, however short the cut was.
    breaks: u32,
    /// Bytes of the database to forward until all connections are cut once, if they are to be.
    budget: Option<usize>,
}

impl State {
    /// Counts bytes of the database, and cuts all connections when the budget is used up.
    fn spend(&mut self, bytes: usize) {
        let Some(budget) = self.budget else { return };
        self.budget = budget.checked_sub(bytes);
        self.breaks += u32::from(self.budget.is_none());
    }
}

/// Forwards connections unless frozen or cut. It stops on drop.
pub(crate) struct Relay {
    url: String,
    state: watch::Sender<State>,
    task: JoinHandle<()>,
}

impl Relay {
    /// In front of the PostgreSQL at this URL.
    pub(crate) async fn to(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").expect("a URL");
        let (user, rest) = rest.split_once('@').expect("a user");
        let (host, database) = rest.split_once('/').expect("a database");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{scheme}://{user}@{}/{database}", listener.local_addr().unwrap());
        let state = watch::Sender::<State>::default();
        let target = host.parse().expect("an address");
        let task = actix_web::rt::spawn(serve(listener, target, state.clone()));
        Self { url, state, task }
    }

    /// The database's URL through the relay.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Stops forwarding; no connection is closed.
    pub(crate) fn freeze(&self) {
        self.state.send_modify(|state| state.frozen = true);
    }

    /// Closes every connection, and each new one immediately.
    pub(crate) fn cut(&self) {
        self.state.send_modify(|state| {
            state.broken = true;
            state.breaks += 1;
        });
    }

    /// Closes every connection once the database has sent this many further bytes. Later ones are forwarded.
    pub(crate) fn cut_after(&self, bytes: usize) {
        self.state.send_modify(|state| state.budget = Some(bytes));
    }

    /// Whether [`cut_after`](Self::cut_after) has cut the connections.
    pub(crate) fn has_cut(&self) -> bool {
        self.state.borrow().budget.is_none()
    }

    /// Forwards again, including what was held back.
    pub(crate) fn repair(&self) {
        self.state.send_modify(|state| (state.frozen, state.broken, state.budget) = (false, false, None));
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, target: SocketAddr, state: watch::Sender<State>) {
    let mut connections = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        connections.spawn_local(connect(near, target, state.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn connect(near: TcpStream, target: SocketAddr, sender: watch::Sender<State>) {
    let (mut state, mut cut) = (sender.subscribe(), sender.subscribe());
    let breaks = state.borrow().breaks;
    let forward = async {
        state.wait_for(|state| !state.frozen).await.ok()?;
        let far = TcpStream::connect(target).await.ok()?;
        let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
        tokio::select! {
            there = pump(near_in, far_out, state.clone(), |_| ()) => there,
            back = pump(far_in, near_out, state.clone(), |bytes| {
                sender.send_if_modified(|state| {
                    let before = state.breaks;
                    state.spend(bytes);
                    state.breaks > before
                });
            }) => back,
        }
    };
    tokio::select! {
        _ = forward => {}
        _ = cut.wait_for(|state| state.broken || state.breaks > breaks) => {}
    }
}

/// Copies bytes in one direction until an end closes.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut state: watch::Receiver<State>,
    forwarded: impl Fn(usize),
) -> Option<()> {
    let mut bytes = vec![0; 1 << 16];
    loop {
        let read = from.read(&mut bytes).await.ok().filter(|read| *read > 0)?;
        state.wait_for(|state| !state.frozen).await.ok()?;
        to.write_all(&bytes[..read]).await.ok()?;
        forwarded(read);
    }
}
