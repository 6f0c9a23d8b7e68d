//! Stored messages: `DB=messages.db cargo run -p socketio --example messages`; without `DB` they are kept in memory.

use std::sync::{LazyLock, Mutex};

use actix_web::{App, HttpServer, web};
use rusqlite::{Connection, Row};
use serde::{Deserialize, Serialize};
use socketio::{Config, Data, Hub, Namespace, Origins, Socket, SocketIo};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Deserialize)]
struct Join {
    room: String,
}

#[derive(Serialize, Deserialize)]
struct Message {
    room: String,
    author: String,
    text: String,
}

static DB: LazyLock<Mutex<Connection>> = LazyLock::new(|| {
    let db = Connection::open(std::env::var("DB").unwrap_or_default()).expect("DB names a database");
    let table = "create table if not exists messages (room, author, text)";
    db.execute(table, ()).expect("the database can be written to");
    Mutex::new(db)
});

/// Sends a room's whole list, with the new message if there is one. The database stays locked, so that the last list
/// sent is the last one made. This blocks; a hub may be used from any thread.
fn send_list(hub: &Hub, to: &str, room: &str, new: Option<Message>) -> rusqlite::Result<()> {
    let db = DB.lock().expect("no panic while the database is locked");
    if let Some(Message { room, author, text }) = new {
        db.execute("insert into messages values (?, ?, ?)", [room, author, text])?;
    }
    let mut select = db.prepare_cached("select * from messages where room = ? order by rowid")?;
    let message = |row: &Row<'_>| Ok(Message { room: row.get(0)?, author: row.get(1)?, text: row.get(2)? });
    let messages = select.query_map([room], message)?.collect::<rusqlite::Result<Vec<_>>>()?;
    hub.to(to).emit(&format!("newMessage/{room}"), &messages);
    Ok(())
}

/// Runs blocking code on a suitable thread.
async fn blocking(run: impl FnOnce() -> rusqlite::Result<()> + Send + 'static) -> Result<(), String> {
    web::block(run).await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

async fn join(socket: Socket, Data(Join { room }): Data<Join>) -> Result<(), String> {
    socket.join(room.as_str());
    let (hub, id) = (socket.hub(), *socket.id());
    blocking(move || send_list(&hub, id.as_str(), &room, None)).await
}

async fn send_message(socket: Socket, Data(new): Data<Message>) -> Result<(), String> {
    let (hub, room) = (socket.hub(), new.room.clone());
    blocking(move || send_list(&hub, &room, &room, Some(new))).await
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3000);
    let mut terminate = signal(SignalKind::terminate())?;
    LazyLock::force(&DB);
    // Messages are short, so that lists stay small enough to send.
    let config = Config { origins: Origins::list(["localhost"]), max_payload: 10_000, ..Config::default() };
    let messages = Namespace::new("/").on("join", join).on("send_message", send_message);
    let io = SocketIo::builder(config).namespace(messages).build();
    let mount = io.clone();
    let server = HttpServer::new(move || App::new().configure(|app| mount.configure(app)))
        .on_connect(socketio::on_connect)
        .tcp_nodelay(true)
        .shutdown_signal(async move {
            tokio::select! { _ = terminate.recv() => {} _ = tokio::signal::ctrl_c() => {} }
            io.shutdown(std::time::Duration::from_secs(5)).await;
        })
        .bind(("127.0.0.1", port))?;
    println!("http://{}", server.addrs()[0]);
    server.run().await
}
