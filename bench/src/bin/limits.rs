//! The bare limits: what the machine itself allows.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use rowcast_bench::figures::Subject;
use rowcast_bench::replay::Replay;
use rowcast_bench::{Fallible, bare, database};
use tokio::net::TcpListener;

#[derive(Parser)]
#[command(about)]
struct Cli {
    #[command(subcommand)]
    limit: Limit,
}

#[derive(Subcommand)]
enum Limit {
    /// Serve what was recorded from a server, from nothing but tokio
    Fan {
        /// Where to listen
        #[arg(long)]
        bind: SocketAddr,
        /// The recording's folder
        #[arg(long)]
        recording: PathBuf,
    },
    /// Write to a database in a loop
    Db {
        #[command(flatten)]
        subject: Subject,
        #[command(flatten)]
        plan: database::Plan,
    },
}

#[tokio::main]
async fn main() -> Fallible<()> {
    match Cli::parse().limit {
        Limit::Fan { bind, recording } => {
            let replay = Replay::open(&recording)?;
            bare::serve(TcpListener::bind(bind).await?, replay).await?;
        }
        Limit::Db { subject, plan } => {
            println!("{}", database::run(&subject, &plan).await?.to_json())
        }
    }
    Ok(())
}
