//! The scenarios for live data against a server that keeps its promises, and against ones that break one each.

#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;

use rowcast_bench::figures::{Line, Subject};
use rowcast_bench::live::{Live, cost, inserts, resume};
use rowcast_bench::load::Load;
use rowcast_bench::{bare, fanout};
use tokio::net::TcpListener;
use tokio::task::LocalSet;

#[allow(dead_code)] // other tests break the other promises
#[path = "../examples/stand_in/memory.rs"]
mod memory;

use memory::{Fault, Memory};

const COACHES: u32 = 8;
const ROWS: u32 = 4;
const PROMISES: [&str; 8] =
    ["failed", "unacked", "undelivered", "unread", "unresumed", "doubled", "closed", "gave_up_s"];

fn subject() -> Subject {
    Subject { label: "test".into(), round: 1, rows: ROWS, pid: Some(std::process::id()), db_pid: None }
}

async fn start(fault: Fault) -> SocketAddr {
    let mut memory = Memory::new(fault);
    memory.fill(COACHES, ROWS);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(bare::serve(listener, memory));
    addr
}

/// Writes to four coaches in turn, beside three listeners: every third write is one of the last to its coach.
async fn cost(addr: SocketAddr, live: Live) -> Line {
    let plan = cost::Plan {
        coaches: COACHES,
        listeners: 3,
        live,
        spread: 4,
        seconds: 0.1,
        warmup: 0.02,
        within: 10.0,
        settle: 0.2,
    };
    cost::run(Load::new(addr), &subject(), &plan).await.unwrap()
}

async fn resume(addr: SocketAddr, live: Live) -> Line {
    let plan = resume::Plan { coaches: COACHES, clients: 5, live, writes: 10, spread: 4, within: 10.0 };
    resume::run(Load::new(addr), &subject(), &plan).await.unwrap()
}

async fn inserts(addr: SocketAddr, live: Live) -> Line {
    let plan = inserts::Plan { writers: 4, live, seconds: 0.1, warmup: 0.02, settle: 0.2 };
    inserts::run(Load::new(addr), &subject(), &plan).await.unwrap()
}

fn broken(line: &Line) -> Vec<&'static str> {
    PROMISES.into_iter().filter(|promise| line.get(promise) > 0.0).collect()
}

/// The promises that a server with `fault` is found to break, by a writer and by a crowd that comes back.
async fn accusations(fault: Fault, live: Live) -> [Vec<&'static str>; 2] {
    let line = cost(start(fault).await, live).await;
    assert!(line.get("writes") >= 3.0 && line.get("p50_ms") > 0.0);
    [broken(&line), broken(&resume(start(fault).await, live).await)]
}

#[tokio::test]
async fn correct_server_has_no_faults() {
    let run = async {
        for live in [Live::Snapshots, Live::Changes] {
            assert_eq!(accusations(Fault::None, live).await, [vec![], Vec::<&str>::new()]);
            let line = inserts(start(Fault::None).await, live).await;
            assert!(line.get("acked_s") > 0.0);
            assert_eq!(broken(&line), Vec::<&str>::new());
        }
    };
    LocalSet::new().run_until(run).await;
}

#[tokio::test]
async fn unpublished_change_is_found() {
    let run = async {
        let [cost, resume] = accusations(Fault::Lossy, Live::Changes).await;
        assert_eq!(cost, ["undelivered", "unread"]);
        assert_eq!(resume, ["unread"], "who comes back is told of it");
    };
    LocalSet::new().run_until(run).await;
}

#[tokio::test]
async fn partial_change_is_found() {
    let run = async {
        let [cost, resume] = accusations(Fault::Half, Live::Changes).await;
        assert_eq!([cost, resume], [["undelivered", "unread"]; 2]);
    };
    LocalSet::new().run_until(run).await;
}

#[tokio::test]
async fn ack_before_change_is_found() {
    let run = async {
        let [cost, _] = accusations(Fault::AckFirst, Live::Changes).await;
        assert_eq!(cost, ["unread"]);
        assert_eq!(broken(&inserts(start(Fault::AckFirst).await, Live::Changes).await), ["unread"]);
    };
    LocalSet::new().run_until(run).await;
}

#[tokio::test]
async fn clients_without_changes_are_found() {
    let run = async {
        for live in [Live::Snapshots, Live::Changes] {
            assert_eq!(accusations(Fault::Deaf, live).await[0], ["undelivered"]);
        }
    };
    LocalSet::new().run_until(run).await;
}

#[tokio::test]
async fn forgotten_cursor_is_found() {
    let run = async {
        let [cost, resume] = accusations(Fault::Forgetful, Live::Changes).await;
        assert_eq!((cost, resume), (vec![], vec!["unresumed"]));
    };
    LocalSet::new().run_until(run).await;
}

#[tokio::test]
async fn slow_run_is_given_up() {
    let run = async {
        let plan = cost::Plan {
            coaches: COACHES,
            listeners: 1,
            live: Live::Snapshots,
            spread: 2,
            seconds: 0.1,
            warmup: 0.0,
            within: 0.1,
            settle: 0.1,
        };
        // nobody accepts
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let line = cost::run(Load::new(silent.local_addr().unwrap()), &subject(), &plan).await.unwrap();
        assert_eq!(broken(&line), ["gave_up_s"]);
    };
    LocalSet::new().run_until(run).await;
}

#[tokio::test]
async fn fan_out_of_changes_reaches_all_clients() {
    let run = async {
        let plan = fanout::Plan { clients: 5, seconds: 0.1, live: Live::Changes };
        let line = fanout::run(Load::new(start(Fault::None).await), &subject(), &plan).await.unwrap();
        assert!(line.get("writes") >= 3.0);
        assert_eq!(line.get("undelivered"), 0.0);
    };
    LocalSet::new().run_until(run).await;
}
