//! One session: a task that reads its client, keeps its heartbeat, and sees it to its end.
//!
//! The task owns all of its state. It polls two halves: [`read`], which turns the request's payload into the
//! namespace's items, and [`namespace::handle`], which runs the service. So pongs and closes are seen while an event
//! is handled, until the inbox is full: then nothing is read, and TCP holds the client back.

use std::{
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
};

use actix_http::Payload;
use futures_core::Stream;
use futures_util::future::join;
use tokio::time::{Instant, Sleep, sleep_until};
use tracing::{debug, warn};

use super::{
    Request,
    frames::{Decoder, Inbound, Violation},
    heartbeat::{Beat, Heartbeat},
};
use crate::{
    config::Config,
    frame::Frame,
    link::{Closing, Link, Phase},
    namespace::{self, Inbox},
    server::{Place, Server},
    service::{Reason, Service},
};

mod incoming;

use incoming::Incoming;

/// Begins a session whose open packet is in the outbox already.
pub(super) fn spawn<S: Service>(
    server: Arc<Server<S>>,
    place: Place,
    link: Rc<Link>,
    payload: Payload,
    request: Rc<Request>,
) {
    let open = Registered::new(link, server.config.close_timeout, place);
    // Shutdown may have passed before this session was there to be told.
    if server.census.is_closed() {
        open.link.go_away();
    }
    actix_web::rt::spawn(run(server, open, payload, request));
}

async fn run<S: Service>(server: Arc<Server<S>>, open: Registered, payload: Payload, request: Rc<Request>) {
    let (config, link) = (&server.config, &open.link);
    debug!(sid = %link.sid, peer = ?request.peer, "session opened");
    let inbox = Inbox::new(config.max_inbox, config.max_payload.saturating_mul(2));
    let reader = Reader::new(config, link, &inbox, payload);
    join(reader.run(), namespace::handle(&server, link, &inbox, &request)).await;
}

/// A session's entry in its worker's list, and its place on the server: both end with the task, however that ends.
struct Registered {
    link: Rc<Link>,
    grace: std::time::Duration,
    _place: Place,
}

impl Registered {
    fn new(link: Rc<Link>, grace: std::time::Duration, place: Place) -> Self {
        let shard = link.shard();
        shard.add(link.clone());
        shard.meters.sessions.increment(1.0);
        shard.meters.sessions_total.increment(1);
        Self { link, grace, _place: place }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        // Only a task that was torn down comes here with an open link.
        if self.link.is_open() {
            self.link.cut(Reason::Shutdown);
        }
        self.link.retire(self.grace);
        self.link.shard().meters.sessions.decrement(1.0);
    }
}

/// What the reading half waits for.
enum Step {
    Message(Inbound),
    Violation(Violation),
    /// The client has stopped sending: its connection has ended, or half of it.
    Eof,
    Due,
    /// All that was received is done, and the server is going away.
    Leave,
    /// Somebody has closed the session.
    Closing(Reason),
    /// The connection is gone.
    Gone(Reason),
}

struct Reader<'a> {
    config: &'a Config,
    link: &'a Rc<Link>,
    inbox: &'a Inbox,
    payload: Payload,
    decoder: Decoder,
    incoming: Incoming<'a>,
    heart: Heartbeat,
    /// The namespace must have been joined by then.
    join_by: Instant,
    /// The peer must have answered our close by then.
    closed_by: Option<Instant>,
    timer: Pin<Box<Sleep>>,
    paused: bool,
}

impl<'a> Reader<'a> {
    fn new(config: &'a Config, link: &'a Rc<Link>, inbox: &'a Inbox, payload: Payload) -> Self {
        let now = Instant::now();
        let heart = Heartbeat::new(now, config.ping_interval, config.ping_timeout);
        Self {
            timer: Box::pin(sleep_until(heart.due())),
            heart,
            config,
            link,
            inbox,
            payload,
            decoder: Decoder::new(config.max_payload),
            incoming: Incoming::new(config, link, inbox),
            join_by: now + config.connect_timeout,
            closed_by: None,
            paused: false,
        }
    }

    async fn run(mut self) {
        loop {
            match poll_fn(|cx| self.poll_step(cx)).await {
                Step::Message(message) => {
                    self.link.heard();
                    self.link.shard().meters.packets_received.increment(1);
                    self.received(message);
                }
                Step::Violation(Violation { code, sentence }) => {
                    self.fail(code, sentence);
                    // Where the next frame begins is not known, so the peer's answer could not be read.
                    self.link.finish(None);
                }
                Step::Eof => self.link.finish(None),
                Step::Due => self.due(),
                Step::Leave => self.close(1001, "server is going away", Reason::Shutdown),
                Step::Closing(reason) => {
                    self.closed_by = Some(Instant::now() + self.config.close_timeout);
                    self.closed(reason);
                }
                Step::Gone(reason) => {
                    if self.closed_by.is_none() {
                        self.closed(reason);
                    }
                    return;
                }
            }
        }
    }

