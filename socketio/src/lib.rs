//! A Socket.IO v5 / Engine.IO v4 server for actix-web.
//!
//! ```text
//! bytes in ─▶ frames ─▶ packets ─▶ namespace ─▶ your handler
//! bytes out ◀─ outbox ◀─────────── acks, emits, broadcasts
//! ```
//!
//! ```no_run
//! use actix_web::{App, HttpServer};
//! use serde::{Deserialize, Serialize};
//! use socketio::{Config, Data, Namespace, Socket, SocketIo};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Line {
//!     from: String,
//!     text: String,
//! }
//!
//! #[actix_web::main]
//! async fn main() -> std::io::Result<()> {
//!     let chat = Namespace::new("/")
//!         .on_connect(|socket: Socket| async move { socket.emit("welcome", socket.id()) })
//!         .on("chat", |socket: Socket, Data(line): Data<Line>| async move {
//!             socket.hub().emit("chat", &line); // to all clients
//!         })
//!         .on("sum", |Data(a): Data<i64>, Data(b): Data<i64>| async move {
//!             a.checked_add(b).ok_or("too large") // the client's ack: 3, or {"error":"too large"}
//!         });
//!     let io = SocketIo::builder(Config::default()).namespace(chat).build();
//!     HttpServer::new(move || App::new().configure(|app| io.configure(app)))
//!         .on_connect(socketio::on_connect) // lets the server disconnect clients that do not read
//!         .tcp_nodelay(true) // small packets leave at once
//!         .bind(("127.0.0.1", 3000))?
//!         .run()
//!         .await
//! }
//! ```
//!
//! A [`Namespace`] authorizes connections and maps events to handlers. A [`Socket`] is one client in a namespace. A
//! [`Hub`] sends to all sockets, or to those in certain rooms, from any thread. Guarantees:
//!
//! - The events of one socket are handled one at a time, in order. Every requested ack is sent, exactly once.
//! - A broadcast made before a handler returned reaches the caller before the handler's ack.
//! - An event is encoded once for all recipients, and crosses to each worker once.
//! - Memory per client is bounded. A client that does not read is disconnected, and slows no other client down.
//! - A handler that has begun runs to its end, also after its client has disconnected.
//!
//! All stock clients of protocol v5 can connect: by HTTP long-polling, by WebSocket, and by upgrading from the first to
//! the second.
//!
//! The folders are layers. Each one imports only those below it:
//!
//! ```text
//! client    Socket.IO on one session; one driver per namespace
//! engine    Engine.IO over HTTP and WebSocket; one task per session
//! worker    one thread: its sockets, their rooms, recovery, commands of the hub
//! session   the state that a session's task, writer and sockets share
//! wire      packets, arguments, frames: pure encoding and decoding
//! ```
//!
//! The files beside them have the public types.

mod acks;
#[cfg(feature = "admin")]
pub mod admin;
mod broadcast;
mod client;
mod clock;
mod config;
mod engine;
mod engine_io;
mod event;
mod extract;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod handler;
mod handshake;
mod hub;
mod id;
mod limit_exceeded;
mod metrics;
mod namespace;
mod namespaces;
mod observer;
mod origin;
mod proxies;
mod reason;
mod rejection;
mod reply;
mod server;
mod service;
mod session;
mod socket;
#[cfg(feature = "rustls")]
pub mod tls;
mod wire;
mod worker;

pub use self::{
    acks::{AckError, BroadcastAcks},
    broadcast::Broadcast,
    config::{Config, EventLimit, Rate, Recovery, Subprotocols, Transport},
    engine_io::{EngineIo, EngineMessage, EngineSession},
    event::{AckSender, Event},
    extract::{Data, EventParts, FromEvent, State},
    handler::Handler,
    handshake::{ConnectError, Handshake, TooManySessions},
    hub::Hub,
    id::SocketId,
    limit_exceeded::LimitExceeded,
    namespace::Namespace,
    origin::{AllowedOrigins, Origins},
    proxies::Proxies,
    reason::Reason,
    rejection::Rejection,
    reply::{IntoReply, Reply},
    server::{Builder, SocketIo},
    service::Service,
    session::connection::on_connect,
    socket::Socket,
    wire::{
        args::{Args, Binary},
        frame::Frame,
        frame_writer::FrameWriter,
        message::{Coalesce, Message, Slot},
    },
    worker::socket_info::SocketInfo,
};

/// Compiles the examples of these pages.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[doc = include_str!("../../docs/socketio-coming-from.md")]
struct Pages;
