//! Rooms and presence: `cargo run -p socketio --example rooms`. Clients name themselves in `auth: { name }`.

use std::{sync::Mutex, time::Duration};

use actix_web::{App, HttpServer};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketio::{Config, ConnectError, Data, Handshake, Hub, Namespace, Origins, Slot, Socket, SocketIo};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Deserialize)]
struct Visitor {
    name: String,
}

#[derive(Deserialize)]
struct Room {
    room: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    thread_id: String,
    message: String,
}

static ONLINE: Mutex<Vec<Value>> = Mutex::new(Vec::new());

/// Sends the list of present clients to all. The list stays locked, so that the last list sent is the last one made. A
/// slow client receives only that one.
fn change(hub: &Hub, change: impl FnOnce(&mut Vec<Value>)) {
    let mut people = ONLINE.lock().expect("no panic while the list is locked");
    change(&mut people);
    hub.of("/").latest(Slot(0)).emit("online", &*people);
}

/// Sends the line to the room, and a notice to clients that only count.
async fn chat(socket: Socket<Visitor>, Data(line): Data<Line>) {
    let room = socket.hub().to(line.thread_id.as_str());
    room.clone().emit("chat", &line);
    room.emit("new_message", &json!({ "threadId": line.thread_id, "from": socket.state().name }));
}

fn rooms() -> SocketIo {
    // A client that is silent for five seconds is no longer online.
    let (ping_interval, ping_timeout) = (Duration::from_secs(3), Duration::from_secs(2));
    // Allowed are pages of this machine, and origins that are added here: "https://rooms.example".
    let config =
        Config { origins: Origins::list(["localhost"]), ping_interval, ping_timeout, ..Config::default() };
    let guard =
        async |it: Handshake| it.auth::<Visitor>().map_err(|error| ConnectError::new(error.to_string()));
    let rooms = Namespace::with_authorizer("/", guard)
        .on_connect(async |it: Socket<Visitor>| {
            change(&it.hub(), |people| people.push(json!({ "id": it.id(), "name": it.state().name })));
        })
        .on("join", async |it: Socket<Visitor>, Data(to): Data<Room>| it.join(to.room))
        .on("leave", async |it: Socket<Visitor>, Data(from): Data<Room>| it.leave(&from.room))
        .on("chat", chat)
        .on_disconnect(async |it: Socket<Visitor>, _| {
            change(&it.hub(), |people| people.retain(|person| person["id"] != it.id().as_str()));
        });
    SocketIo::builder(config).namespace(rooms).build()
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3000);
    let mut terminate = signal(SignalKind::terminate())?;
    let io = rooms();
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
