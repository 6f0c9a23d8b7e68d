//! Exactly once: what became of a write that its client may send again.
//!
//! ```text
//! begin │ known? ─ yes ─▶ the ack of the first time
//!       │    no ─▶ the work │ its ack, by its id │ commit        all of it, or nothing
//! ```
//!
//! Two that run at the same time both find nothing; the second to write its ack is refused by the table's key, runs
//! again, and finds the first one's. A repeat is known by what it means, not by its spelling, and the ack is for the user whose
//! write it was.

mod fingerprint;
mod ledger;
mod stored;

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
};
pub use fingerprint::Fingerprint;
pub use ledger::Ledger;
pub use stored::Stored;

/// For how long a repeat is known as one, in seconds: a day, and what the clock may be fast while it follows one that was set.
pub const REMEMBERED: i64 = 26 * 60 * 60;

const REUSED: &str = "has already been used for another request: each needs one of its own";
/// What the version before this one wrote: a digest of the payload as it was spelled, and for whom is not known.
const SPELLED: i64 = 1;
const MEANT: i64 = 2;
/// Bytes that a row takes beside its ack.
const OVERHEAD: usize = 256;

/// A write that its client has given an id.
#[derive(Clone, Debug)]
pub struct Request {
    id: String,
    meant: String,
    spelled: String,
    owner: Option<i64>,
    source: String,
}

/// Whose write it is: a user's, or if none is signed in whatever comes from an address.
#[derive(Clone, Copy, Debug)]
pub struct Requester {
    /// The user.
    pub user: Option<i64>,
    /// The other end of the connection.
    pub peer: Option<IpAddr>,
}

impl Request {
    /// The write that `event` asks for with this payload, which means that.
    ///
    /// # Errors
    /// [`Error::Internal`] for a payload that has no JSON form.
    pub fn new(
        id: Uuid,
        (event, payload): (&str, &RawValue),
        meaning: &Fingerprint,
        Requester { user, peer }: Requester,
    ) -> Result<Self, Error> {
        Ok(Self {
            id: id.hyphenated().to_string(),
            meant: meaning.digest(event)?,
            spelled: fingerprint::digest(event, payload.get().trim_ascii().as_bytes()),
            owner: user,
            source: ledger::source(user, peer),
        })
    }

    /// The client that it is counted for.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What it was acked with, if it has been carried out.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it was something else that was carried out under this id, or another user's.
    pub async fn answered(&self, db: &Transaction) -> Result<Option<Stored>, Error> {
        let Some(known) = Entity::find_by_id(self.id.as_str()).one(db).await? else { return Ok(None) };
        match self.is(&known) {
            true => Ok(Some(Stored { ack: known.ack, row: known.collection.zip(known.row_id) })),
            false => Err(Error::Invalid(FieldErrors::one("request_id", REUSED))),
        }
    }

    /// Whether it is that one. What was nobody's, anybody may ask for, and be signed in meanwhile.
    fn is(&self, known: &Model) -> bool {
        let mine = known.owner.is_none() || known.owner == self.owner;
        mine && known.digest == if known.kind == SPELLED { &*self.spelled } else { &*self.meant }
    }

    /// Writes down what it is acked with; returns how many bytes that counts as.
    ///
    /// # Errors
    /// [`Error::Raced`] if a repeat has done so meanwhile: what was done besides must be undone.
    pub async fn answer(&self, db: &Transaction, stored: &Stored) -> Result<u64, Error> {
        let size = (stored.ack.len() + OVERHEAD) as u64;
        let (collection, row) = stored.row.clone().unzip();
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
            ])
            .values_panic([
                self.id.clone().into(),
                self.meant.clone().into(),
                stored.ack.clone().into(),
                Expr::cust(clock::sql(db.get_database_backend())),
                MEANT.into(),
                self.owner.into(),
                self.source.clone().into(),
                size.cast_signed().into(),
                collection.into(),
                row.into(),
            ])
            .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned());
        match db.execute(&insert).await?.rows_affected() {
            1 => Ok(size),
            _ => Err(Error::Raced(DbErr::RecordNotInserted)),
        }
    }

    /// Writes down that it was refused, so that a repeat is refused too; or returns what a repeat that was faster was acked with.
    ///
    /// # Errors
    /// What the database says.
    pub async fn refuse(self, db: &Database, refusal: Stored) -> Result<Refused, Error> {
        let refuse = async move |db: &Transaction| match self.answered(db).await? {
            Some(first) => Ok(Refused::Before(first)),
            None => self.answer(db, &refusal).await.map(Refused::Now),
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
            request.answer(db, &Stored::of("", None)?).await?;
            Err(Error::Internal("nothing of this is to be kept".into()))
        };
        matches!(db.write(probe).await, Err(Error::Locked(_) | Error::Unknown(_)))
    }
}

/// What became of a refusal.
pub enum Refused {
    /// It is written down, and counts as so many bytes.
    Now(u64),
    /// The same request had been acked with something.
    Before(Stored),
}

/// Forgets those that are too old to be repeated.
///
/// # Errors
/// What the database says.
pub async fn forget(db: &Transaction, now: i64) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::At.lt(now - REMEMBERED)).exec(db).await?;
    Ok(())
}
