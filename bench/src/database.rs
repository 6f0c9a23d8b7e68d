//! The database alone: the same row written over and over, with nothing around it.

use std::time::Duration;

use clap::ValueEnum;
use rusqlite::Connection;
use tokio_postgres::NoTls;

use crate::Fallible;
use crate::figures::{Line, Subject};

mod postgres;
mod sqlite;

const CREATE: &str =
    "create table coaches(id {id}, name text not null, age integer not null, picture text not null)";
const INSERT: &str = "insert into coaches(name, age, picture) values ($1, $2, $3)";
const UPDATE: &str = "update coaches set name = $1, age = $2, picture = $3 where id = $4";
const PICTURE: &str = "https://example.com/pictures/coach-1.jpg";
/// Rows that are there before the loop starts, and that updates rotate over.
const ROWS: i32 = 20;

/// What each loop does.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Operation {
    /// Adds a coach.
    Insert,
    /// Changes one of 20 coaches.
    Update,
}

/// How much to do.
#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// A SQLite file, which is made anew, or a `postgres://` address, whose table `coaches` is.
    #[arg(long)]
    pub url: String,
    /// Connections, each with a loop of its own.
    #[arg(long, default_value_t = 1)]
    pub connections: u32,
    /// Rows in each transaction.
    #[arg(long, default_value_t = 1)]
    pub batch: u32,
    /// What each loop does.
    #[arg(long, value_enum, default_value_t = Operation::Update)]
    pub operation: Operation,
    /// When SQLite lets go of what it has written; PostgreSQL has its own settings.
    #[arg(long, value_enum, default_value_t = Synchronous::Normal)]
    pub synchronous: Synchronous,
    /// Seconds to measure for.
    #[arg(long, default_value_t = 1.0)]
    pub seconds: f64,
}

/// SQLite's `pragma synchronous`.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Synchronous {
    /// Every commit is flushed.
    Full,
    /// Commits are flushed together, now and then.
    Normal,
}

impl Synchronous {
    /// Its name, for SQLite and in results.
    pub fn name(self) -> &'static str {
        match self {
            Synchronous::Full => "full",
            Synchronous::Normal => "normal",
        }
    }
}

impl Plan {
    fn limit(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}

/// Runs statements in `sqlite://FILE` or `postgres://…`.
///
/// # Errors
/// When the database refuses.
pub async fn execute(url: &str, statements: &str) -> Fallible<()> {
    match url.strip_prefix("sqlite://") {
        Some(file) => Connection::open(file)?.execute_batch(statements)?,
        None => {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            // its errors come out of the client's calls as well
            tokio::spawn(connection);
            client.batch_execute(statements).await?;
        }
    }
    Ok(())
}

/// How long each transaction of a loop took that was done in time. All loops start when all are connected.
type Times = Vec<Duration>;

/// Runs the loops and reports their figures.
///
/// # Errors
/// When the database refuses.
pub async fn run(subject: &Subject, plan: &Plan) -> Fallible<Line> {
    let is_postgres = plan.url.starts_with("postgres");
    let mut times: Times = if is_postgres { postgres::run(plan).await? } else { sqlite::run(plan)? };
    let transactions = times.len() as f64;
    let (database, synchronous) =
        if is_postgres { ("postgres", "default") } else { ("sqlite", plan.synchronous.name()) };
    Ok(Line::new("database", subject)
        .text("database", database)
        .text("synchronous", synchronous)
        .set("connections", plan.connections)
        .set("batch", plan.batch)
        .set("insert", f64::from(u8::from(plan.operation == Operation::Insert)))
        .set("transactions_s", transactions / plan.seconds)
        .set("rows_s", transactions * f64::from(plan.batch) / plan.seconds)
        .times("", &mut times))
}
