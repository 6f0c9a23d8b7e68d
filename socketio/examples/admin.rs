//! A chat whose sockets, rooms and events can be seen in the official admin page.
//!
//! `ADMIN_USER=ada ADMIN_PASSWORD=… cargo run -p socketio --features admin --example admin`, then open
//! <https://admin.socket.io>, or a copy of the page that you serve on this machine, with the server URL
//! `http://127.0.0.1:3000`. `ADMIN_MODE=production` shows figures only, `ADMIN_READ_ONLY=1` forbids to act.

use std::{env, io};

use actix_web::{App, HttpServer};
use socketio::{
    Config, Data, Namespace, Origins, Socket, SocketIo,
    admin::{Admin, Mode},
    args,
};

fn chat(name: &str) -> Namespace {
    Namespace::new(name)
        .on_connect(|socket: Socket| async move { socket.join("lobby") })
        .on("enter", |socket: Socket, Data(room): Data<String>| async move { socket.join(room) })
        .on("leave", |socket: Socket, Data(room): Data<String>| async move { socket.leave(&room) })
        .on("say", |socket: Socket, Data(room): Data<String>, Data(text): Data<String>| async move {
            socket.to(room).emit_args("said", &args![socket.id(), text]);
        })
        .on(
            "sign_in",
            |Data(who): Data<serde_json::Value>| async move { Ok::<_, String>(who["name"].clone()) },
        )
}

/// Access to the admin page. Without a name and a password the program does not start.
fn admin() -> io::Result<Admin> {
    let needed = |name: &str| env::var(name).map_err(|_| io::Error::other(format!("{name} is not set")));
    let admin = Admin::new(needed("ADMIN_USER")?, needed("ADMIN_PASSWORD")?)
        .map_err(|error| io::Error::other(error.to_string()))?;
    let production = env::var("ADMIN_MODE").is_ok_and(|mode| mode == "production");
    let mode = if production { Mode::Production } else { Mode::Development };
    Ok(admin.mode(mode).read_only(env::var("ADMIN_READ_ONLY").is_ok()).server_id("chat"))
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let port = env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3000);
    let config =
        Config { origins: Origins::list(["localhost", "https://admin.socket.io"]), ..Config::default() };
    let io =
        SocketIo::builder(config).namespace(chat("/")).namespace(chat("/org-{id}")).admin(admin()?).build();
    let server = HttpServer::new(move || App::new().configure(|app| io.configure(app)))
        .on_connect(socketio::on_connect)
        .tcp_nodelay(true)
        .workers(2)
        .bind(("127.0.0.1", port))?;
    println!("http://{}", server.addrs()[0]);
    server.run().await
}
