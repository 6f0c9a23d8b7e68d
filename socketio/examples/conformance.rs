//! The server for the official test suites of both protocols.
//!
//! `PORT=3000 cargo run -p socketio --example conformance` serves Socket.IO at `/socket.io/`; `… --example conformance
//! -- engine` echoes Engine.IO messages at `/engine.io/`.

use std::time::Duration;

use actix_web::{App, HttpServer};
use serde_json::{Value, json};
use socketio::{Args, Config, EngineIo, Event, Namespace, Origins, Reply, Socket, SocketIo, args};

fn config() -> Config {
    Config {
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        max_payload: 1_000_000,
        connect_timeout: Duration::from_millis(1000),
        origins: Origins::any(),
        ..Config::default()
    }
}

/// Emits the client's `auth` back to it. Not together with the CONNECT packet: the suites listen for one message at a
/// time, and would miss a second one.
async fn emit_auth(socket: Socket) {
    actix_web::rt::time::sleep(Duration::from_millis(10)).await;
    let auth: Value = socket.handshake().auth().unwrap_or_else(|_| json!({}));
    socket.emit_args("auth", &args![auth]);
}

fn socket_io() -> SocketIo {
    let main = Namespace::new("/")
        .on_connect(emit_auth)
        .message(|socket: Socket, args: Args| async move { socket.emit_args("message-back", &args) })
        .on("message-with-ack", |event: Event| async move { Reply::from(event.args) });
    let custom = Namespace::new("/custom").on_connect(emit_auth);
    SocketIo::builder(config()).namespace(main).namespace(custom).build()
}

fn engine_io() -> EngineIo {
    let config = Config { path: "/engine.io/".to_owned(), ..config() };
    EngineIo::new(config, |session, message| session.send(&message))
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3000);
    let engine = std::env::args().nth(1).is_some_and(|mode| mode == "engine");
    let (socket_io, engine_io) = (socket_io(), engine_io());
    println!("http://127.0.0.1:{port}");
    HttpServer::new(move || {
        App::new().configure(|app| if engine { engine_io.configure(app) } else { socket_io.configure(app) })
    })
    .on_connect(socketio::on_connect)
    .tcp_nodelay(true)
    .bind(("127.0.0.1", port))?
    .run()
    .await
}
