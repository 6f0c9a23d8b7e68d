//! Connection state recovery: recent events, and disconnected sockets.
//!
//! ```text
//! emit       ─▶ Log::append ─▶ number n ─▶ the event's last argument; every worker, in the order of numbers
//! disconnect ─▶ Log::leave    (rooms kept)
//! reconnect  ─▶ Log::recover  (pid, n) ─▶ same id, same rooms, every event after n for this socket
//! ```
//!
//! Events are numbered while the list of workers is locked, so every worker sends them in the order of their numbers. A
//! socket starts after a number, and skips earlier events in its worker's queue.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    config::Recovery,
    id::{Pid, SocketId},
    wire::frame::Frame,
    worker::target::{Room, Target},
};

/// Maximum number of disconnected sockets; the oldest are removed first.
const MAX_DISCONNECTED: usize = 10_000;

pub(crate) struct Log {
    entries: VecDeque<Entry>,
    /// Prefix of its offsets. Stock clients treat any string at the end of an event as an offset, so it must not
    /// resemble the product's own strings.
    prefix: Pid,
    /// Number of the last event.
    last: u64,
    bytes: usize,
    /// Bytes kept by all namespaces of the server.
    total_bytes: Arc<AtomicUsize>,
    max_bytes: usize,
    max_age: Duration,
    live: HashSet<Pid>,
    disconnected: HashMap<Pid, DisconnectedSocket>,
    order: VecDeque<(Instant, Pid)>,
}

struct Entry {
    at: Instant,
    bytes: usize,
    target: Option<Arc<Target>>,
    frame: Frame,
}

/// A socket whose connection was lost.
#[derive(Debug)]
pub(crate) struct DisconnectedSocket {
    pub(crate) id: SocketId,
    pub(crate) rooms: Vec<Room>,
    /// Number of the last event before its first connection.
    pub(crate) since: u64,
}

/// The state of a recovered socket.
#[derive(Debug)]
pub(crate) struct RecoveredSocket {
    pub(crate) id: SocketId,
    pub(crate) rooms: Vec<Room>,
    pub(crate) missed: Vec<Frame>,
    pub(crate) since: u64,
}

