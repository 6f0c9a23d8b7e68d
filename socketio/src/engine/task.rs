//! One session: a task that reads its client, keeps its heartbeat, and sees it to its end.
//!
//! The task owns all of its state. Each time it is woken it reads what has come, lets the upper layer get on, and writes
//! if writing is its business. So pongs and closes are seen while an event is handled, until the upper layer is
//! full: then nothing is read, and TCP holds the client back.

use std::{
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};
use tracing::{Instrument, debug, debug_span, warn};

use super::{
    Request,
    frames::{BUSY, Inbound, Violation},
    heartbeat::{Beat, Heartbeat},
    http::Endpoint,
    layer::{Failure, Message, Upper},
    polling::{Desk, Incoming},
    reader::Inflow,
};
use crate::{
    metrics::{self, Meters},
    reason::Reason,
    session::handle::{Closing, Link, Phase},
    wire::frame::Frame,
};

mod guard;
mod pause;

use guard::Registered;
use pause::Pause;

/// How long a session that its client has closed by POST waits for a GET that was sent at the same time.
const FAREWELL: Duration = Duration::from_millis(500);

/// The close code of a peer that has been sent a message larger than it takes (RFC 6455 §7.4.1).
const TOO_BIG: u16 = 1009;

/// Where messages come from.
pub(super) enum Input {
    Socket(Inflow),
    Desk(Desk),
    /// The session has ended; handlers may still run.
    Ended,
}

/// Begins a session whose open packet is on its way.
pub(super) fn spawn(endpoint: Arc<Endpoint>, link: Rc<Link>, request: Rc<Request>, input: Input) {
    debug!(sid = %link.sid, peer = ?request.peer, "session opened");
    let open = Registered::new(link.clone(), endpoint.config.close_timeout);
    // Shutdown may have passed before this session was there to be told.
    if endpoint.census.is_closed() {
        link.go_away();
    }
    let upper = (endpoint.open)(&link, &request);
    let span = debug_span!("session", sid = %link.sid);
    let mut session = Session::new(endpoint, link, upper, input);
    let run = async move {
        let shard = session.link.shard().clone();
        poll_fn(|cx| shard.batch(|| session.poll(cx))).await;
        drop(open);
    };
    actix_web::rt::spawn(run.instrument(span));
}

/// What the reading side comes upon.
enum Step {
    Message(Inbound),
    Violation(Violation),
    Eof,
    Due,
    Closing(Reason),
    Gone(Reason),
}

struct Session {
    endpoint: Arc<Endpoint>,
    link: Rc<Link>,
    upper: Box<dyn Upper>,
    input: Input,
    heart: Heartbeat,
    timer: Pin<Box<Sleep>>,
    /// When the session ends even if its peer has not.
    closed_by: Option<Instant>,
    pause: Pause,
    /// The client has said that it leaves.
    goodbye: bool,
    gone: bool,
}

