//! The planner on socketioxide, axum and SeaORM: who connects is sent all rows, and after each write so is everyone.
//!
//! Listens on 127.0.0.1, at PORT, with tables of its own in DATABASE_URL, which must be empty: COACHES coaches, and
//! ROWS of everything else. All is as the crates' documentation has it, but for Nagle's delay, which is off, and a longer
//! queue of connections.

use std::env::var;
use std::error::Error;
use std::net::Ipv4Addr;

use axum::Router;
use axum::serve::ListenerExt;
use sea_orm::{DatabaseConnection, DbErr};
use serde_json::{Value, json};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef, State};
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{SignalKind, signal};

mod database;
mod entities;
mod planner;

use planner::{Coach, coaches, exercise_moves, schedules, workout_plans};

async fn on_connect(socket: SocketRef, State(db): State<DatabaseConnection>) {
    socket.on(
        "update_coach",
        async |io: SocketIo, State(db): State<DatabaseConnection>, Data::<Coach>(coach), ack: AckSender| {
            ack.send(&update_coach(&io, &db, coach).await).ok();
        },
    );
    socket.emit("connected", &json!({ "data": format!("id: {} is connected", socket.id) })).ok();
    if let Err(error) = greet(&socket, &db).await {
        eprintln!("{} was not sent all rows: {error}", socket.id);
    }
}

/// Gives the ack.
async fn update_coach(io: &SocketIo, db: &DatabaseConnection, coach: Coach) -> Value {
    if let Some((field, rule)) = coach.fault() {
        return json!({ "ok": false, "data": null, "errors": { field: rule } });
    }
    let written = async {
        let row = coach.update(db).await?;
        broadcast(io, db).await?;
        Ok::<_, DbErr>(row)
    };
    match written.await {
        Ok(Some(row)) => json!({ "ok": true, "data": row, "errors": {} }),
        Ok(None) => json!({ "ok": false, "data": null, "errors": { "$not_found": "no such coach" } }),
        Err(error) => json!({ "ok": false, "data": null, "errors": { "$internal": error.to_string() } }),
    }
}

async fn greet(socket: &SocketRef, db: &DatabaseConnection) -> Result<(), DbErr> {
    socket.emit("coaches", &coaches(db).await?).ok();
    socket.emit("workout_plans", &workout_plans(db).await?).ok();
    socket.emit("exercise_moves", &exercise_moves(db).await?).ok();
    socket.emit("schedules", &schedules(db).await?).ok();
    Ok(())
}

/// A client whose buffer is full misses it: the load generator counts that.
async fn broadcast(io: &SocketIo, db: &DatabaseConnection) -> Result<(), DbErr> {
    io.emit("coaches", &coaches(db).await?).await.ok();
    io.emit("workout_plans", &workout_plans(db).await?).await.ok();
    io.emit("exercise_moves", &exercise_moves(db).await?).await.ok();
    io.emit("schedules", &schedules(db).await?).await.ok();
    Ok(())
}

/// With room for as many connections that wait to be accepted as the other servers have.
fn listen(port: u16) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(1024)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let db = database::open(&var("DATABASE_URL")?, &var("COACHES")?, &var("ROWS")?).await?;
    let (layer, io) = SocketIo::builder().with_state(db).build_layer();
    io.ns("/", on_connect);

    let listener = listen(var("PORT")?.parse()?)?.tap_io(|stream| {
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
