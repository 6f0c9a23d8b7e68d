//! Idempotent writes: a retry with the same `request_id` returns the stored ack.
//!
//! ```text
//! begin │ stored? ─ yes ─▶ the stored ack
//!       │     no ─▶ the work │ insert its ack by request id │ commit        all of it, or nothing
//! ```
//!
//! Of two concurrent attempts, the second to insert its ack violates the table's key, is retried, and finds the ack of
//! the first. A retry is recognised by the decoded payload, not by its text. The ack is returned only to the user that
//! made the write.

mod fingerprint;
mod quota;
mod stored_ack;

use std::net::IpAddr;

use crate::entity::request::{Column, Entity, Model};
use rowcast_schema::FieldErrors;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::{Expr, OnConflict, Query},
};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    clock,
    database::{Database, Transaction},
    error::Error,
    key::Key,
};
pub use fingerprint::Fingerprint;
pub use quota::AckQuota;
pub use stored_ack::StoredAck;

/// Seconds for which acks are stored: a day, plus the largest lead of the clock while it follows a clock that was set
/// back.
pub const RETENTION: i64 = 26 * 60 * 60;

const REUSED: &str = "has already been used for another request: each needs one of its own";
/// Written by an earlier version: a digest of the payload's text, without an owner.
const TEXT_DIGEST: i64 = 1;
/// A digest of the decoded payload.
const FINGERPRINT: i64 = 2;
/// Bytes of a row without its ack.
const OVERHEAD: usize = 256;

/// A write with a `request_id`.
#[derive(Clone, Debug)]
pub struct IdempotentRequest {
    id: String,
    fingerprint: String,
    text_digest: String,
    owner: Option<i64>,
    source: String,
}

/// The client of a write: its user, or its address if no user is signed in.
#[derive(Clone, Copy, Debug)]
pub struct Requester {
    /// The signed-in user.
    pub user: Option<i64>,
    /// The remote address.
    pub peer: Option<IpAddr>,
}

impl IdempotentRequest {
    /// # Errors
    /// [`Error::Internal`] for a payload without a JSON form.
    pub fn new(
        id: Uuid,
        (event, payload): (&str, &RawValue),
        fingerprint: &Fingerprint,
        Requester { user, peer }: Requester,
    ) -> Result<Self, Error> {
        Ok(Self {
            id: id.hyphenated().to_string(),
            fingerprint: fingerprint.digest(event)?,
            text_digest: fingerprint::digest(event, payload.get().trim_ascii().as_bytes()),
            owner: user,
            source: quota::source(user, peer),
        })
    }

    /// The client whose quota it uses.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The ack of an earlier attempt.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the id belongs to a different write or to another user's.
    pub async fn stored_ack(&self, db: &Transaction) -> Result<Option<StoredAck>, Error> {
        let Some(known) = Entity::find_by_id(self.id.as_str()).one(db).await? else { return Ok(None) };
        match self.matches(&known) {
            true => {
                let key = || Key::from_json_array(known.row_key.as_deref()?);
                let key = known.row_id.map(Key::Number).or_else(key);
                Ok(Some(StoredAck { ack: known.ack, row: known.collection.zip(key) }))
            }
            false => Err(Error::Invalid(FieldErrors::one("request_id", REUSED))),
        }
    }

    /// Whether a stored write is this one. The ack of an anonymous write is returned to any client, which may have
    /// signed in since.
    fn matches(&self, known: &Model) -> bool {
        let mine = known.owner.is_none() || known.owner == self.owner;
        mine && known.digest
            == if known.kind == TEXT_DIGEST { &*self.text_digest } else { &*self.fingerprint }
    }

    /// Stores the ack, and returns the bytes that it uses of the quota.
    ///
    /// # Errors
    /// [`Error::Retryable`] if a concurrent attempt has stored its ack: the transaction must be rolled back.
    pub async fn store_ack(&self, db: &Transaction, stored: &StoredAck) -> Result<u64, Error> {
        let size = (stored.ack.len() + OVERHEAD) as u64;
        let (collection, key) =
            stored.row.as_ref().map(|(collection, key)| (collection.clone(), key)).unzip();
        let row_id = key.and_then(Key::as_number);
        let row_key = key.filter(|_| row_id.is_none()).map(Key::to_json_array);
        let mut insert = Query::insert();
        insert
            .into_table(Entity)
            .columns([
                Column::Id,
                Column::Digest,
                Column::Ack,
                Column::At,
                Column::Kind,
                Column::Owner,
                Column::Source,
                Column::Size,
                Column::Collection,
                Column::RowId,
                Column::RowKey,
            ])
            .values_panic([
                self.id.clone().into(),
                self.fingerprint.clone().into(),
                stored.ack.clone().into(),
                Expr::cust(clock::sql(db.get_database_backend())),
                FINGERPRINT.into(),
                self.owner.into(),
                self.source.clone().into(),
                size.cast_signed().into(),
                collection.into(),
                row_id.into(),
                row_key.into(),
            ])
            .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned());
        match db.execute(&insert).await?.rows_affected() {
            1 => Ok(size),
            _ => Err(Error::Retryable(DbErr::RecordNotInserted)),
        }
    }

    /// Stores the ack of a refusal, or returns the ack of a concurrent attempt.
    ///
    /// # Errors
    /// [`Error`] of the database.
    pub async fn store_refusal(self, db: &Database, refusal: StoredAck) -> Result<RefusalOutcome, Error> {
        let refuse = async move |db: &Transaction| match self.stored_ack(db).await? {
            Some(first) => Ok(RefusalOutcome::AlreadyAcked(first)),
            None => self.store_ack(db, &refusal).await.map(RefusalOutcome::Stored),
        };
        Ok(db.write(refuse).await?.0)
    }
}

impl IdempotentRequest {
    /// Converts the error of a retry whose earlier attempt has an unknown outcome: "nothing was written" would be wrong
    /// for the request as a whole.
    pub(crate) async fn in_doubt(&self, db: &Database, error: Error) -> Error {
        match &error {
            Error::CommitOutcomeUnknown(_) => {
                db.unknown_outcomes().add(&self.id);
                error
            }
            Error::Unavailable(reason) | Error::Busy(reason) | Error::Locked(reason)
                if db.unknown_outcomes().contains(&self.id) =>
            {
                Error::CommitOutcomeUnknown(reason.clone())
            }
            Error::Locked(reason) if self.is_being_committed(db).await => {
                Error::CommitOutcomeUnknown(reason.clone())
            }
            _ => error,
        }
    }

    /// Whether an open transaction of any node has stored an ack for this id: the id is then locked.
    async fn is_being_committed(&self, db: &Database) -> bool {
        let request = self.clone();
        let probe = async move |db: &Transaction| -> Result<(), Error> {
            db.execute_unprepared("set local lock_timeout = '50ms'").await?;
            request.store_ack(db, &StoredAck::of("", None)?).await?;
            Err(Error::Internal("nothing of this is to be kept".into()))
        };
        matches!(db.write(probe).await, Err(Error::Locked(_) | Error::CommitOutcomeUnknown(_)))
    }
}

/// The result of storing a refusal.
pub enum RefusalOutcome {
    /// Stored; contains the bytes that it uses of the quota.
    Stored(u64),
    /// A concurrent attempt was faster; contains its ack.
    AlreadyAcked(StoredAck),
}

/// Deletes expired acks.
///
/// # Errors
/// [`DbErr`] of the database.
pub async fn prune(db: &Transaction, now: i64) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::At.lt(now - RETENTION)).exec(db).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