impl Log {
    pub(crate) fn new(settings: &Recovery, total_bytes: Arc<AtomicUsize>) -> Self {
        Self {
            entries: VecDeque::new(),
            prefix: Pid::random(),
            last: 0,
            bytes: 0,
            total_bytes,
            max_bytes: settings.max_bytes,
            max_age: settings.max_disconnection,
            live: HashSet::new(),
            disconnected: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// The offset of an event number on the wire.
    fn offset(&self, number: u64) -> String {
        format!("{}-{number:x}", &self.prefix.as_str()[..8])
    }

    fn number(&self, offset: &str) -> Option<u64> {
        let number = offset.strip_prefix(&self.prefix.as_str()[..8])?.strip_prefix('-')?;
        u64::from_str_radix(number, 16).ok()
    }

    /// Numbers an event; `encode` receives its offset.
    pub(crate) fn append(
        &mut self,
        target: Option<Arc<Target>>,
        encode: impl FnOnce(&str) -> Frame,
    ) -> (u64, Frame) {
        self.last += 1;
        let frame = encode(&self.offset(self.last));
        let bytes = frame.len() + target.as_ref().map_or(0, |target| target.size());
        self.bytes += bytes;
        self.total_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.entries.push_back(Entry { at: Instant::now(), bytes, target, frame: frame.clone() });
        self.trim();
        (self.last, frame)
    }

    /// Removes expired events and sockets, and the oldest events while the total exceeds the limit.
    pub(crate) fn trim(&mut self) {
        let now = Instant::now();
        while let Some(first) = self.entries.front() {
            let total_bytes = self.total_bytes.load(Ordering::Relaxed);
            if total_bytes <= self.max_bytes && now - first.at <= self.max_age {
                break;
            }
            let bytes = first.bytes;
            self.bytes -= bytes;
            self.total_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.entries.pop_front();
        }
        if self.entries.is_empty() {
            self.entries = VecDeque::new();
        }
        while let Some((at, pid)) = self.order.front() {
            if self.order.len() <= MAX_DISCONNECTED && now - *at <= self.max_age {
                break;
            }
            self.disconnected.remove(pid);
            self.order.pop_front();
        }
    }

    pub(crate) fn enter(&mut self, pid: Pid) {
        self.live.insert(pid);
    }

    /// Whether a socket with this id is connected, and has to end before it can be recovered.
    pub(crate) fn is_live(&self, pid: &Pid) -> bool {
        self.live.contains(pid)
    }

    /// Ends a socket, with its state if it may be recovered.
    pub(crate) fn leave(&mut self, pid: Pid, disconnected_socket: Option<DisconnectedSocket>) {
        if self.live.remove(&pid)
            && let Some(disconnected_socket) = disconnected_socket
        {
            self.disconnected.insert(pid, disconnected_socket);
            self.order.push_back((Instant::now(), pid));
        }
        self.trim();
    }

    /// Whether no socket is connected or recoverable.
    pub(crate) fn is_unused(&mut self) -> bool {
        self.trim();
        self.live.is_empty() && self.disconnected.is_empty()
    }

    /// Recovers a socket that received `offset` last. `None` if the id is unknown, if missed events are no longer kept,
    /// or if they exceed `max` bytes, the limit of its outbox.
    pub(crate) fn recover(&mut self, pid: &Pid, offset: Option<&str>, max: usize) -> Option<RecoveredSocket> {
        self.trim();
        let seen = match offset {
            Some(offset) => Some(self.number(offset)?),
            None => None,
        };
        let DisconnectedSocket { id, rooms, since } = self.disconnected.remove(pid)?;
        self.order.retain(|(_, other)| other != pid);
        let seen = seen.map_or(since, |seen| seen.max(since));
        let before = self.last - self.entries.len() as u64;
        if seen < before || seen > self.last {
            return None;
        }
        let missed = self.entries.iter().skip((seen - before) as usize);
        let missed =
            missed.filter(|entry| entry.target.as_ref().is_none_or(|target| target.matches(&id, &rooms)));
        let missed: Vec<Frame> = missed.map(|entry| entry.frame.clone()).collect();
        if missed.iter().map(Frame::len).sum::<usize>() > max {
            return None;
        }
        Some(RecoveredSocket { id, rooms, missed, since })
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.total_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 1000;

    fn log(max_bytes: usize) -> Log {
        Log::new(&Recovery { max_bytes, ..Recovery::default() }, Arc::default())
    }

    fn append(log: &mut Log, room: Option<&str>) -> u64 {
        let target = room.map(|room| Arc::new(Target { rooms: vec![room.into()], ..Target::default() }));
        log.append(target, |offset| Frame::text(offset.rsplit('-').next().unwrap_or_default())).0
    }

    fn packets(recovered: &RecoveredSocket) -> Vec<&[u8]> {
        recovered.missed.iter().map(Frame::packet).collect()
    }

    #[actix_web::test]
    async fn recovered_socket_receives_missed_events_of_its_rooms() {
        let mut log = log(1000);
        let (pid, id) = (Pid::random(), SocketId::random());
        log.enter(pid);
        let seen = append(&mut log, None);
        log.leave(pid, Some(DisconnectedSocket { id, rooms: vec!["a".into()], since: 0 }));
        append(&mut log, Some("a"));
        append(&mut log, Some("b"));
        append(&mut log, Some(id.as_str()));
        let recovered = log.recover(&pid, Some(&log.offset(seen)), MAX).unwrap();
        assert_eq!((packets(&recovered), recovered.id), (vec![b"2".as_slice(), b"4"], id));
        assert!(log.recover(&pid, Some(&log.offset(1)), MAX).is_none(), "only once");
    }

    #[actix_web::test]
    async fn recovery_without_offset_replays_since_first_connection() {
        let mut log = log(1000);
        append(&mut log, None);
        let (pid, id) = (Pid::random(), SocketId::random());
        log.enter(pid);
        let since = log.last();
        append(&mut log, None);
        log.leave(pid, Some(DisconnectedSocket { id, rooms: vec![], since }));
        assert_eq!(packets(&log.recover(&pid, None, MAX).unwrap()), [b"2"]);
    }

    #[actix_web::test]
    async fn socket_missing_expired_events_is_not_recovered() {
        let mut log = log(10);
        let pid = Pid::random();
        log.enter(pid);
        log.leave(pid, Some(DisconnectedSocket { id: SocketId::random(), rooms: vec![], since: 0 }));
        for _ in 0..9 {
            append(&mut log, None);
        }
        assert!(log.recover(&pid, Some(&log.offset(1)), MAX).is_none());
    }

    #[actix_web::test]
    async fn socket_missing_more_than_outbox_is_not_recovered() {
        for (max, recovered) in [(8, false), (9, true)] {
            let mut log = log(1000);
            let pid = Pid::random();
            log.enter(pid);
            log.leave(pid, Some(DisconnectedSocket { id: SocketId::random(), rooms: vec![], since: 0 }));
            for _ in 0..3 {
                append(&mut log, None);
            }
            assert_eq!(log.recover(&pid, None, max).is_some(), recovered);
        }
    }

    #[actix_web::test]
    async fn invalid_offset_is_not_recovered() {
        let mut log = log(100);
        append(&mut log, None);
        let prefix = log.offset(1).replace("-1", "");
        for offset in [
            "",
            "1",
            "0",
            &prefix,
            &format!("{prefix}-zz"),
            &format!("{prefix}-ffffffffffffffffff"),
            &log.offset(9),
        ] {
            let pid = Pid::random();
            log.enter(pid);
            log.leave(pid, Some(DisconnectedSocket { id: SocketId::random(), rooms: vec![], since: 0 }));
            assert!(log.recover(&pid, Some(offset), MAX).is_none(), "{offset}");
        }
        assert!(log.recover(&Pid::random(), None, MAX).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn socket_is_not_recovered_after_max_disconnection() {
        let mut log = log(100);
        let pid = Pid::random();
        log.enter(pid);
        log.leave(pid, Some(DisconnectedSocket { id: SocketId::random(), rooms: vec![], since: 0 }));
        tokio::time::advance(Duration::from_secs(121)).await;
        assert!(log.recover(&pid, None, MAX).is_none());
    }
}
