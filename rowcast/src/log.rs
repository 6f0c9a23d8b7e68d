//! Non-blocking output of the log to standard error.
//!
//! ```text
//! any thread ─ line ─▶ bounded queue ─▶ one thread ─▶ standard error
//! ```
//!
//! Standard error may be closed, a pipe without a reader, or a file on a full disk. A thread that writes to it could
//! block forever, with all sockets that it serves. So lines are queued, and those that exceed the queue are dropped and
//! counted. `tracing-appender` does the same, but prints to standard output on failure, which panics if that is closed
//! too.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

/// The most queued lines, and the most bytes of them.
const MAX_LINES: usize = 4096;
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The time to write the queued lines at the end.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

enum Item {
    Line(Vec<u8>),
    /// Signals that all lines before it have been written.
    Flush(Sender<()>),
}

#[derive(Default)]
struct Counts {
    waiting: AtomicUsize,
    dropped: AtomicU64,
}

/// The queue of lines. Clones share it.
#[derive(Clone)]
pub(crate) struct Queue {
    items: SyncSender<Item>,
    counts: Arc<Counts>,
}

/// The log. Dropping it flushes the queue, for at most a second.
pub struct Log(Queue);

impl Log {
    /// A log on standard error.
    pub(crate) fn to_stderr() -> Self {
        Self::to(io::stderr())
    }

    fn to(out: impl Write + Send + 'static) -> Self {
        let (items, waiting) = sync_channel(MAX_LINES);
        let counts = Arc::<Counts>::default();
        let counted = counts.clone();
        std::thread::spawn(move || write(out, &waiting, &counted));
        Self(Queue { items, counts })
    }

    pub(crate) fn queue(&self) -> Queue {
        self.0.clone()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let (done, flushed) = channel();
        if self.0.items.try_send(Item::Flush(done)).is_ok() {
            let _ = flushed.recv_timeout(FLUSH_TIMEOUT);
        }
    }
}

impl Queue {
    fn push(&self, line: &[u8]) {
        let Counts { waiting, dropped } = &*self.counts;
        let fits = waiting.fetch_add(line.len(), Ordering::Relaxed) + line.len() <= MAX_BYTES;
        if !fits || self.items.try_send(Item::Line(line.to_vec())).is_err() {
            waiting.fetch_sub(line.len(), Ordering::Relaxed);
            dropped.fetch_add(1, Ordering::Relaxed);
            metrics::counter!("rowcast_log_dropped_total").increment(1);
        }
    }
}

/// Each call writes one line.
impl Write for Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Queue {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Writes lines until the queue is closed. Lines that cannot be written are lost.
fn write(mut out: impl Write, items: &Receiver<Item>, counts: &Counts) {
    for item in items {
        match item {
            Item::Line(line) => {
                let _ = out.write_all(&line);
                counts.waiting.fetch_sub(line.len(), Ordering::Relaxed);
                let lines = counts.dropped.swap(0, Ordering::Relaxed);
                if lines > 0 {
                    tracing::warn!(lines, "lines of the log were dropped: standard error was not read");
                }
            }
            Item::Flush(done) => {
                let _ = out.flush();
                let _ = done.send(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Blocks until it is released.
    struct BlockedWriter(Receiver<()>, Arc<Mutex<Vec<u8>>>);

    impl Write for BlockedWriter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            self.1.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn blocked_output_drops_excess_lines_and_keeps_order() {
        let (go, gate) = channel();
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let log = Log::to(BlockedWriter(gate, written.clone()));
        let mut queue = log.queue();
        for line in 0..2 * MAX_LINES {
            queue.write_all(format!("{line}\n").as_bytes()).unwrap();
        }
        assert!(queue.counts.dropped.load(Ordering::Relaxed) >= MAX_LINES as u64 - 1);
        drop(go);
        let (done, flushed) = channel();
        queue.items.send(Item::Flush(done)).unwrap();
        flushed.recv().unwrap();
        let written = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        let lines: Vec<usize> = written.lines().map(|line| line.parse().unwrap()).collect();
        // The writer may take the first line, and so make room for another, at any time.
        let (kept, later) = lines.split_at(MAX_LINES);
        assert!(kept.iter().copied().eq(0..MAX_LINES), "{kept:?}");
        assert!(later.len() <= 1 && later.iter().all(|line| *line >= MAX_LINES), "{later:?}");
    }

    #[test]
    fn queued_bytes_are_limited() {
        let (_go, gate) = channel();
        let mut queue = Log::to(BlockedWriter(gate, Arc::default())).queue();
        let line = vec![b'x'; MAX_BYTES / 4];
        for _ in 0..10 {
            queue.write_all(&line).unwrap();
        }
        assert!(queue.counts.waiting.load(Ordering::Relaxed) <= MAX_BYTES);
        assert_eq!(queue.counts.dropped.load(Ordering::Relaxed), 6);
    }
}
