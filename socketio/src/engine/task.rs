//! The task of a session, from handshake to close.
//!
//! The task owns all of its state. When woken it reads incoming messages, lets the layer make progress, and writes if
//! it is the writer. Pongs and closes are therefore handled while an event runs, until the layer is full: then nothing
//! is read, and TCP slows the client down. How the task waits is in [`steps`]; this file has its reactions.

use std::{
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};
use tracing::{Instrument, debug, debug_span, warn};

use super::{
    endpoint::Endpoint,
    frames::Inbound,
    heartbeat::{Heartbeat, HeartbeatAction},
    layer::{Message, SessionError, SessionLayer},
    polling::PollingTransport,
    reader::WebSocketReader,
    violation::{BUSY, ProtocolViolation},
};
use crate::{
    metrics::{self, Metrics},
    reason::Reason,
    session::{
        handle::{Closing, SessionHandle},
        request::Request,
    },
    wire::frame::Frame,
};

mod guard;
mod pause;
mod steps;

use guard::SessionGuard;
use pause::Pause;

/// Time in which a session that its client has closed by POST waits for a concurrent GET.
const CLIENT_CLOSE_GRACE: Duration = Duration::from_millis(500);

/// Close code of a peer that received a message above its limit (RFC 6455 §7.4.1).
const MESSAGE_TOO_BIG: u16 = 1009;

/// Source of messages.
pub(super) enum Input {
    WebSocket(WebSocketReader),
    Polling(PollingTransport),
    /// The session has ended; handlers may still run.
    Ended,
}

/// Spawns the task of a session whose open packet is queued.
pub(super) fn spawn(endpoint: Arc<Endpoint>, session: Rc<SessionHandle>, request: Rc<Request>, input: Input) {
    debug!(sid = %session.sid, peer = ?request.peer, "session opened");
    let open = SessionGuard::new(session.clone(), endpoint.config.close_timeout);
    // A shutdown may have begun before this session was registered.
    if endpoint.limiter.is_closed() {
        session.drain();
    }
    let layer = (endpoint.open)(&session, &request);
    let span = debug_span!("session", sid = %session.sid);
    let mut session = SessionTask::new(endpoint, session, layer, input);
    let run = async move {
        let local = session.session.local().clone();
        poll_fn(|cx| local.batch(|| session.poll(cx))).await;
        drop(open);
    };
    actix_web::rt::spawn(run.instrument(span));
}

/// A step of the task: a message, a deadline, or a phase of the end.
enum Step {
    Message(Inbound),
    Violation(ProtocolViolation),
    Eof,
    Due,
    Closing(Reason),
    Ended(Reason),
}

struct SessionTask {
    endpoint: Arc<Endpoint>,
    session: Rc<SessionHandle>,
    layer: Box<dyn SessionLayer>,
    input: Input,
    heartbeat: Heartbeat,
    timer: Pin<Box<Sleep>>,
    /// Time at which the session ends without its peer's close.
    closed_by: Option<Instant>,
    pause: Pause,
    /// Whether the client has closed deliberately.
    client_closed_session: bool,
    gone: bool,
}

