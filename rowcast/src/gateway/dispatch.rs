//! Registered events: decode, authorize, run in a transaction, wait until published, ack.

use std::sync::Arc;

use rowcast_schema::RequestOptions;
use serde_json::value::RawValue;
use socketio::Socket;

use super::{AckResult, EncodedAck, Gateway, SocketState, authorization::Permit, ok_ack, reply};
use crate::{
    accounts::{AccountChange, Accounts},
    config,
    context::Context,
    database::Transaction,
    error::Error,
    fair_queue::hash_key,
    idempotency::{IdempotentRequest, RefusalOutcome, Requester, StoredAck},
    registry::{Operation, TransactionKind},
    users::User,
};

/// An ack, and the account changes of its transaction.
type Executed = Result<(EncodedAck, Vec<AccountChange>), Error>;

/// A decoded and authorized request, ready to run.
struct PreparedRequest {
    access: TransactionKind,
    /// The keys of the user or network, and of the socket, in the read queue.
    client: (u64, u64),
    permit: Permit,
    user: Option<Arc<User>>,
    /// The collection, if the operation writes exactly one row.
    collection: Option<&'static str>,
    work: Box<dyn Operation>,
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
        let (event, route) = self.registry.route(event).ok_or_else(|| self.unknown_event(event))?;
        let payload = payload.unwrap_or(RawValue::NULL);
        let (access, meaning, work) = route.decode(payload)?;
        let state = socket.state();
        let permit = self.authorize(state, access)?;
        let user = state.user().map(|login| login.user);
        let id = options.request_id.filter(|_| access != TransactionKind::Read);
        let (client, collection) = (queue_keys(user.as_deref(), socket), route.collection());
        let requester = Requester { user: user.as_ref().map(|user| user.id), peer: state.network };
        let prepared =
            PreparedRequest { access, client, permit: permit.clone(), user: user.clone(), collection, work };
        let result = match id {
            Some(id) => {
                self.run_once(IdempotentRequest::new(id, (event, payload), &meaning, requester)?, prepared)
                    .await
            }
            None => self.run(prepared).await,
        };
        let result = result.map(|(result, changes)| {
            self.apply_account_changes(state, &changes);
            result
        });
        self.sign_out_if_revoked(socket, &permit, &result);
        let result = result?;
        if access == TransactionKind::Read {
            self.ensure_still_signed_in(state, &permit)?;
        }
        if let (Some(collection), (ack, "ok")) = (collection, &result) {
            self.authors.broadcast(socket, collection, user.as_deref(), ack);
        }
        Ok(result)
    }

    /// The rules for accounts that apply under this access mode.
    fn accounts(&self) -> Accounts {
        let guarded = self.access != config::AccessMode::Open;
        Accounts { users: self.registry.users().cloned(), guarded }
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
        PreparedRequest { access, client, permit, user, work, .. }: PreparedRequest,
    ) -> Executed {
        let accounts = self.accounts();
        let (data, changes) = match access {
            TransactionKind::Read | TransactionKind::Validate => {
                let run = async move |db: &Transaction| {
                    permit.check(db).await?;
                    work.run(&Context::new(db, user.clone(), accounts.clone())).await
                };
                (self.db.read_for(client, run).await?, Vec::new())
            }
            TransactionKind::Write | TransactionKind::WriteTo { .. } => {
                let run = async move |db: &Transaction| {
                    permit.lock_valid(db).await?;
                    let context = Context::new(db, user.clone(), accounts.clone());
                    let data = work.run(&context).await?;
                    Ok((data, context.changes()))
                };
                let (written, commit) = self.db.write_to(access.partition_key(), run).await?;
                self.live.wait_published(commit).await;
                written
            }
        };
        Ok((ok_ack(reply::ok(data))?, changes))
    }

    /// Runs a write once per idempotency key; a repeat gets the stored ack.
    async fn run_once(&self, request: IdempotentRequest, prepared: PreparedRequest) -> Executed {
        let accounts = self.accounts();
        let PreparedRequest { access, permit, user, collection, work, .. } = prepared;
        let (first, registry) = (request.clone(), self.registry.clone());
        let full = self.ledger.full(request.source());
        let run = async move |db: &Transaction| {
            // A stored ack is shown only to a caller that is authorized to write.
            permit.lock_valid(db).await?;
            if let Some(stored) = first.stored_ack(db).await? {
                return Ok((stored.ack(db, &registry).await?, None, Vec::new()));
            }
            if let Some(seconds) = full {
                return Err(Error::QuotaExceeded { seconds });
            }
            let context = Context::new(db, user.clone(), accounts.clone());
            let ack = reply::ok(work.run(&context).await?)?;
            let size = first.store_ack(db, &StoredAck::of(&ack, collection)?).await?;
            Ok((ack, Some(size), context.changes()))
        };
        match self.db.write_to(access.partition_key(), run).await {
            Ok(((ack, None, _), _)) => {
                // The first run may have been on another node: its changes must be published here before the ack.
                self.live.wait_caught_up().await;
                Ok(((ack, "repeated"), Vec::new()))
            }
            Ok(((ack, Some(size), changes), commit)) => {
                self.ledger.add(request.source(), size);
                self.live.wait_published(commit).await;
                Ok(((ack, "ok"), changes))
            }
            Err(error) => match request.in_doubt(&self.db, error).await {
                error if error.is_refusal() => {
                    self.store_refusal(request, error, collection).await.map(|result| (result, Vec::new()))
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
        collection: Option<&'static str>,
    ) -> AckResult {
        let (ack, outcome) = reply::failed(error);
        let stored = StoredAck::of(&ack, collection)?;
        match request.clone().store_refusal(&self.db, stored).await {
            Ok(RefusalOutcome::Stored(size)) => {
                self.ledger.add(request.source(), size);
                Ok((ack, outcome))
            }
            Ok(RefusalOutcome::AlreadyAcked(stored)) => {
                // The other run may have written.
                self.live.wait_caught_up().await;
                let registry = self.registry.clone();
                let again = async move |db: &Transaction| stored.clone().ack(db, &registry).await;
                Ok((self.db.read(again).await?, "repeated"))
            }
            Err(error) => Err(request.in_doubt(&self.db, error).await),
        }
    }
}

/// The read queue's keys: one for the user or else the network, shared by its sockets, and one for this socket.
fn queue_keys(user: Option<&User>, socket: &Socket<SocketState>) -> (u64, u64) {
    let client = match user {
        Some(user) => hash_key(user.id),
        None => hash_key(socket.handshake().network()),
    };
    (client, hash_key(socket.id().as_str()))
}
