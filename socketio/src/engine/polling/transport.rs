//! The session's side of polling: which GET waits, which POST is being taken, and where frames go once it has moved.

use std::{
    task::{Context, Poll, ready},
    vec,
};

use tokio::sync::{mpsc, oneshot};

use super::{PollingRequest, RegistryEntry};
use crate::{
    engine::{
        frames::{Inbound, ProtocolViolation},
        request::{BAD_REQUEST, ENDED, HandshakeError},
        upgrade::UpgradedWriter,
    },
    reason::Reason,
    session::handle::{Phase, SessionHandle},
};

type Get = oneshot::Sender<Result<String, HandshakeError>>;

pub(in crate::engine) struct PollingTransport {
    requests: mpsc::Receiver<PollingRequest>,
    get: Option<Get>,
    post: Option<Post>,
    probed: bool,
    upgraded: Option<UpgradedWriter>,
    /// The client has closed; a GET that comes yet is let go in peace.
    client_close: bool,
    _entry: RegistryEntry,
}

struct Post {
    packets: vec::IntoIter<Inbound>,
    answer: oneshot::Sender<Result<(), HandshakeError>>,
}

/// What came in.
pub(in crate::engine) enum Incoming {
    Message(Inbound),
    Violation(ProtocolViolation),
    End,
}

impl PollingTransport {
    pub(super) fn new(requests: mpsc::Receiver<PollingRequest>, entry: RegistryEntry) -> Self {
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

    /// The next message. `full` says that none may be taken now.
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
            match request {
                // Sent before the client knew that it has moved; refused by being dropped.
                PollingRequest::Poll(_) | PollingRequest::Post(..) | PollingRequest::InvalidPost(..)
                    if self.upgraded.is_some() => {}
                PollingRequest::Poll(get) => self.get(get, session),
                PollingRequest::Post(..) if self.post.is_some() => {
                    // What is left of it could not be told from what follows.
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
            // Which of the two would the next packet be for? The second is refused by being dropped.
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

    /// The packet being taken breaks a rule.
    pub(in crate::engine) fn refuse(&mut self, sentence: &str) {
        if let Some(Post { answer, .. }) = self.post.take() {
            let _ = answer.send(Err(BAD_REQUEST.with(sentence)));
        }
    }

    /// The client closes, by POST.
    pub(in crate::engine) fn client_close(&mut self) {
        if let Some(Post { answer, .. }) = self.post.take() {
            let _ = answer.send(Ok(()));
        }
        self.client_close = true;
    }

    /// Sends what waits, if there is somebody to send it to.
    pub(in crate::engine) fn flush(&mut self, cx: &mut Context<'_>, session: &SessionHandle) {
        if let Some(upgraded) = &mut self.upgraded {
            return upgraded.poll(cx, session);
        }
        if self.post.as_mut().is_some_and(|post| post.answer.poll_closed(cx).is_ready()) {
            // Its client hung up while it was being taken, and would not know how much of it was.
            return session.abort(Reason::TransportClose);
        }
        session.stalled(self.get.is_none());
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
        session.stalled(true);
        if get.send(answer).is_err() {
            session.abort(Reason::TransportClose);
        }
        if over {
            session.transport_finished();
        }
    }

    /// With no GET waiting: one whose client broke the rules, or is not there, is not waited for.
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

/// What the last GET is told. Stock clients come back by themselves after an HTTP error; not all of them do after a close
/// packet, which says that the server wants them to go.
fn final_response(phase: Phase) -> Result<String, HandshakeError> {
    match phase {
        Phase::Closing(Reason::ServerDisconnect) | Phase::Finished(Reason::ServerDisconnect) => {
            Ok("1".to_owned())
        }
        _ => Err(ENDED),
    }
}
