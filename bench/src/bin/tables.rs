//! What tables without Rust are measured with, beside the load generator.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rowcast_bench::Fallible;
use rowcast_bench::figures::{Line, Subject};
use rowcast_bench::load::Load;
use rowcast_bench::report::{self, Report};
use rowcast_bench::tables::{fill, start, updates};
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
    /// Make tables and rows in an empty database
    Fill(fill::Plan),
    /// Run `rowcast attach` to its end
    Attach {
        #[command(flatten)]
        subject: Subject,
        #[command(flatten)]
        plan: start::Plan,
    },
    /// Start a server, wait until it is ready, and end it
    Ready {
        /// Where it will listen
        #[arg(long)]
        server: SocketAddr,
        #[command(flatten)]
        subject: Subject,
        #[command(flatten)]
        plan: start::Plan,
    },
    /// One writer of a table that is only listed
    Updates {
        /// Where the server listens
        #[arg(long)]
        server: SocketAddr,
        #[command(flatten)]
        subject: Subject,
        #[command(flatten)]
        plan: updates::Plan,
    },
    /// Print results beside the targets; fails when a target is missed
    Report {
        /// Files of result lines
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Report { files } => report::print(Report::Tables, &files),
        task => measure(task).map(|()| true),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("tables: {error}");
            ExitCode::from(2)
        }
    }
}

fn measure(task: Task) -> Fallible<()> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let line: Option<Line> = LocalSet::new().block_on(&runtime, async {
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(match task {
            Task::Fill(plan) => {
                fill::run(&plan).await?;
                None
            }
            Task::Attach { subject, plan } => Some(start::to_end("attach", &subject, &plan)?),
            Task::Ready { server, subject, plan } => Some(start::to_ready(&subject, server, &plan)?),
            Task::Updates { server, subject, plan } => {
                Some(updates::run(Load::new(server), &subject, &plan).await?)
            }
            Task::Report { .. } => None,
        })
    })?;
    if let Some(line) = line {
        println!("{}", line.to_json());
    }
    Ok(())
}
