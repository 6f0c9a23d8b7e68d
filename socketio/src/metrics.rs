//! Metrics. Handles are created once per worker, so that an increment is one atomic addition.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use metrics::{Counter, Gauge, Histogram, Unit, counter, gauge, histogram};

use tracing::info;

use crate::{config::Transport, reason::Reason};

pub(crate) struct Metrics {
    polling: Gauge,
    websocket: Gauge,
    sessions_total: Counter,
    pub(crate) packets_received: Counter,
    packets_sent: Counter,
    pub(crate) bytes_received: Counter,
    bytes_sent: Counter,
    outbox: Histogram,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        describe();
        Self {
            polling: gauge!("socketio_sessions", "transport" => Transport::Polling.as_str()),
            websocket: gauge!("socketio_sessions", "transport" => Transport::WebSocket.as_str()),
            sessions_total: counter!("socketio_sessions_total"),
            packets_received: counter!("socketio_packets_received_total"),
            packets_sent: counter!("socketio_packets_sent_total"),
            bytes_received: counter!("socketio_bytes_received_total"),
            bytes_sent: counter!("socketio_bytes_sent_total"),
            outbox: histogram!("socketio_outbox_bytes"),
        }
    }

    fn sessions(&self, transport: Transport) -> &Gauge {
        match transport {
            Transport::Polling => &self.polling,
            Transport::WebSocket => &self.websocket,
        }
    }

    pub(crate) fn opened(&self, transport: Transport) {
        self.sessions(transport).increment(1.0);
        self.sessions_total.increment(1);
    }

    pub(crate) fn ended(&self, transport: Transport) {
        self.sessions(transport).decrement(1.0);
    }

    /// Counts an upgrade to WebSocket.
    pub(crate) fn upgraded(&self, from: Transport) {
        self.sessions(from).decrement(1.0);
        self.websocket.increment(1.0);
        counter!("socketio_upgrades_total").increment(1);
    }

    pub(crate) fn sent(&self, bytes: usize, frames: u64) {
        self.bytes_sent.increment(bytes as u64);
        self.packets_sent.increment(frames);
    }

    /// Records the largest backlog of a session that has ended.
    pub(crate) fn high_water(&self, bytes: usize) {
        self.outbox.record(bytes as f64);
    }

    /// Counts a limit that took effect. Each limit is logged at most once a minute.
    pub(crate) fn count_limit(limit: &'static str) {
        counter!("socketio_limited_total", "limit" => limit).increment(1);
        if let Some(times) = due(limit, Instant::now()) {
            info!(limit, times, "a limit took effect");
        }
    }

    pub(crate) fn count_eviction(reason: Reason) {
        counter!("socketio_evictions_total", "reason" => reason.as_str()).increment(1);
    }
}

/// Time between two log lines of the same kind.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Returns the number of occurrences since the last log line, if a line is due.
pub(crate) fn due(what: &'static str, now: Instant) -> Option<u64> {
    /// Time of the last log line of each kind, and the occurrences since.
    static DUE: Mutex<BTreeMap<&'static str, (Instant, u64)>> = Mutex::new(BTreeMap::new());
    let mut all = DUE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((logged, times)) = all.get_mut(what) else {
        all.insert(what, (now, 0));
        return Some(1);
    };
    *times += 1;
    if now.duration_since(*logged) < LOG_INTERVAL {
        return None;
    }
    *logged = now;
    Some(std::mem::take(times))
}

/// Duration of the handlers of a namespace or pattern.
pub(crate) fn handler_seconds(namespace: &str) -> Histogram {
    histogram!("socketio_handler_seconds", "namespace" => namespace.to_owned())
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_gauge!("socketio_sessions", Unit::Count, "Sessions open now");
    describe_counter!(
        "socketio_upgrades_total",
        Unit::Count,
        "Sessions that moved from polling to WebSocket"
    );
    describe_counter!("socketio_limited_total", Unit::Count, "Times a client came upon a limit, by limit");
    describe_histogram!(
        "socketio_handler_seconds",
        Unit::Seconds,
        "From an event's turn to its handler's end"
    );
    describe_counter!("socketio_sessions_total", Unit::Count, "Sessions ever opened");
    describe_counter!("socketio_packets_received_total", Unit::Count, "Messages from clients");
    describe_counter!("socketio_packets_sent_total", Unit::Count, "Frames handed to connections");
    describe_counter!(
        "socketio_bytes_received_total",
        Unit::Bytes,
        "Bytes from clients, after the handshake"
    );
    describe_counter!(
        "socketio_bytes_sent_total",
        Unit::Bytes,
        "Bytes handed to connections, after the handshake"
    );
    describe_counter!(
        "socketio_evictions_total",
        Unit::Count,
        "Connections cut without waiting for their client"
    );
    describe_histogram!(
        "socketio_outbox_bytes",
        Unit::Bytes,
        "The most that waited for a session, recorded at its end"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_is_logged_once_a_minute_with_its_count() {
        let now = Instant::now();
        let logged = |second| due("a test's", now + Duration::from_secs(second));
        assert_eq!((0..130).filter_map(logged).collect::<Vec<_>>(), [1, 60, 60]);
        assert_eq!(due("another test's", now), Some(1));
    }
}
