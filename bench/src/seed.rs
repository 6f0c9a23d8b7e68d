//! Fills an empty server with rows through its own socket, as a client would.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use memchr::memmem;

use crate::Fallible;
use crate::client::{Client, Handler};
use crate::load::Load;
use crate::planner::{Collection, integer};

/// Events that wait for their ack at any time.
const AHEAD: u32 = 32;
/// How long one collection may take.
const WITHIN: Duration = Duration::from_secs(60);

/// Creates rows 1 to `rows` of every collection.
///
/// # Errors
/// When a row is refused or gets another id than expected: the server was not empty.
pub async fn run(load: Rc<Load>, rows: u32) -> Fallible<()> {
    let seeder = Rc::new(Seeder {
        load: load.clone(),
        rows,
        collection: Cell::default(),
        sent: Cell::new(0),
        acked: Cell::new(0),
    });
    let clients = load.connect(vec![seeder.clone() as Rc<dyn Handler>], 1).await?;
    for collection in Collection::ALL {
        seeder.collection.set(Some(collection));
        seeder.sent.set(0);
        seeder.acked.set(0);
        for _ in 0..AHEAD {
            seeder.next(&clients[0]);
        }
        if !load.wait(WITHIN, || seeder.acked.get() == rows).await {
            let why = load.error.borrow().clone().unwrap_or_else(|| "it took too long".into());
            return Err(
                format!("{} for row {}: {why}", collection.create_event(), seeder.acked.get() + 1).into()
            );
        }
    }
    Ok(())
}

struct Seeder {
    load: Rc<Load>,
    rows: u32,
    collection: Cell<Option<Collection>>,
    sent: Cell<u32>,
    acked: Cell<u32>,
}

impl Seeder {
    fn next(&self, client: &Client) {
        let (Some(collection), i) = (self.collection.get(), self.sent.get() + 1) else {
            return;
        };
        if i <= self.rows {
            self.sent.set(i);
            client.emit(collection.create_event(), &collection.new_row(i, self.rows));
        }
    }
}

impl Handler for Seeder {
    fn ack(&self, client: &Client, packet: &[u8]) {
        let row = self.acked.get() + 1;
        let ok = memmem::find(packet, b"\"ok\":true").is_some();
        if !ok || integer(packet, "id") != Some(row) {
            return self.load.fail(format!("unexpected ack {}", String::from_utf8_lossy(packet)));
        }
        self.acked.set(row);
        self.load.changed.notify_one();
        self.next(client);
    }
}
