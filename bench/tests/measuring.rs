//! The load generator against a server that keeps its promises, and against ones that break one
//! each: every fault shows, and shows as what it is.

#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;

use rowcast_bench::figures::{Line, Subject};
use rowcast_bench::live::{Auth, Live};
use rowcast_bench::load::Load;
use rowcast_bench::replay::Replay;
use rowcast_bench::{Fallible, bare, connect, fanout, record, seed, writes};
use tokio::net::TcpListener;
use tokio::task::LocalSet;

#[allow(dead_code)] // other tests break the other promises
#[path = "../examples/stand_in/memory.rs"]
mod memory;

use memory::{Fault, Memory};

const ROWS: u32 = 4;
const PROMISES: [&str; 6] = ["failed", "unacked", "undelivered", "unread", "backwards", "gaps"];

fn subject() -> Subject {
    Subject { label: "test".into(), round: 1, rows: ROWS, pid: Some(std::process::id()), db_pid: None }
}

async fn start(source: impl bare::Source) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(bare::serve(listener, source));
    addr
}

/// A server with rows in it.
async fn seeded(fault: Fault) -> SocketAddr {
    let addr = start(Memory::new(fault)).await;
    seed::run(Load::new(addr), ROWS).await.unwrap();
    addr
}

/// Nine writers on four rows, and three listeners.
async fn write(addr: SocketAddr) -> Line {
    let plan = writes::Plan { writers: 9, listeners: 3, seconds: 0.2, warmup: 0.05, settle: 1.0 };
    writes::run(Load::new(addr), &subject(), &plan).await.unwrap()
}

/// The promises that a server with `fault` is found to break.
async fn broken(fault: Fault) -> Vec<&'static str> {
    let line = write(seeded(fault).await).await;
    assert!(line.get("acked_s") > 0.0);
    PROMISES.into_iter().filter(|promise| line.get(promise) > 0.0).collect()
}

#[tokio::test]
async fn correct_server_has_no_faults() {
    let local = LocalSet::new();
    assert_eq!(local.run_until(broken(Fault::None)).await, Vec::<&str>::new());
}

#[tokio::test]
async fn second_run_on_same_rows_has_no_faults() {
    let run = async {
        let addr = seeded(Fault::None).await;
        write(addr).await;
        let line = write(addr).await;
        assert_eq!(PROMISES.map(|promise| line.get(promise)), [0.0; 6]);
    };
    LocalSet::new().run_until(run).await;
}

#[tokio::test]
async fn ack_before_own_write_is_found() {
    let local = LocalSet::new();
    assert_eq!(local.run_until(broken(Fault::AckFirst)).await, ["unread"]);
}

#[tokio::test]
async fn client_without_last_state_is_found() {
    let local = LocalSet::new();
    let broken = local.run_until(broken(Fault::Deaf)).await;
    assert!(broken.contains(&"undelivered"), "{broken:?}");
}

#[tokio::test]
async fn older_state_is_found() {
    let local = LocalSet::new();
    assert_eq!(local.run_until(broken(Fault::Backwards)).await, ["backwards"]);
}

#[tokio::test]
async fn missing_version_is_found() {
    let local = LocalSet::new();
    assert_eq!(local.run_until(broken(Fault::Gaps)).await, ["gaps"]);
}

#[tokio::test]
async fn fan_out_reaches_all_clients_unless_server_refuses() {
    let plan = fanout::Plan { clients: 5, seconds: 0.1, live: Live::Snapshots };
    let run = async {
        let line = fanout::run(Load::new(seeded(Fault::None).await), &subject(), &plan).await.unwrap();
        assert!(line.get("writes") >= 3.0);
        assert_eq!(line.get("undelivered"), 0.0);
        assert!(line.get("ack_p50_ms") > 0.0);

        // fails at once, as the connection closes, rather than after the time a write may take
        let refused = fanout::run(Load::new(start(Refusing).await), &subject(), &plan).await;
        assert!(refused.is_ok_and(|line| line.get("undelivered") > 0.0));
    };
    LocalSet::new().run_until(run).await;
}

#[tokio::test]
async fn recording_is_replayed_byte_for_byte() {
    let run = async {
        let folder = std::env::temp_dir().join(format!("rowcast-bench-{}", std::process::id()));
        let addr = seeded(Fault::None).await;
        record::run(Load::new(addr), &folder).await.unwrap();
        let replay = start(Replay::open(&folder).unwrap()).await;
        std::fs::remove_dir_all(&folder).unwrap();

        let plan = fanout::Plan { clients: 3, seconds: 0.1, live: Live::Snapshots };
        let original = fanout::run(Load::new(addr), &subject(), &plan).await.unwrap();
        let bare = fanout::run(Load::new(replay), &subject(), &plan).await.unwrap();
        assert_eq!(bare.get("undelivered"), 0.0);
        assert!(bare.get("kb_per_client") > 1.0);
        // a replayed ack is shorter, and the one that writes is a fourth of all who receive
        let difference = original.get("kb_per_client") - bare.get("kb_per_client");
        assert!((0.0..0.1).contains(&difference), "{difference} kB");
    };
    LocalSet::new().run_until(run).await;
}

#[tokio::test]
async fn client_counts_as_connected_after_its_snapshots() {
    let run = async {
        let plan = connect::Plan { clients: 20, at_once: 4, idle: 0.0 };
        let load = Load::new(seeded(Fault::None).await);
        let line = connect::run(load.clone(), &subject(), &plan).await.unwrap();
        assert!(line.get("connects_s") > 0.0);
        // the handshake, `40`, `connected` and four snapshots
        assert_eq!(load.messages.get(), 20 * 7);
    };
    LocalSet::new().run_until(run).await;
}

#[tokio::test]
async fn non_empty_server_is_not_seeded() {
    let run = async {
        let addr = seeded(Fault::None).await;
        let again: Fallible<()> = seed::run(Load::new(addr), ROWS).await;
        assert!(again.unwrap_err().to_string().contains("new_coach for row 1"));
    };
    LocalSet::new().run_until(run).await;
}

/// Refuses every event.
struct Refusing;

impl bare::Source for Refusing {
    fn connect(&self, auth: &Auth) -> bare::Bytes {
        bare::Source::connect(&Memory::new(Fault::None), auth)
    }

    fn event(&mut self, event: &[u8]) -> Vec<bare::Reply> {
        vec![bare::ack(event, r#"{"ok":false,"data":null,"errors":{}}"#)]
    }
}
