//! What the load generator asks of a Socket.IO server, on socketioxide and axum: as its documentation has it,
//! with Nagle's delay switched off. Listens on 127.0.0.1, at PORT.

use std::error::Error;

use axum::Router;
use axum::serve::ListenerExt;
use serde_json::Value;
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

const MAX_PAYLOAD: u32 = 10_000_000;

async fn on_connect(socket: SocketRef) {
    socket.on("echo", async |Data::<Value>(argument), ack: AckSender| {
        ack.send(&argument).ok();
    });
    socket.on("broadcast", async |io: SocketIo, Data::<Value>(argument), ack: AckSender| {
        if let Err(error) = io.emit("news", &argument).await {
            eprintln!("not everyone was sent the news: {error}");
        }
        ack.send(&true).ok();
    });
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // intervals are the same in all servers, and this one's defaults too
    let (layer, io) = SocketIo::builder().max_payload(MAX_PAYLOAD.into()).build_layer();
    io.ns("/", on_connect);

    let port: u16 = std::env::var("PORT")?.parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?.tap_io(|stream| {
        stream.set_nodelay(true).ok();
    });
    println!("ready");
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        served = axum::serve(listener, Router::new().layer(layer)) => served?,
        _ = terminated.recv() => {}
    }
    std::process::exit(0)
}
