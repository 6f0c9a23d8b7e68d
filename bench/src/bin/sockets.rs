//! The load generator for Socket.IO servers, the bare server beside them, and their report.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rowcast_bench::Fallible;
use rowcast_bench::figures::Line;
use rowcast_bench::load::Load;
use rowcast_bench::sockets::{Target, bare, broadcast, connect, echo, memory, report, stalled};
use tokio::net::TcpListener;
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
    /// One broadcast at a time, until the last client has it
    Broadcast {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        plan: broadcast::Plan,
    },
    /// Clients that each send the next event when the last is acked
    Echo {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        plan: echo::Plan,
    },
    /// How fast crowds connect
    Connect {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        plan: connect::Plan,
    },
    /// What idle clients take of a fresh server's memory
    Memory {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        plan: memory::Plan,
    },
    /// Broadcasts at a steady pace, to a crowd of which some never read
    Stalled {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        plan: stalled::Plan,
    },
    /// Serve, on nothing but tokio
    Bare {
        /// Where to listen
        #[arg(long)]
        bind: SocketAddr,
    },
    /// Print results side by side; fails when a goal is missed
    Report {
        /// Files of result lines
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Report { files } => report::print(&files),
        Task::Bare { bind } => serve(bind).map(|()| true),
        task => measure(task).map(|line| {
            println!("{}", line.to_json());
            true
        }),
    };
    match result {
        // at once: an orderly end of a thousand sockets would serve nobody
        Ok(true) => std::process::exit(0),
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("sockets: {error}");
            std::process::exit(2)
        }
    }
}

fn serve(bind: SocketAddr) -> Fallible<()> {
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async { bare::serve(TcpListener::bind(bind).await?).await })?;
    Ok(())
}

fn measure(task: Task) -> Fallible<Line> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let load = |target: &Target| (Load::new(target.server), target.subject());
    LocalSet::new().block_on(&runtime, async {
        match task {
            Task::Broadcast { target, plan } => {
                let (load, subject) = load(&target);
                broadcast::run(load, &subject, &plan).await
            }
            Task::Echo { target, plan } => {
                let (load, subject) = load(&target);
                echo::run(load, &subject, &plan).await
            }
            Task::Connect { target, plan } => {
                let (load, subject) = load(&target);
                connect::run(load, &subject, &plan).await
            }
            Task::Memory { target, plan } => {
                let (load, subject) = load(&target);
                memory::run(load, &subject, &plan).await
            }
            Task::Stalled { target, plan } => {
                let (load, subject) = load(&target);
                stalled::run(load, &subject, &plan).await
            }
            Task::Bare { .. } | Task::Report { .. } => Err("measures nothing".into()),
        }
    })
}
