//! The statistics that a page receives every two seconds.

use std::{
    cmp::Reverse,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};

use serde_json::{Value, json};

use crate::{clock, hub::Hub, session::limiter::SessionLimiter, worker::nsp::Nsp};

/// Maximum number of namespaces with their own count of sockets: those with the most.
const MAX_NAMESPACES: usize = 1_000;

/// Counters that are updated while a page is connected, without the namespace `/admin`. Bytes are those of events.
#[derive(Debug, Clone, Copy)]
pub(super) enum Counter {
    Connected,
    Disconnected,
    Received,
    Sent,
    BytesReceived,
    BytesSent,
    NotShown,
}

/// The page's names of these. It draws the first two and the bytes.
const NAMES: [&str; 7] =
    ["rawConnection", "rawDisconnection", "packetsIn", "packetsOut", "bytesIn", "bytesOut", "eventsNotShown"];

/// Number of cells per counter.
const CELLS: usize = 16;

thread_local! {
    /// The cell of this worker.
    static CELL: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed) % CELLS
    };
}

/// Monotonic counters. Each worker uses a cell of its own, to avoid contention.
#[derive(Default)]
pub(super) struct Counters([Cell; CELLS]);

#[derive(Default)]
#[repr(align(128))]
struct Cell([AtomicU64; NAMES.len()]);

/// Values of the counters at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CounterSnapshot([u64; NAMES.len()]);

impl Counters {
    pub(super) fn add(&self, figure: Counter, count: usize) {
        let cell = &self.0[CELL.with(|cell| *cell)];
        cell.0[figure as usize].fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> CounterSnapshot {
        let sum = |at: usize| self.0.iter().map(|cell| cell.0[at].load(Ordering::Relaxed)).sum();
        CounterSnapshot(std::array::from_fn(sum))
    }
}

impl CounterSnapshot {
    /// The increments until `now`, in the format of the page's chart.
    fn until(&self, now: &Self) -> Vec<Value> {
        let timestamp = clock::unix_millis() / 1000 * 1000;
        let added = NAMES.iter().zip(now.0.iter().zip(self.0)).filter(|(_, (now, before))| *now > before);
        added
            .map(|(name, (now, before))| json!({ "timestamp": timestamp, "type": name, "count": now - before }))
            .collect()
    }
}

/// Constant properties of the server.
pub(super) struct ServerInfo {
    id: String,
    hostname: String,
    limiter: Arc<SessionLimiter>,
    began: Instant,
}

impl ServerInfo {
    pub(super) fn new(id: Option<String>, limiter: Arc<SessionLimiter>) -> Self {
        let hostname = hostname();
        Self { id: id.unwrap_or_else(|| hostname.clone()), hostname, limiter, began: Instant::now() }
    }

    /// The statistics message.
    pub(super) fn stats(
        &self,
        hub: &Hub,
        polling: usize,
        before: &CounterSnapshot,
        now: &CounterSnapshot,
    ) -> Value {
        let mut namespaces: Vec<_> =
            hub.all_namespaces().into_iter().map(|nsp| (nsp.sockets(), nsp)).collect();
        if namespaces.len() > MAX_NAMESPACES {
            namespaces.sort_by_key(|(sockets, _)| Reverse(*sockets));
            namespaces.truncate(MAX_NAMESPACES);
        }
        namespaces.sort_by(|(_, one), (_, other)| one.name.cmp(&other.name));
        let named =
            |(sockets, nsp): &(usize, Arc<Nsp>)| json!({ "name": &*nsp.name, "socketsCount": sockets });
        json!({
            "serverId": self.id,
            "hostname": self.hostname,
            "pid": std::process::id(),
            "uptime": self.began.elapsed().as_secs_f64(),
            "clientsCount": self.limiter.open(),
            "pollingClientsCount": polling,
            "aggregatedEvents": before.until(now),
            "namespaces": namespaces.iter().map(named).collect::<Vec<_>>(),
        })
    }
}

/// Host name, from the kernel or the environment.
fn hostname() -> String {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = kernel.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_default();
    match name.trim() {
        "" => "server".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stats_contain_increments_since_last_snapshot() {
        let counters = Counters::default();
        counters.add(Counter::Sent, 2);
        let before = counters.snapshot();
        counters.add(Counter::Sent, 3);
        counters.add(Counter::NotShown, 1);
        let added = before.until(&counters.snapshot());
        let added: Vec<_> =
            added.iter().map(|one| (one["type"].as_str().unwrap(), one["count"].as_u64().unwrap())).collect();
        assert_eq!(added, [("packetsOut", 3), ("eventsNotShown", 1)]);
    }
}
