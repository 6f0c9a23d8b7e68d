//! Author notifications: a best-effort `authored` event beside the changes, for sockets that asked for it.
//!
//! ```text
//! write ─▶ published ─▶ broadcast ─┬─▶ subscribers of this node                                       ─▶ ack
//!                                  └─▶ a message to the other nodes ─▶ poll the log ─▶ their subscribers
//! ```
//!
//! Notifications carry no row data and may be lost, so nothing waits for them: neither for a slow client nor for
//! another node. If no node has a subscriber, no notification is created.

use std::sync::Arc;

use serde::Serialize;
use socketio::{Frame, Hub, Socket};
use tokio::{sync::broadcast::error::RecvError, task::JoinHandle, time::MissedTickBehavior};

use super::{
    SocketState,
    presence::{HEARTBEAT, Presence},
};
use crate::{
    database::NodeMessages,
    key::{KeyColumn, NamedKey},
    live::Live,
    registry::CurrentRegistry,
    store::Written,
    users::User,
    version::Version,
};

const AUTHORS_ROOM: &str = "authors";

/// Sends author notifications to the subscribers of all nodes.
pub(super) struct AuthorBroadcast {
    inner: Arc<Inner>,
    registry: CurrentRegistry,
    receiver: Option<JoinHandle<()>>,
}

struct Inner {
    hub: Hub,
    presence: Presence,
}

/// A socket's subscription to author notifications, counted until it is dropped.
pub(super) struct AuthorSubscription(Arc<Inner>);

/// The payload of `authored`.
#[derive(Serialize)]
struct Authored<'a> {
    collection: &'static str,
    id: NamedKey<'a>,
    version: Option<&'a Version>,
    by: Option<By<'a>>,
}

#[derive(Serialize)]
struct By<'a> {
    id: NamedKey<'a>,
    name: &'a str,
}

impl AuthorBroadcast {
    pub(super) fn new(
        hub: Hub,
        live: Live,
        registry: CurrentRegistry,
        notices: Option<NodeMessages>,
    ) -> Self {
        let inner = Arc::new(Inner { hub, presence: Presence::new(notices.clone()) });
        let spawn = |notices| actix_web::rt::spawn(receive(inner.clone(), live, notices));
        let receiver = notices.map(spawn);
        Self { inner, registry, receiver }
    }

    /// Subscribes a socket to author notifications.
    pub(super) fn subscribe(&self, socket: &Socket<SocketState>) -> AuthorSubscription {
        socket.join(AUTHORS_ROOM);
        self.inner.presence.add();
        AuthorSubscription(self.inner.clone())
    }

    /// Notifies all subscribers but the writer of a write to one row.
    pub(super) fn broadcast(&self, writer: &Socket<SocketState>, written: &Written, by: Option<&User>) {
        let local = self.inner.presence.has_local_subscribers();
        let remote = self.inner.presence.has_remote_subscribers();
        if !local && !remote {
            return;
        }
        let registry = self.registry.borrow();
        let columns =
            registry.collection(written.collection).map_or(&[][..], |collection| collection.key_columns());
        let users = registry.users().map_or(&[][..], |users| users.key_columns());
        let Some(authored) = payload((columns, users), written, by) else { return };
        drop(registry);
        if local {
            let others = self.inner.hub.to(AUTHORS_ROOM).except(writer.id().as_str());
            others.volatile().send(Frame::event("authored", &[&authored]));
        }
        if remote {
            self.inner.presence.publish(authored);
        }
    }
}

/// The payload of `authored`; `columns` are those of the key, and of a user's key.
fn payload(
    (columns, of_users): (&[KeyColumn], &[KeyColumn]),
    written: &Written,
    by: Option<&User>,
) -> Option<String> {
    let authored = Authored {
        collection: written.collection,
        id: written.key.named(columns),
        version: written.version.as_ref(),
        by: by.map(|user| By { id: user.id.named(of_users), name: &user.name }),
    };
    serde_json::to_string(&authored).ok()
}

/// Stops author notifications for a socket.
pub(super) fn unsubscribe(socket: &Socket<SocketState>) {
    socket.leave(AUTHORS_ROOM);
}

impl Drop for AuthorSubscription {
    fn drop(&mut self) {
        self.0.presence.remove();
    }
}

impl Drop for AuthorBroadcast {
    fn drop(&mut self) {
        if let Some(receiver) = &self.receiver {
            receiver.abort();
        }
    }
}

/// Handles the messages of other nodes, and repeats this node's presence.
async fn receive(inner: Arc<Inner>, live: Live, notices: NodeMessages) {
    let (presence, mut messages) = (&inner.presence, notices.subscribe());
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    presence.query();
    loop {
        let mut next = tokio::select! {
            message = messages.recv() => Some(message),
            _ = heartbeat.tick() => {
                presence.report();
                messages.try_recv().ok().map(Ok)
            }
        };
        let mut received = Vec::new();
        while let Some(message) = next {
            match message {
                Ok(message) => received.extend(presence.handle(message)),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
            next = messages.try_recv().ok().map(Ok);
        }
        // A notification must not arrive before the change that it is about, so the log is polled first.
        if !received.is_empty() && presence.has_local_subscribers() && live.poll_now().await {
            for authored in received {
                inner.hub.to(AUTHORS_ROOM).volatile().send(Frame::event("authored", &[&authored]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;

    fn payload_of(columns: &[KeyColumn], key: impl Into<Key>, version: Option<i64>) -> String {
        payload(
            (columns, &[]),
            &Written { collection: "rooms", key: key.into(), version: version.map(Version::Number) },
            None,
        )
        .unwrap()
    }

    #[test]
    fn row_is_identified_by_number_text_or_object() {
        let expected = |id: &str| format!(r#"{{"collection":"rooms","id":{id},"version":2,"by":null}}"#);
        assert_eq!(payload_of(&[KeyColumn::number("id")], 7, Some(2)), expected("7"));
        assert_eq!(payload_of(&[KeyColumn::text("slug")], "a\"", Some(2)), expected(r#""a\"""#));
        let composite = vec![7.into(), "a".into()];
        assert_eq!(
            payload_of(&[KeyColumn::number("gym"), KeyColumn::text("room")], composite, Some(2)),
            expected(r#"{"gym":7,"room":"a"}"#)
        );
    }

    #[test]
    fn deleted_row_has_no_version() {
        assert_eq!(
            payload_of(&[KeyColumn::number("id")], 7, None),
            r#"{"collection":"rooms","id":7,"version":null,"by":null}"#
        );
    }
}
