//! The writer's care for the file: that what is acked is in the database that the path leads to.
//!
//! ```text
//! look ─▶ all as it was ─▶ go on
//!   └───▶ doubt ─▶ close the gate ─▶ everybody lets go ─▶ save what can be saved ─▶ wait for a sound file ─▶ open anew
//! ```
//!
//! A look is three `stat`s, after the commit of each group of writes, before anything is acked, and before a group if the last
//! look is not fresh. What another file at the path, or none, means is plain. A main file that has changed although nobody has moved frames of the log into it has
//! been written over; then it is checked as a whole, and acks wait.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use rusqlite::ErrorCode;
use tokio::sync::mpsc;

use super::{
    super::{Setup, work::Job},
    Handle, aside,
    connection::BUSY,
    gate::Gate,
    opened::Opened,
    place::{self, Main, Moved},
    probe, soundness,
    wal::Bounds,
};
use crate::error::Error;

/// How often to look when nothing happens, and when something has.
const CALM: Duration = Duration::from_secs(1);
/// The same after a group. Until then what others do to the log may look like writing over the file, and is checked; to note
/// where the log stands after each group would cost a lone writer a tenth of its speed.
const STIRRED: Duration = Duration::from_millis(20);
const ALERT: Duration = Duration::from_millis(100);
/// How long other connections may take to let go.
const LETTING_GO: Duration = Duration::from_secs(10);
/// How long writes are kept waiting for a file that is being opened anew.
const HOLDING: Duration = Duration::from_secs(3);
/// How long another program may take to move the log, which looks like writing over the file until it is done.
const MOVING: Duration = Duration::from_secs(1);
/// How long a file must have been as it is before it is opened: it may still be being copied.
const STEADY: Duration = Duration::from_millis(300);
/// How often a file is checked because a statement found it damaged.
const SELDOM: Duration = Duration::from_secs(60);

pub(super) type Jobs = mpsc::Receiver<Box<dyn Job>>;

pub(super) struct Keeper {
    path: PathBuf,
    setup: Setup,
    pub(super) gate: Arc<Gate>,
    open: Option<Opened>,
    /// How often the file has been opened.
    number: u64,
    /// What is being mended, and whether what was committed last is not in what will be opened.
    doubt: Option<Doubt>,
    lost: bool,
    reason: String,
    /// What is at the path while nothing is open, and since when.
    seen: Option<(Main, Instant)>,
    /// What was found to be no database that can be used.
    unsound: Option<Main>,
    checked: Option<Instant>,
    /// When all was last as it should be, and whether anything has been written since the log was noted.
    looked: Instant,
    stirred: bool,
    probed: Instant,
    bounds: Bounds,
}

/// Why the file may not be what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    Moved(Moved),
    /// Something else than SQLite has written to it.
    Overwritten,
    /// A statement has found it damaged.
    Damaged,
}

impl Doubt {
    fn sentence(self) -> &'static str {
        match self {
            Self::Moved(Moved::Gone) => {
                "the database file is gone: nothing is made in its place; put it, or a backup, back"
            }
            Self::Moved(Moved::Replaced) => "the database file has been replaced by another one",
            Self::Moved(Moved::Log) => "the files beside the database, -wal or -shm, have been taken away",
            Self::Overwritten => "the database file has been written over by another program",
            Self::Damaged => "the database file is damaged",
        }
    }
}

impl Keeper {
    /// Opens the file, making it if it is missing, and brings its schema up to date.
    pub(super) async fn open(path: &Path, setup: Setup) -> Result<Self, Error> {
        let open = Opened::new(path, &setup, true).await?;
        Ok(Self {
            path: path.to_owned(),
            setup,
            gate: Gate::new(open.place.clone()),
            open: Some(open),
            number: 1,
            doubt: None,
            lost: false,
            reason: String::new(),
            seen: None,
            unsound: None,
            checked: None,
            looked: Instant::now(),
            stirred: false,
            probed: Instant::now(),
            bounds: Bounds::new(),
        })
    }

    /// The connection, while there is one to be used.
    pub(super) fn handle(&self) -> Result<&Handle, Error> {
        match &self.open {
            Some(open) if self.doubt.is_none() => Ok(&open.handle),
            _ => Err(Error::Unavailable(self.reason.clone())),
        }
    }

    /// When to look next.
    pub(super) fn pause(&self) -> Duration {
        match self.doubt {
            Some(_) => ALERT,
            None if self.stirred => STIRRED,
            None => CALM,
        }
    }

    /// Before a group: whether it may begin.
    pub(super) async fn ready(&mut self, jobs: &mut Jobs) -> Result<(), Error> {
        // What has happened since then is noticed after the commit.
        let just_looked = self.looked.elapsed() < STIRRED;
        if !just_looked && let Err(doubt) = self.look() {
            // If it cannot be mended at once there is no handle.
            let _ = self.mend(doubt, jobs).await;
        }
        self.handle().map(drop)
    }

