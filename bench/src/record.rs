//! Records the bytes a server sends, so that the bare program can send the same.
//!
//! A recording is two files of ready WebSocket frames: `connect`, the snapshots a client gets when it
//! connects, and `refresh`, what everyone gets after one `update_coach` of coach 1.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use crate::Fallible;
use crate::client::{Client, Handler};
use crate::load::Load;
use crate::marker;
use crate::message::Interest;
use crate::planner::{Collection, update_coach};
use crate::wire::server_frame;

/// How long the one write may take.
const WITHIN: Duration = Duration::from_secs(10);

/// Records into the folder `into`, which is made if missing.
///
/// # Errors
/// When the server does not send what the contract says, or the files cannot be written.
pub async fn run(load: Rc<Load>, into: &Path) -> Fallible<()> {
    let tape = Rc::new(Tape::new(load.clone()));
    let clients = load.connect(vec![tape.clone() as Rc<dyn Handler>], 1).await?;
    let connect = tape.frames.take();
    let next = marker::first(&connect).ok_or("coaches carry no marker: was the server seeded?")? + 1;
    tape.marker.set(next);
    clients[0].emit("update_coach", &update_coach(1, next));
    if !load.wait(WITHIN, || tape.is_complete()).await {
        return Err("the write did not come back in every collection that it changes".into());
    }
    std::fs::create_dir_all(into)?;
    std::fs::write(into.join("connect"), connect)?;
    std::fs::write(into.join("refresh"), tape.frames.take())?;
    Ok(())
}

struct Tape {
    load: Rc<Load>,
    frames: RefCell<Vec<u8>>,
    marker: Cell<u32>,
    came: Cell<u8>,
    acked: Cell<bool>,
}

impl Tape {
    fn new(load: Rc<Load>) -> Self {
        Self {
            load,
            frames: RefCell::default(),
            marker: Cell::new(u32::MAX),
            came: Cell::new(0),
            acked: Cell::new(false),
        }
    }

    fn is_complete(&self) -> bool {
        self.acked.get() && self.came.get() == (1 << Collection::TOUCHED.len()) - 1
    }
}

impl Handler for Tape {
    fn interest(&self, _collection: Collection) -> Interest {
        Interest::Body
    }

    fn snapshot(&self, collection: Collection, _markers: &[u32], packet: &[u8]) {
        server_frame(&mut self.frames.borrow_mut(), packet);
        if let Some(i) = collection.touched()
            && marker::first(packet) == Some(self.marker.get())
        {
            self.came.set(self.came.get() | 1 << i);
            self.load.changed.notify_one();
        }
    }

    fn ack(&self, _client: &Client, _packet: &[u8]) {
        self.acked.set(true);
        self.load.changed.notify_one();
    }
}
