//! A chat room: each line goes to all clients, the sender included.
//!
//! `cargo run -p socketio --example chat`, then open <http://127.0.0.1:3000> in two windows. The page loads the stock
//! client from its CDN, so it needs the internet; other clients do not.

use std::{io, time::Duration};

use actix_web::{App, HttpServer, web};
use serde::{Deserialize, Serialize};
use socketio::{Config, Data, Namespace, Origins, Socket, SocketIo};
use tokio::signal::unix::{SignalKind, signal};

const PAGE: &str = include_str!("chat.html");

#[derive(Serialize, Deserialize)]
struct Line {
    from: String,
    text: String,
}

fn chat() -> SocketIo {
    // The page comes from this server, which only this machine can reach; other origins are refused.
    let config = Config { origins: Origins::default(), max_payload: 10_000, ..Config::default() };
    let room = Namespace::new("/").on("chat", |socket: Socket, Data(line): Data<Line>| async move {
        socket.hub().emit("chat", &line);
    });
    SocketIo::builder(config).namespace(room).build()
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3000);
    let mut terminate = signal(SignalKind::terminate())?;
    let io = chat();
    let mount = io.clone();
    let server = HttpServer::new(move || {
        let page = web::get().to(async || web::Html::new(PAGE));
        App::new().configure(|app| mount.configure(app)).route("/", page)
    })
    .on_connect(socketio::on_connect)
    .tcp_nodelay(true)
    .shutdown_signal(async move {
        tokio::select! { _ = terminate.recv() => {} _ = tokio::signal::ctrl_c() => {} }
        io.shutdown(Duration::from_secs(5)).await;
    })
    .bind(("127.0.0.1", port))?;
    println!("http://{}", server.addrs()[0]);
    server.run().await
}
