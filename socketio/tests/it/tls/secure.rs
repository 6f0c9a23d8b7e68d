//! A server with a certificate of its own, and clients that trust it.

use std::{fs, path::PathBuf, sync::Arc};

use rcgen::CertifiedKey;
use socketio::{Args, Binary, Config, Data, Namespace, Reason, Socket, SocketIo, tls};
use tempfile::{TempDir, tempdir};
use tokio::{
    net::TcpStream,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer},
};
use tokio_tungstenite::client_async;

use crate::harness::{Client, Http, TestServer, within};

/// Writes a file, and returns its path.
pub(super) fn write(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

pub(super) fn certified() -> CertifiedKey<rcgen::KeyPair> {
    rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

/// A server behind TLS, and its address.
pub(super) struct Secure {
    pub(super) server: TestServer,
    connector: TlsConnector,
    pub(super) reports: UnboundedReceiver<Reason>,
}

impl Secure {
    pub(super) fn start(config: Config, workers: usize) -> Self {
        let (report, reports) = unbounded_channel();
        let namespace = Namespace::new("/")
            .on("echo", |args: Args| async move { args })
            .on("secure", |socket: Socket| async move { Ok::<_, ()>(socket.handshake().is_secure()) })
            .on("close", |socket: Socket| async move { socket.close() })
            .on("size", |Data(bytes): Data<Binary>| async move { Ok::<_, ()>(bytes.0.len()) })
            .on_disconnect(move |_: Socket, reason: Reason| {
                let _ = report.send(reason);
                async {}
            });
        let (folder, certified) = (tempdir().unwrap(), certified());
        let certificate = write(&folder, "cert.pem", &certified.cert.pem());
        let key = write(&folder, "key.pem", &certified.signing_key.serialize_pem());
        let tls = tls::server_config(&certificate, &key).unwrap();
        let builder = SocketIo::builder(config).namespace(namespace);
        let server = TestServer::secure(builder, workers, tls);
        Self { server, connector: trusting(certified.cert.der().clone()), reports }
    }

    async fn stream(&self) -> TlsStream<TcpStream> {
        let tcp = TcpStream::connect(self.server.address).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        within(self.connector.connect("localhost".try_into().unwrap(), tcp)).await.unwrap()
    }

    pub(super) async fn websocket(&self, rest: &str) -> Client<TlsStream<TcpStream>> {
        let url = format!("wss://localhost/socket.io/?EIO=4&transport=websocket{rest}");
        Client(within(client_async(url, self.stream().await)).await.unwrap().0)
    }

    pub(super) async fn enter(&self) -> Client<TlsStream<TcpStream>> {
        let mut client = self.websocket("").await;
        assert!(client.text().await.starts_with("0{"));
        client.enter("/", "").await;
        client
    }

    pub(super) async fn http(&self) -> Http<TlsStream<TcpStream>> {
        Http::over(self.stream().await)
    }
}

fn trusting(certificate: CertificateDer<'static>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(client))
}
