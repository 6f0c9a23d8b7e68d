//! Connection of a socket to a namespace, with or without recovery.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use serde::Deserialize;
use tokio::time::timeout;
use tracing::debug;

use crate::{
    acks::Acks,
    handshake::Handshake,
    hub::Hub,
    id::{Pid, SocketId},
    session::handle::SessionHandle,
    wire::frame::Frame,
    worker::{
        Worker,
        command::{SocketOp, WorkerCommand},
        nsp::Nsp,
        recovery::RecoveredSocket,
        socket::SocketInner,
    },
};

/// Time for the last handler of a replaced socket to end. After that the client starts afresh.
const REPLACE_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that the authorizer has accepted.
pub(super) struct ConnectAttempt {
    handshake: Rc<Handshake>,
    recovery_auth: Option<RecoveryAuth>,
}

/// Fields that a stock client adds to `auth` when it reconnects.
#[derive(Deserialize)]
struct RecoveryAuth {
    pid: String,
    offset: Option<String>,
}

impl ConnectAttempt {
    /// Disconnects the client's earlier socket, if it is still connected.
    pub(super) async fn new(handshake: Rc<Handshake>, nsp: &Arc<Nsp>, hub: &Hub) -> Self {
        let recovery_auth = handshake.auth::<RecoveryAuth>().ok().filter(|_| nsp.is_recoverable());
        let pid = recovery_auth.as_ref().and_then(|recovery_auth| Pid::parse(&recovery_auth.pid));
        if let Some(pid) = pid
            && nsp.is_live(&pid)
        {
            hub.command(&WorkerCommand::Apply(nsp.clone(), None, SocketOp::Replace(pid)));
            // Waiting for its last handler keeps the two sockets from running side by side.
            let _ = timeout(REPLACE_TIMEOUT, nsp.wait_until_free(&pid)).await;
        }
        Self { handshake, recovery_auth }
    }

    /// Creates the socket. From here on broadcasts reach it.
    pub(super) fn complete(
        self,
        nsp: &Arc<Nsp>,
        worker: &Rc<Worker>,
        session: &Rc<SessionHandle>,
        max_rooms: usize,
    ) -> Rc<SocketInner> {
        // Earlier broadcasts are part of the state that `connected` observes (see the ordering of [`Hub`]); events
        // numbered later wait in the worker's queue until the socket exists.
        worker.drain_commands();
        let (pid, since, recovered) = self.recover_or_create(nsp, session.max_outbox());
        let id = recovered.as_ref().map_or_else(SocketId::random, |recovered| recovered.id);
        let socket = Rc::new(SocketInner {
            id,
            nsp: nsp.clone(),
            session: session.clone(),
            worker: worker.clone(),
            handshake: self.handshake,
            acks: Acks::default(),
            pid,
            recovered: recovered.is_some(),
            first: recovered.as_ref().map_or(since, |recovered| recovered.since),
            since,
            index: Cell::new(0),
            rooms: RefCell::default(),
            recovery_state: RefCell::default(),
            max_rooms,
            connected: Cell::new(true),
            disconnected: RefCell::default(),
            disconnected_by_server: Cell::new(None),
            members: worker.members(nsp),
        });
        socket.members.add(&socket);
        worker.hub.socket_connected();
        nsp.socket_connected();
        session.emit(Frame::text(&packet(&socket)));
        if let Some(recovered) = recovered {
            recovered.rooms.iter().for_each(|room| socket.join(room));
            recovered.missed.into_iter().for_each(|frame| session.emit(frame));
        }
        debug!(sid = %session.sid, socket = %id, namespace = %nsp.name, recovered = socket.recovered, "socket connected");
        socket
    }

    /// Returns the recovery id, the number of the last event before the socket, and the recovered state.
    fn recover_or_create(&self, nsp: &Nsp, max: usize) -> (Option<Pid>, u64, Option<RecoveredSocket>) {
        let Some(mut log) = nsp.log() else { return (None, 0, None) };
        let back = self.recovery_auth.as_ref().and_then(|recovery_auth| {
            let pid = Pid::parse(&recovery_auth.pid)?;
            Some((pid, log.recover(&pid, recovery_auth.offset.as_deref(), max)?))
        });
        let (pid, recovered) =
            back.map_or_else(|| (Pid::random(), None), |(pid, recovered)| (pid, Some(recovered)));
        log.enter(pid);
        (Some(pid), log.last(), recovered)
    }
}

/// The CONNECT packet for the client.
fn packet(socket: &SocketInner) -> String {
    let (name, comma) = if &*socket.nsp.name == "/" { ("", "") } else { (&*socket.nsp.name, ",") };
    match &socket.pid {
        Some(pid) => format!(r#"40{name}{comma}{{"sid":"{}","pid":"{}"}}"#, socket.id, pid.as_str()),
        None => format!(r#"40{name}{comma}{{"sid":"{}"}}"#, socket.id),
    }
}
