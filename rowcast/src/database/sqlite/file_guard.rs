//! Protection of the database file: acked writes are in the file at the path.
//!
//! ```text
//! check ─▶ unchanged ─▶ continue
//!   └────▶ problem ─▶ close the gate ─▶ all connections close ─▶ preserve data ─▶ wait for a sound file ─▶ reopen
//! ```
//!
//! A check is three `stat`s: after the commit of each batch, before its acks, and before a batch if the last check is
//! not recent. It detects a missing or replaced file. A main file that has changed without a checkpoint has been
//! overwritten: its integrity is checked before any ack.

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
    connection::BUSY_TIMEOUT,
    files::{self, FileChange, MainFile},
    gate::Gate,
    integrity,
    open_file::OpenFile,
    preserve, probe,
    wal::LogLimiter,
};
use crate::error::Error;

/// The interval of checks while idle.
const IDLE_INTERVAL: Duration = Duration::from_secs(1);
/// The interval after a batch. Until the log's state is recorded, a checkpoint of another program may look like an
/// overwritten file. Recording it after each batch would cost a single client a tenth of its write rate.
const AFTER_WRITE_INTERVAL: Duration = Duration::from_millis(20);
/// The interval during a problem.
const PROBLEM_INTERVAL: Duration = Duration::from_millis(100);
/// The timeout for other connections to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);
/// The time that writes wait for a file to be reopened.
const REOPEN_TIMEOUT: Duration = Duration::from_secs(3);
/// The time for another program's checkpoint, which looks like an overwritten file until it is done.
const CHECKPOINT_TIMEOUT: Duration = Duration::from_secs(1);
/// The time for which a file must be unchanged before it is opened: it may still be being copied.
const STABLE_TIME: Duration = Duration::from_millis(300);
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

/// A problem of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileProblem {
    Changed(FileChange),
    /// Another program has written to it without SQLite.
    Overwritten,
    /// A statement has reported damage.
    Damaged,
}

