//! A slow network in front of a server: limited bytes a second, and small buffers at both ends.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpSocket, TcpStream},
    time::{MissedTickBehavior, interval},
};

/// Interval of forwarding.
const TICK: Duration = Duration::from_millis(10);
/// Buffer of each end in bytes.
const KEPT: u32 = 32 * 1024;

/// Opens a line for one connection, and returns its address.
pub async fn line(server: SocketAddr, bytes_per_second: usize) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(KEPT).unwrap();
        let server = socket.connect(server).await.unwrap();
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        carry(client, server, bytes_per_second / 100).await;
    });
    address
}

async fn carry(client: TcpStream, server: TcpStream, per_tick: usize) {
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let up = async {
        let _ = copy(&mut from_client, &mut to_server).await;
        let _ = to_server.shutdown().await;
    };
    let down = async {
        let (mut tick, mut bytes) = (interval(TICK), vec![0; per_tick]);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while let Ok(read @ 1..) = from_server.read(&mut bytes).await {
            if to_client.write_all(&bytes[..read]).await.is_err() {
                return;
            }
            tick.tick().await;
        }
        let _ = to_client.shutdown().await;
    };
    tokio::join!(up, down);
}
