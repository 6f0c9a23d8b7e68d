//! Registered events: decode, authorize, run in a transaction, wait until published, ack.

use std::sync::Arc;

use rowcast_schema::RequestOptions;
use serde_json::value::RawValue;
use socketio::Socket;

use super::{
    AckResult, EncodedAck, Gateway, SocketState,
    authorization::Permit,
    batch::{Batch, Progress},
    ok_ack, reply,
};
use crate::{
    accounts::{AccountChange, Accounts},
    config,
    context::Context,
    database::Transaction,
    error::Error,
    fair_queue::hash_key,
    idempotency::{Fingerprint, IdempotentRequest, RefusalOutcome, Requester, StoredAck},
    key::Key,
    registry::{Completed, Operation, TransactionKind},
    store::Written,
    users::User,
};

/// A request that was carried out now or earlier.
struct Executed {
    ack: EncodedAck,
    /// The rows that it wrote now, as far as they are known.
    written: Vec<Written>,
    /// The account changes of its transaction.
    changes: Vec<AccountChange>,
}

impl From<EncodedAck> for Executed {
    fn from(ack: EncodedAck) -> Self {
        Self { ack, written: Vec::new(), changes: Vec::new() }
    }
}

/// A decoded and authorized request, ready to run.
struct PreparedRequest {
    access: TransactionKind,
    /// The keys of the user or network, and of the socket, in the read queue.
    client: (u64, u64),
    permit: Permit,
    user: Option<Arc<User>>,
    work: Box<dyn Operation>,
    /// What a batch has come to; none for any other request.
    batch: Option<Progress>,
}

/// A decoded request.
struct Decoded {
    access: TransactionKind,
    meaning: Fingerprint,
    work: Box<dyn Operation>,
    batch: Option<Progress>,
}

/// The result of a write with an idempotency key.
enum Attempt {
    /// It was carried out; contains the bytes that its stored ack uses of the quota.
    First(Executed, u64),
    /// It had been carried out before; contains the stored ack.
    Repeated(String),
}

impl Gateway {
    /// Runs a registered event.
    pub(super) async fn dispatch(
        &self,
        socket: &Socket<SocketState>,
        event: &str,
        payload: Option<&RawValue>,
        options: RequestOptions,
    ) -> AckResult {
        let registry = self.registry();
        let (event, route) = registry.route(event).ok_or_else(|| self.unknown_event(event))?;
        let payload = payload.unwrap_or(RawValue::NULL);
        let (access, meaning, work) = route.decode(payload)?;
        let decoded = Decoded { access, meaning, work, batch: None };
        self.execute(socket, (event, payload), decoded, options).await
    }

    /// Runs several writes in one transaction.
    pub(super) async fn batch(
        &self,
        socket: &Socket<SocketState>,
        payload: Option<&RawValue>,
        options: RequestOptions,
    ) -> AckResult {
        let payload = payload.unwrap_or(RawValue::NULL);
        let (access, meaning, batch) = Batch::decode(payload, self.registry())?;
        let progress = Some(batch.progress());
        let decoded = Decoded { access, meaning, work: Box::new(batch), batch: progress };
        self.execute(socket, ("batch", payload), decoded, options).await
    }

    async fn execute(
        &self,
        socket: &Socket<SocketState>,
        (event, payload): (&str, &RawValue),
        Decoded { access, meaning, work, batch }: Decoded,
        options: RequestOptions,
    ) -> AckResult {
        let state = socket.state();
        let permit = self.authorize(state, &access)?;
        let user = state.user().map(|login| login.user);
        let reads = access == TransactionKind::Read;
        let id = options.request_id.filter(|_| !reads);
        let client = queue_keys(user.as_deref(), socket);
        let requester = Requester { user: user.as_ref().map(|user| user.number), peer: state.network };
        let prepared =
            PreparedRequest { access, client, permit: permit.clone(), user: user.clone(), work, batch };
        let result = match id {
            Some(id) => {
                self.run_once(IdempotentRequest::new(id, (event, payload), &meaning, requester)?, prepared)
                    .await
            }
            None => self.run(prepared).await,
        };
        if let Ok(executed) = &result {
            self.apply_account_changes(state, &executed.changes);
        }
        self.sign_out_if_revoked(socket, &permit, &result);
        let Executed { ack, written, .. } = result?;
        if reads {
            self.ensure_still_signed_in(state, &permit)?;
        }
        for written in written {
            self.authors.broadcast(socket, &written, user.as_deref());
        }
        Ok(ack)
    }

    /// The rules for accounts that apply under this access mode.
    fn accounts(&self) -> Accounts {
        let guarded = self.access != config::AccessMode::Open;
        Accounts { users: self.registry().users().cloned(), guarded }
    }

    /// Writes account changes to the audit log, and signs out the sockets of this node whose tokens were revoked. The
    /// requesting socket is excepted, because its ack is still to come.
    fn apply_account_changes(&self, state: &SocketState, changes: &[AccountChange]) {
        for change in changes {
            change.log(&state.caller());
            let others = change.ended.iter().filter(|token| !state.is_signed_in_by(token));
            others.for_each(|token| self.token_monitor.end(token));
        }
    }

