//! What the tail's thread leaves for those that serve sockets: the picture, and what led to it.
//!
//! Replaced and broadcast under one lock, so whoever reads a picture can be sure that the messages which led to it are
//! on their way, and numbers tell which of them it has in it already.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use socketio::{Fold, Frame, Hub, Message};

use super::{
    CHANGES_ROOM, Form, PARTS_ROOM, SNAPSHOTS_ROOM,
    cursor::Cursor,
    epoch::Epochs,
    history::{Change, Changed, History},
    picture::{CHANGES, Had, Now, Picture},
    position::Position,
};

/// Bytes of folds that are kept to be shared: many clients come back from the same outage, and few from each of many others.
const FOLDS: usize = 16 * 1024 * 1024;

/// Bytes of changes that somebody who comes back is sent in one message, if parts are taken instead.
const MISSED: usize = 1024 * 1024;

/// What is sent, and what has been sent lately.
pub(super) struct Shared {
    state: RwLock<State>,
    folds: Mutex<Folds>,
    pub(super) caught_up: AtomicBool,
    /// Whether there may be other nodes.
    pub(super) has_neighbours: bool,
    /// How many sockets want each.
    pub(super) snapshots: AtomicUsize,
    pub(super) changes: AtomicUsize,
    pub(super) parts: AtomicUsize,
}

struct State {
    picture: Arc<Picture>,
    /// How far the log has been read: further than the picture if what came after it made no difference.
    position: Position,
    history: History,
    epochs: Epochs,
    /// Grows with the picture and with the history.
    revision: u64,
}

impl State {
    /// The picture, and where those are who are sent it.
    fn now(&self) -> (Arc<Picture>, Now) {
        let cursor = self.picture.stamp(&Cursor::new(self.epochs.now(), &self.position));
        let now = Now { cursor, revision: self.revision, floor: self.history.floor() };
        (self.picture.clone(), now)
    }
}

/// What a group of commits made of the last picture.
pub(super) struct News {
    pub(super) picture: Picture,
    /// The rows that are not as they were.
    pub(super) changed: Changed,
    /// Which transactions changed them; nothing if that is not known, and cursors from before are worth nothing.
    pub(super) changes: Option<Vec<Change>>,
}

/// From where a fold begins.
#[derive(Clone, PartialEq, Eq, Hash)]
enum After {
    Number(u64),
    Cursor(String),
}

/// Folds up to one state.
#[derive(Default)]
struct Folds {
    revision: u64,
    bytes: usize,
    frames: HashMap<(After, Form), (Frame, u64)>,
}

impl Folds {
    fn get(&self, revision: u64, after: &(After, Form)) -> Option<(Frame, u64)> {
        self.frames.get(after).filter(|_| self.revision == revision).cloned()
    }

    fn keep(&mut self, revision: u64, after: (After, Form), (frame, number): (Frame, u64)) {
        if revision > self.revision || self.bytes + frame.len() > FOLDS {
            *self = Self { revision: revision.max(self.revision), ..Self::default() };
        }
        if revision == self.revision {
            self.bytes += frame.len();
            self.frames.insert(after, (frame, number));
        }
    }
}

impl Shared {
    pub(super) fn new(
        picture: Picture,
        position: Position,
        history: History,
        epochs: Epochs,
        has_neighbours: bool,
    ) -> Arc<Self> {
        let state = State { picture: Arc::new(picture), position, history, epochs, revision: 1 };
        Arc::new(Self {
            state: RwLock::new(state),
            folds: Mutex::default(),
            caught_up: true.into(),
            has_neighbours,
            snapshots: 0.into(),
            changes: 0.into(),
            parts: 0.into(),
        })
    }

    /// How many changes are remembered.
    pub(super) fn remembered(&self) -> usize {
        self.state().history.len()
    }

    /// The log was read to there, and nothing is different here. But a client of another node may have been sent a state in
    /// between, so what changed is remembered.
    pub(super) fn passed(&self, position: Position, changes: Vec<Change>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if !changes.is_empty() {
            let number = state.picture.number;
            state.history.push(number, position.clone(), changes);
            state.revision += 1;
        }
        state.position = position;
    }

