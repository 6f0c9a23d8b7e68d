//! SQLite as the server runs it: WAL, with the `synchronous` that is asked for.

use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use rusqlite::{Connection, params};

use super::{CREATE, INSERT, Operation, PICTURE, Plan, ROWS, Times, UPDATE};
use crate::Fallible;

pub(super) fn run(plan: &Plan) -> Fallible<Times> {
    for suffix in ["", "-wal", "-shm"] {
        match std::fs::remove_file(format!("{}{suffix}", plan.url)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    let first = open(plan)?;
    first.execute_batch(&CREATE.replace("{id}", "integer primary key"))?;
    for i in 0..ROWS {
        first.execute(INSERT, params![format!("Coach {i}"), 30, PICTURE])?;
    }
    let ready = Barrier::new(plan.connections as usize);
    thread::scope(|scope| {
        let loops: Vec<_> = (0..plan.connections).map(|_| scope.spawn(|| write(plan, &ready))).collect();
        let mut times = Times::new();
        for done in loops {
            times.extend(done.join().map_err(|_| "a loop panicked")??);
        }
        Ok(times)
    })
}

fn open(plan: &Plan) -> Fallible<Connection> {
    let connection = Connection::open(&plan.url)?;
    // many loops wait for one lock without a queue: some wait long
    connection.execute_batch(&format!(
        "pragma journal_mode = wal; pragma synchronous = {}; pragma busy_timeout = 60000;",
        plan.synchronous.name()
    ))?;
    Ok(connection)
}

fn write(plan: &Plan, ready: &Barrier) -> Fallible<Times> {
    let connection = open(plan);
    ready.wait(); // whoever failed to open too, or the others would wait for ever
    let connection = connection?;
    let mut insert = connection.prepare(INSERT)?;
    let mut update = connection.prepare(UPDATE)?;
    let (mut times, mut i, start) = (Times::new(), 0, Instant::now());
    loop {
        let begun = Instant::now();
        connection.execute_batch("begin immediate")?;
        for _ in 0..plan.batch {
            i += 1;
            let name = format!("Coach {i}");
            match plan.operation {
                Operation::Insert => insert.execute(params![name, 30, PICTURE])?,
                Operation::Update => update.execute(params![name, 30, PICTURE, 1 + i % ROWS])?,
            };
        }
        connection.execute_batch("commit")?;
        if start.elapsed() > plan.limit() {
            return Ok(times);
        }
        times.push(begun.elapsed());
    }
}