    /// After a commit: whether what was written is in the database that the path leads to.
    pub(super) async fn still(&mut self, jobs: &mut Jobs) -> Result<(), Error> {
        if let Some(open) = &mut self.open {
            open.wrote = true;
        }
        match self.look() {
            Ok(()) => Ok(()),
            Err(doubt) => self.mend(doubt, jobs).await,
        }
    }

    /// Every now and then: the file is looked at, what is in doubt is mended, and failures are tried again.
    pub(super) async fn tend(&mut self, jobs: &mut Jobs) {
        self.stirred = false;
        if self.doubt.is_some() {
            // What stands in the way has been logged when it was found.
            let _ = self.go_on(jobs).await;
            return;
        }
        let found = self.look().and_then(|()| if self.is_damaged() { Err(Doubt::Damaged) } else { Ok(()) });
        if let Err(doubt) = found {
            let _ = self.mend(doubt, jobs).await;
            return;
        }
        self.probe();
        if let Some(open) = &mut self.open {
            open.keep_short(&mut self.bounds);
            self.bounds.measure(&open.place, &self.path);
        }
        self.heed();
    }

    /// After a group: where the write-ahead log stands is to be noted soon, and what has gathered in it moved, if that is much.
    pub(super) fn stir(&mut self) {
        self.stirred = true;
    }

