//! What a row takes of the server's memory, beside what it takes on the wire.
//!
//! The server is one that was started on a full database and has not had a client yet; what one takes that was started
//! on an empty database is said by the caller. So what filling the cache left in the allocator counts too.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use super::metrics;
use crate::client::{Client, Handler};
use crate::figures::{Line, Subject};
use crate::load::Load;
use crate::message::Interest;
use crate::planner::Collection;
use crate::{Fallible, process};

const COACHES: Collection = Collection::TOUCHED[0];
/// How long the server is left alone before its memory is read.
const PAUSE: Duration = Duration::from_secs(1);

/// How much to do.
#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// Coaches there are.
    #[arg(long, default_value_t = 100_000)]
    pub coaches: u32,
    /// Resident memory in kB of a server on an empty database.
    #[arg(long)]
    pub empty_kb: f64,
}

/// Reads the server's memory and reports its figures.
///
/// # Errors
/// When the server does not say what it holds.
pub async fn run(load: Rc<Load>, subject: &Subject, plan: &Plan) -> Fallible<Line> {
    let pid = subject.pid.ok_or("memory is read off the server's process: name it with --pid")?;
    let resident = || process::resident_kb(pid) as f64;
    tokio::time::sleep(PAUSE).await;
    let alone = resident();
    let text = metrics::read(load.addr)?;
    let held = |name| {
        let value = metrics::value(&text, name, r#"collection="coaches""#);
        value.ok_or_else(|| format!("/metrics does not tell {name} of coaches"))
    };
    let (rows, bytes) = (held("rowcast_collection_rows")?, held("rowcast_collection_bytes")?);
    if rows != f64::from(plan.coaches) {
        return Err(format!("the cache holds {rows} coaches").into());
    }

    let scale = Rc::new(Scale::default());
    let _client: Vec<Rc<Client>> = load.connect(vec![scale.clone() as _], 1).await?;
    tokio::time::sleep(PAUSE).await;
    let each = |kb: f64| (kb - plan.empty_kb) * 1024.0 / rows;
    Ok(Line::new("memory", subject)
        .set("coaches", rows)
        .set("empty_kb", plan.empty_kb)
        .set("resident_kb", alone)
        .set("resident_bytes_per_row", each(alone))
        .set("resident_bytes_per_row_with_client", each(resident()))
        .set("reported_bytes_per_row", bytes / rows)
        .set("json_bytes_per_row", scale.coaches.get() as f64 / rows))
}

/// Weighs the snapshot of coaches.
#[derive(Default)]
struct Scale {
    coaches: Cell<usize>,
}

impl Handler for Scale {
    fn interest(&self, collection: Collection) -> Interest {
        if collection == COACHES { Interest::Body } else { Interest::Arrival }
    }

    fn snapshot(&self, collection: Collection, _markers: &[u32], packet: &[u8]) {
        if collection == COACHES {
            self.coaches.set(packet.len());
        }
    }
}
