//! Acks every event with its own arguments: `cargo run -p socketio --example echo`, then
//! `io("http://127.0.0.1:3000").emit("hello", 1, console.log)`.

use actix_web::{App, HttpServer};
use socketio::{Args, Config, Namespace, Reason, Socket, SocketIo};

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let echo = Namespace::new("/")
        .on_connect(|socket: Socket| async move { socket.emit("welcome", socket.id()) })
        .on_fallback(|args: Args| async move { args })
        .on_disconnect(|socket: Socket, reason: Reason| async move {
            println!("{} has gone: {reason}", socket.id());
        });
    let io = SocketIo::builder(Config::default()).namespace(echo).build();
    let mount = io.clone();
    println!("http://127.0.0.1:3000");
    HttpServer::new(move || App::new().configure(|app| mount.configure(app)))
        .on_connect(socketio::on_connect)
        .tcp_nodelay(true)
        .bind(("127.0.0.1", 3000))?
        .run()
        .await?;
    io.shutdown(std::time::Duration::from_secs(5)).await;
    Ok(())
}
