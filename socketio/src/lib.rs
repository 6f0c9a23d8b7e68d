//! A Socket.IO v5 / Engine.IO v4 server for actix-web.
//!
//! ```text
//! bytes in ─▶ frames ─▶ packets ─▶ namespace ─▶ your Service
//! bytes out ◀─ outbox ◀───────────── acks, emits, broadcasts
//! ```
//!
//! A [`Service`] says who may connect and what an event does; a [`Hub`] sends to every socket, from any
//! thread. What can be relied on:
//!
//! - The events of one socket are handled one at a time, in order, and every ack asked for is sent.
//! - What was broadcast before a handler returned reaches the caller before the handler's ack.
//! - An event is encoded once ([`Frame`]), and shared by all who get it.
//! - Memory per client is bounded. One that does not read is cut off, and slows nobody down.
//! - A handler that has begun runs to its end, also when its client has gone.
//!
//! Served now: the main namespace over WebSocket, to the stock clients of protocol v5. Text only: events with binary
//! attachments reach the service as a [`Fault`].
//!
//! ```no_run
//! use actix_web::{App, HttpServer};
//! use socketio::{Config, Event, Frame, Handshake, Hub, Message, Reason, Refusal, Service, Socket, SocketIo};
//!
//! /// Repeats what anyone says to everyone.
//! struct Chat(Hub);
//!
//! impl Service for Chat {
//!     type State = ();
//!     async fn connect(&self, _: &Handshake) -> Result<(), Refusal> {
//!         Ok(())
//!     }
//!     fn connected(&self, socket: &Socket<()>) {
//!         socket.emit(Frame::event("welcome", &[]));
//!     }
//!     async fn event(&self, _: &Socket<()>, event: Event) -> Option<String> {
//!         let args: Vec<&str> = event.args.iter().map(|arg| arg.get()).collect();
//!         self.0.broadcast(Message::event(Frame::event(&event.name, &args)));
//!         Some("true".to_owned())
//!     }
//!     async fn disconnected(&self, _: &Socket<()>, _: Reason) {}
//! }
//!
//! #[actix_web::main]
//! async fn main() -> std::io::Result<()> {
//!     let hub = Hub::new();
//!     let io = SocketIo::new(Config::default(), hub.clone(), Chat(hub));
//!     HttpServer::new(move || App::new().configure(|app| io.configure(app)))
//!         .on_connect(socketio::on_connect) // lets a client that does not read be cut off
//!         .tcp_nodelay(true) // small packets leave at once
//!         .bind(("127.0.0.1", 3000))?
//!         .run()
//!         .await
//! }
//! ```

mod config;
mod connection;
mod engine;
mod frame;
mod hub;
mod id;
mod link;
mod meters;
mod namespace;
mod origin;
mod outbox;
mod packet;
mod server;
mod service;
mod shard;
mod socket;

pub use self::{
    config::Config,
    connection::on_connect,
    frame::{Frame, FrameWriter},
    hub::{Hub, Message, Slot},
    id::SocketId,
    origin::{Allow, Origins},
    server::SocketIo,
    service::{Event, Fault, Handshake, Reason, Refusal, Service},
    socket::Socket,
};
