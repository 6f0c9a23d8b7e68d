//! Exactly once: what became of a write that its client may send again.
//!
//! ```text
//! begin │ known? ─ yes ─▶ the ack of the first time
//!       │    no ─▶ the work │ its ack, by its id │ commit        all of it, or nothing
//! ```
//!
//! Two that run at the same time both find nothing; the second to write its ack is refused by the table's key, runs
//! again, and finds the first one's.

use std::time::{SystemTime, UNIX_EPOCH};

use api_schema::FieldErrors;
use entity::request::{Column, Entity};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::{OnConflict, Query},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    database::{Database, Transaction},
    error::Error,
};

/// For how long a repeat is known as one, in seconds.
pub const REMEMBERED: i64 = 24 * 60 * 60;

const REUSED: &str = "has already been used for another request: each needs one of its own";

/// A write that its client has given an id.
#[derive(Clone, Debug)]
pub struct Request {
    id: String,
    digest: String,
}

impl Request {
    /// The write that `event` asks for with this payload, as it was sent.
    #[must_use]
    pub fn new(id: Uuid, event: &str, payload: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(event.as_bytes());
        hash.update([0]);
        hash.update(payload.trim_ascii().as_bytes());
        let digest = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { id: id.hyphenated().to_string(), digest }
    }

    /// What it was acked with, if it has been carried out.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it was something else that was carried out under this id.
    pub async fn answered(&self, db: &Transaction) -> Result<Option<String>, Error> {
        let Some(known) = Entity::find_by_id(self.id.as_str()).one(db).await? else { return Ok(None) };
        match known.digest == self.digest {
            true => Ok(Some(known.ack)),
            false => Err(Error::Invalid(FieldErrors::one("request_id", REUSED))),
        }
    }

    /// Writes down what it is acked with.
    ///
    /// # Errors
    /// [`Error::Raced`] if a repeat has done so meanwhile: what was done besides must be undone.
    pub async fn answer(&self, db: &Transaction, ack: &str) -> Result<(), Error> {
        let mut row = Query::insert();
        row.into_table(Entity)
            .columns([Column::Id, Column::Digest, Column::Ack, Column::At])
            .values_panic([self.id.clone().into(), self.digest.clone().into(), ack.into(), now().into()])
            .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned());
        match db.execute(&row).await?.rows_affected() {
            1 => Ok(()),
            _ => Err(Error::Raced(DbErr::RecordNotInserted)),
        }
    }

    /// Writes down that it was refused, so that a repeat is refused too; returns what it was refused with the first time.
    ///
    /// # Errors
    /// What the database says.
    pub async fn refuse(self, db: &Database, ack: String) -> Result<String, Error> {
        let refuse = async move |db: &Transaction| match self.answered(db).await? {
            Some(first) => Ok(first),
            None => self.answer(db, &ack).await.map(|()| ack.clone()),
        };
        Ok(db.write(refuse).await?.0)
    }
}

impl Request {
    /// What a failure says of the request, of which this may be a repeat: while it is not known what became of the first, that
    /// nothing was written would be said of both.
    pub(crate) async fn in_doubt(&self, db: &Database, error: Error) -> Error {
        match &error {
            Error::Unknown(_) => {
                db.doubts().note(&self.id);
                error
            }
            Error::Unavailable(reason) | Error::Busy(reason) | Error::Locked(reason)
                if db.doubts().has(&self.id) =>
            {
                Error::Unknown(reason.clone())
            }
            Error::Locked(reason) if self.is_being_committed(db).await => Error::Unknown(reason.clone()),
            _ => error,
        }
    }

    /// Whether another transaction, on any node, has stored an ack for it and has not ended: its id is then locked.
    async fn is_being_committed(&self, db: &Database) -> bool {
        let request = self.clone();
        let probe = async move |db: &Transaction| -> Result<(), Error> {
            db.execute_unprepared("set local lock_timeout = '50ms'").await?;
            request.answer(db, "").await?;
            Err(Error::Internal("nothing of this is to be kept".into()))
        };
        matches!(db.write(probe).await, Err(Error::Locked(_) | Error::Unknown(_)))
    }
}

/// Forgets those that are too old to be repeated.
///
/// # Errors
/// What the database says.
pub async fn forget(db: &Transaction, now: i64) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::At.lt(now - REMEMBERED)).exec(db).await?;
    Ok(())
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs().cast_signed()
}