    fn received(&mut self, message: Inbound) {
        match message {
            Inbound::Close(code) => self.link.finish(Some(Frame::close(code.unwrap_or(1000), ""))),
            // Once a close is on its way nothing else counts.
            _ if self.closed_by.is_some() => {}
            Inbound::Ping(payload) => self.link.hurry(Frame::pong(&payload)),
            Inbound::Pong => {}
            Inbound::Text(text) if text == "3" => self.heart.pong(Instant::now()),
            Inbound::Text(text) if text == "1" => self.close(1000, "", Reason::TransportClose),
            message => {
                if let Err((code, sentence)) = self.incoming.take(message) {
                    self.fail(code, sentence);
                }
            }
        }
        if self.incoming.left() {
            self.join_by = Instant::now() + self.config.connect_timeout;
        }
    }

    fn due(&mut self) {
        let now = Instant::now();
        if self.closed_by.is_some_and(|at| at <= now) {
            return self.link.cut(Reason::TransportClose);
        }
        if self.closed_by.is_some() {
            return;
        }
        if self.join_by <= now && !self.link.is_joined() {
            let sentence = format!("no connect packet within {:?}", self.config.connect_timeout);
            return self.close(1008, &sentence, Reason::ConnectTimeout);
        }
        match self.heart.beat(now) {
            Some(Beat::Ping) => self.link.hurry(Frame::text("2")),
            // What we do not read cannot be held against the client.
            Some(Beat::Dead) if self.paused => self.heart.resume(now),
            Some(Beat::Dead) => {
                let sentence = format!("no pong within {:?}", self.config.ping_timeout);
                self.close(1008, &sentence, Reason::PingTimeout);
            }
            None => {}
        }
    }

    fn fail(&self, code: u16, sentence: String) {
        warn!(sid = %self.link.sid, code, sentence, "protocol error");
        self.close(code, &sentence, Reason::ProtocolError);
    }

    fn close(&self, code: u16, sentence: &str, reason: Reason) {
        self.link.close(Closing::new(code, sentence, reason));
    }

    /// Nothing more is taken from the client, and nothing more is broadcast to it.
    fn closed(&self, reason: Reason) {
        self.link.leave();
        self.inbox.end(reason);
        debug!(sid = %self.link.sid, %reason, "session closed");
    }
}

impl Reader<'_> {
    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        self.link.register_task(cx);
        match self.link.phase() {
            Phase::Open => {}
            Phase::Closing(reason) | Phase::Finished(reason) if self.closed_by.is_none() => {
                return Poll::Ready(Step::Closing(reason));
            }
            Phase::Closing(_) => {}
            Phase::Finished(reason) if self.link.settled() => return Poll::Ready(Step::Gone(reason)),
            Phase::Finished(_) => return self.poll_timer(cx).map(|()| Step::Due),
            Phase::Cut(reason) => return Poll::Ready(Step::Gone(reason)),
        }
        if self.poll_timer(cx).is_ready() {
            return Poll::Ready(Step::Due);
        }
        if self.closed_by.is_none() && self.link.is_leaving() {
            self.paused = true;
            return if self.inbox.is_idle() { Poll::Ready(Step::Leave) } else { Poll::Pending };
        }
        self.poll_message(cx)
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut due = self.closed_by.unwrap_or(self.heart.due());
        if self.closed_by.is_none() && !self.link.is_joined() {
            due = due.min(self.join_by);
        }
        if self.timer.deadline() != due {
            self.timer.as_mut().reset(due);
        }
        self.timer.as_mut().poll(cx)
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        loop {
            let full = self.closed_by.is_none() && self.inbox.is_full();
            if self.paused && !full {
                self.heart.resume(Instant::now());
            }
            self.paused = full;
            if full {
                return Poll::Pending;
            }
            match self.decoder.next() {
                Ok(Some(message)) => return Poll::Ready(Step::Message(message)),
                Ok(None) => {}
                Err(violation) => return Poll::Ready(Step::Violation(violation)),
            }
            match ready!(Pin::new(&mut self.payload).poll_next(cx)) {
                Some(Ok(bytes)) => {
                    self.link.shard().meters.bytes_received.increment(bytes.len() as u64);
                    self.decoder.feed(bytes);
                }
                Some(Err(_)) | None => return Poll::Ready(Step::Eof),
            }
        }
    }
}
