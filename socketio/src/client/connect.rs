//! Letting a client in, or back in where it was lost.

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
    session::handle::Link,
    wire::frame::Frame,
    worker::{
        command::{Deed, Order},
        nsp::Nsp,
        recovery::Restored,
        socket::Core,
    },
};

/// How long who comes back waits for what still runs for its old self; then it starts afresh.
const PATIENCE: Duration = Duration::from_secs(5);

/// A client at the door.
pub(super) struct Arrival {
    handshake: Rc<Handshake>,
    returning: Option<Returning>,
}

/// What a stock client that was here before adds to its `auth`.
#[derive(Deserialize)]
struct Returning {
    pid: String,
    offset: Option<String>,
}

impl Arrival {
    /// Sees to it that who comes back is not also still there.
    pub(super) async fn new(handshake: Rc<Handshake>, nsp: &Arc<Nsp>, hub: &Hub) -> Self {
        let returning = handshake.auth::<Returning>().ok().filter(|_| nsp.is_recoverable());
        let pid = returning.as_ref().and_then(|returning| Pid::parse(&returning.pid));
        if let Some(pid) = pid
            && nsp.is_live(&pid)
        {
            hub.order(&Order::Do(nsp.clone(), None, Deed::Replace(pid)));
            // Its last handler is waited for, so that the two never run side by side.
            let _ = timeout(PATIENCE, nsp.vacant(&pid)).await;
        }
        Self { handshake, returning }
    }

    /// Makes the socket: from here on broadcasts reach it.
    pub(super) fn enter(self, nsp: &Arc<Nsp>, link: &Rc<Link>, max_rooms: usize) -> Rc<Core> {
        let shard = link.shard();
        // What was broadcast before this is in the state that `connected` finds: see the hub's promise. And what is
        // numbered after this waits in the worker's inbox until the socket is there.
        shard.pump();
        let (pid, since, restored) = self.admit(nsp, link.max_outbox());
        let id = restored.as_ref().map_or_else(SocketId::random, |restored| restored.id);
        let core = Rc::new(Core {
            id,
            nsp: nsp.clone(),
            link: link.clone(),
            handshake: self.handshake,
            acks: Acks::default(),
            pid,
            recovered: restored.is_some(),
            first: restored.as_ref().map_or(since, |restored| restored.since),
            since,
            index: Cell::new(0),
            rooms: RefCell::default(),
            leaving: RefCell::default(),
            max_rooms,
            present: Cell::new(true),
            gone: RefCell::default(),
            ending: Cell::new(None),
            members: shard.members(nsp),
        });
        core.members.add(&core);
        shard.hub.joined();
        nsp.entered();
        link.emit(Frame::text(&packet(&core)));
        if let Some(restored) = restored {
            restored.rooms.iter().for_each(|room| core.join(room));
            restored.missed.into_iter().for_each(|frame| link.emit(frame));
        }
        debug!(sid = %link.sid, socket = %id, namespace = %nsp.name, recovered = core.recovered, "socket connected");
        core
    }

    /// The name by which it may come back, the last event before its time, and what it goes on with.
    fn admit(&self, nsp: &Nsp, max: usize) -> (Option<Pid>, u64, Option<Restored>) {
        let Some(mut log) = nsp.log() else { return (None, 0, None) };
        let back = self.returning.as_ref().and_then(|returning| {
            let pid = Pid::parse(&returning.pid)?;
            Some((pid, log.restore(&pid, returning.offset.as_deref(), max)?))
        });
        let (pid, restored) =
            back.map_or_else(|| (Pid::random(), None), |(pid, restored)| (pid, Some(restored)));
        log.enter(pid);
        (Some(pid), log.last(), restored)
    }
}

/// The packet that lets a client in.
fn packet(core: &Core) -> String {
    let (name, comma) = if &*core.nsp.name == "/" { ("", "") } else { (&*core.nsp.name, ",") };
    match &core.pid {
        Some(pid) => format!(r#"40{name}{comma}{{"sid":"{}","pid":"{}"}}"#, core.id, pid.as_str()),
        None => format!(r#"40{name}{comma}{{"sid":"{}"}}"#, core.id),
    }
}
