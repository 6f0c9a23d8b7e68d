//! Protection of the database file: acked writes are in the file at the path.
//!
//! ```text
//! check ─▶ unchanged ─▶ continue
//!   └────▶ problem ─▶ close the gate ─▶ all connections close ─▶ preserve data ─▶ wait for a sound file ─▶ reopen
//! ```
//!
//! A check is three `stat`s: after the commit of each batch, before its acks, and before a batch if the last check is
//! not recent. It detects a missing or replaced file. A main file that has changed without a checkpoint has been
//! overwritten: its integrity is checked before any ack. What follows a problem is in [`recovery`].

mod problem;
mod recovery;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use rusqlite::ErrorCode;
use tokio::sync::mpsc;

use super::{
    super::{Setup, work::Job},
    Handle,
    files::MainFile,
    gate::Gate,
    open_file::OpenFile,
    probe,
    wal::LogLimiter,
};
use crate::error::Error;
use problem::FileProblem;

/// The interval of checks while idle.
const IDLE_INTERVAL: Duration = Duration::from_secs(1);
/// The interval after a batch. Until the log's state is recorded, a checkpoint of another program may look like an
/// overwritten file. Recording it after each batch would cost a single client a tenth of its write rate.
const AFTER_WRITE_INTERVAL: Duration = Duration::from_millis(20);
/// The interval during a problem.
const PROBLEM_INTERVAL: Duration = Duration::from_millis(100);
/// The shortest interval of integrity checks after reports of damage.
const INTEGRITY_CHECK_INTERVAL: Duration = Duration::from_secs(60);

pub(super) type Jobs = mpsc::Receiver<Box<dyn Job>>;

pub(super) struct FileGuard {
    path: PathBuf,
    setup: Setup,
    pub(super) gate: Arc<Gate>,
    open: Option<OpenFile>,
    /// The number of the current opening.
    number: u64,
    /// The problem that is being resolved, and whether the last commit is missing from the file to be opened.
    problem: Option<FileProblem>,
    lost: bool,
    reason: String,
    /// The file at the path while none is open, and since when.
    observed: Option<(MainFile, Instant)>,
    /// A file that was found damaged.
    damaged: Option<MainFile>,
    last_integrity_check: Option<Instant>,
    /// The time of the last successful check, and whether there were writes since the log's state was recorded.
    last_check: Instant,
    written: bool,
    last_probe: Instant,
    log_limiter: LogLimiter,
}

impl FileGuard {
    /// Opens the file, creates it if it is missing, and applies pending migrations.
    pub(super) async fn open(path: &Path, setup: Setup) -> Result<Self, Error> {
        let open = OpenFile::new(path, &setup, true).await?;
        Ok(Self {
            path: path.to_owned(),
            setup,
            gate: Gate::new(open.files.clone()),
            open: Some(open),
            number: 1,
            problem: None,
            lost: false,
            reason: String::new(),
            observed: None,
            damaged: None,
            last_integrity_check: None,
            last_check: Instant::now(),
            written: false,
            last_probe: Instant::now(),
            log_limiter: LogLimiter::new(),
        })
    }

    /// The connection, if it is usable.
    pub(super) fn handle(&self) -> Result<&Handle, Error> {
        match &self.open {
            Some(open) if self.problem.is_none() => Ok(&open.handle),
            _ => Err(Error::Unavailable(self.reason.clone())),
        }
    }

    /// The time until the next check.
    pub(super) fn check_interval(&self) -> Duration {
        match self.problem {
            Some(_) => PROBLEM_INTERVAL,
            None if self.written => AFTER_WRITE_INTERVAL,
            None => IDLE_INTERVAL,
        }
    }

    /// To be called before a batch.
    pub(super) async fn ensure_usable(&mut self, jobs: &mut Jobs) -> Result<(), Error> {
        // A more recent change is detected after the commit.
        let is_fresh = self.last_check.elapsed() < AFTER_WRITE_INTERVAL;
        if !is_fresh && let Err(problem) = self.check_file() {
            // If it fails there is no handle.
            let _ = self.recover(problem, jobs).await;
        }
        self.handle().map(drop)
    }

