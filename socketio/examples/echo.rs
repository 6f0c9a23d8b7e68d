//! Acks every event with its own arguments: `cargo run -p socketio --example echo`, then
//! `io("http://127.0.0.1:3000", { transports: ["websocket"] }).emit("hello", 1, console.log)`.

use actix_web::{App, HttpServer};
use socketio::{Config, Event, Frame, Handshake, Hub, Reason, Refusal, Service, Socket, SocketIo};

struct Echo;

impl Service for Echo {
    type State = ();

    async fn connect(&self, _: &Handshake) -> Result<(), Refusal> {
        Ok(())
    }

    fn connected(&self, socket: &Socket<()>) {
        socket.emit(Frame::event("welcome", &[&format!("\"{}\"", socket.id())]));
    }

    async fn event(&self, _: &Socket<()>, event: Event) -> Option<String> {
        let args: Vec<&str> = event.args.iter().map(|arg| arg.get()).collect();
        Some(format!("[{}]", args.join(",")))
    }

    async fn disconnected(&self, socket: &Socket<()>, reason: Reason) {
        println!("{} has gone: {reason}", socket.id());
    }
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let io = SocketIo::new(Config::default(), Hub::new(), Echo);
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