    /// Replaces the picture and sends what is new in it.
    pub(super) fn publish(self: &Arc<Self>, hub: &Hub, position: Position, news: News, epochs: &Epochs) {
        let began = Instant::now();
        let News { picture, changed, changes } = news;
        let picture = Arc::new(picture);
        let revision = self.state().revision + 1;
        let now = Now { cursor: picture.cursor.clone(), revision, floor: 0 };
        // What those who are there want is made before anybody has to wait for the lock.
        let step = |made: Steps| {
            let news = !changed.is_empty() || picture.has_turned();
            let wanted = |form| news && self.follow_in(form).load(Ordering::Relaxed) > 0;
            let before = Had::Number(picture.number - 1);
            let delivery = Arc::new(Delivery(began));
            let frame = |form: Form| form.bring(&picture, &changed, &before, &now).watched(delivery.clone());
            let make = |form| wanted(form).then(|| frame(form));
            let snapshots = made.snapshots.or_else(|| make(Form::Snapshots));
            let shared = snapshots.clone().filter(|_| picture.is_brought_by_changes(&before));
            let shared = || shared.filter(|_| wanted(Form::Parts));
            let parts = made.parts.or_else(shared).or_else(|| make(Form::Parts));
            Steps { snapshots, parts }
        };
        let snapshots = || match self.snapshots.load(Ordering::Relaxed) {
            0 => Vec::new(),
            _ => watched(picture.snapshots(&now, false), began),
        };
        let (made, first) = (snapshots(), step(Steps::default()));

        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match changes {
            Some(changes) => state.history.push(picture.number, position.clone(), changes),
            None => state.history.restart(position.next(), picture.number),
        }
        (state.picture, state.position) = (picture.clone(), position);
        state.epochs = epochs.clone();
        state.revision = revision;
        // Whoever came meanwhile has read the picture before, and must be sent this one.
        let made = if made.is_empty() { snapshots() } else { made };
        if !made.is_empty() {
            hub.to(SNAPSHOTS_ROOM).give(&made);
        }
        let Steps { snapshots, parts } = step(first);
        let message = |frame, form| Message::step(CHANGES, picture.number, frame, self.steps(form));
        if let Some(frame) = snapshots {
            hub.to(CHANGES_ROOM).give(&[message(frame, Form::Snapshots)]);
        }
        if let Some(frame) = parts {
            hub.to(PARTS_ROOM).give(&[message(frame, Form::Parts)]);
        }
    }

    /// The snapshots as they are now.
    pub(super) fn all_snapshots(&self) -> Vec<Message> {
        let (picture, now) = self.state().now();
        picture.snapshots(&now, true)
    }

    /// All that there is now, as the first step of a client.
    pub(super) fn whole(self: &Arc<Self>, form: Form) -> Message {
        let (frame, number) = self.all(form);
        Message::step(CHANGES, number, frame, Arc::new(Whole(self.clone(), form)))
    }

    fn all(&self, form: Form) -> (Frame, u64) {
        let (picture, now) = self.state().now();
        (form.all(&picture, &now), picture.number)
    }

    /// How many sockets are sent changes in that form.
    fn follow_in(&self, form: Form) -> &AtomicUsize {
        match form {
            Form::Snapshots => &self.changes,
            Form::Parts => &self.parts,
        }
    }

    /// What makes one of the steps that a client has not taken.
    fn steps(self: &Arc<Self>, form: Form) -> Arc<dyn Fold> {
        Arc::new(Missed(self.clone(), form))
    }

    /// What a client with this cursor has missed, as its first step; nothing if that is not known any more.
    pub(super) fn resume(self: &Arc<Self>, cursor: &Cursor, form: Form) -> Option<Message> {
        let (frame, number) = self.since(cursor, form)?;
        let fold = Arc::new(Resume { shared: self.clone(), cursor: cursor.clone(), form });
        Some(Message::step(CHANGES, number, frame, fold))
    }

