//! What the tail's thread leaves for those that serve sockets: the picture, and what led to it.
//!
//! Replaced and broadcast under one lock, so whoever reads a picture can be sure that the messages which led to it are
//! on their way, and numbers tell which of them it has in it already.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use socketio::{Coalesce, Frame, Hub, Message};

use super::{
    CHANGES_ROOM, Form, Mode, PARTS_ROOM, SNAPSHOTS_ROOM,
    cursor::Cursor,
    epoch::Epochs,
    form::{Missed, Resume, Whole},
    history::{Change, Changed, History},
    limit::{LIMITS, Limit},
    picture::{CHANGES, Had, Now, Picture},
    position::Position,
};

/// Bytes of folds that are kept to be shared: many clients come back from the same outage, and few from each of many others.
const FOLDS: usize = 16 * 1024 * 1024;

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
    /// The same of those with a limit.
    pub(super) within: [Within; LIMITS],
}

/// How many sockets with some limit want each.
#[derive(Default)]
pub(super) struct Within {
    pub(super) snapshots: AtomicUsize,
    pub(super) changes: AtomicUsize,
}

struct State {
    picture: Arc<Picture>,
    /// How far the log has been read: further than the picture if what came after it made no difference.
    position: Position,
    history: History,
    epochs: Epochs,
    /// Grows with the picture and with the history.
    revision: u64,
    /// What the picture is for clients with a limit, as long as there are any.
    within: BTreeMap<Limit, Arc<Picture>>,
}

impl State {
    /// The picture for somebody, and where those are who are sent it.
    fn now(&self, limit: Option<Limit>) -> (Arc<Picture>, Now) {
        let picture = limit.map_or_else(|| self.picture.clone(), |limit| self.within(limit));
        let cursor = picture.stamp(&Cursor::new(self.epochs.now(), &self.position));
        (picture, Now { cursor, revision: self.revision, floor: self.history.floor() })
    }

    fn within(&self, limit: Limit) -> Arc<Picture> {
        let known = self.within.get(&limit).cloned();
        known.unwrap_or_else(|| Arc::new(self.picture.within(limit, None)))
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
pub(super) enum After {
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
        let state = State {
            picture: Arc::new(picture),
            position,
            history,
            epochs,
            revision: 1,
            within: BTreeMap::new(),
        };
        Arc::new(Self {
            state: RwLock::new(state),
            folds: Mutex::default(),
            caught_up: true.into(),
            has_neighbours,
            snapshots: 0.into(),
            changes: 0.into(),
            parts: 0.into(),
            within: Default::default(),
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
            let frame =
                |form: Form| form.bring(&picture, &changed, &before, &now).with_drop_guard(delivery.clone());
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
            hub.to(SNAPSHOTS_ROOM).send_messages(&made);
        }
        let Steps { snapshots, parts } = step(first);
        let message = |frame, form| Message::delta(CHANGES, picture.number, frame, self.steps(form));
        if let Some(frame) = snapshots {
            hub.to(CHANGES_ROOM).send_messages(&[message(frame, Form::Snapshots)]);
        }
        if let Some(frame) = parts {
            hub.to(PARTS_ROOM).send_messages(&[message(frame, Form::Parts)]);
        }
        self.publish_within(hub, &mut state, &changed);
    }

    /// The same for those with a limit. They are few, if any, so that nobody waits for it.
    fn publish_within(self: &Arc<Self>, hub: &Hub, state: &mut State, changed: &Changed) {
        for (limit, before) in std::mem::take(&mut state.within) {
            let Within { snapshots, changes } = &self.within[limit.place()];
            let wanted = [snapshots, changes].map(|count| count.load(Ordering::Relaxed) > 0);
            if wanted == [false, false] {
                continue;
            }
            state.within.insert(limit, Arc::new(state.picture.within(limit, Some(&before))));
            let (picture, now) = state.now(Some(limit));
            if wanted[0] {
                hub.to(Mode::Snapshots { within: Some(limit) }.room())
                    .send_messages(&picture.snapshots(&now, false));
            }
            if wanted[1] && (!changed.is_empty() || picture.has_turned()) {
                let form = Form::Within(limit);
                let frame = form.bring(&picture, changed, &Had::Number(picture.number - 1), &now);
                let step = Message::delta(CHANGES, picture.number, frame, self.steps(form));
                hub.to(Mode::Changes { since: None, form }.room()).send_messages(&[step]);
            }
        }
    }

    /// From now on there is a picture for that limit.
    pub(super) fn begin_within(&self, limit: Limit) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let picture = state.within(limit);
        state.within.insert(limit, picture);
    }

    /// The snapshots as they are now.
    pub(super) fn all_snapshots(&self, within: Option<Limit>) -> Vec<Message> {
        let (picture, now) = self.state().now(within);
        picture.snapshots(&now, true)
    }

    /// All that there is now, as the first step of a client.
    pub(super) fn whole(self: &Arc<Self>, form: Form) -> Message {
        let (frame, number) = self.all(form);
        Message::delta(CHANGES, number, frame, Arc::new(Whole(self.clone(), form)))
    }

    pub(super) fn all(&self, form: Form) -> (Frame, u64) {
        let (picture, now) = self.state().now(form.limit());
        (form.all(&picture, &now), picture.number)
    }

    /// How many sockets are sent changes in that form.
    pub(super) fn follow_in(&self, form: Form) -> &AtomicUsize {
        match form {
            Form::Snapshots => &self.changes,
            Form::Parts => &self.parts,
            Form::Within(limit) => &self.within[limit.place()].changes,
        }
    }

    /// What makes one of the steps that a client has not taken.
    fn steps(self: &Arc<Self>, form: Form) -> Arc<dyn Coalesce> {
        Arc::new(Missed(self.clone(), form))
    }

    /// What a client with this cursor has missed, as its first step; nothing if that is not known any more.
    pub(super) fn resume(self: &Arc<Self>, cursor: &Cursor, form: Form) -> Option<Message> {
        let (frame, number) = self.since(cursor, form)?;
        let fold = Arc::new(Resume { shared: self.clone(), cursor: cursor.clone(), form });
        Some(Message::delta(CHANGES, number, frame, fold))
    }

    /// Whether all that a client with this cursor has been sent has been seen here, too.
    pub(super) fn reaches(&self, cursor: &Cursor) -> bool {
        let state = self.state();
        // Another epoch may have begun, and be known to another node first.
        state.epochs.now() == cursor.epoch && state.position.covers(&cursor.position)
    }

    pub(super) fn since(&self, cursor: &Cursor, form: Form) -> Option<(Frame, u64)> {
        let Cursor { epoch, position, .. } = cursor;
        let known = |state: &State| state.epochs.hold(epoch, position) && state.position.covers(position);
        self.fold_where((After::Cursor(cursor.to_string()), form), &Had::Cursor(cursor), |state| {
            known(state).then(|| state.history.since(position))?
        })
    }

    /// Everything after a point, in one frame; made once for all who come from there.
    fn fold_where(
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
        let (missed, (picture, now)) = (missed(&state)?, state.now(after.1.limit()));
        drop(state);
        let fold = (after.1.bring(&picture, &missed, had, &now), picture.number);
        self.folds().keep(now.revision, after, fold.clone());
        Some(fold)
    }

    pub(super) fn fold_from(
        &self,
        after: (After, Form),
        had: &Had<'_>,
        missed: impl FnOnce(&History) -> Option<Changed>,
    ) -> Option<(Frame, u64)> {
        self.fold_where(after, had, |state| missed(&state.history))
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
    messages.into_iter().map(|message| message.with_drop_guard(delivery.clone())).collect()
}
