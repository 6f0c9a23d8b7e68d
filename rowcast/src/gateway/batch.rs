//! `batch`: several writes in one transaction, all or none.
//!
//! ```text
//! [[event, payload], …] ─▶ decode ─▶ each write in order ─▶ [data, …]
//!                                     └─ {"$ref": n} in its payload: the key that write n gave
//! ```

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::LocalBoxFuture;
use rowcast_schema::{FieldErrors, MAX_BATCH, keys};
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{BUILTIN_EVENTS, reply};
use crate::{
    bounds,
    context::Context,
    error::Error,
    idempotency::Fingerprint,
    key::{Key, KeyColumn},
    registry::{Completed, Operation, Registry, TransactionKind},
    store::Written,
};

/// The name in a reference, as it is in JSON.
const REFERENCE: &str = "\"$ref\"";
const FORM: &str = "must be [event, payload], as in [\"new_task\", {\"title\": \"Tea\"}]";

/// A batch of writes. It runs in one transaction, and again after a conflict with another one.
pub(super) struct Batch {
    writes: Vec<Write>,
    registry: Arc<Registry>,
    progress: Progress,
}

struct Write {
    event: &'static str,
    payload: Box<RawValue>,
    /// None if the payload refers to earlier writes.
    decoded: Option<(TransactionKind, Box<dyn Operation>)>,
}

/// What the latest run of a batch has come to.
#[derive(Clone, Default)]
pub(super) struct Progress(Arc<Mutex<Run>>);

#[derive(Default)]
struct Run {
    /// The write that is being carried out.
    at: Option<usize>,
    /// The rows that were written, by the position of the write.
    written: Vec<(usize, Written)>,
}

/// A value that stands for the key that an earlier write gave.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    #[serde(rename = "$ref")]
    write: usize,
}

impl Batch {
    /// Decodes a batch.
    ///
    /// # Errors
    /// [`Error::BadPayload`] if it is no list of 1 to [`MAX_BATCH`] writes; [`Error::Invalid`] at the position of an event
    /// that does not exist or writes nothing.
    pub(super) fn decode(
        payload: &RawValue,
        registry: Arc<Registry>,
    ) -> Result<(TransactionKind, Fingerprint, Self), Error> {
        let list =
            || Error::BadPayload(format!("takes a list of 1 to {MAX_BATCH} writes, each [event, payload]"));
        let all: Vec<Box<RawValue>> = serde_json::from_str(payload.get()).map_err(|_| list())?;
        if all.is_empty() || all.len() > MAX_BATCH {
            return Err(list());
        }
        let (mut errors, mut writes) = (FieldErrors::new(), Vec::with_capacity(all.len()));
        for (at, write) in all.iter().enumerate() {
            match Write::decode(write, &registry) {
                Ok(write) => writes.push(write),
                Err(error) => errors.merge(located(at, error)?),
            }
        }
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        let kind = match writes.iter().all(Write::is_invalid) {
            true => TransactionKind::Validate,
            false => TransactionKind::Write,
        };
        let meaning: serde_json::Value = serde_json::from_str(payload.get()).map_err(|_| list())?;
        let fingerprint = Fingerprint::of(meaning, FieldErrors::new());
        Ok((kind, fingerprint, Self { writes, registry, progress: Progress::default() }))
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Carries out all writes in order. One that is invalid by itself does not end the batch, so that the errors of all such
    /// writes are found, each after the writes before it. What fails behind one of them may fail because of it, and ends the
    /// batch with the errors so far.
    async fn run_all(&self, context: &Context<'_>) -> Result<Vec<Box<RawValue>>, Error> {
        let (mut all, mut errors) = (Vec::with_capacity(self.writes.len()), FieldErrors::new());
        for (at, write) in self.writes.iter().enumerate() {
            self.progress.run().at = Some(at);
            match self.write(at, write, context).await {
                Ok(Completed { data, written }) => {
                    self.progress.run().written.extend(written.map(|written| (at, written)));
                    all.push(data);
                }
                Err(error) if write.is_invalid() => errors.merge(located(at, error)?),
                Err(error) if errors.is_empty() => return Err(error),
                Err(error) => {
                    located(at, error)?;
                    break;
                }
            }
        }
        self.progress.run().at = None;
        if errors.is_empty() { Ok(all) } else { Err(Error::Invalid(errors)) }
    }

    async fn write(&self, at: usize, write: &Write, context: &Context<'_>) -> Result<Completed, Error> {
        match &write.decoded {
            Some((_, operation)) => operation.run(context).await,
            None => {
                let payload = self.resolve(at, &write.payload)?;
                write.operation(&self.registry, &payload)?.1.run(context).await
            }
        }
    }

    /// The payload with keys in the place of references.
    fn resolve(&self, at: usize, payload: &RawValue) -> Result<Box<RawValue>, Error> {
        let mut fields: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(payload.get()).map_err(|_| Error::BadPayload("must be an object".into()))?;
        let mut errors = FieldErrors::new();
        for (name, value) in &mut fields {
            self.replace(at, value).unwrap_or_else(|sentence| errors.insert(name, sentence));
        }
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        to_raw_value(&fields).map_err(|error| Error::Internal(error.to_string()))
    }

    /// Replaces the references in a value by the keys that they stand for. What has none stays as it is written.
    fn replace(&self, at: usize, value: &mut Box<RawValue>) -> Result<(), String> {
        let text = value.get();
        if !text.contains(REFERENCE) {
            return Ok(());
        }
        let replaced = if let Ok(Reference { write }) = serde_json::from_str(text) {
            self.key(at, write)?
        } else if let Ok(mut entries) = serde_json::from_str::<Vec<Box<RawValue>>>(text) {
            entries.iter_mut().try_for_each(|entry| self.replace(at, entry))?;
            to_raw_value(&entries).map_err(|error| error.to_string())?
        } else if let Ok(mut fields) = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(text) {
            fields.values_mut().try_for_each(|field| self.replace(at, field))?;
            to_raw_value(&fields).map_err(|error| error.to_string())?
        } else {
            return Ok(());
        };
        *value = replaced;
        Ok(())
    }

    /// The key that a write gave.
    fn key(&self, at: usize, write: usize) -> Result<Box<RawValue>, String> {
        if write >= at {
            return Err(format!("refers to write {write}, which does not come before this one"));
        }
        let run = self.progress.run();
        let found = run.written.iter().find(|(position, _)| *position == write);
        let Some((_, Written { collection, key, .. })) = found else {
            return Err(format!("refers to write {write}, which gave no row"));
        };
        if matches!(key, Key::Columns(_)) {
            return Err(format!(
                "refers to write {write}, whose row has a key of several columns: name its values"
            ));
        }
        to_raw_value(&key.named(columns(&self.registry, collection))).map_err(|error| error.to_string())
    }
}

impl Operation for Batch {
    fn run<'a>(&'a self, context: &'a Context<'a>) -> LocalBoxFuture<'a, Result<Completed, Error>> {
        Box::pin(async move {
            *self.progress.run() = Run::default();
            let all = self.run_all(context).await?;
            let data = to_raw_value(&all).map_err(|error| Error::Internal(error.to_string()))?;
            bounds::ack(data.get().len())?;
            Ok(data.into())
        })
    }
}