    /// Whether all that a client with this cursor has been sent has been seen here, too.
    pub(super) fn reaches(&self, cursor: &Cursor) -> bool {
        let state = self.state();
        // Another epoch may have begun, and be known to another node first.
        state.epochs.now() == cursor.epoch && state.position.covers(&cursor.position)
    }

    fn since(&self, cursor: &Cursor, form: Form) -> Option<(Frame, u64)> {
        let Cursor { epoch, position, .. } = cursor;
        let known = |state: &State| state.epochs.hold(epoch, position) && state.position.covers(position);
        self.fold_from((After::Cursor(cursor.to_string()), form), &Had::Cursor(cursor), |state| {
            known(state).then(|| state.history.since(position))?
        })
    }

    /// Everything after a point, in one frame; made once for all who come from there.
    fn fold_from(
        &self,
        after: (After, Form),
        had: &Had<'_>,
        missed: impl FnOnce(&State) -> Option<Changed>,
    ) -> Option<(Frame, u64)> {
        let revision = self.state().revision;
        if let Some(fold) = self.folds().get(revision, &after) {
            return Some(fold);
        }
        let state = self.state();
        let (missed, (picture, now)) = (missed(&state)?, state.now());
        drop(state);
        let fold = (after.1.bring(&picture, &missed, had, &now), picture.number);
        self.folds().keep(now.revision, after, fold.clone());
        Some(fold)
    }

    fn folds(&self) -> MutexGuard<'_, Folds> {
        self.folds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a group of commits is told by, in each form that somebody wants.
#[derive(Default)]
struct Steps {
    snapshots: Option<Frame>,
    parts: Option<Frame>,
}

impl Form {
    fn all(self, picture: &Picture, now: &Now) -> Frame {
        match self {
            Self::Snapshots => picture.whole(now),
            Self::Parts => picture.parts(now),
        }
    }

    /// All that a client needs who has something earlier.
    fn bring(self, picture: &Picture, changed: &Changed, had: &Had<'_>, now: &Now) -> Frame {
        if self == Self::Parts && !picture.is_brought_by_changes(had) {
            return picture.parts(now);
        }
        let frame = picture.bring(changed, had, now);
        // Who was cut off because of its size would be sent it again and again.
        let too_large = matches!(had, Had::Cursor(_)) && frame.len() > MISSED;
        if self == Self::Parts && too_large { picture.parts(now) } else { frame }
    }
}

/// For clients that have been sent every step so far, and have not taken the last ones.
struct Missed(Arc<Shared>, Form);

impl Fold for Missed {
    fn fold(&self, after: u64) -> (Frame, u64) {
        let Self(shared, form) = self;
        metrics::counter!("rowcast_live_folded_total").increment(1);
        let had = Had::Number(after);
        let folded =
            shared.fold_from((After::Number(after), *form), &had, |state| state.history.after(after));
        folded.unwrap_or_else(|| shared.all(*form))
    }
}

/// For clients whose first step, all that there is, has not left yet.
struct Whole(Arc<Shared>, Form);

impl Fold for Whole {
    fn fold(&self, _: u64) -> (Frame, u64) {
        self.0.all(self.1)
    }
}

/// For clients whose first step, what they had missed, has not left yet.
struct Resume {
    shared: Arc<Shared>,
    cursor: Cursor,
    form: Form,
}

impl Fold for Resume {
    fn fold(&self, _: u64) -> (Frame, u64) {
        self.shared.since(&self.cursor, self.form).unwrap_or_else(|| self.shared.all(self.form))
    }
}

/// Gone when the last client has been written to.
struct Delivery(Instant);

impl Drop for Delivery {
    fn drop(&mut self) {
        metrics::histogram!("rowcast_live_delivery_seconds").record(self.0.elapsed().as_secs_f64());
    }
}

/// The last of them to be gone tells the time.
fn watched(messages: Vec<Message>, began: Instant) -> Vec<Message> {
    let delivery = Arc::new(Delivery(began));
    messages.into_iter().map(|message| message.watched(delivery.clone())).collect()
}
