//! The scenarios against the bare server, which does all that is asked on a WebSocket, and against a server that
//! does something else.

#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;

use rowcast_bench::figures::Subject;
use rowcast_bench::load::Load;
use rowcast_bench::sockets::crowd::Transport;
use rowcast_bench::sockets::{bare, broadcast, connect, echo, memory, stalled};
use tokio::net::TcpListener;
use tokio::task::LocalSet;

fn subject() -> Subject {
    Subject { label: "test".into(), round: 1, rows: 0, pid: Some(std::process::id()), db_pid: None }
}

async fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(bare::serve(listener));
    addr
}

#[tokio::test]
async fn broadcasts_of_any_size_reach_all_clients() {
    let run = async {
        for bytes in [100, 10_000, 1_000_000] {
            let plan = broadcast::Plan { clients: 5, bytes, seconds: 0.05, warmup: 0.0 };
            let load = Load::new(start().await);
            let line = broadcast::run(load.clone(), &subject(), &plan).await.unwrap();
            assert_eq!(*load.error.borrow(), None);
            assert!(line.get("broadcasts") >= 3.0);
            assert_eq!(line.get("undelivered"), 0.0);
            assert!(line.get("p50_ms") > 0.0);
        }
    };
    LocalSet::new().run_until(run).await;
}

#[tokio::test]
async fn counted_echoes_are_acked() {
    let run = async {
        let plan = echo::Plan { clients: 3, bytes: 100, seconds: 0.1, warmup: 0.0 };
        let load = Load::new(start().await);
        let line = echo::run(load.clone(), &subject(), &plan).await.unwrap();
        assert_eq!(*load.error.borrow(), None);
        assert!(line.get("acked_s") > 0.0);
        assert_eq!(line.get("undelivered"), 0.0);
    };
    LocalSet::new().run_until(run).await;
}

#[tokio::test]
async fn clients_connect_and_stay() {
    let run = async {
        let (transport, addr) = (Transport::Websocket, start().await);
        let plan = connect::Plan { transport, clients: 20, at_once: 4, seconds: 0.0 };
        let line = connect::run(Load::new(addr), &subject(), &plan).await.unwrap();
        assert!(line.get("connects_s") > 0.0);

        let plan = memory::Plan { transport, clients: 20, at_once: 4, idle: 0.0 };
        let load = Load::new(addr);
        let line = memory::run(load.clone(), &subject(), &plan).await.unwrap();
        assert_eq!(line.get("clients"), 20.0);
        assert_eq!(load.closed.get(), 0);
    };
    LocalSet::new().run_until(run).await;
}

#[tokio::test]
async fn stalled_client_does_not_delay_others() {
    let run = async {
        let plan = stalled::Plan { clients: 5, stalled: 1, bytes: 10_000, pace: 500.0, seconds: 0.1 };
        let load = Load::new(start().await);
        let line = stalled::run(load.clone(), &subject(), &plan).await.unwrap();
        assert_eq!(*load.error.borrow(), None);
        assert_eq!(line.get("undelivered"), 0.0);
        assert!(line.get("p50_ms") > 0.0);
    };
    LocalSet::new().run_until(run).await;
}

#[tokio::test]
async fn server_without_polling_is_found() {
    let run = async {
        let plan = connect::Plan { transport: Transport::Polling, clients: 1, at_once: 1, seconds: 0.0 };
        let refused = connect::run(Load::new(start().await), &subject(), &plan).await;
        assert!(refused.is_err());
    };
    LocalSet::new().run_until(run).await;
}
