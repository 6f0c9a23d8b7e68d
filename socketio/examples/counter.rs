//! The well-known introduction to Socket.IO: a namespace that answers, counts per client, and asks back.
//! `cargo run -p socketio --example counter`; clients connect to `http://127.0.0.1:3000/test`.

use std::{cell::Cell, io, time::Duration};

use actix_web::{App, HttpServer, rt};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketio::{Config, Data, Namespace, Origins, Socket, SocketIo, args};
use tokio::signal::unix::{SignalKind, signal};

/// Time for the client to confirm.
const ACK_TIMEOUT: Duration = Duration::from_secs(10);

/// State of each socket: the number of its events.
type Count = Cell<u64>;

#[derive(Serialize)]
struct MyResponse {
    data: Value,
    count: u64,
}

#[derive(Deserialize)]
struct MyEvent {
    data: Value,
}

/// Answers, and emits `acked` once the client has confirmed. This is spawned, because a handler that waits would delay
/// the client's next events.
async fn my_event(socket: Socket<Count>, Data(event): Data<MyEvent>) {
    let count = socket.state().get() + 1;
    socket.state().set(count);
    let response = args![MyResponse { data: event.data, count }];
    let acked = socket.emit_args_with_ack("my_response", &response, ACK_TIMEOUT);
    rt::spawn(async move {
        match acked.await {
            Ok(_) => socket.emit("acked", &json!({ "count": count })),
            Err(error) => println!("{}: response {count}: {error}", socket.id()),
        }
    });
}

/// Emits a last message, and disconnects when the client has acked it.
async fn disconnect_request(socket: Socket<Count>) {
    let goodbye = MyResponse { data: "Disconnected!".into(), count: socket.state().get() + 1 };
    let _ = socket.emit_args_with_ack("my_response", &args![goodbye], ACK_TIMEOUT).await;
    socket.disconnect();
}

fn counter() -> SocketIo {
    // Any page may connect: the server holds nothing that concerns one visitor.
    let config = Config { origins: Origins::any(), ..Config::default() };
    let test = Namespace::with_authorizer("/test", async |_| Ok(Count::default()))
        .on_connect(async |socket: Socket<Count>| {
            socket.emit("my_response", &MyResponse { data: "Server connected".into(), count: 0 });
        })
        .on("my_event", my_event)
        .on("my_ping", async |socket: Socket<Count>| socket.emit_args("my_pong", &args![]))
        .on("disconnect_request", disconnect_request);
    SocketIo::builder(config).namespace(test).build()
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3000);
    let mut terminate = signal(SignalKind::terminate())?;
    let io = counter();
    let mount = io.clone();
    let server = HttpServer::new(move || App::new().configure(|app| mount.configure(app)))
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
