//! What the load generator asks of a Socket.IO server, on the socketio crate and actix-web, with two workers.
//! Listens on 127.0.0.1, at PORT.

use std::error::Error;
use std::time::Duration;

use actix_web::{App, HttpServer};
use socketio::{Args, Config, Namespace, Reply, Socket, SocketIo};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = std::env::var("PORT")?.parse()?;
    let config = Config {
        ping_interval: Duration::from_secs(25),
        ping_timeout: Duration::from_secs(20),
        max_payload: 10_000_000,
        max_events: u32::MAX,
        max_sessions: usize::MAX, // the others have no such limits
        max_sessions_per_address: None,
        max_handshakes_per_address: None,
        max_events_per_address: None,
        max_bytes_per_address: None,
        ..Config::default()
    };
    let contract = Namespace::new("/").on("echo", |argument: Args| async move { argument }).on(
        "broadcast",
        |socket: Socket, argument: Args| async move {
            socket.hub().emit_args("news", &argument);
            Reply::new(&true)
        },
    );
    let io = SocketIo::builder(config).namespace(contract).build();
    let server = HttpServer::new(move || App::new().configure(|app| io.configure(app)))
        .on_connect(socketio::on_connect)
        .tcp_nodelay(true)
        .workers(2)
        .shutdown_timeout(1)
        .bind(("127.0.0.1", port))?;
    println!("ready");
    server.run().await?;
    Ok(())
}