impl FileProblem {
    fn sentence(self) -> &'static str {
        match self {
            Self::Changed(FileChange::Missing) => {
                "the database file is gone: nothing is made in its place; put it, or a backup, back"
            }
            Self::Changed(FileChange::Replaced) => "the database file has been replaced by another one",
            Self::Changed(FileChange::LogMoved) => {
                "the files beside the database, -wal or -shm, have been taken away"
            }
            Self::Overwritten => "the database file has been written over by another program",
            Self::Damaged => "the database file is damaged",
        }
    }
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
            tracing::warn!(%error, "the write-ahead log was left for the next start");
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

    /// Closes the gate and reopens the file. `Ok` if the new file contains all commits.
    async fn recover(&mut self, problem: FileProblem, jobs: &mut Jobs) -> Result<(), Error> {
        let Err(problem) = self.wait_for_checkpoint(problem).await else { return Ok(()) };
        self.problem = Some(problem);
        self.close_gate(problem.sentence().to_owned());
        let began = Instant::now();
        loop {
            match self.try_recover(jobs).await {
                Err(_) if self.may_reopen_soon() && began.elapsed() < REOPEN_TIMEOUT => {
                    tokio::time::sleep(PROBLEM_INTERVAL).await
                }
                outcome => return outcome,
            }
        }
    }

    /// Whether there is a file that can probably be opened soon.
    fn may_reopen_soon(&self) -> bool {
        self.problem.is_some() && files::main_file(&self.path).is_some_and(|main| self.damaged != Some(main))
    }

    /// Waits for another program's checkpoint to end, which may look like an overwritten file.
    async fn wait_for_checkpoint(&mut self, problem: FileProblem) -> Result<(), FileProblem> {
        let began = Instant::now();
        let mut found = Err(problem);
        while found == Err(FileProblem::Overwritten) && began.elapsed() < CHECKPOINT_TIMEOUT {
            tokio::time::sleep(Duration::from_millis(20)).await;
            found = self.check_file();
        }
        found
    }

    async fn try_recover(&mut self, jobs: &mut Jobs) -> Result<(), Error> {
        let Some(problem) = self.problem else { return Ok(()) };
        self.wait_for_exclusive_access(jobs).await?;
        self.close(problem)?;
        self.reopen(problem).await?;
        if std::mem::take(&mut self.lost) {
            return Err(Error::Unavailable(
                "what was written is not in the database that is there now".into(),
            ));
        }
        Ok(())
    }

    /// Waits until all other connections are closed. Jobs are refused meanwhile, because other connections may wait for
    /// them.
    async fn wait_for_exclusive_access(&self, jobs: &mut Jobs) -> Result<(), Error> {
        let empty = self.gate.wait_until_empty();
        let deadline = tokio::time::sleep(CLOSE_TIMEOUT);
        tokio::pin!(empty, deadline);
        loop {
            tokio::select! {
                biased;
                () = &mut empty => return Ok(()),
                Some(job) = jobs.recv() => job.finish(Err(Error::Unavailable(self.reason.clone()))),
                () = &mut deadline => return Err(Error::CommitOutcomeUnknown("a connection to the file is still in use".into())),
            }
        }
    }

    /// Closes the last connection, after preserving the data that only it can reach, where that is safe.
    fn close(&mut self, problem: FileProblem) -> Result<(), Error> {
        let Some(open) = &self.open else { return Ok(()) };
        let connection = &open.handle.connection;
        connection.rollback();
        self.lost = match problem {
            FileProblem::Changed(change) => change != FileChange::LogMoved,
            FileProblem::Overwritten | FileProblem::Damaged => !open.files.has_log(),
        };
        match problem {
            FileProblem::Changed(FileChange::LogMoved) => {
                self.lost = preserve::save_log(connection, &open.files)?
            }
            // The open file may have been moved elsewhere: it should be complete without its log.
            FileProblem::Changed(_) if !matches!(connection.checkpoint_all(BUSY_TIMEOUT), Ok(true)) => {
                if open.files.has_log() {
                    preserve::move_log_aside(&open.files);
                }
            }
            FileProblem::Changed(_) | FileProblem::Overwritten | FileProblem::Damaged => {}
        }
        connection.disable_checkpoint_on_close();
        self.open = None;
        self.observed = None;
        Ok(())
    }

    /// Opens the file at the path, if it is usable.
    async fn reopen(&mut self, problem: FileProblem) -> Result<(), Error> {
        let main = files::main_file(&self.path).ok_or_else(|| {
            self.close_gate(FileProblem::Changed(FileChange::Missing).sentence().to_owned())
        })?;
        if problem != FileProblem::Changed(FileChange::LogMoved) {
            self.check_stable(main)?;
            self.check_integrity(problem, main)?;
        }
        let opened = OpenFile::new(&self.path, &self.setup, false).await;
        let open = opened.map_err(|error| self.close_gate(error.to_string()))?;
        if open.main.id != main.id {
            open.handle.connection.disable_checkpoint_on_close();
            return Err(Error::Unavailable(self.reason.clone()));
        }
        self.number += 1;
        self.gate.open(self.number, open.files.clone());
        self.open = Some(open);
        (self.problem, self.damaged, self.reason) = (None, None, String::new());
        tracing::warn!(path = %self.path.display(), "the database file has been opened anew");
        Ok(())
    }

    fn check_stable(&mut self, main: MainFile) -> Result<(), Error> {
        let since = match self.observed {
            Some((seen, since)) if seen == main => since,
            _ => Instant::now(),
        };
        self.observed = Some((main, since));
        if self.damaged == Some(main) || since.elapsed() < STABLE_TIME {
            return Err(Error::Unavailable(self.reason.clone()));
        }
        Ok(())
    }

    /// Checks the file's integrity. If it is sound only without its log, the log belongs to the previous file.
    fn check_integrity(&mut self, problem: FileProblem, main: MainFile) -> Result<(), Error> {
        self.last_integrity_check = Some(Instant::now());
        let Some(damage) = self.damage(true)? else { return Ok(()) };
        if problem == FileProblem::Overwritten && self.damage(false)?.is_none() {
            preserve::move_log_of_aside(&self.path);
            self.lost = true;
            return Ok(());
        }
        self.damaged = Some(main);
        Err(self.close_gate(format!("{}: {damage}", FileProblem::Damaged.sentence())))
    }

    fn damage(&mut self, with_log: bool) -> Result<Option<String>, Error> {
        let found = integrity::damage(&self.path, with_log);
        found
            .map_err(|error| self.close_gate(format!("the database file cannot be last_check into: {error}")))
    }

    /// Closes the gate with a reason, and logs a new reason.
    fn close_gate(&mut self, reason: String) -> Error {
        if self.reason != reason {
            tracing::error!(path = %self.path.display(), reason, "the database file cannot be used");
            self.gate.close(&reason);
            self.reason = reason;
        }
        Error::Unavailable(self.reason.clone())
    }
}
