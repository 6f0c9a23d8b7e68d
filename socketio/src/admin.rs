//! What the official admin page (`@socket.io/admin-ui`) talks to: the namespace `/admin`.
//!
//! ```text
//! each worker ─ what happens ─▶ watch ─▶ feed ─▶ a page's task ─▶ /admin
//!       └────── who is there, asked when a page comes ──▲  └─ figures, every 2 s
//! ```
//!
//! - While no page is connected, each event costs one look at an atomic, and nothing else is done.
//! - A page costs a bounded amount of work: so many events a second are shown with their arguments, and the others are
//!   counted. If sockets come and go faster than a page can be told, it gets the whole list again instead.
//! - What happens in `/admin` is never shown, so nothing is shown for having been shown.
//! - A handshake's `auth` is never sent, nor a session's id. Of its headers and query only what is known to be harmless is
//!   sent, the rest by name alone. In an event's arguments, what is called a password, a token or the like is hidden.
//!   What else events carry is shown, except in [`Mode::Production`].
//!
//! ```no_run
//! use socketio::{Config, SocketIo, admin::{Admin, Mode}};
//!
//! # fn main() -> Result<(), socketio::admin::EmptyPassword> {
//! let password = std::env::var("ADMIN_PASSWORD").unwrap_or_default();
//! let admin = Admin::new("ada", password)?.mode(Mode::Production);
//! let io = SocketIo::builder(Config::default()).admin(admin).build();
//! # Ok(()) }
//! ```
//!
//! The page is served by somebody else, such as <https://admin.socket.io>: its origin must be one of
//! [`Config::origins`](crate::Config::origins).

use std::{fmt, sync::Arc};

use crate::{engine::Endpoint, metrics, namespace::Namespace, socket::Socket, worker::nsp::Nsp};

mod actions;
mod auth;
mod budget;
mod clock;
mod event_details;
mod feed;
mod monitor;
mod page;
mod page_state;
mod query;
mod socket_details;
mod stats;

use self::{
    auth::{AdminAuth, AdminSession},
    monitor::Monitor,
    page::AdminPage,
    stats::ServerInfo,
};

/// Where the page connects.
const NAMESPACE: &str = "/admin";

/// How much a page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Every socket, its rooms and its events, and what can be done to them.
    #[default]
    Development,
    /// Figures only.
    Production,
}

/// Who may use the admin page, and for what: given to [`Builder::admin`](crate::Builder::admin).
pub struct Admin {
    username: String,
    password: String,
    mode: Mode,
    read_only: bool,
    server_id: Option<String>,
}

/// A password without which anybody could come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmptyPassword;

impl fmt::Display for EmptyPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the admin page's password is empty: set one")
    }
}

impl std::error::Error for EmptyPassword {}

impl Admin {
    /// One user, with a password in plain text. Wrong ones can be tried twice a second from each address, so it should be
    /// one that cannot be guessed.
    ///
    /// # Errors
    /// An empty password.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Result<Self, EmptyPassword> {
        let (username, password) = (username.into(), password.into());
        if password.is_empty() {
            return Err(EmptyPassword);
        }
        Ok(Self { username, password, mode: Mode::default(), read_only: false, server_id: None })
    }

    /// How much is shown. Default [`Mode::Development`].
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Whether the page may only look on: no events sent, no rooms changed, nobody put out. Default `false`.
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// What the page calls this server. Default the machine's name.
    #[must_use]
    pub fn server_id(mut self, id: impl Into<String>) -> Self {
        self.server_id = Some(id.into());
        self
    }

    /// Adds the namespace, and begins to watch.
    pub(crate) fn install(self, endpoint: &Endpoint) {
        let (max_outbox, hub) = (endpoint.config.max_outbox, &endpoint.hub);
        let monitor = Arc::new(Monitor::new(self.mode == Mode::Development));
        let server = Arc::new(ServerInfo::new(self.server_id.clone(), endpoint.limiter.clone()));
        hub.set_observer(monitor.clone());
        let service = Arc::new(self.namespace(monitor, server, max_outbox));
        // Without recovery: a page that comes back is shown everything afresh.
        hub.insert(Nsp::new(
            NAMESPACE.into(),
            service,
            metrics::handler_seconds(NAMESPACE),
            None,
            hub.recovery_bytes(),
        ));
    }

    fn namespace(
        self,
        monitor: Arc<Monitor>,
        server: Arc<ServerInfo>,
        max_outbox: usize,
    ) -> Namespace<AdminSession> {
        let acts = self.mode == Mode::Development && !self.read_only;
        let features = features(self.mode, acts);
        let auth = Arc::new(AdminAuth::new(self.username, self.password));
        let gone = monitor.clone();
        let namespace = Namespace::with_authorizer(NAMESPACE, move |handshake| {
            let auth = auth.clone();
            async move { auth.authorize(&handshake).await }
        })
        .on_connect(move |socket: Socket<AdminSession>| {
            if let Some(session) = &socket.state().session {
                socket.emit("session", session);
            }
            socket.emit("config", &serde_json::json!({ "supportedFeatures": features }));
            let page = AdminPage::new(socket, monitor.clone(), server.clone(), max_outbox);
            actix_web::rt::spawn(page.run());
            async {}
        })
        .on_disconnect(move |socket: Socket<AdminSession>, _| {
            gone.close(*socket.id());
            async {}
        });
        if acts { actions::add_to(namespace) } else { namespace }
    }
}

/// What the page may offer to its user.
fn features(mode: Mode, acts: bool) -> Vec<&'static str> {
    let mut features = Vec::new();
    if acts {
        features.extend(["EMIT", "JOIN", "LEAVE", "DISCONNECT", "MJOIN", "MLEAVE", "MDISCONNECT"]);
    }
    features.push("AGGREGATED_EVENTS");
    if mode == Mode::Development {
        features.push("ALL_EVENTS");
    }
    features
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin")
            .field("mode", &self.mode)
            .field("read_only", &self.read_only)
            .field("server_id", &self.server_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_password_is_refused_and_none_is_printed() {
        assert_eq!(Admin::new("ada", "").unwrap_err(), EmptyPassword);
        let admin = Admin::new("ada", "open sesame").unwrap();
        assert!(!format!("{admin:?}").contains("sesame"));
    }

    #[test]
    fn a_page_is_offered_what_it_may_do() {
        assert_eq!(features(Mode::Production, false), ["AGGREGATED_EVENTS"]);
        assert_eq!(features(Mode::Development, false), ["AGGREGATED_EVENTS", "ALL_EVENTS"]);
        assert_eq!(features(Mode::Development, true).len(), 9);
    }
}
