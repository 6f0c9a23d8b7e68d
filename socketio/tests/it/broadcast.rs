//! Broadcasts across workers, in order.

use socketio::{Config, Frame, Message, Slot};

use crate::harness::{Client, TestServer};

#[actix_web::test]
async fn broadcast_reaches_all_sockets_once_and_in_order() {
    let server = TestServer::with_workers(Config::default(), 2);
    let mut clients: Vec<Client> = Vec::new();
    for _ in 0..20 {
        clients.push(server.connect().await);
    }
    let hub = server.hub.clone();
    std::thread::spawn(move || {
        for n in 0..500 {
            hub.broadcast(Message::event(Frame::event("n", &[&n.to_string()])));
        }
    });
    for client in &mut clients {
        for n in 0..500 {
            assert_eq!(client.text().await, format!(r#"42["n",{n}]"#));
        }
    }
}

#[actix_web::test]
async fn broadcast_reaches_caller_before_ack() {
    let server = TestServer::with_workers(Config::default(), 2);
    let mut clients: Vec<Client> = Vec::new();
    for _ in 0..8 {
        clients.push(server.connect().await);
    }
    // Concurrently, so that broadcasts of one worker run while the other acks.
    for round in 0..50 {
        for (at, client) in clients.iter_mut().enumerate() {
            client.send(&format!(r#"421["all","{round}-{at}"]"#)).await;
        }
        for (at, client) in clients.iter_mut().enumerate() {
            let (mut own, mut acked, mut received) = (false, false, 0);
            while !acked || received < 8 {
                let text = client.text().await;
                if text.starts_with("43") {
                    assert_eq!(text, format!(r#"431["{round}-{at}"]"#));
                    assert!(own, "the ack came before the broadcast");
                    acked = true;
                } else {
                    own |= text == format!(r#"42["all","{round}-{at}"]"#);
                    received += 1;
                }
            }
        }
    }
}

#[actix_web::test]
async fn last_slot_state_reaches_all_sockets() {
    let server = TestServer::with_workers(Config::default(), 2);
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    let hub = server.hub.clone();
    std::thread::spawn(move || {
        for n in 0..=2000 {
            hub.broadcast(Message::latest(Slot(0), Frame::event("state", &[&n.to_string()])));
        }
    });
    for client in [&mut one, &mut two] {
        let mut last = None;
        while last != Some(2000) {
            let text = client.text().await;
            let n: i32 = text.strip_prefix(r#"42["state","#).unwrap().trim_end_matches(']').parse().unwrap();
            assert!(last < Some(n), "{last:?} came before {n}");
            last = Some(n);
        }
    }
}

#[actix_web::test]
async fn unconnected_and_disconnected_sockets_receive_nothing() {
    let server = TestServer::start(Config::default());
    let (mut outside, mut left) = (server.open().await, server.connect().await);
    left.send(r#"421["echo",1]"#).await;
    assert_eq!(left.text().await, "431[1]");
    left.send("41").await;
    left.send("40/x,").await;
    assert!(left.text().await.starts_with("44/x,"));

    server.hub.broadcast(Message::event(Frame::event("all", &[])));

    for client in [&mut outside, &mut left] {
        client.send("40").await;
        assert!(client.text().await.starts_with("40{"));
        assert_eq!(client.text().await, r#"42["hello",none]"#);
    }
}

#[actix_web::test]
async fn paused_client_receives_ordered_events_and_last_state() {
    let server = TestServer::with_workers(Config { max_outbox: usize::MAX, ..Config::default() }, 2);
    let (mut paused, mut reader) = (server.connect().await, server.connect().await);
    // Far more than the kernel buffers for one connection.
    let filler = "x".repeat(200_000);
    for n in 0..60 {
        server.hub.broadcast(Message::event(Frame::event("n", &[&n.to_string(), &format!("\"{filler}\"")])));
        server.hub.broadcast(Message::latest(Slot(1), Frame::event("state", &[&n.to_string()])));
        while !reader.text().await.starts_with(&format!(r#"42["n",{n},"#)) {}
    }

    let (mut next, mut state) = (0, -1);
    while next < 60 || state < 59 {
        let text = paused.text().await;
        if let Some(rest) = text.strip_prefix(r#"42["state","#) {
            let newer: i32 = rest.trim_end_matches(']').parse().unwrap();
            assert!(newer > state, "{newer} after {state}");
            state = newer;
        } else {
            assert!(text.starts_with(&format!(r#"42["n",{next},"xx"#)), "{next}: {}", &text[..20]);
            assert_eq!(text.len(), filler.len() + 11 + next.to_string().len());
            next += 1;
        }
    }
}