    /// Notes what statements have said of the file and the disk; true if that was nothing good.
    pub(super) fn heed(&self) -> bool {
        let Some(trouble) = self.open.as_ref().and_then(|open| open.handle.connection.take_trouble()) else {
            return false;
        };
        match trouble {
            (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => self.gate.suspect_damage(),
            (_, reason) => {
                if self.gate.set_failing(Some(&reason)) {
                    tracing::error!(reason, "writes to the database fail: they are tried every second");
                }
            }
        }
        true
    }

    /// Notes that a commit has succeeded.
    pub(super) fn succeed(&self) {
        if self.gate.set_failing(None) {
            tracing::info!("writes to the database succeed again");
        }
    }

    /// At the orderly end. A stopped server leaves one file, unless somebody else holds it: then the log is as safe where it is.
    pub(super) fn end(mut self) {
        let is_ours = self.look().is_ok() && self.doubt.is_none();
        let Some(open) = &self.open else { return };
        if !is_ours {
            open.handle.connection.leave_files_alone();
        } else if let Err(error) = open.handle.connection.checkpoint_all(Duration::ZERO) {
            tracing::warn!(%error, "the write-ahead log was left for the next start");
        }
    }

    fn look(&mut self) -> Result<(), Doubt> {
        let Some(open) = self.open.as_mut().filter(|_| self.doubt.is_none()) else { return Ok(()) };
        // What has been written over is so whatever else is wrong: nothing more may be written to it.
        if open.place.main().map_err(Doubt::Moved)? != open.main {
            if !open.was_moved() {
                return Err(Doubt::Overwritten);
            }
            open.settle();
        }
        open.place.beside().map_err(Doubt::Moved)?;
        self.looked = Instant::now();
        Ok(())
    }

    fn is_damaged(&mut self) -> bool {
        let due = self.checked.is_none_or(|checked| checked.elapsed() > SELDOM);
        self.gate.take_damage() && due
    }

    /// While writes fail, tries whether they still do.
    fn probe(&mut self) {
        let Some(open) = &mut self.open else { return };
        if !self.gate.is_failing() || self.probed.elapsed() < CALM {
            return;
        }
        self.probed = Instant::now();
        let outcome = probe::write(&open.handle.connection);
        open.settle();
        match outcome {
            Ok(()) => {
                let _ = open.handle.connection.take_trouble();
                self.succeed();
            }
            Err(_) => drop(self.heed()),
        }
    }

    /// Closes the gate, and opens the file anew. `Ok` if what was committed before is in what is open then.
    async fn mend(&mut self, doubt: Doubt, jobs: &mut Jobs) -> Result<(), Error> {
        let Err(doubt) = self.settle(doubt).await else { return Ok(()) };
        self.doubt = Some(doubt);
        self.blame(doubt.sentence().to_owned());
        let began = Instant::now();
        loop {
            match self.go_on(jobs).await {
                Err(_) if self.is_soon_back() && began.elapsed() < HOLDING => tokio::time::sleep(ALERT).await,
                outcome => return outcome,
            }
        }
    }

    /// Whether there is a file that may be opened within moments.
    fn is_soon_back(&self) -> bool {
        self.doubt.is_some() && place::main(&self.path).is_some_and(|main| self.unsound != Some(main))
    }

    /// Another program may just be moving the log.
    async fn settle(&mut self, doubt: Doubt) -> Result<(), Doubt> {
        let began = Instant::now();
        let mut found = Err(doubt);
        while found == Err(Doubt::Overwritten) && began.elapsed() < MOVING {
            tokio::time::sleep(Duration::from_millis(20)).await;
            found = self.look();
        }
        found
    }

    async fn go_on(&mut self, jobs: &mut Jobs) -> Result<(), Error> {
        let Some(doubt) = self.doubt else { return Ok(()) };
        self.alone(jobs).await?;
        self.leave(doubt)?;
        self.come_back(doubt).await?;
        if std::mem::take(&mut self.lost) {
            return Err(Error::Unavailable(
                "what was written is not in the database that is there now".into(),
            ));
        }
        Ok(())
    }

    /// Waits until no other connection is open. Jobs that come meanwhile are not kept waiting: others' hands may wait for them.
    async fn alone(&self, jobs: &mut Jobs) -> Result<(), Error> {
        let empty = self.gate.empty();
        let deadline = tokio::time::sleep(LETTING_GO);
        tokio::pin!(empty, deadline);
        loop {
            tokio::select! {
                biased;
                () = &mut empty => return Ok(()),
                Some(job) = jobs.recv() => job.finish(Err(Error::Unavailable(self.reason.clone()))),
                () = &mut deadline => return Err(Error::Unknown("a connection to the file is still in use".into())),
            }
        }
    }

    /// Closes the last connection. What it alone has is saved first, where that is certain to do no harm.
    fn leave(&mut self, doubt: Doubt) -> Result<(), Error> {
        let Some(open) = &self.open else { return Ok(()) };
        let connection = &open.handle.connection;
        connection.undo();
        self.lost = match doubt {
            Doubt::Moved(moved) => moved != Moved::Log,
            Doubt::Overwritten | Doubt::Damaged => !open.place.has_log(),
        };
        match doubt {
            Doubt::Moved(Moved::Log) => self.lost = aside::save(connection, &open.place)?,
            // The file that is open may come back, or be kept elsewhere: it is to be whole by itself.
            Doubt::Moved(_) if !matches!(connection.checkpoint_all(BUSY), Ok(true)) => {
                if open.place.has_log() {
                    aside::put_log(&open.place);
                }
            }
            Doubt::Moved(_) | Doubt::Overwritten | Doubt::Damaged => {}
        }
        connection.leave_files_alone();
        self.open = None;
        self.seen = None;
        Ok(())
    }

    /// Opens what is at the path, if that can be used.
    async fn come_back(&mut self, doubt: Doubt) -> Result<(), Error> {
        let main = place::main(&self.path)
            .ok_or_else(|| self.blame(Doubt::Moved(Moved::Gone).sentence().to_owned()))?;
        if doubt != Doubt::Moved(Moved::Log) {
            self.steady(main)?;
            self.check(doubt, main)?;
        }
        let opened = Opened::new(&self.path, &self.setup, false).await;
        let open = opened.map_err(|error| self.blame(error.to_string()))?;
        if open.main.id != main.id {
            open.handle.connection.leave_files_alone();
            return Err(Error::Unavailable(self.reason.clone()));
        }
        self.number += 1;
        self.gate.open(self.number, open.place.clone());
        self.open = Some(open);
        (self.doubt, self.unsound, self.reason) = (None, None, String::new());
        tracing::warn!(path = %self.path.display(), "the database file has been opened anew");
        Ok(())
    }

    fn steady(&mut self, main: Main) -> Result<(), Error> {
        let since = match self.seen {
            Some((seen, since)) if seen == main => since,
            _ => Instant::now(),
        };
        self.seen = Some((main, since));
        if self.unsound == Some(main) || since.elapsed() < STEADY {
            return Err(Error::Unavailable(self.reason.clone()));
        }
        Ok(())
    }

    /// Whether the file is sound. If it is so only without the log beside it, that belongs to what it was before.
    fn check(&mut self, doubt: Doubt, main: Main) -> Result<(), Error> {
        self.checked = Some(Instant::now());
        let Some(damage) = self.damage(true)? else { return Ok(()) };
        if doubt == Doubt::Overwritten && self.damage(false)?.is_none() {
            aside::put_log_of(&self.path);
            self.lost = true;
            return Ok(());
        }
        self.unsound = Some(main);
        Err(self.blame(format!("{}: {damage}", Doubt::Damaged.sentence())))
    }

    fn damage(&mut self, with_log: bool) -> Result<Option<String>, Error> {
        let found = soundness::damage(&self.path, with_log);
        found.map_err(|error| self.blame(format!("the database file cannot be looked into: {error}")))
    }

    /// Closes the gate for a reason, which is logged when it is a new one.
    fn blame(&mut self, reason: String) -> Error {
        if self.reason != reason {
            tracing::error!(path = %self.path.display(), reason, "the database file cannot be used");
            self.gate.close(&reason);
            self.reason = reason;
        }
        Error::Unavailable(self.reason.clone())
    }
}
