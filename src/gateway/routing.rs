//! From a route to an ack: decode, run in a transaction, wait for live.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use api_schema::{Coach, Options};
use serde_json::value::RawValue;
use socketio::Socket;

use super::{Answer, Gateway, Session, admission::Permit, done, reply};
use crate::{
    context::Context,
    database::Transaction,
    registry::{Access, Work},
    requests::Request,
};

/// What is to be done, and for whom.
struct Errand {
    access: Access,
    /// Whose turn it is, if it is a read.
    client: u64,
    permit: Permit,
    user: Option<Arc<Coach>>,
    work: Box<dyn Work>,
}

impl Gateway {
    /// Does what a registered event asks for.
    pub(super) async fn route(
        &self,
        socket: &Socket<Session>,
        event: &str,
        payload: Option<&RawValue>,
        options: Options,
    ) -> Answer {
        let (event, route) = self.registry.route(event).ok_or_else(|| self.unknown(event))?;
        let payload = payload.unwrap_or(RawValue::NULL);
        let (access, work) = route.decode(payload)?;
        let session = socket.state();
        let permit = self.may(session, access)?;
        let user = session.user().map(|signed_in| signed_in.user);
        let id = options.request_id.filter(|_| access != Access::Read);
        let client = client(user.as_deref(), socket);
        let errand = Errand { access, client, permit: permit.clone(), user: user.clone(), work };
        let answer = match id.map(|id| Request::new(id, event, payload.get())) {
            Some(request) => self.once(request, errand).await,
            None => self.run(errand).await,
        };
        self.heed(socket, &permit, &answer);
        let answer = answer?;
        if access == Access::Read {
            self.still(session, &permit)?;
        }
        if let (Some(collection), (ack, "ok")) = (route.collection(), &answer) {
            self.authors.tell(socket, collection, user.as_deref(), ack);
        }
        Ok(answer)
    }

    async fn run(&self, Errand { access, client, permit, user, work }: Errand) -> Answer {
        let data = match access {
            Access::Read | Access::Refusal => {
                let run = async move |db: &Transaction| {
                    permit.check(db).await?;
                    work.run(&Context { user: user.clone(), db }).await
                };
                self.db.read_for(client, run).await?
            }
            Access::Write | Access::WriteTo { .. } => {
                let run = async move |db: &Transaction| {
                    permit.hold(db).await?;
                    work.run(&Context { user: user.clone(), db }).await
                };
                let (data, commit) = self.db.write_to(access.row(), run).await?;
                self.live.passed(commit).await;
                data
            }
        };
        done(reply::ok(data))
    }

    /// Carries a write out unless that has been done before, and answers as the first time.
    async fn once(&self, request: Request, Errand { access, permit, user, work, .. }: Errand) -> Answer {
        let first = request.clone();
        let run = async move |db: &Transaction| {
            // Whoever may not write is not told either what somebody was told who did.
            permit.hold(db).await?;
            if let Some(ack) = first.answered(db).await? {
                return Ok((ack, "repeated"));
            }
            let ack = reply::ok(work.run(&Context { user: user.clone(), db }).await?)?;
            first.answer(db, &ack).await?;
            Ok((ack, "ok"))
        };
        let error = match self.db.write_to(access.row(), run).await {
            Ok(((ack, "repeated"), _)) => {
                // It was carried out by whomever: what it changed must have been sent all the same.
                self.live.caught_up().await;
                return Ok((ack, "repeated"));
            }
            Ok((answer, commit)) => {
                self.live.passed(commit).await;
                return Ok(answer);
            }
            Err(error) => error,
        };
        if !error.is_refusal() {
            return Err(error);
        }
        let (ack, outcome) = reply::failed(error);
        let first = request.refuse(&self.db, ack.clone()).await?;
        if first == ack {
            return Ok((ack, outcome));
        }
        // A repeat was faster, and it may have been carried out.
        self.live.caught_up().await;
        Ok((first, "repeated"))
    }
}

/// A number for whoever asks: a person, however many sockets they have, or else a socket.
fn client(user: Option<&Coach>, socket: &Socket<Session>) -> u64 {
    let mut hash = DefaultHasher::new();
    match user {
        Some(user) => user.id.hash(&mut hash),
        None => socket.id().as_str().hash(&mut hash),
    }
    hash.finish()
}
