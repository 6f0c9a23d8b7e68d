//! A metrics recorder that keeps the counters for tests.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

#[derive(Default)]
struct Counters(Mutex<HashMap<String, Arc<AtomicU64>>>);

/// How often a limit took effect since the first call, which starts the counting.
pub(crate) fn limited(limit: &str) -> u64 {
    static COUNTERS: OnceLock<Arc<Counters>> = OnceLock::new();
    let counters = COUNTERS.get_or_init(|| {
        let counters = Arc::<Counters>::default();
        metrics::set_global_recorder(counters.clone()).unwrap();
        counters
    });
    let name = format!("socketio_limited_total limit={limit}");
    counters.0.lock().unwrap().get(&name).map_or(0, |counter| counter.load(Ordering::SeqCst))
}

impl Recorder for Counters {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let labels: String =
            key.labels().map(|label| format!(" {}={}", label.key(), label.value())).collect();
        let name = format!("{}{labels}", key.name());
        Counter::from_arc(self.0.lock().unwrap().entry(name).or_default().clone())
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