impl Session {
    fn new(endpoint: Arc<Endpoint>, link: Rc<Link>, upper: Box<dyn Upper>, input: Input) -> Self {
        let config = &endpoint.config;
        let heart = Heartbeat::new(Instant::now(), config.ping_interval, config.ping_timeout);
        let timer = Box::pin(sleep_until(heart.due()));
        Self {
            endpoint,
            link,
            upper,
            input,
            heart,
            timer,
            closed_by: None,
            pause: Pause::default(),
            goodbye: false,
            gone: false,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.link.register_task(cx);
        self.link.poll_sent_away(cx);
        self.read(cx);
        let was_full = self.upper.is_full();
        let done = self.upper.poll(cx).is_ready();
        if was_full && !self.upper.is_full() {
            // Reading goes on, but others on this worker come first.
            cx.waker().wake_by_ref();
        }
        if self.upper.is_idle() {
            self.pause.forget();
        }
        let sooner = |at| at < self.timer.deadline();
        if self.closed_by.is_none() && self.link.is_open() && self.upper.deadline().is_some_and(sooner) {
            // What is waited for since just now comes before what the timer waits for.
            cx.waker().wake_by_ref();
        }
        if self.closed_by.is_none() && self.link.is_leaving() && self.upper.is_idle() {
            self.close(1001, "server is going away", Reason::Shutdown);
        }
        if let Input::Desk(desk) = &mut self.input {
            desk.flush(cx, &self.link);
        }
        if self.gone && done { Poll::Ready(()) } else { Poll::Pending }
    }

    fn read(&mut self, cx: &mut Context<'_>) {
        while !self.gone {
            let Poll::Ready(step) = self.poll_step(cx) else { return };
            match step {
                Step::Message(message) => {
                    if matches!(self.input, Input::Socket(_)) {
                        self.link.go_direct();
                    }
                    self.link.shard().meters.packets_received.increment(1);
                    self.received(message);
                }
                Step::Violation(Violation { code, sentence }) => {
                    let reason = if code == BUSY { Reason::Full } else { Reason::ProtocolError };
                    self.fail(&Failure { code, sentence, reason });
                    // Where the next frame begins is not known, so the peer's answer could not be read.
                    self.link.finish(None);
                }
                Step::Eof => self.link.finish(None),
                Step::Due => self.due(),
                Step::Closing(reason) => {
                    let by = Instant::now() + self.endpoint.config.close_timeout;
                    self.closed_by.get_or_insert(by);
                    self.closed(reason);
                }
                Step::Gone(reason) => {
                    self.closed(reason);
                    self.gone = true;
                    // Requests that still come find no session.
                    self.input = Input::Ended;
                }
            }
        }
    }

    fn received(&mut self, message: Inbound) {
        // Once a close is on its way nothing else counts.
        let closing = self.closed_by.is_some() || !self.link.is_open();
        match message {
            Inbound::Close(code) => {
                self.goodbye = true;
                match code {
                    Some(TOO_BIG) => self.too_big(),
                    code => self.link.finish(Some(Frame::close(code.unwrap_or(1000), ""))),
                }
            }
            _ if closing => {}
            Inbound::Ping(payload) => self.link.hurry(Frame::pong(&payload)),
            Inbound::Pong => {}
            Inbound::Text(text) => self.text(text),
            Inbound::Binary(bytes) => self.pass(Message::Binary(bytes)),
            Inbound::TooLarge { prefix, bytes } if matches!(prefix.first(), None | Some(b'4')) => {
                self.pass(Message::TooLarge { prefix, bytes });
            }
            Inbound::TooLarge { bytes, .. } => {
                let limit = self.link.share().message(self.endpoint.config.max_payload);
                self.fail(&too_large(bytes, limit));
            }
        }
    }

    /// The client has a limit of its own for one message, and was sent more.
    fn too_big(&self) {
        let bytes = self.link.largest();
        debug!(sid = %self.link.sid, bytes, "the client does not take messages of that size");
        Meters::limited("client_message");
        self.link.finish_by(Some(Frame::close(TOO_BIG, "")), Reason::MessageTooBig);
    }

    /// Whether the last that came before the connection was lost says so: who closes it without reading what is on its way is
    /// mostly heard after writing to it has failed.
    fn was_too_big(&mut self, cx: &mut Context<'_>) -> bool {
        let mut last = None;
        loop {
            let message = match &mut self.input {
                Input::Socket(inflow) => match inflow.poll_next(cx) {
                    Poll::Ready(Some(Ok(message))) => message,
                    _ => break,
                },
                Input::Desk(desk) => match desk.poll_next(cx, &self.link, false) {
                    Poll::Ready(Incoming::Message(message)) => message,
                    _ => break,
                },
                Input::Ended => break,
            };
            last = Some(message);
        }
        let is_too_big = last == Some(Inbound::Close(Some(TOO_BIG)));
        if is_too_big {
            self.too_big();
        }
        is_too_big
    }

    fn text(&mut self, text: String) {
        match text.as_bytes().first() {
            Some(b'4') => self.pass(Message::Text(text)),
            Some(b'3') if text.len() == 1 => self.heart.pong(Instant::now()),
            Some(b'1') if text.len() == 1 => self.client_closed(),
            // Of no meaning here, and as such ignored by the official server.
            Some(b'0' | b'3' | b'5' | b'6') => {}
            Some(b'2') => self.fail(&Failure::invalid("pings are the server's to send")),
            _ => self.fail(&Failure::invalid("unknown packet type")),
        }
    }

    fn client_closed(&mut self) {
        self.goodbye = true;
        match &mut self.input {
            Input::Desk(desk) if !desk.has_moved() => {
                desk.farewell();
                self.closed_by = Some(Instant::now() + FAREWELL);
                self.link.depart();
            }
            _ => self.close(1000, "", Reason::TransportClose),
        }
    }

    fn pass(&mut self, message: Message) {
        if let Err(failure) = self.upper.message(message) {
            self.fail(&failure);
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
        if self.upper.deadline().is_some_and(|at| at <= now)
            && let Some(failure) = self.upper.overdue()
        {
            Meters::limited("connect_timeout");
            return self.close(failure.code, &failure.sentence, failure.reason);
        }
        let pause_timeout = self.endpoint.config.pause_timeout;
        if self.pause.until(pause_timeout).is_some_and(|at| at <= now) {
            Meters::limited("pause_timeout");
            let sentence = format!("no event was done within {pause_timeout:?}");
            return self.close(1013, &sentence, Reason::PauseTimeout);
        }
        match self.heart.beat(now) {
            Some(Beat::Ping) => self.link.ping(),
            // What we do not read cannot be held against the client.
            Some(Beat::Dead) if self.pause.is_on() => self.heart.resume(now),
            // It has not been given the ping yet, or just now.
            Some(Beat::Dead) if self.link.is_taking(self.endpoint.config.ping_timeout) => {
                self.heart.resume(now);
            }
            Some(Beat::Dead) => {
                let sentence = format!("no pong within {:?}", self.endpoint.config.ping_timeout);
                self.close(1008, &sentence, Reason::PingTimeout);
            }
            None => {}
        }
    }

    fn fail(&mut self, failure: &Failure) {
        let Failure { code, sentence, reason } = failure;
        debug!(sid = %self.link.sid, code, sentence, %reason, "the session is closed");
        if let Some(times) = metrics::due("a failure", Instant::now().into_std()) {
            warn!(times, code, sentence, %reason, "sessions are closed for what their clients sent; this is the last");
        }
        if let Input::Desk(desk) = &mut self.input {
            desk.refuse(sentence);
        }
        self.close(*code, sentence, *reason);
    }

    fn close(&self, code: u16, sentence: &str, reason: Reason) {
        self.link.close(Closing::new(code, sentence, reason));
    }

    /// Nothing more is taken from the client. Only the first reason counts.
    fn closed(&mut self, reason: Reason) {
        self.upper.end(reason, reason.is_recoverable() && !self.goodbye);
        debug!(sid = %self.link.sid, %reason, "session closed");
    }

    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        match self.link.phase() {
            Phase::Open => {}
            Phase::Closing(reason) | Phase::Finished(reason) if self.link.begin_closing() => {
                return Poll::Ready(Step::Closing(reason));
            }
            Phase::Closing(_) => {}
            Phase::Finished(reason) if self.link.settled() => return Poll::Ready(Step::Gone(reason)),
            Phase::Finished(_) if matches!(self.input, Input::Socket(_)) => {
                return self.poll_timer(cx).map(|()| Step::Due);
            }
            Phase::Finished(_) => {}
            Phase::Cut(Reason::TransportClose) if self.was_too_big(cx) => {
                return Poll::Ready(Step::Gone(Reason::MessageTooBig));
            }
            Phase::Cut(reason) => return Poll::Ready(Step::Gone(reason)),
        }
        if self.poll_timer(cx).is_ready() {
            return Poll::Ready(Step::Due);
        }
        if self.link.is_leaving() {
            self.upper.wind_down();
        }
        self.poll_message(cx)
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadlines = || {
            let paused = self.pause.until(self.endpoint.config.pause_timeout);
            [Some(self.heart.due()), self.upper.deadline(), paused].into_iter().flatten().min()
        };
        let due = self.closed_by.or_else(deadlines).unwrap_or(self.heart.due());
        if self.timer.deadline() != due {
            self.timer.as_mut().reset(due);
        }
        if self.timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        // A request is not to come in time only because the timer is a little late.
        let late = matches!(self.input, Input::Desk(_)) && Instant::now() >= due;
        if late { Poll::Ready(()) } else { Poll::Pending }
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        let full = self.closed_by.is_none() && self.upper.is_full();
        if full {
            self.pause.begin();
            if self.pause.poll_hung_up(cx, &self.link).is_ready() {
                return Poll::Ready(Step::Eof);
            }
        } else if self.pause.end() {
            self.heart.resume(Instant::now());
        }
        match &mut self.input {
            Input::Ended => Poll::Pending,
            Input::Socket(_) if full => Poll::Pending,
            Input::Socket(inflow) => {
                let message = inflow.poll_next(cx);
                self.link.shard().meters.bytes_received.increment(inflow.take_count());
                Poll::Ready(match ready!(message) {
                    Some(Ok(message)) => Step::Message(message),
                    Some(Err(violation)) => Step::Violation(violation),
                    None => Step::Eof,
                })
            }
            Input::Desk(desk) => Poll::Ready(match ready!(desk.poll_next(cx, &self.link, full)) {
                Incoming::Message(message) => Step::Message(message),
                Incoming::Violation(violation) => Step::Violation(violation),
                Incoming::End => Step::Eof,
            }),
        }
    }
}

fn too_large(bytes: u64, limit: usize) -> Failure {
    let sentence = format!("message of {bytes} bytes is over the limit of {limit}");
    Failure { code: 1009, sentence, reason: Reason::ProtocolError }
}
