//! The next step of a session's task: a message, a deadline, or a phase of the end.

use std::{
    future::Future,
    task::{Context, Poll, ready},
};

use tokio::time::Instant;

use super::{Input, MESSAGE_TOO_BIG, SessionTask, Step};
use crate::{
    engine::{frames::Inbound, polling::Incoming},
    reason::Reason,
    session::handle::Phase,
};

impl SessionTask {
    pub(super) fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        match self.session.phase() {
            Phase::Open => {}
            Phase::Closing(reason) | Phase::Finished(reason) if self.session.begin_closing() => {
                return Poll::Ready(Step::Closing(reason));
            }
            Phase::Closing(_) => {}
            Phase::Finished(reason) if self.session.is_flushed() => return Poll::Ready(Step::Ended(reason)),
            Phase::Finished(_) if matches!(self.input, Input::WebSocket(_)) => {
                return self.poll_timer(cx).map(|()| Step::Due);
            }
            Phase::Finished(_) => {}
            Phase::Aborted(Reason::TransportClose) if self.was_too_big(cx) => {
                return Poll::Ready(Step::Ended(Reason::MessageTooBig));
            }
            Phase::Aborted(reason) => return Poll::Ready(Step::Ended(reason)),
        }
        if self.poll_timer(cx).is_ready() {
            return Poll::Ready(Step::Due);
        }
        if self.session.is_draining() {
            self.layer.drain();
        }
        self.poll_message(cx)
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadlines = || {
            let paused = self.pause.until(self.endpoint.config.pause_timeout);
            [Some(self.heartbeat.due()), self.layer.deadline(), paused].into_iter().flatten().min()
        };
        let due = self.closed_by.or_else(deadlines).unwrap_or(self.heartbeat.due());
        if self.timer.deadline() != due {
            self.timer.as_mut().reset(due);
        }
        if self.timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        // A late timer does not extend the deadline of a request.
        let late = matches!(self.input, Input::Polling(_)) && Instant::now() >= due;
        if late { Poll::Ready(()) } else { Poll::Pending }
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        let full = self.closed_by.is_none() && self.layer.is_full();
        if full {
            self.pause.begin();
            if self.pause.poll_hung_up(cx, &self.session).is_ready() {
                return Poll::Ready(Step::Eof);
            }
        } else if self.pause.end() {
            self.heartbeat.resume(Instant::now());
        }
        match &mut self.input {
            Input::Ended => Poll::Pending,
            Input::WebSocket(_) if full => Poll::Pending,
            Input::WebSocket(reader) => {
                let message = reader.poll_next(cx);
                self.session.local().metrics.bytes_received.increment(reader.take_count());
                Poll::Ready(match ready!(message) {
                    Some(Ok(message)) => Step::Message(message),
                    Some(Err(violation)) => Step::Violation(violation),
                    None => Step::Eof,
                })
            }
            Input::Polling(polling) => {
                Poll::Ready(match ready!(polling.poll_next(cx, &self.session, full)) {
                    Incoming::Message(message) => Step::Message(message),
                    Incoming::Violation(violation) => Step::Violation(violation),
                    Incoming::End => Step::Eof,
                })
            }
        }
    }

    /// Whether the client's last message was such a close. A client that closes without reading is mostly noticed by a
    /// failed write, before its close is read.
    fn was_too_big(&mut self, cx: &mut Context<'_>) -> bool {
        let mut last = None;
        loop {
            let message = match &mut self.input {
                Input::WebSocket(reader) => match reader.poll_next(cx) {
                    Poll::Ready(Some(Ok(message))) => message,
                    _ => break,
                },
                Input::Polling(polling) => match polling.poll_next(cx, &self.session, false) {
                    Poll::Ready(Incoming::Message(message)) => message,
                    _ => break,
                },
                Input::Ended => break,
            };
            last = Some(message);
        }
        let is_too_big = last == Some(Inbound::Close(Some(MESSAGE_TOO_BIG)));
        if is_too_big {
            self.too_big();
        }
        is_too_big
    }
}
