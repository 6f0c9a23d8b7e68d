//! A service that its events control, and that reports them to the test.

use std::sync::{Arc, Mutex, mpsc::Sender};

use socketio::{
    ConnectError, Event, Frame, Handshake, Hub, LimitExceeded, Message, Reason, Reply, Service, Slot, Socket,
};
use tokio::sync::Notify;

/// A report of the service.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ServiceEvent {
    Event(String),
    Disconnected(Reason),
}

pub(crate) struct ScriptedService {
    pub(super) hub: Hub,
    pub(super) gate: Arc<Notify>,
    pub(super) events: Mutex<Sender<ServiceEvent>>,
}

impl ScriptedService {
    fn record(&self, events: ServiceEvent) {
        // The test may be over.
        let _ = self.events.lock().unwrap().send(events);
    }
}

impl Service for ScriptedService {
    type State = String;

    async fn connect(&self, handshake: &Handshake) -> Result<String, ConnectError> {
        match handshake.raw_auth().map(|auth| auth.get()) {
            Some(auth) if auth.contains("refuse") => {
                Err(ConnectError { data: Some(r#"{"code":7}"#.into()), ..ConnectError::new("not today") })
            }
            auth => Ok(auth.unwrap_or("none").to_owned()),
        }
    }

    async fn connected(&self, socket: &Socket<String>) {
        socket.send(Frame::event("hello", &[socket.state()]));
    }

    async fn event(&self, socket: &Socket<String>, event: Event) -> Option<Reply> {
        self.answer(socket, event).await.map(Reply::json)
    }

    async fn disconnected(&self, _: &Socket<String>, reason: Reason) {
        self.record(ServiceEvent::Disconnected(reason));
    }
}

impl ScriptedService {
    async fn answer(&self, socket: &Socket<String>, event: Event) -> Option<String> {
        self.record(ServiceEvent::Event(event.name.clone()));
        match event.limit_exceeded {
            Some(LimitExceeded::TooLarge { bytes, limit }) => {
                return Some(format!(r#"["too large",{bytes},{limit}]"#));
            }
            Some(limit_exceeded) => return Some(format!("\"{limit_exceeded}\"")),
            None => {}
        }
        if !event.args.attachments().is_empty() {
            return Some(r#""binary""#.into());
        }
        let first = event.args.json().first().map(|arg| arg.get().to_owned());
        match event.name.as_str() {
            "echo" => first,
            "wait" => {
                self.gate.notified().await;
                first
            }
            "silent" => None,
            "panic" => panic!("as asked"),
            "leave" => {
                socket.close();
                None
            }
            "all" => {
                let message = Message::event(Frame::event("all", &[&first.clone().unwrap()]));
                // From another thread, as from a database.
                let hub = self.hub.clone();
                tokio::task::spawn_blocking(move || hub.broadcast(message)).await.unwrap();
                first
            }
            "put" => {
                for n in 0..10 {
                    socket.send_latest(Slot(1), Frame::event("slot", &[&n.to_string()]));
                }
                first
            }
            _ => None,
        }
    }
}
