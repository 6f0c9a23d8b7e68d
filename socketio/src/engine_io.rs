//! Engine.IO without Socket.IO: sessions that exchange uninterpreted messages.

use std::{
    collections::VecDeque,
    fmt,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::web;
use bytes::Bytes;

use crate::{
    config::Config,
    engine::{Endpoint, Message, SessionError, SessionLayer},
    hub::Hub,
    reason::Reason,
    server,
    session::{handle::SessionHandle, limiter::SessionLimiter},
    wire::frame::Frame,
};

/// A message of an Engine.IO session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineMessage {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
}

/// One client's session. A clone is the same session.
#[derive(Clone)]
pub struct EngineSession(Rc<SessionHandle>);

impl EngineSession {
    /// Queues a message.
    pub fn send(&self, message: &EngineMessage) {
        self.0.emit(match message {
            EngineMessage::Text(text) => Frame::text(&format!("4{text}")),
            EngineMessage::Binary(bytes) => Frame::binary(bytes),
        });
    }
}

impl fmt::Debug for EngineSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineSession").field("sid", &self.0.sid).finish()
    }
}

/// An Engine.IO server without Socket.IO. Its transports, limits and deadlines are those of [`Config`].
#[derive(Clone)]
pub struct EngineIo(Arc<Endpoint>);

impl EngineIo {
    /// Creates a server that calls `on_message` for each message, in order.
    pub fn new<F>(config: Config, on_message: F) -> Self
    where
        F: Fn(&EngineSession, EngineMessage) + Send + Sync + 'static,
    {
        let on_message = Arc::new(on_message);
        let open: crate::engine::LayerFactory = Box::new(move |session, _| {
            // There are no namespaces to join later.
            session.join();
            let session = EngineSession(session.clone());
            Box::new(MessageLayer {
                session,
                on_message: on_message.clone(),
                waiting: VecDeque::new(),
                ended: false,
            })
        });
        let limiter = Arc::new(SessionLimiter::new(&config));
        Self(Arc::new(Endpoint::new(config, Hub::new(), limiter, open)))
    }

    /// Mounts the endpoint at [`Config::path`].
    pub fn configure(&self, app: &mut web::ServiceConfig) {
        server::mount(&self.0, app);
    }

    /// Ends all sessions; aborts those that last longer than `grace`.
    pub async fn shutdown(&self, grace: Duration) {
        server::shutdown(&self.0, grace).await;
    }
}

impl fmt::Debug for EngineIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineIo").field("config", &self.0.config).finish_non_exhaustive()
    }
}

struct MessageLayer<F> {
    session: EngineSession,
    on_message: Arc<F>,
    waiting: VecDeque<EngineMessage>,
    ended: bool,
}

impl<F: Fn(&EngineSession, EngineMessage)> SessionLayer for MessageLayer<F> {
    fn message(&mut self, message: Message) -> Result<(), SessionError> {
        self.waiting.push_back(match message {
            Message::Text(mut text) => {
                text.remove(0);
                EngineMessage::Text(text)
            }
            Message::Binary(bytes) => EngineMessage::Binary(bytes.into()),
            Message::TooLarge { bytes, .. } => {
                let sentence = format!("a message of {bytes} bytes is over the limit");
                return Err(SessionError { code: 1009, sentence, reason: Reason::ProtocolError });
            }
        });
        Ok(())
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
        for message in self.waiting.drain(..) {
            (self.on_message)(&self.session, message);
        }
        if self.ended { Poll::Ready(()) } else { Poll::Pending }
    }

    fn is_full(&self) -> bool {
        self.waiting.len() >= 64
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    fn drain(&mut self) {}

    fn end(&mut self, _: Reason, _: bool) {
        self.ended = true;
    }
}
