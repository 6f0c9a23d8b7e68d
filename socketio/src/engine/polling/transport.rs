//! The session's side of polling: the waiting GET, the current POST, and the writer after an upgrade.

use std::{
    sync::Arc,
    task::{Context, Poll, ready},
    vec,
};

use tokio::sync::{mpsc, oneshot};

use super::{
    handle::PollingRequest,
    registry::{RegistryEntry, SessionRegistry},
    upgraded::UpgradedWriter,
};
use crate::{
    engine::{
        error::{BAD_REQUEST, ENDED, HandshakeError},
        frames::Inbound,
        violation::ProtocolViolation,
    },
    reason::Reason,
    session::handle::{Phase, SessionHandle},
};

type Get = oneshot::Sender<Result<String, HandshakeError>>;

pub(in crate::engine) struct PollingTransport {
    requests: mpsc::Receiver<Box<PollingRequest>>,
    get: Option<Get>,
    post: Option<Post>,
    probed: bool,
    upgraded: Option<UpgradedWriter>,
    /// The client has closed; a later GET is still answered.
    client_close: bool,
    _entry: RegistryEntry,
}

struct Post {
    packets: vec::IntoIter<Inbound>,
    answer: oneshot::Sender<Result<(), HandshakeError>>,
}

/// An incoming item.
pub(in crate::engine) enum Incoming {
    Message(Inbound),
    Violation(ProtocolViolation),
    End,
}

impl PollingTransport {
    /// Adds the session to the registry, until the transport is dropped.
    pub(in crate::engine) fn new(registry: &Arc<SessionRegistry>, session: &SessionHandle) -> Self {
        let (requests, entry) = registry.add(session);
        Self {
            requests,
            get: None,
            post: None,
            probed: false,
            upgraded: None,
            client_close: false,
            _entry: entry,
        }
    }

    pub(in crate::engine) fn is_upgraded(&self) -> bool {
        self.upgraded.is_some()
    }

    /// The next message. While `full`, no packet is taken.
    pub(in crate::engine) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        session: &SessionHandle,
        full: bool,
    ) -> Poll<Incoming> {
        loop {
            if !full && let Some(message) = self.next_packet() {
                return Poll::Ready(Incoming::Message(message));
            }
            if full && self.upgraded.is_some() {
                return Poll::Pending;
            }
            let Some(request) = ready!(self.requests.poll_recv(cx)) else {
                return Poll::Ready(Incoming::End);
            };
            match *request {
                // The client sent the request before it knew of the upgrade. Dropping the request refuses it.
                PollingRequest::Poll(_) | PollingRequest::Post(..) | PollingRequest::InvalidPost(..)
                    if self.upgraded.is_some() => {}
                PollingRequest::Poll(get) => self.get(get, session),
                PollingRequest::Post(..) if self.post.is_some() => {
                    // The client cannot know how many packets of the first POST were accepted.
                    let sentence = "a POST was given up while it was being taken".to_owned();
                    return Poll::Ready(Incoming::Violation(ProtocolViolation { code: 1002, sentence }));
                }
                PollingRequest::Post(packets, answer) => {
                    self.post = Some(Post { packets: packets.into_iter(), answer });
                }
                PollingRequest::InvalidPost(error, answer) => {
                    let violation = ProtocolViolation { code: 1002, sentence: error.message.to_string() };
                    let _ = answer.send(Err(error));
                    return Poll::Ready(Incoming::Violation(violation));
                }
                PollingRequest::Probed => self.probed = true,
                PollingRequest::ProbeLost => self.probed = false,
                PollingRequest::Upgraded(upgraded) => {
                    self.release("6");
                    self.probed = false;
                    self.upgraded = Some(UpgradedWriter::new(upgraded, session));
                }
                PollingRequest::Inbound(Ok(message)) => return Poll::Ready(Incoming::Message(message)),
                PollingRequest::Inbound(Err(violation)) => {
                    return Poll::Ready(Incoming::Violation(violation));
                }
                PollingRequest::Lost => return Poll::Ready(Incoming::End),
            }
        }
    }

    fn next_packet(&mut self) -> Option<Inbound> {
        let post = self.post.as_mut()?;
        if let Some(packet) = post.packets.next() {
            return Some(packet);
        }
        if let Some(Post { answer, .. }) = self.post.take() {
            let _ = answer.send(Ok(()));
        }
        None
    }

    fn get(&mut self, get: Get, session: &SessionHandle) {
        if self.get.is_some() {
            // The next packet could belong to either GET. Dropping the second one refuses it.
            self.release("1");
            session.abort(Reason::ProtocolError);
            return;
        }
        self.get = Some(get);
    }

    fn release(&mut self, payload: &str) {
        if let Some(get) = self.get.take() {
            let _ = get.send(Ok(payload.to_owned()));
        }
    }

    /// Refuses the current POST because of a violation.
    pub(in crate::engine) fn refuse(&mut self, sentence: &str) {
        if let Some(Post { answer, .. }) = self.post.take() {
            let _ = answer.send(Err(BAD_REQUEST.with(sentence)));
        }
    }

    /// Handles a close by POST.
    pub(in crate::engine) fn client_close(&mut self) {
        if let Some(Post { answer, .. }) = self.post.take() {
            let _ = answer.send(Ok(()));
        }
        self.client_close = true;
    }

    /// Sends the outbox, if a GET waits or the session is upgraded.
    pub(in crate::engine) fn flush(&mut self, cx: &mut Context<'_>, session: &SessionHandle) {
        if let Some(upgraded) = &mut self.upgraded {
            return upgraded.poll(cx, session);
        }
        if self.post.as_mut().is_some_and(|post| post.answer.poll_closed(cx).is_ready()) {
            // The client cannot know how much of its aborted POST was accepted.
            return session.abort(Reason::TransportClose);
        }
        session.set_stalled(self.get.is_none());
        let Some(mut get) = self.get.take() else { return self.flush_without_get(cx, session) };
        if get.poll_closed(cx).is_ready() {
            return session.abort(Reason::TransportClose);
        }
        let mut payload = String::new();
        let closed = session.fill_payload(&mut payload);
        let over = closed || self.client_close || matches!(session.phase(), Phase::Aborted(_));
        let answer = match payload.as_str() {
            "" if self.client_close || self.probed => Ok("6".to_owned()),
            "" | "1" if over => final_response(session.phase()),
            "" => {
                session.register_writer(cx);
                self.get = Some(get);
                return;
            }
            _ => Ok(payload),
        };
        session.set_stalled(true);
        if get.send(answer).is_err() {
            session.abort(Reason::TransportClose);
        }
        if over {
            session.transport_finished();
        }
    }

    /// Without a GET: ends at once if the client violated the protocol or does not respond.
    fn flush_without_get(&self, cx: &Context<'_>, session: &SessionHandle) {
        session.register_writer(cx);
        if let Phase::Closing(reason) | Phase::Finished(reason) = session.phase()
            && matches!(
                reason,
                Reason::ProtocolError | Reason::PingTimeout | Reason::ConnectTimeout | Reason::Full
            )
        {
            session.transport_finished();
        }
    }
}

/// The response to the last GET. Stock clients reconnect after an HTTP error. Some do not after a close packet, which
/// means that the server wants them to leave.
fn final_response(phase: Phase) -> Result<String, HandshakeError> {
    match phase {
        Phase::Closing(Reason::ServerDisconnect) | Phase::Finished(Reason::ServerDisconnect) => {
            Ok("1".to_owned())
        }
        _ => Err(ENDED),
    }
}
