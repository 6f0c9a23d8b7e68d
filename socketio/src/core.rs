//! A socket without its state's type: what the namespace's members are, and what happens to them.

use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use tokio::time::{Instant, timeout_at};

use crate::{
    acks::{AckError, Acks},
    args::Args,
    frame::{Frame, Head},
    handshake::Handshake,
    hub::{Hub, Message},
    id::{Pid, SocketId},
    link::{Closing, Link},
    members::Members,
    nsp::{Nsp, Room},
    observer::Observed,
    reason::Reason,
    recovery::Parted,
    reply::Reply,
    target::Target,
};

/// A socket without its state's type.
pub(crate) struct Core {
    pub(crate) id: SocketId,
    pub(crate) nsp: Arc<Nsp>,
    pub(crate) link: Rc<Link>,
    pub(crate) handshake: Rc<Handshake>,
    pub(crate) acks: Acks,
    pub(crate) pid: Option<Pid>,
    pub(crate) recovered: bool,
    /// Events up to this number were before it first was there.
    pub(crate) first: u64,
    /// Events up to this number were before its time, or have been sent again.
    pub(crate) since: u64,
    /// Its place among the members.
    pub(crate) index: Cell<usize>,
    pub(crate) rooms: RefCell<Vec<Room>>,
    pub(crate) present: Cell<bool>,
    /// Set when it was the server that ended it.
    pub(crate) ending: Cell<Option<Reason>>,
    pub(crate) members: Rc<Members>,
}

impl Core {
    pub(crate) fn hub(&self) -> &Hub {
        &self.link.shard().hub
    }

    /// Puts a frame into the outbox.
    pub(crate) fn deliver(&self, message: &Message, number: u64) {
        if !self.present.get() || (number > 0 && number <= self.since) {
            return;
        }
        self.hub().observe(|| Observed::Sent { socket: self, frame: &message.frame });
        match message.slot {
            Some(slot) => self.link.put((Arc::as_ptr(&self.nsp).addr(), slot), message.frame.clone()),
            None if message.volatile => self.link.emit_volatile(message.frame.clone()),
            None => self.link.emit(message.frame.clone()),
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
        // What was broadcast before goes before.
        self.link.shard().pump();
        self.link.emit(reply.frame(&self.nsp.name, id));
    }

    /// Asks for an ack: the frame is sent at once, whatever happens to the future.
    pub(crate) fn ask(
        &self,
        name: &str,
        args: &Args,
        within: Duration,
    ) -> impl Future<Output = Result<Args, AckError>> + use<> {
        let (id, until) = (self.nsp.ack_id(), Instant::now() + within);
        let answered = self.present.get().then(|| self.acks.expect(id, until));
        let head = Head::Event { namespace: &self.nsp.name, name, ack: Some(id) };
        self.deliver(&Message::event(Frame::encode(head, args, None)), 0);
        async move {
            let answered = answered.ok_or(AckError::Disconnected)?;
            let answer = timeout_at(until, answered).await.map_err(|_| AckError::Timeout)?;
            answer.map_err(|_| AckError::Disconnected)
        }
    }

    pub(crate) fn join(self: &Rc<Self>, room: &Room) {
        if self.present.get() && !self.rooms.borrow().contains(room) {
            self.rooms.borrow_mut().push(room.clone());
            self.members.join(self, room);
            self.hub().observe(|| Observed::Joined { socket: self, room });
        }
    }

    pub(crate) fn leave(&self, room: &str) {
        let mut rooms = self.rooms.borrow_mut();
        if let Some(at) = rooms.iter().position(|one| &**one == room) {
            let room = rooms.swap_remove(at);
            drop(rooms);
            self.members.leave(self, &room);
            self.hub().observe(|| Observed::Left { socket: self, room: &room });
        }
    }

    /// Ends it, by the server's will; its task does the rest.
    pub(crate) fn disconnect(&self, reason: Reason, close: bool) {
        if self.present.get() && self.ending.get().is_none() {
            let name = &self.nsp.name;
            let packet = if &**name == "/" { "41".to_owned() } else { format!("41{name},") };
            self.link.emit(Frame::text(&packet));
            self.ending.set(Some(reason));
            self.depart(reason);
            self.link.wake_task();
        }
        if close {
            self.link.close(Closing::new(1000, "disconnected by the server", reason));
        }
    }

    /// Nothing reaches it any more; remembered, if it may come back.
    pub(crate) fn depart(&self, reason: Reason) {
        if !self.present.replace(false) {
            return;
        }
        let rooms = self.rooms.take();
        self.members.remove(self, &rooms);
        if self.members.is_empty() {
            self.link.shard().forget(&self.nsp);
        }
        self.acks.clear();
        self.nsp.left();
        self.hub().left();
        if let (Some(pid), Some(mut log)) = (self.pid, self.nsp.log()) {
            let parted = Parted { id: self.id, rooms: rooms.clone(), since: self.first };
            log.leave(pid, reason.is_recoverable().then_some(parted));
        }
        self.hub().observe(|| Observed::Disconnected { socket: self, reason });
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("namespace", &self.nsp.name)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
