//! The namespace `/admin` for the official admin page (`@socket.io/admin-ui`).
//!
//! ```text
//! each worker ─ events ─▶ monitor ─▶ feed ─▶ a page's task ─▶ /admin
//!       └────── socket lists, queried when a page connects ──▲  └─ statistics, every 2 s
//! ```
//!
//! - While no page is connected, each event costs one read of an atomic.
//! - A page costs a bounded amount of work: a limited number of events a second is shown with arguments, the others are
//!   counted. If sockets come and go too fast for a page, it receives the whole list again instead.
//! - Events in `/admin` are never shown, so showing an event causes no further one.
//! - A handshake's `auth` and a session's id are never sent. Headers and query parameters are sent by name, and with
//!   their value only if that is known to be harmless. In event arguments, members with names such as password or token
//!   are hidden. Other arguments are shown, except in [`Mode::Production`].
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
//! The page is served separately, for example at <https://admin.socket.io>. Its origin must be one of
//! [`Config::origins`](crate::Config::origins).

use std::{fmt, sync::Arc};

use crate::{
    hub::Hub, metrics, namespace::Namespace, namespaces::Namespaces, session::limiter::SessionLimiter,
    socket::Socket, worker::nsp::Nsp,
};

mod actions;
mod auth;
mod budget;
mod event_details;
mod feed;
mod monitor;
mod name;
mod page;
mod page_state;
mod query;
mod socket_details;
mod stats;

use self::{
    auth::{AdminAuth, AdminSession},
    monitor::Monitor,
    name::NAMESPACE,
    page::AdminPage,
    stats::ServerInfo,
};

/// Level of detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Sockets, rooms and events, and operations on them.
    #[default]
    Development,
    /// Statistics only.
    Production,
}

/// Access to the admin page: given to [`Builder::admin`](crate::Builder::admin).
pub struct Admin {
    username: String,
    password: String,
    mode: Mode,
    read_only: bool,
    server_id: Option<String>,
}

/// The password is empty, which would admit anyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmptyPassword;

impl fmt::Display for EmptyPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the admin page's password is empty: set one")
    }
}

impl std::error::Error for EmptyPassword {}

impl Admin {
    /// Creates access for one user, with a password in plain text. Failed attempts are limited to two a second from
    /// each address, so the password has to be hard to guess.
    ///
    /// # Errors
    /// The password is empty.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Result<Self, EmptyPassword> {
        let (username, password) = (username.into(), password.into());
        if password.is_empty() {
            return Err(EmptyPassword);
        }
        Ok(Self { username, password, mode: Mode::default(), read_only: false, server_id: None })
    }

    /// Sets the level of detail. Default [`Mode::Development`].
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Forbids operations: emitting events, changing rooms, disconnecting sockets. Default `false`.
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Sets the server's name on the page. Default the host name.
    #[must_use]
    pub fn server_id(mut self, id: impl Into<String>) -> Self {
        self.server_id = Some(id.into());
        self
    }

    /// Adds the namespace, and starts monitoring.
    pub(crate) fn install(self, namespaces: &mut Namespaces, hub: &Hub, limiter: &Arc<SessionLimiter>) {
        let max_outbox = namespaces.config.max_outbox;
        let monitor = Arc::new(Monitor::new(self.mode == Mode::Development));
        let server = Arc::new(ServerInfo::new(self.server_id.clone(), limiter.clone()));
        hub.set_observer(monitor.clone());
        let service = Arc::new(self.namespace(monitor, server, max_outbox));
        // Without recovery: a reconnecting page receives everything anew.
        let handler_seconds = metrics::handler_seconds(NAMESPACE);
        let nsp = Nsp::new(NAMESPACE.into(), handler_seconds, None, hub.recovery_bytes());
        namespaces.replace(hub, nsp, service);
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

/// The features that the page may offer.
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
    fn empty_password_is_refused_and_debug_hides_password() {
        assert_eq!(Admin::new("ada", "").unwrap_err(), EmptyPassword);
        let admin = Admin::new("ada", "open sesame").unwrap();
        assert!(!format!("{admin:?}").contains("sesame"));
    }

    #[test]
    fn features_match_mode_and_permissions() {
        assert_eq!(features(Mode::Production, false), ["AGGREGATED_EVENTS"]);
        assert_eq!(features(Mode::Development, false), ["AGGREGATED_EVENTS", "ALL_EVENTS"]);
        assert_eq!(features(Mode::Development, true).len(), 9);
    }
}
