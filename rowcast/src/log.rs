//! The log's way to standard error, on which nobody waits.
//!
//! ```text
//! any thread ─ line ─▶ queue, bounded ─▶ one thread ─▶ standard error
//! ```
//!
//! Standard error may be a pipe that nobody reads, or closed, or a file on a full disk. A thread that wrote to it would wait for
//! ever, with all sockets that it serves. So lines wait here, and those for which there is no room are dropped and counted.
//! `tracing-appender` does the same, but prints to standard output when it cannot, which panics if that is closed, too.

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

/// Lines that wait at most, and bytes of them.
const LINES: usize = 4096;
const BYTES: usize = 4 * 1024 * 1024;
/// How long what waits at the end is given to be written.
const PATIENCE: Duration = Duration::from_secs(1);

enum Item {
    Line(Vec<u8>),
    /// All before it has been written.
    Flush(Sender<()>),
}

#[derive(Default)]
struct Counts {
    waiting: AtomicUsize,
    dropped: AtomicU64,
}

/// Where lines go. A clone is the same.
#[derive(Clone)]
pub(crate) struct Queue {
    items: SyncSender<Item>,
    counts: Arc<Counts>,
}

/// The log. When it is dropped, what waits is written, if that can be done in a second.
pub struct Log(Queue);

impl Log {
    /// One that writes to standard error.
    pub(crate) fn to_stderr() -> Self {
        Self::to(io::stderr())
    }

    fn to(out: impl Write + Send + 'static) -> Self {
        let (items, waiting) = sync_channel(LINES);
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
            let _ = flushed.recv_timeout(PATIENCE);
        }
    }
}

impl Queue {
    fn push(&self, line: &[u8]) {
        let Counts { waiting, dropped } = &*self.counts;
        let fits = waiting.fetch_add(line.len(), Ordering::Relaxed) + line.len() <= BYTES;
        if !fits || self.items.try_send(Item::Line(line.to_vec())).is_err() {
            waiting.fetch_sub(line.len(), Ordering::Relaxed);
            dropped.fetch_add(1, Ordering::Relaxed);
            metrics::counter!("rowcast_log_dropped_total").increment(1);
        }
    }
}

/// A line is written by one call.
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

/// Writes what comes, until nothing more can. What cannot be written is lost, and nothing else.
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

    /// Takes nothing until it may.
    struct Stuck(Receiver<()>, Arc<Mutex<Vec<u8>>>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            self.1.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_waits_for_what_is_not_read_and_what_was_taken_is_written_in_order() {
        let (go, gate) = channel();
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let log = Log::to(Stuck(gate, written.clone()));
        let mut queue = log.queue();
        for line in 0..2 * LINES {
            queue.write_all(format!("{line}\n").as_bytes()).unwrap();
        }
        assert!(queue.counts.dropped.load(Ordering::Relaxed) >= LINES as u64 - 1);
        drop(go);
        let (done, flushed) = channel();
        queue.items.send(Item::Flush(done)).unwrap();
        flushed.recv().unwrap();
        let expected: String = (0..=LINES).map(|line| format!("{line}\n")).collect();
        let written = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        assert!(expected.starts_with(&written) && written.lines().count() >= LINES);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let (_go, gate) = channel();
        let mut queue = Log::to(Stuck(gate, Arc::default())).queue();
        let line = vec![b'x'; BYTES / 4];
        for _ in 0..10 {
            queue.write_all(&line).unwrap();
        }
        assert!(queue.counts.waiting.load(Ordering::Relaxed) <= BYTES);
        assert_eq!(queue.counts.dropped.load(Ordering::Relaxed), 6);
    }
}
