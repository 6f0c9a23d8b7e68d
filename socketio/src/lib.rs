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
//!         .connect(|socket: Socket| async move { socket.emit("welcome", socket.id()) })
//!         .on("chat", |socket: Socket, Data(line): Data<Line>| async move {
//!             socket.hub().emit("chat", &line); // to everyone
//!         })
//!         .on("sum", |Data(a): Data<i64>, Data(b): Data<i64>| async move {
//!             a.checked_add(b).ok_or("too large") // the client's ack: 3, or {"error":"too large"}
//!         });
//!     let io = SocketIo::builder(Config::default()).namespace(chat).build();
//!     HttpServer::new(move || App::new().configure(|app| io.configure(app)))
//!         .on_connect(socketio::on_connect) // lets a client that does not read be cut off
//!         .tcp_nodelay(true) // small packets leave at once
//!         .bind(("127.0.0.1", 3000))?
//!         .run()
//!         .await
//! }
//! ```
//!
//! A [`Namespace`] says who may connect and which function handles which event; a [`Socket`] is one client in it; a [`Hub`]
//! sends to all of them, or to those in certain rooms, from any thread. What can be relied on:
//!
//! - The events of one socket are handled one at a time, in order, and every ack asked for is sent, once.
//! - What was broadcast before a handler returned reaches the caller before the handler's ack.
//! - An event is encoded once, and shared by all who get it; it crosses to each worker once.
//! - Memory per client is bounded. One that does not read is cut off, and slows nobody down.
//! - A handler that has begun runs to its end, also when its client has gone.
//!
//! Every stock client of protocol v5 is served, by HTTP long-polling, by WebSocket, and from the one to the other.

mod acks;
#[cfg(feature = "admin")]
pub mod admin;
mod broadcast;
mod client;
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
    broadcast::{Broadcast, SocketInfo},
    config::{Config, EventLimit, Rate, Recovery, Subprotocols, Transport},
    engine_io::{EngineIo, EngineMessage, EngineSession},
    event::{AckSender, Event, LimitExceeded},
    extract::{Data, EventParts, FromEvent, State},
    handler::Handler,
    handshake::{ConnectError, Handshake, TooManySessions},
    hub::Hub,
    id::SocketId,
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
        frame::{Frame, FrameWriter},
        message::{Coalesce, Message, Slot},
    },
};

/// The snippets in these pages compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[doc = include_str!("../../docs/socketio-coming-from.md")]
struct Pages;