    async fn run(
        &self,
        PreparedRequest { access, client, permit, user, work, batch }: PreparedRequest,
    ) -> Result<Executed, Error> {
        let accounts = self.accounts();
        let locate = |error: Error| match &batch {
            Some(batch) => batch.locate(error),
            None => error,
        };
        let (Completed { data, written }, changes) = match access {
            TransactionKind::Read | TransactionKind::Validate => {
                let run = async move |db: &Transaction| {
                    permit.check(db).await?;
                    work.run(&Context::new(db, user.clone(), accounts.clone())).await
                };
                (self.db.read_for(client, run).await.map_err(locate)?, Vec::new())
            }
            TransactionKind::Write | TransactionKind::WriteTo { .. } => {
                let run = async move |db: &Transaction| {
                    permit.lock_valid(db).await?;
                    let context = Context::new(db, user.clone(), accounts.clone());
                    let completed = work.run(&context).await?;
                    Ok((completed, context.changes()))
                };
                let (completed, commit) =
                    self.db.write_to(access.partition_key(), run).await.map_err(locate)?;
                self.live.wait_published(commit).await;
                completed
            }
        };
        let written = written.into_iter().chain(batch.iter().flat_map(Progress::written)).collect();
        Ok(Executed { ack: ok_ack(reply::ok(data))?, written, changes })
    }

    /// Runs a write once per idempotency key; a repeat gets the stored ack.
    async fn run_once(
        &self,
        request: IdempotentRequest,
        prepared: PreparedRequest,
    ) -> Result<Executed, Error> {
        let accounts = self.accounts();
        let PreparedRequest { access, permit, user, work, batch, .. } = prepared;
        let progress = batch.clone();
        let (first, registry) = (request.clone(), self.registry());
        let full = self.ledger.full(request.source());
        let run = async move |db: &Transaction| {
            // A stored ack is shown only to a caller that is authorized to write.
            permit.lock_valid(db).await?;
            if let Some(stored) = first.stored_ack(db).await? {
                return Ok(Attempt::Repeated(stored.ack(db, &registry).await?));
            }
            if let Some(seconds) = full {
                return Err(Error::QuotaExceeded { seconds });
            }
            let context = Context::new(db, user.clone(), accounts.clone());
            let Completed { data, written } = work.run(&context).await?;
            let ack = reply::ok(data)?;
            let row = written.as_ref().map(|written| (written.collection, &written.key));
            let stored = match &progress {
                Some(batch) => StoredAck::of_batch(&ack, || batch.keys(&registry))?,
                None => StoredAck::of(&ack, row)?,
            };
            let size = first.store_ack(db, &stored).await?;
            let written = written.into_iter().chain(progress.iter().flat_map(Progress::written)).collect();
            let executed = Executed { ack: (ack, "ok"), written, changes: context.changes() };
            Ok(Attempt::First(executed, size))
        };
        let locate = |error: Error| match &batch {
            Some(batch) => batch.locate(error),
            None => error,
        };
        match self.db.write_to(access.partition_key(), run).await {
            Ok((Attempt::Repeated(ack), _)) => {
                // The first run may have been on another node: its changes must be published here before the ack.
                self.live.wait_caught_up().await;
                Ok((ack, "repeated").into())
            }
            Ok((Attempt::First(executed, size), commit)) => {
                self.ledger.add(request.source(), size);
                self.live.wait_published(commit).await;
                Ok(executed)
            }
            Err(error) => match request.in_doubt(&self.db, locate(error)).await {
                error if error.is_refusal() => {
                    let row = conflicting_row(&error, &access);
                    self.store_refusal(request, error, row).await.map(Executed::from)
                }
                error => Err(error),
            },
        }
    }

    /// Stores a refusal under the idempotency key. If another run was faster, returns its ack instead.
    async fn store_refusal(
        &self,
        request: IdempotentRequest,
        error: Error,
        row: Option<(&'static str, &Key)>,
    ) -> AckResult {
        let (ack, outcome) = reply::failed(error);
        let stored = StoredAck::of(&ack, row)?;
        match request.clone().store_refusal(&self.db, stored).await {
            Ok(RefusalOutcome::Stored(size)) => {
                self.ledger.add(request.source(), size);
                Ok((ack, outcome))
            }
            Ok(RefusalOutcome::AlreadyAcked(stored)) => {
                // The other run may have written.
                self.live.wait_caught_up().await;
                let registry = self.registry();
                let again = async move |db: &Transaction| stored.clone().ack(db, &registry).await;
                Ok((self.db.read(again).await?, "repeated"))
            }
            Err(error) => Err(request.in_doubt(&self.db, error).await),
        }
    }
}

/// The row that the ack of a refusal shows: that of a conflict.
fn conflicting_row<'a>(error: &Error, access: &'a TransactionKind) -> Option<(&'static str, &'a Key)> {
    match (error, access) {
        (Error::Conflict(_), TransactionKind::WriteTo { collection, key }) => Some((collection, key)),
        _ => None,
    }
}

/// The read queue's keys: one for the user or else the network, shared by its sockets, and one for this socket.
fn queue_keys(user: Option<&User>, socket: &Socket<SocketState>) -> (u64, u64) {
    let client = match user {
        Some(user) => hash_key(user.number),
        None => hash_key(socket.handshake().network()),
    };
    (client, hash_key(socket.id().as_str()))
}
