//! One event's handler with its types hidden.
//!
//! It decodes a payload on the socket's thread; what comes out is work for the database's thread.

use std::{
    borrow::Cow,
    hash::{DefaultHasher, Hash, Hasher},
};

use futures_util::future::LocalBoxFuture;
use rowcast_schema::{FieldErrors, Payload, contract::Shape};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{bounds, context::Context, error::Error, requests::Fingerprint, store};

/// Whether a handler needs a transaction that can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Over one picture of the database, beside other readers.
    Read,
    /// The same, for a write that is going to be refused: it looks for all that is wrong with it.
    Refusal,
    /// In a transaction that is committed at the end.
    Write,
    /// The same, to this row of a collection, of which it is known beforehand.
    WriteTo {
        /// The collection.
        plural: &'static str,
        /// The row.
        id: i64,
    },
}

impl Access {
    /// The row that is written to, as a number that stands for it.
    pub(crate) fn row(self) -> Option<u64> {
        let Self::WriteTo { plural, id } = self else { return None };
        let mut hash = DefaultHasher::new();
        (plural, id).hash(&mut hash);
        Some(hash.finish())
    }
}

type Decode = dyn Fn(&RawValue) -> Result<(Access, Fingerprint, Box<dyn Work>), Error> + Send + Sync;

/// An event's handler with its types hidden.
pub struct Route {
    decode: Box<Decode>,
    shape: Shape,
    collection: Option<&'static str>,
}

impl Route {
    /// A plain async function over a decoded payload.
    pub fn new<P, T, H>(access: Access, handler: H) -> Self
    where
        P: Payload + Serialize + JsonSchema + Clone + Send + Sync + 'static,
        T: Serialize + JsonSchema + 'static,
        H: AsyncFn(&Context<'_>, P) -> Result<T, Error> + Clone + Send + Sync + 'static,
    {
        Self::with::<P, _, _>(move |payload| {
            let payload = rowcast_schema::decode::<P>(payload)?;
            let (handler, meaning) = (handler.clone(), Fingerprint::of(payload.clone(), FieldErrors::new()));
            Ok((access, meaning, async move |context: &Context<'_>| handler(context, payload.clone()).await))
        })
    }

    /// For those who decode a payload in a way of their own: what comes out is what to do, what it needs of the database, and what
    /// tells it from other requests.
    pub fn with<P, T, W>(
        decode: impl Fn(&RawValue) -> Result<(Access, Fingerprint, W), Error> + Send + Sync + 'static,
    ) -> Self
    where
        P: Payload + JsonSchema,
        T: Serialize + JsonSchema + 'static,
        W: AsyncFn(&Context<'_>) -> Result<T, Error> + Send + 'static,
    {
        let decode = Box::new(move |payload: &RawValue| {
            let (access, meaning, work) = decode(payload)?;
            Ok((access, meaning, Box::new(Typed(work)) as Box<dyn Work>))
        });
        Self { decode, shape: Shape::of::<P, T>(), collection: None }
    }

    /// Says what the event does, in a sentence for the schema; without it, what its payload says of itself stands there.
    #[must_use]
    pub fn described(mut self, sentence: impl Into<Cow<'static, str>>) -> Self {
        self.shape = self.shape.described(sentence);
        self
    }

    /// What the event carries and is acked with.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The same, where each request writes one row of this collection, and the ack's `data` says which.
    #[must_use]
    pub fn to(self, plural: &'static str) -> Self {
        Self { collection: Some(plural), ..self }
    }

    /// The collection of the one row that is written, if it is one.
    #[must_use]
    pub fn collection(&self) -> Option<&'static str> {
        self.collection
    }

    /// What the payload asks for, ready to run, and what tells it from other requests.
    ///
    /// # Errors
    /// [`Error::BadPayload`] and [`Error::Invalid`]; nothing has touched the database yet.
    pub fn decode(&self, payload: &RawValue) -> Result<(Access, Fingerprint, Box<dyn Work>), Error> {
        (self.decode)(payload)
    }
}

/// A decoded request: what runs in a transaction, more than once if it loses a race.
pub trait Work: Send {
    /// Runs it; the value is the ack's `data`.
    fn run<'a>(&'a self, context: &'a Context<'a>) -> LocalBoxFuture<'a, Result<Box<RawValue>, Error>>;
}

struct Typed<W>(W);

impl<T, W> Work for Typed<W>
where
    T: Serialize,
    W: AsyncFn(&Context<'_>) -> Result<T, Error> + Send,
{
    fn run<'a>(&'a self, context: &'a Context<'a>) -> LocalBoxFuture<'a, Result<Box<RawValue>, Error>> {
        Box::pin(async move {
            let data = store::json(&(self.0)(context).await?)?;
            bounds::ack(data.get().len()).map(|()| data)
        })
    }
}
