//! A socket without the type of its state: a member of its namespace, and the operations on it.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    fmt,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use crate::{
    acks::{AckError, Acks},
    handshake::Handshake,
    hub::Hub,
    id::{Pid, SocketId},
    metrics::Metrics,
    observer::Observed,
    reason::Reason,
    reply::Reply,
    session::handle::{Closing, SessionHandle},
    wire::{args::Args, frame::Frame, frame_writer::Head, message::Message},
    worker::{
        Worker,
        members::Members,
        nsp::Nsp,
        recovery::DisconnectedSocket,
        socket_info::SocketInfo,
        target::{Room, Target},
    },
};

/// Maximum length of a room's name in bytes.
pub(crate) const MAX_NAME_BYTES: usize = 1024;

/// A socket without the type of its state.
pub(crate) struct SocketInner {
    pub(crate) id: SocketId,
    pub(crate) nsp: Arc<Nsp>,
    pub(crate) session: Rc<SessionHandle>,
    pub(crate) worker: Rc<Worker>,
    pub(crate) handshake: Rc<Handshake>,
    pub(crate) acks: Acks,
    pub(crate) pid: Option<Pid>,
    pub(crate) recovered: bool,
    /// Number of the last event before its first connection.
    pub(crate) first: u64,
    /// Number of the last event before this connection, replayed ones included.
    pub(crate) since: u64,
    /// Position in the list of members.
    pub(crate) index: Cell<usize>,
    pub(crate) rooms: RefCell<BTreeSet<Room>>,
    pub(crate) connected: Cell<bool>,
    /// Set while a future waits for the disconnect.
    pub(crate) disconnected: RefCell<Option<Rc<Notify>>>,
    /// Reason, if the server has disconnected the socket.
    pub(crate) disconnected_by_server: Cell<Option<Reason>>,
    pub(crate) members: Rc<Members>,
    /// State to keep for recovery; set from the disconnect to the end of the last handler.
    pub(crate) recovery_state: RefCell<Option<Option<DisconnectedSocket>>>,
    pub(crate) max_rooms: usize,
}

impl SocketInner {
    pub(crate) fn hub(&self) -> &Hub {
        &self.worker.hub
    }

    pub(crate) fn info(&self) -> SocketInfo {
        let rooms = self.rooms.borrow().iter().cloned().collect();
        SocketInfo { id: self.id, rooms, transport: self.session.transport().as_str() }
    }

    /// Queues a message.
    pub(crate) fn deliver(&self, message: &Message, number: u64) {
        if !self.connected.get() || (number > 0 && number <= self.since) {
            return;
        }
        self.hub().observe(|| Observed::Sent { socket: self, frame: &message.frame });
        match message.slot {
            Some(slot) => self.session.send_latest((Arc::as_ptr(&self.nsp).addr(), slot), message),
            None if message.volatile => self.session.emit_volatile(message.frame.clone()),
            None => self.session.emit(message.frame.clone()),
        }
    }

    pub(crate) fn emit(&self, name: &str, args: &Args, volatile: bool) {
        if self.nsp.is_recoverable() && !volatile {
            let target = Target { rooms: vec![self.id.as_str().into()], ..Target::default() };
            self.hub().append(&self.nsp, Some(Arc::new(target)), name, args);
        } else {
            let head = Head::Event { namespace: &self.nsp.name, name, ack: None };
            let message = Message { volatile, ..Message::event(Frame::encode(head, args, None)) };
            self.deliver(&message, 0);
        }
    }

    pub(crate) fn ack(&self, id: u64, reply: Reply) {
        // Earlier broadcasts go first.
        self.worker.drain_commands();
        self.session.answer(reply.frame(&self.nsp.name, id));
    }

    /// Requests an ack. The event is sent at once, even if the future is dropped.
    pub(crate) fn emit_with_ack(
        &self,
        name: &str,
        args: &Args,
        within: Duration,
    ) -> impl Future<Output = Result<Args, AckError>> + use<> {
        let (id, until) = (self.nsp.ack_id(), Instant::now() + within);
        let answered = self.connected.get().then(|| self.acks.expect(id, until));
        let head = Head::Event { namespace: &self.nsp.name, name, ack: Some(id) };
        self.deliver(&Message::event(Frame::encode(head, args, None)), 0);
        async move {
            let answered = answered.ok_or(AckError::Disconnected)?;
            let answer = timeout_at(until, answered).await.map_err(|_| AckError::Timeout)?;
            answer.map_err(|_| AckError::Disconnected)
        }
    }

    pub(crate) fn join(self: &Rc<Self>, room: &Room) {
        if !self.connected.get() {
            return;
        }
        let many = self.rooms.borrow().len() >= self.max_rooms && !self.rooms.borrow().contains(room);
        if many || room.len() > MAX_NAME_BYTES {
            Metrics::count_limit("max_rooms");
            tracing::warn!(socket = %self.id, limit = self.max_rooms, "a room was not joined: the socket has too many rooms, or the name is too long");
            return;
        }
        if self.rooms.borrow_mut().insert(room.clone()) {
            self.members.join(self, room);
            self.hub().observe(|| Observed::Joined { socket: self, room });
        }
    }

    pub(crate) fn leave(&self, room: &str) {
        let room = self.rooms.borrow_mut().take(room);
        if let Some(room) = room {
            self.members.leave(self, &room);
            self.hub().observe(|| Observed::Left { socket: self, room: &room });
        }
    }

    /// Disconnects on behalf of the server; the session's task does the rest.
    pub(crate) fn disconnect(&self, reason: Reason, close: bool) {
        if self.connected.get() && self.disconnected_by_server.get().is_none() {
            let name = &self.nsp.name;
            let packet = if &**name == "/" { "41".to_owned() } else { format!("41{name},") };
            self.session.emit(Frame::text(&packet));
            self.disconnected_by_server.set(Some(reason));
            self.mark_disconnected(reason);
            self.session.wake_task();
        }
        if close {
            self.session.close(Closing::new(1000, "disconnected by the server", reason));
        }
    }

    /// Removes the socket from the members, and keeps its state if it may be recovered.
    pub(crate) fn mark_disconnected(&self, reason: Reason) {
        if !self.connected.replace(false) {
            return;
        }
        if let Some(disconnected) = self.disconnected.take() {
            disconnected.notify_waiters();
        }
        let rooms: Vec<Room> = self.rooms.take().into_iter().collect();
        self.members.remove(self, &rooms);
        if self.members.is_empty() {
            self.worker.forget(&self.nsp);
        }
        self.acks.clear();
        self.nsp.socket_disconnected();
        self.hub().socket_disconnected();
        if self.pid.is_some() {
            let disconnected_socket = DisconnectedSocket { id: self.id, rooms, since: self.first };
            self.recovery_state.replace(Some(reason.is_recoverable().then_some(disconnected_socket)));
        }
        self.hub().observe(|| Observed::Disconnected { socket: self, reason });
    }

    /// Waits until the socket is disconnected.
    pub(crate) async fn disconnected(&self) {
        while self.connected.get() {
            let disconnected = self.disconnected.borrow_mut().get_or_insert_default().clone();
            disconnected.notified().await;
        }
    }

    /// Ends the socket after its last handler. From here on it may be recovered.
    pub(crate) fn finish(&self) {
        if let (Some(disconnected_socket), Some(pid)) = (self.recovery_state.take(), self.pid) {
            self.nsp.socket_finished(pid, disconnected_socket);
        }
    }
}

impl fmt::Debug for SocketInner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("namespace", &self.nsp.name)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