    /// To be called after a commit: verifies that the writes are in the file at the path.
    pub(super) async fn verify_commit(&mut self, jobs: &mut Jobs) -> Result<(), Error> {
        if let Some(open) = &mut self.open {
            open.wrote = true;
        }
        match self.check_file() {
            Ok(()) => Ok(()),
            Err(problem) => self.recover(problem, jobs).await,
        }
    }

    /// Periodically checks the file, resolves problems, and probes failing writes.
    pub(super) async fn maintain(&mut self, jobs: &mut Jobs) {
        self.written = false;
        if self.problem.is_some() {
            // The reason has been logged already.
            let _ = self.try_recover(jobs).await;
            return;
        }
        let found = self
            .check_file()
            .and_then(|()| if self.is_damaged() { Err(FileProblem::Damaged) } else { Ok(()) });
        if let Err(problem) = found {
            let _ = self.recover(problem, jobs).await;
            return;
        }
        self.probe();
        if let Some(open) = &mut self.open {
            open.limit_log(&mut self.log_limiter);
            self.log_limiter.measure(&open.files, &self.path);
        }
        self.record_file_error();
    }

    /// To be called after a batch: the log's state must be recorded soon, and a long log checkpointed.
    pub(super) fn mark_written(&mut self) {
        self.written = true;
    }

    /// Records an error of the file or the disk that a statement has reported; true if there was one.
    pub(super) fn record_file_error(&self) -> bool {
        let Some(trouble) = self.open.as_ref().and_then(|open| open.handle.connection.take_file_error())
        else {
            return false;
        };
        match trouble {
            (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => self.gate.report_damage(),
            (_, reason) => {
                if self.gate.set_failing(Some(&reason)) {
                    tracing::error!(reason, "writes to the database fail: they are tried every second");
                }
            }
        }
        true
    }

    /// Records a successful commit.
    pub(super) fn record_success(&self) {
        if self.gate.set_failing(None) {
            tracing::info!("writes to the database succeed again");
        }
    }

    /// Checkpoints the log, so that a stopped server leaves one file, unless another program uses the log.
    pub(super) fn shut_down(mut self) {
        let is_ours = self.check_file().is_ok() && self.problem.is_none();
        let Some(open) = &self.open else { return };
        if !is_ours {
            open.handle.connection.disable_checkpoint_on_close();
        } else if let Err(error) = open.handle.connection.checkpoint_all(Duration::ZERO) {
            tracing::warn!(%error, "the write-ahead log could not be checkpointed: the next start reads it");
        }
    }

    fn check_file(&mut self) -> Result<(), FileProblem> {
        let Some(open) = self.open.as_mut().filter(|_| self.problem.is_none()) else { return Ok(()) };
        // An overwritten file takes precedence over other problems: it must not be written to.
        if open.files.check_main().map_err(FileProblem::Changed)? != open.main {
            if !open.was_checkpointed() {
                return Err(FileProblem::Overwritten);
            }
            open.refresh();
        }
        open.files.check_log().map_err(FileProblem::Changed)?;
        self.last_check = Instant::now();
        Ok(())
    }

    fn is_damaged(&mut self) -> bool {
        let due = self.last_integrity_check.is_none_or(|last| last.elapsed() > INTEGRITY_CHECK_INTERVAL);
        self.gate.take_damage() && due
    }

    /// Probes the file while writes fail.
    fn probe(&mut self) {
        let Some(open) = &mut self.open else { return };
        if !self.gate.is_failing() || self.last_probe.elapsed() < IDLE_INTERVAL {
            return;
        }
        self.last_probe = Instant::now();
        let outcome = probe::write(&open.handle.connection);
        open.refresh();
        match outcome {
            Ok(()) => {
                let _ = open.handle.connection.take_file_error();
                self.record_success();
            }
            Err(_) => drop(self.record_file_error()),
        }
    }
}
