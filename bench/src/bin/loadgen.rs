//! The load generator: plays rowcast's clients, and reports what they met.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use rowcast_bench::figures::Subject;
use rowcast_bench::load::Load;
use rowcast_bench::report::{self, Report};
use rowcast_bench::{Fallible, connect, fanout, record, seed, writes};
use tokio::task::LocalSet;

#[derive(Parser)]
#[command(about)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Create rows in an empty server
    Seed {
        #[command(flatten)]
        server: Server,
        /// Rows in each collection
        #[arg(long, default_value_t = 20)]
        rows: u32,
    },
    /// Keep what a server sends, for `limits fan` to send again
    Record {
        #[command(flatten)]
        server: Server,
        /// The folder to keep it in
        #[arg(long)]
        into: PathBuf,
    },
    /// Writers that never pause, beside listeners
    Writes {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        subject: Subject,
        #[command(flatten)]
        plan: writes::Plan,
    },
    /// One write at a time, until the last client has it
    Fanout {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        subject: Subject,
        #[command(flatten)]
        plan: fanout::Plan,
    },
    /// Clients that connect and stay idle
    Connect {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        subject: Subject,
        #[command(flatten)]
        plan: connect::Plan,
    },
    /// Print results beside the targets; fails when a target is missed
    Report {
        /// Files of result lines
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

#[derive(Args)]
struct Server {
    /// Where the server listens
    #[arg(long)]
    server: SocketAddr,
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Report { files } => report::print(Report::Product, &files),
        task => measure(task).map(|()| true),
    };
    match result {
        // at once: an orderly end of a thousand sockets would serve nobody
        Ok(true) => std::process::exit(0),
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("loadgen: {error}");
            std::process::exit(2)
        }
    }
}

fn measure(task: Task) -> Fallible<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let line = match task {
            Task::Seed { server, rows } => return seed::run(Load::new(server.server), rows).await,
            Task::Record { server, into } => {
                return record::run(Load::new(server.server), &into).await;
            }
            Task::Writes { server, subject, plan } => {
                writes::run(Load::new(server.server), &subject, &plan).await?
            }
            Task::Fanout { server, subject, plan } => {
                fanout::run(Load::new(server.server), &subject, &plan).await?
            }
            Task::Connect { server, subject, plan } => {
                connect::run(Load::new(server.server), &subject, &plan).await?
            }
            Task::Report { .. } => return Ok(()),
        };
        println!("{}", line.to_json());
        Ok(())
    })
}
