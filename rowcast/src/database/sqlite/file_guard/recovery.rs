//! Recovery from a problem of the file: all connections close, data is preserved, and a sound file is opened.

use std::time::{Duration, Instant};

use super::{
    super::{
        connection::BUSY_TIMEOUT,
        files::{self, FileChange, MainFile},
        integrity,
        open_file::OpenFile,
        preserve,
    },
    FileGuard, FileProblem, Jobs, PROBLEM_INTERVAL,
};
use crate::error::Error;

/// The timeout for other connections to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);
/// The time that writes wait for a file to be reopened.
const REOPEN_TIMEOUT: Duration = Duration::from_secs(3);
/// The time for another program's checkpoint, which looks like an overwritten file until it is done.
const CHECKPOINT_TIMEOUT: Duration = Duration::from_secs(1);
/// The time for which a file must be unchanged before it is opened: it may still be being copied.
const STABLE_TIME: Duration = Duration::from_millis(300);

impl FileGuard {
    /// Closes the gate and reopens the file. `Ok` if the new file contains all commits.
    pub(super) async fn recover(&mut self, problem: FileProblem, jobs: &mut Jobs) -> Result<(), Error> {
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

    pub(super) async fn try_recover(&mut self, jobs: &mut Jobs) -> Result<(), Error> {
        let Some(problem) = self.problem else { return Ok(()) };
        self.wait_for_exclusive_access(jobs).await?;
        self.close(problem)?;
        self.reopen(problem).await?;
        if std::mem::take(&mut self.lost) {
            return Err(Error::Unavailable(
                "the last writes are not in the database file that is at the path now".into(),
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
        tracing::warn!(path = %self.path.display(), "the database file has been reopened");
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
        found.map_err(|error| self.close_gate(format!("the database file cannot be checked: {error}")))
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
