//! The session's side of polling: which GET waits, which POST is being taken, and where frames go once it has moved.

use std::{
    task::{Context, Poll, ready},
    vec,
};

use tokio::sync::{mpsc, oneshot};

use super::{Ask, Entry};
use crate::{
    engine::{
        frames::{Inbound, Violation},
        request::{BAD_REQUEST, ENDED, Refused},
        upgrade::Outflow,
    },
    reason::Reason,
    session::handle::{Link, Phase},
};

type Get = oneshot::Sender<Result<String, Refused>>;

pub(in crate::engine) struct Desk {
    asks: mpsc::Receiver<Ask>,
    get: Option<Get>,
    post: Option<Post>,
    probed: bool,
    outflow: Option<Outflow>,
    /// The client has closed; a GET that comes yet is let go in peace.
    farewell: bool,
    _entry: Entry,
}

struct Post {
    packets: vec::IntoIter<Inbound>,
    answer: oneshot::Sender<Result<(), Refused>>,
}

/// What came in.
pub(in crate::engine) enum Incoming {
    Message(Inbound),
    Violation(Violation),
    End,
}

impl Desk {
    pub(super) fn new(asks: mpsc::Receiver<Ask>, entry: Entry) -> Self {
        Self { asks, get: None, post: None, probed: false, outflow: None, farewell: false, _entry: entry }
    }

    pub(in crate::engine) fn has_moved(&self) -> bool {
        self.outflow.is_some()
    }

    /// The next message. `full` says that none may be taken now.
    pub(in crate::engine) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        link: &Link,
        full: bool,
    ) -> Poll<Incoming> {
        loop {
            if !full && let Some(message) = self.next_packet() {
                return Poll::Ready(Incoming::Message(message));
            }
            if full && self.outflow.is_some() {
                return Poll::Pending;
            }
            let Some(ask) = ready!(self.asks.poll_recv(cx)) else { return Poll::Ready(Incoming::End) };
            match ask {
                // Sent before the client knew that it has moved; refused by being dropped.
                Ask::Poll(_) | Ask::Post(..) | Ask::Broken(..) if self.outflow.is_some() => {}
                Ask::Poll(get) => self.get(get, link),
                Ask::Post(..) if self.post.is_some() => {
                    // What is left of it could not be told from what follows.
                    let sentence = "a POST was given up while it was being taken".to_owned();
                    return Poll::Ready(Incoming::Violation(Violation { code: 1002, sentence }));
                }
                Ask::Post(packets, answer) => {
                    self.post = Some(Post { packets: packets.into_iter(), answer });
                }
                Ask::Broken(refused, answer) => {
                    let violation = Violation { code: 1002, sentence: refused.message.to_string() };
                    let _ = answer.send(Err(refused));
                    return Poll::Ready(Incoming::Violation(violation));
                }
                Ask::Probed => self.probed = true,
                Ask::ProbeLost => self.probed = false,
                Ask::Moved(moved) => {
                    self.release("6");
                    self.probed = false;
                    self.outflow = Some(Outflow::new(moved, link));
                }
                Ask::Inbound(Ok(message)) => return Poll::Ready(Incoming::Message(message)),
                Ask::Inbound(Err(violation)) => return Poll::Ready(Incoming::Violation(violation)),
                Ask::Lost => return Poll::Ready(Incoming::End),
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

    fn get(&mut self, get: Get, link: &Link) {
        if self.get.is_some() {
            // Which of the two would the next packet be for? The second is refused by being dropped.
            self.release("1");
            link.cut(Reason::ProtocolError);
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
    pub(in crate::engine) fn farewell(&mut self) {
        if let Some(Post { answer, .. }) = self.post.take() {
            let _ = answer.send(Ok(()));
        }
        self.farewell = true;
    }

    /// Sends what waits, if there is somebody to send it to.
    pub(in crate::engine) fn flush(&mut self, cx: &mut Context<'_>, link: &Link) {
        if let Some(outflow) = &mut self.outflow {
            return outflow.poll(cx, link);
        }
        if self.post.as_mut().is_some_and(|post| post.answer.poll_closed(cx).is_ready()) {
            // Its client hung up while it was being taken, and would not know how much of it was.
            return link.cut(Reason::TransportClose);
        }
        link.stalled(self.get.is_none());
        let Some(mut get) = self.get.take() else { return self.nobody(cx, link) };
        if get.poll_closed(cx).is_ready() {
            return link.cut(Reason::TransportClose);
        }
        let mut payload = String::new();
        let closed = link.drain(&mut payload);
        let over = closed || self.farewell || matches!(link.phase(), Phase::Cut(_));
        let answer = match payload.as_str() {
            "" if self.farewell || self.probed => Ok("6".to_owned()),
            "" | "1" if over => ending(link.phase()),
            "" => {
                link.register_writer(cx);
                self.get = Some(get);
                return;
            }
            _ => Ok(payload),
        };
        link.stalled(true);
        if get.send(answer).is_err() {
            link.cut(Reason::TransportClose);
        }
        if over {
            link.over();
        }
    }

    /// With no GET waiting: one whose client broke the rules, or is not there, is not waited for.
    fn nobody(&self, cx: &Context<'_>, link: &Link) {
        link.register_writer(cx);
        if let Phase::Closing(reason) | Phase::Finished(reason) = link.phase()
            && matches!(
                reason,
                Reason::ProtocolError | Reason::PingTimeout | Reason::ConnectTimeout | Reason::Full
            )
        {
            link.over();
        }
    }
}

/// What the last GET is told. Stock clients come back by themselves after an HTTP error; not all of them do after a close
/// packet, which says that the server wants them to go.
fn ending(phase: Phase) -> Result<String, Refused> {
    match phase {
        Phase::Closing(Reason::ServerDisconnect) | Phase::Finished(Reason::ServerDisconnect) => {
            Ok("1".to_owned())
        }
        _ => Err(ENDED),
    }
}
