//! One namespace's sockets on one worker, and its rooms.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    rc::Rc,
};

use crate::{
    id::{Pid, SocketId},
    worker::{
        socket::Core,
        target::{Room, Target},
    },
};

#[derive(Default)]
pub(crate) struct Members {
    all: RefCell<Vec<Rc<Core>>>,
    by_id: RefCell<HashMap<SocketId, Rc<Core>>>,
    rooms: RefCell<HashMap<Room, HashMap<SocketId, Rc<Core>>>>,
}

impl Members {
    pub(crate) fn add(&self, core: &Rc<Core>) {
        let mut all = self.all.borrow_mut();
        core.index.set(all.len());
        all.push(core.clone());
        self.by_id.borrow_mut().insert(core.id, core.clone());
    }

    pub(crate) fn remove(&self, core: &Core, rooms: &[Room]) {
        for room in rooms {
            self.leave(core, room);
        }
        self.by_id.borrow_mut().remove(&core.id);
        let mut all = self.all.borrow_mut();
        let index = core.index.get();
        all.swap_remove(index);
        if let Some(moved) = all.get(index) {
            moved.index.set(index);
        }
    }

    pub(crate) fn join(&self, core: &Rc<Core>, room: &Room) {
        self.rooms.borrow_mut().entry(room.clone()).or_default().insert(core.id, core.clone());
    }

    pub(crate) fn leave(&self, core: &Core, room: &Room) {
        let mut rooms = self.rooms.borrow_mut();
        if let Some(members) = rooms.get_mut(room) {
            members.remove(&core.id);
            if members.is_empty() {
                rooms.remove(room);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.borrow().is_empty()
    }

    pub(crate) fn with_pid(&self, pid: &Pid) -> Option<Rc<Core>> {
        self.all.borrow().iter().find(|core| core.pid.as_ref() == Some(pid)).cloned()
    }

    /// Those who are meant, each once. Nothing that `each` does may add or remove members.
    pub(crate) fn for_each(&self, target: Option<&Target>, mut each: impl FnMut(&Rc<Core>)) {
        let Some(target) = target else {
            self.all.borrow().iter().for_each(each);
            return;
        };
        if target.local.is_some_and(|thread| thread != std::thread::current().id()) {
            return;
        }
        let excepted = |core: &Core| {
            target.except.iter().any(|room| &**room == core.id.as_str() || core.rooms.borrow().contains(room))
        };
        if target.rooms.is_empty() {
            self.all.borrow().iter().filter(|core| !excepted(core)).for_each(each);
            return;
        }
        let mut seen = HashSet::new();
        let several = target.rooms.len() > 1;
        let (by_id, rooms) = (self.by_id.borrow(), self.rooms.borrow());
        for room in &target.rooms {
            let own = SocketId::parse(room).and_then(|id| by_id.get(&id));
            let members = rooms.get(room).into_iter().flat_map(HashMap::values);
            for core in own.into_iter().chain(members) {
                if !excepted(core) && (!several || seen.insert(core.id)) {
                    each(core);
                }
            }
        }
    }

    /// Those who are meant, for what may change who is there.
    pub(crate) fn select(&self, target: Option<&Target>) -> Vec<Rc<Core>> {
        let mut selected = Vec::new();
        self.for_each(target, |core| selected.push(core.clone()));
        selected
    }
}
