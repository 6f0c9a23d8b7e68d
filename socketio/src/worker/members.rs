//! One namespace's sockets on one worker, and its rooms.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    rc::Rc,
};

use crate::{
    id::{Pid, SocketId},
    worker::{
        socket::SocketInner,
        target::{Room, Target},
    },
};

#[derive(Default)]
pub(crate) struct Members {
    all: RefCell<Vec<Rc<SocketInner>>>,
    by_id: RefCell<HashMap<SocketId, Rc<SocketInner>>>,
    rooms: RefCell<HashMap<Room, HashMap<SocketId, Rc<SocketInner>>>>,
}

impl Members {
    pub(crate) fn add(&self, socket: &Rc<SocketInner>) {
        let mut all = self.all.borrow_mut();
        socket.index.set(all.len());
        all.push(socket.clone());
        self.by_id.borrow_mut().insert(socket.id, socket.clone());
    }

    pub(crate) fn remove(&self, socket: &SocketInner, rooms: &[Room]) {
        for room in rooms {
            self.leave(socket, room);
        }
        self.by_id.borrow_mut().remove(&socket.id);
        let mut all = self.all.borrow_mut();
        let index = socket.index.get();
        all.swap_remove(index);
        if let Some(moved) = all.get(index) {
            moved.index.set(index);
        }
    }

    pub(crate) fn join(&self, socket: &Rc<SocketInner>, room: &Room) {
        self.rooms.borrow_mut().entry(room.clone()).or_default().insert(socket.id, socket.clone());
    }

    pub(crate) fn leave(&self, socket: &SocketInner, room: &Room) {
        let mut rooms = self.rooms.borrow_mut();
        if let Some(members) = rooms.get_mut(room) {
            members.remove(&socket.id);
            if members.is_empty() {
                rooms.remove(room);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.borrow().is_empty()
    }

    pub(crate) fn with_pid(&self, pid: &Pid) -> Option<Rc<SocketInner>> {
        self.all.borrow().iter().find(|socket| socket.pid.as_ref() == Some(pid)).cloned()
    }

    /// Visits each selected socket once. `each` must not add or remove members.
    pub(crate) fn for_each(&self, target: Option<&Target>, mut each: impl FnMut(&Rc<SocketInner>)) {
        let Some(target) = target else {
            self.all.borrow().iter().for_each(each);
            return;
        };
        if target.local.is_some_and(|thread| thread != std::thread::current().id()) {
            return;
        }
        let excepted = |socket: &SocketInner| {
            target
                .except
                .iter()
                .any(|room| &**room == socket.id.as_str() || socket.rooms.borrow().contains(room))
        };
        if target.rooms.is_empty() {
            self.all.borrow().iter().filter(|socket| !excepted(socket)).for_each(each);
            return;
        }
        let mut seen = HashSet::new();
        let several = target.rooms.len() > 1;
        let (by_id, rooms) = (self.by_id.borrow(), self.rooms.borrow());
        for room in &target.rooms {
            let own = SocketId::parse(room).and_then(|id| by_id.get(&id));
            let members = rooms.get(room).into_iter().flat_map(HashMap::values);
            for socket in own.into_iter().chain(members) {
                if !excepted(socket) && (!several || seen.insert(socket.id)) {
                    each(socket);
                }
            }
        }
    }

    /// The selected sockets, for operations that may change the members.
    pub(crate) fn select(&self, target: Option<&Target>) -> Vec<Rc<SocketInner>> {
        let mut selected = Vec::new();
        self.for_each(target, |socket| selected.push(socket.clone()));
        selected
    }
}