impl SessionTask {
    fn new(
        endpoint: Arc<Endpoint>,
        session: Rc<SessionHandle>,
        layer: Box<dyn SessionLayer>,
        input: Input,
    ) -> Self {
        let config = &endpoint.config;
        let heartbeat = Heartbeat::new(Instant::now(), config.ping_interval, config.ping_timeout);
        let timer = Box::pin(sleep_until(heartbeat.due()));
        Self {
            endpoint,
            session,
            layer,
            input,
            heartbeat,
            timer,
            closed_by: None,
            pause: Pause::default(),
            client_closed_session: false,
            gone: false,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.session.register_task(cx);
        self.session.poll_evicted(cx);
        self.read(cx);
        let was_full = self.layer.is_full();
        let done = self.layer.poll(cx).is_ready();
        if was_full && !self.layer.is_full() {
            // Reading continues after other tasks of this worker.
            cx.waker().wake_by_ref();
        }
        if self.layer.is_idle() {
            self.pause.forget();
        }
        let sooner = |at| at < self.timer.deadline();
        if self.closed_by.is_none() && self.session.is_open() && self.layer.deadline().is_some_and(sooner) {
            // A new deadline is earlier than the timer.
            cx.waker().wake_by_ref();
        }
        if self.closed_by.is_none() && self.session.is_draining() && self.layer.is_idle() {
            self.close(1001, "server is going away", Reason::Shutdown);
        }
        if let Input::Polling(polling) = &mut self.input {
            polling.flush(cx, &self.session);
        }
        if self.gone && done { Poll::Ready(()) } else { Poll::Pending }
    }

    fn read(&mut self, cx: &mut Context<'_>) {
        while !self.gone {
            let Poll::Ready(step) = self.poll_step(cx) else { return };
            match step {
                Step::Message(message) => {
                    if matches!(self.input, Input::WebSocket(_)) {
                        self.session.enable_direct_writes();
                    }
                    self.session.local().metrics.packets_received.increment(1);
                    self.received(message);
                }
                Step::Violation(ProtocolViolation { code, sentence }) => {
                    let reason = if code == BUSY { Reason::Full } else { Reason::ProtocolError };
                    self.fail(&SessionError { code, sentence, reason });
                    // The boundary of the next frame is unknown, so the peer's close could not be read.
                    self.session.finish(None);
                }
                Step::Eof => self.session.finish(None),
                Step::Due => self.due(),
                Step::Closing(reason) => {
                    let by = Instant::now() + self.endpoint.config.close_timeout;
                    self.closed_by.get_or_insert(by);
                    self.closed(reason);
                }
                Step::Ended(reason) => {
                    self.closed(reason);
                    self.gone = true;
                    // Later requests find no session.
                    self.input = Input::Ended;
                }
            }
        }
    }

    fn received(&mut self, message: Inbound) {
        // After a close has been queued, other messages are ignored.
        let closing = self.closed_by.is_some() || !self.session.is_open();
        match message {
            Inbound::Close(code) => {
                self.client_closed_session = true;
                match code {
                    Some(MESSAGE_TOO_BIG) => self.too_big(),
                    code => self.session.finish(Some(Frame::close(code.unwrap_or(1000), ""))),
                }
            }
            _ if closing => {}
            Inbound::Ping(payload) => self.session.send_priority(Frame::pong(&payload)),
            Inbound::Pong => {}
            Inbound::Text(text) => self.text(text),
            Inbound::Binary(bytes) => self.pass(Message::Binary(bytes)),
            Inbound::TooLarge { prefix, bytes } if matches!(prefix.first(), None | Some(b'4')) => {
                self.pass(Message::TooLarge { prefix, bytes });
            }
            Inbound::TooLarge { bytes, .. } => {
                let limit = self.session.quota().message(self.endpoint.config.max_payload);
                self.fail(&too_large(bytes, limit));
            }
        }
    }

    /// The client has closed because a message exceeded its own limit.
    fn too_big(&self) {
        let bytes = self.session.largest();
        debug!(sid = %self.session.sid, bytes, "the client closed the session over a message larger than it accepts");
        Metrics::count_limit("client_message");
        self.session.finish_by(Some(Frame::close(MESSAGE_TOO_BIG, "")), Reason::MessageTooBig);
    }

    fn text(&mut self, text: String) {
        match text.as_bytes().first() {
            Some(b'4') => self.pass(Message::Text(text)),
            Some(b'3') if text.len() == 1 => self.heartbeat.pong(Instant::now()),
            Some(b'1') if text.len() == 1 => self.client_closed(),
            // These packets have no meaning here. The official server ignores them, too.
            Some(b'0' | b'3' | b'5' | b'6') => {}
            Some(b'2') => self.fail(&SessionError::invalid("pings are the server's to send")),
            _ => self.fail(&SessionError::invalid("unknown packet type")),
        }
    }

    fn client_closed(&mut self) {
        self.client_closed_session = true;
        match &mut self.input {
            Input::Polling(polling) if !polling.is_upgraded() => {
                polling.client_close();
                self.closed_by = Some(Instant::now() + CLIENT_CLOSE_GRACE);
                self.session.close_discarding();
            }
            _ => self.close(1000, "", Reason::TransportClose),
        }
    }

    fn pass(&mut self, message: Message) {
        if let Err(failure) = self.layer.message(message) {
            self.fail(&failure);
        }
    }

    fn due(&mut self) {
        let now = Instant::now();
        if self.closed_by.is_some_and(|at| at <= now) {
            return self.session.abort(Reason::TransportClose);
        }
        if self.closed_by.is_some() {
            return;
        }
        if self.layer.deadline().is_some_and(|at| at <= now)
            && let Some(failure) = self.layer.overdue()
        {
            Metrics::count_limit("connect_timeout");
            return self.close(failure.code, &failure.sentence, failure.reason);
        }
        let pause_timeout = self.endpoint.config.pause_timeout;
        if self.pause.until(pause_timeout).is_some_and(|at| at <= now) {
            Metrics::count_limit("pause_timeout");
            let sentence = format!("no event was done within {pause_timeout:?}");
            return self.close(1013, &sentence, Reason::PauseTimeout);
        }
        match self.heartbeat.poll(now) {
            Some(HeartbeatAction::Ping) => self.session.ping(),
            // Unread pongs do not count against the client.
            Some(HeartbeatAction::Timeout) if self.pause.is_on() => self.heartbeat.resume(now),
            // The ping has not reached the client, or has just done so.
            Some(HeartbeatAction::Timeout)
                if self.session.is_receiving(self.endpoint.config.ping_timeout) =>
            {
                self.heartbeat.resume(now);
            }
            Some(HeartbeatAction::Timeout) => {
                let sentence = format!("no pong within {:?}", self.endpoint.config.ping_timeout);
                self.close(1008, &sentence, Reason::PingTimeout);
            }
            None => {}
        }
    }

    fn fail(&mut self, failure: &SessionError) {
        let SessionError { code, sentence, reason } = failure;
        debug!(sid = %self.session.sid, code, sentence, %reason, "an error closes the session");
        if let Some(times) = metrics::due("a failure", Instant::now().into_std()) {
            warn!(times, code, sentence, %reason, "errors closed sessions; the fields are those of the last one");
        }
        if let Input::Polling(polling) = &mut self.input {
            polling.refuse(sentence);
        }
        self.close(*code, sentence, *reason);
    }

    fn close(&self, code: u16, sentence: &str, reason: Reason) {
        self.session.close(Closing::new(code, sentence, reason));
    }

    /// Ends the layer. Only the first reason counts.
    fn closed(&mut self, reason: Reason) {
        self.layer.end(reason, reason.is_recoverable() && !self.client_closed_session);
        debug!(sid = %self.session.sid, %reason, "session closed");
    }
}

fn too_large(bytes: u64, limit: usize) -> SessionError {
    let sentence = format!("message of {bytes} bytes is over the limit of {limit}");
    SessionError { code: 1009, sentence, reason: Reason::ProtocolError }
}