impl Write {
    fn decode(write: &RawValue, registry: &Registry) -> Result<Self, Error> {
        let form = || Error::Invalid(FieldErrors::one("", FORM));
        let parts: Vec<Box<RawValue>> = serde_json::from_str(write.get()).map_err(|_| form())?;
        let (event, payload) = match parts.as_slice() {
            [event] => (event, RawValue::NULL),
            [event, payload] => (event, &**payload),
            _ => return Err(form()),
        };
        let event: String = serde_json::from_str(event.get()).map_err(|_| form())?;
        if BUILTIN_EVENTS.contains(&&*event) {
            let sentence = format!("{event} is no write: it is sent by itself");
            return Err(Error::Invalid(FieldErrors::one("", sentence)));
        }
        let (event, _) = registry.route(&event).ok_or_else(|| reply::unknown_event(registry, &[], &event))?;
        let payload = payload.to_owned();
        let mut write = Self { event, payload, decoded: None };
        if !write.payload.get().contains(REFERENCE) {
            write.decoded = Some(write.operation(registry, &write.payload)?);
        }
        Ok(write)
    }

    fn is_invalid(&self) -> bool {
        matches!(self.decoded, Some((TransactionKind::Validate, _)))
    }

    fn operation(
        &self,
        registry: &Registry,
        payload: &RawValue,
    ) -> Result<(TransactionKind, Box<dyn Operation>), Error> {
        let (_, route) = registry.route(self.event).ok_or_else(|| Error::Internal(self.event.into()))?;
        let (kind, _, operation) = route.decode(payload)?;
        if kind == TransactionKind::Read {
            let sentence = format!("{} writes nothing: a batch takes writes", self.event);
            return Err(Error::Invalid(FieldErrors::one("", sentence)));
        }
        Ok((kind, operation))
    }
}

impl Progress {
    fn run(&self) -> MutexGuard<'_, Run> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The error with the position of the write that failed, if it is one write's.
    pub(super) fn locate(&self, error: Error) -> Error {
        match self.run().at {
            Some(at) => located(at, error).map_or_else(|error| error, Error::Invalid),
            None => error,
        }
    }

    /// The rows that were written.
    pub(super) fn written(&self) -> Vec<Written> {
        self.run().written.iter().map(|(_, written)| written.clone()).collect()
    }

    /// A short form of the ack's data: the keys of the rows as objects, null for a write without one.
    pub(super) fn keys(&self, registry: &Registry) -> Result<String, Error> {
        let run = self.run();
        let last = run.written.last().map_or(0, |(at, _)| at + 1);
        let mut all = vec![None; last];
        for (at, Written { collection, key, .. }) in &run.written {
            let key = to_raw_value(&key.as_object(columns(registry, collection)));
            all[*at] = Some(key.map_err(|error| Error::Internal(error.to_string()))?);
        }
        reply::ok(all)
    }
}

fn columns<'r>(registry: &'r Registry, collection: &str) -> &'r [KeyColumn] {
    registry.collection(collection).map_or(&[], |collection| collection.key_columns())
}

/// The errors of a write at its position, as in `3.title` and `3.$not_found`.
///
/// # Errors
/// The error itself, if it is not one that a client can correct.
fn located(at: usize, error: Error) -> Result<FieldErrors, Error> {
    let place = |field: &str| if field.is_empty() { at.to_string() } else { format!("{at}.{field}") };
    match error {
        Error::Invalid(errors) => Ok(errors.iter().map(|(field, sentence)| (place(field), sentence)).fold(
            FieldErrors::new(),
            |mut all, (field, sentence)| {
                all.insert(field, sentence);
                all
            },
        )),
        Error::Conflict(_) => Ok(FieldErrors::one(place(keys::CONFLICT), reply::CONFLICT)),
        error @ (Error::BadPayload(_)
        | Error::UnknownEvent(_)
        | Error::Forbidden(_)
        | Error::NotFound { .. }
        | Error::InUse(_)
        | Error::Refused(_)
        | Error::Violation(_)
        | Error::TooLarge { .. }) => {
            let (key, sentence) = reply::key_and_message(error);
            Ok(FieldErrors::one(place(key), sentence))
        }
        error => Err(error),
    }
}
