//! Type-erased handlers of events.
//!
//! A route decodes a payload on the socket's thread and returns an [`Operation`] for the database's thread.

use std::borrow::Cow;

use rowcast_schema::{FieldErrors, Payload, contract::Shape};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::operation::{Completed, Operation, TypedOperation};
use crate::{context::Context, database::PartitionKey, error::Error, idempotency::Fingerprint, key::Key};

/// The kind of transaction that an operation needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransactionKind {
    /// A read-only transaction over one snapshot, concurrent with others.
    Read,
    /// A read-only transaction of an invalid write, to find all of its errors.
    Validate,
    /// A transaction that is committed at the end.
    Write,
    /// A write to a row that is known in advance.
    WriteTo {
        /// The collection's name.
        collection: &'static str,
        /// The row's key.
        key: Key,
    },
}

impl TransactionKind {
    /// The key of the row that is written, if it is known.
    pub(crate) fn partition_key(&self) -> Option<PartitionKey> {
        match self {
            Self::WriteTo { collection, key } => Some(PartitionKey::row(collection, key.clone())),
            Self::Read | Self::Validate | Self::Write => None,
        }
    }
}

type Decode =
    dyn Fn(&RawValue) -> Result<(TransactionKind, Fingerprint, Box<dyn Operation>), Error> + Send + Sync;

/// The handler of an event.
pub struct Route {
    decode: Box<Decode>,
    shape: Shape,
}

impl Route {
    /// A handler that is an async function of a decoded payload.
    pub fn new<P, T, H>(kind: TransactionKind, handler: H) -> Self
    where
        P: Payload + Serialize + JsonSchema + Clone + Send + Sync + 'static,
        T: Serialize + JsonSchema + 'static,
        H: AsyncFn(&Context<'_>, P) -> Result<T, Error> + Clone + Send + Sync + 'static,
    {
        Self::from_decoder::<P, _, _>(move |payload| {
            let payload = rowcast_schema::decode::<P>(payload)?;
            let (handler, fingerprint) =
                (handler.clone(), Fingerprint::of(payload.clone(), FieldErrors::new()));
            Ok((kind.clone(), fingerprint, async move |context: &Context<'_>| {
                handler(context, payload.clone()).await.map(Completed::from)
            }))
        })
    }

    /// A handler with its own decoder, which returns the transaction's kind, the request's fingerprint and the
    /// operation.
    pub fn from_decoder<P, T, W>(
        decode: impl Fn(&RawValue) -> Result<(TransactionKind, Fingerprint, W), Error> + Send + Sync + 'static,
    ) -> Self
    where
        P: Payload + JsonSchema,
        T: Serialize + JsonSchema + 'static,
        W: AsyncFn(&Context<'_>) -> Result<Completed<T>, Error> + Send + 'static,
    {
        Self::with_shape(Shape::of::<P, T>(), decode)
    }

    /// As [`from_decoder`](Self::from_decoder), for a payload and data that have no types of their own.
    pub(crate) fn with_shape<T, W>(
        shape: Shape,
        decode: impl Fn(&RawValue) -> Result<(TransactionKind, Fingerprint, W), Error> + Send + Sync + 'static,
    ) -> Self
    where
        T: Serialize + 'static,
        W: AsyncFn(&Context<'_>) -> Result<Completed<T>, Error> + Send + 'static,
    {
        let decode = Box::new(move |payload: &RawValue| {
            let (kind, fingerprint, operation) = decode(payload)?;
            Ok((kind, fingerprint, Box::new(TypedOperation(operation)) as Box<dyn Operation>))
        });
        Self { decode, shape }
    }

    /// Sets the event's description in the schema, a sentence. Default: the description of its payload.
    #[must_use]
    pub fn described(mut self, sentence: impl Into<Cow<'static, str>>) -> Self {
        self.shape = self.shape.described(sentence);
        self
    }

    /// The types of the event.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Decodes a payload without kind to the database.
    ///
    /// # Errors
    /// [`Error::BadPayload`] and [`Error::Invalid`].
    pub fn decode(
        &self,
        payload: &RawValue,
    ) -> Result<(TransactionKind, Fingerprint, Box<dyn Operation>), Error> {
        (self.decode)(payload)
    }
}
