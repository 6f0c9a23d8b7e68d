//! The load generator for live data: what it costs as rows and screens grow.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rowcast_bench::figures::{Line, Subject};
use rowcast_bench::live::{cost, fill, inserts, memory, report, resume};
use rowcast_bench::load::Load;
use rowcast_bench::{Fallible, fanout};
use tokio::runtime;
use tokio::task::LocalSet;

#[derive(Parser)]
#[command(about)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Make the rows in a database that the product has migrated
    Fill(fill::Plan),
    /// One writer beside listeners
    Cost {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        plan: cost::Plan,
    },
    /// One write at a time, until the last client has it
    Fanout {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        plan: fanout::Plan,
    },
    /// A crowd that comes back all at once
    Resume {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        plan: resume::Plan,
    },
    /// Writers that create coaches
    Inserts {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        plan: inserts::Plan,
    },
    /// What a row takes of the server's memory
    Memory {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        plan: memory::Plan,
    },
    /// Print results side by side; fails when a target is missed
    Report {
        /// Files of result lines
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

/// The server of a run, and how the run is named in its results.
#[derive(clap::Args)]
struct Target {
    /// Where the server listens
    #[arg(long)]
    server: SocketAddr,
    /// Its database, as the report names it
    #[arg(long, default_value = "sqlite")]
    database: String,
    /// How its database flushes, as the report names it
    #[arg(long, default_value = "default")]
    synchronous: String,
    #[command(flatten)]
    subject: Subject,
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Report { files } => report::print(&files),
        task => measure(task).map(|()| true),
    };
    match result {
        // at once: an orderly end of a thousand sockets would serve nobody
        Ok(true) => std::process::exit(0),
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("live: {error}");
            std::process::exit(2)
        }
    }
}

fn measure(task: Task) -> Fallible<()> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let (line, target) = match task {
            Task::Fill(plan) => return fill::run(&plan).await,
            Task::Report { .. } => return Ok(()),
            Task::Cost { target, plan } => {
                (cost::run(Load::new(target.server), &target.subject, &plan).await?, target)
            }
            Task::Fanout { target, plan } => {
                let line = fanout::run(Load::new(target.server), &target.subject, &plan).await?;
                (line.text("live", plan.live.name()), target)
            }
            Task::Resume { target, plan } => {
                (resume::run(Load::new(target.server), &target.subject, &plan).await?, target)
            }
            Task::Inserts { target, plan } => {
                (inserts::run(Load::new(target.server), &target.subject, &plan).await?, target)
            }
            Task::Memory { target, plan } => {
                (memory::run(Load::new(target.server), &target.subject, &plan).await?, target)
            }
        };
        println!("{}", named(line, &target).to_json());
        Ok(())
    })
}

fn named(line: Line, target: &Target) -> Line {
    line.text("database", &target.database).text("synchronous", &target.synchronous)
}
