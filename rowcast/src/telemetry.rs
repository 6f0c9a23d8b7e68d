//! Initialisation of the log and the metrics, once for the process.

use std::{io::IsTerminal, sync::OnceLock, time::Duration};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::{
    config::{LogFormat, Serve},
    log::Log,
};

/// Bounds of the histograms that measure seconds.
const SECONDS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 10.0];

/// Starts the log on standard error, including panics, until the result is dropped.
///
/// # Errors
/// A sentence if the filter is invalid.
pub fn init_logging(settings: &Serve) -> Result<Log, String> {
    let filter = EnvFilter::try_new(&settings.log).map_err(|error| format!("--log: {error}"))?;
    let colours = std::io::stderr().is_terminal();
    let lines = Log::to_stderr();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(lines.queue()).with_ansi(colours);
    // Reports of a log that cannot be written would go to standard error too, and panic.
    let log = log.log_internal_errors(false);
    let started = match settings.log_format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    // A second server in one process (as in tests) uses the existing log.
    drop(started);
    // The default hook writes to standard error directly, which may block.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a thread panicked")));
    Ok(lines)
}

/// Starts the log of a short-lived command.
pub fn init_command_logging() {
    let log = tracing_subscriber::fmt().with_env_filter(EnvFilter::new("warn,rowcast=info"));
    let log = log.with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    drop(log.log_internal_errors(false).try_init());
}

/// How often samples of histograms are summed up. Until then each takes memory, whether or not anybody reads the metrics.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Installs the metrics recorder of the process, and a thread that keeps its memory bounded.
///
/// # Errors
/// A sentence if another recorder is installed, or the thread cannot be started.
pub fn metrics() -> Result<PrometheusHandle, String> {
    static HANDLE: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();
    let install = || {
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)
            .and_then(PrometheusBuilder::install_recorder)
            .map_err(|error| format!("metrics: {error}"))
            .and_then(|handle| start_upkeep(handle.clone()).map(|()| handle))
    };
    let handle = HANDLE.get_or_init(install).clone()?;
    describe();
    Ok(handle)
}

fn start_upkeep(handle: PrometheusHandle) -> Result<(), String> {
    let upkeep = move || loop {
        std::thread::sleep(UPKEEP_INTERVAL);
        handle.run_upkeep();
    };
    let thread = std::thread::Builder::new().name("metrics".into()).spawn(upkeep);
    thread.map(drop).map_err(|error| format!("metrics: {error}"))
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!("rowcast_events_total", "Events handled, by event and outcome");
    describe_counter!(
        "rowcast_bounds_met_total",
        "Times that a row, an ack, a page or a collection was too large"
    );
    describe_counter!(
        "rowcast_log_dropped_total",
        "Lines of the log that were dropped, because standard error was not read"
    );
    describe_histogram!("rowcast_event_seconds", "From an event's arrival at its handler to its ack");
    describe_histogram!("rowcast_commit_writes", "Writes that shared one commit");
    describe_histogram!("rowcast_live_publish_seconds", "From the notification of a change to its broadcast");
    describe_histogram!("rowcast_live_lag_seconds", "From a commit of this node to its broadcast");
    describe_histogram!("rowcast_live_delivery_seconds", "From the broadcast to the last client's write");
    describe_counter!(
        "rowcast_live_coalesced_total",
        "Times that a slow client was sent several changes as one"
    );
    describe_counter!(
        "rowcast_live_resumed_total",
        "Clients that came back with a cursor, by what they were sent"
    );
    describe_gauge!("rowcast_live_history_changes", "Changes that clients which come back can be told of");
    describe_gauge!("rowcast_change_log_entries", "Entries in the change log when it was last pruned");
    describe_gauge!(
        "rowcast_request_bytes",
        "Bytes of stored acks of writes with a request_id, as last counted"
    );
    describe_gauge!("rowcast_log_horizon_seconds", "Age of the oldest open transaction");
    describe_gauge!(
        "rowcast_log_horizon_prepared",
        "1 if the oldest open transaction is a prepared one, without a session"
    );
    describe_counter!(
        "rowcast_live_epochs_total",
        "Times that another database or change log was detected, and reloaded"
    );
    describe_counter!(
        "rowcast_reconciled_rows_total",
        "Rows that differed from the cache without an entry in the change log, by collection"
    );
    describe_gauge!(
        "rowcast_reconcile_pass_seconds",
        "Duration of the last comparison of the whole cache with the database"
    );
    describe_gauge!("rowcast_collection_rows", "Rows held in the cache, by collection");
    describe_gauge!("rowcast_collection_withheld", "1 for a collection that is too large to be sent");
    describe_gauge!("rowcast_collection_bytes", "Bytes of JSON held in the cache, by collection");
    describe_gauge!("rowcast_collection_memory_bytes", "Bytes of memory that the cache takes, by collection");
}
