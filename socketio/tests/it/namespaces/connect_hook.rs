//! Patterns of names, and connect hooks.

use serde::Deserialize;
use serde_json::json;
use socketio::{Config, ConnectError, Handshake, Namespace, Socket, SocketIo};

use crate::harness::TestServer;

#[actix_web::test]
async fn pattern_creates_namespace_per_name() {
    let params = |handshake: Handshake| async move {
        Ok(format!("{:?} {:?}", handshake.param("id"), handshake.param("name")))
    };
    let builder = SocketIo::builder(Config::default())
        .namespace(Namespace::with_authorizer("/org-{id}", params).on_connect(
            |socket: Socket<String>| async move {
                socket.emit_args("hello", &socketio::args![socket.namespace(), socket.state()]);
            },
        ))
        .namespace(Namespace::with_authorizer("/room/{name:[a-z]+}", params))
        .namespace(Namespace::new("/org-main"));
    let server = TestServer::of(builder, 2);
    let (mut one, mut other) = (server.open().await, server.open().await);

    one.enter("/org-1", "").await;
    assert_eq!(one.text().await, r#"42/org-1,["hello","/org-1","Some(\"1\") None"]"#);
    other.enter("/org-2", "").await;
    assert_eq!(other.text().await, r#"42/org-2,["hello","/org-2","Some(\"2\") None"]"#);
    other.enter("/room/blue", "").await;
    // A fixed name does not match the pattern.
    other.enter("/org-main", "").await;
    for name in ["/room/", "/room/BLUE", "/room/blue/1", "/org-", "/org-1/2", "/orgs", "//", "/org-1 "] {
        let answer = other.request(&format!("40{name},")).await;
        if !answer.starts_with(&format!("44{name},")) {
            assert_eq!(name, "/org-1 ", "{answer}");
            assert!(other.text().await.starts_with(r#"42/org-1 ,["hello","/org-1 ","#));
        }
    }

    server.hub.of("/org-2").emit("news", &2);
    server.hub.of("/org-1").emit("news", &1);
    assert_eq!(one.text().await, r#"42/org-1,["news",1]"#);
    assert_eq!(other.text().await, r#"42/org-2,["news",2]"#);
    assert_eq!((server.hub.of("/org-1").count(), server.hub.of("/org-3").count()), (1, 0));
    drop((one, other));
    server.wait_until_empty().await;
    assert_eq!(server.hub.of("/org-1").count(), 0);
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    #[serde(default)]
    word: String,
}

#[actix_web::test]
async fn authorizer_error_reaches_client_and_retry_is_allowed() {
    let guarded = Namespace::with_authorizer("/admin", |handshake: Handshake| async move {
        let credentials: Credentials = handshake
            .auth()
            .map_err(|error| ConnectError::new(error.to_string()).data(&json!({ "code": 400 })))?;
        if credentials.word != "please" {
            return Err(ConnectError::new("not \"allowed\"").data(&json!({ "code": 401, "tries": [1, 2] })));
        }
        Ok(credentials)
    })
    .on("who", |socket: Socket<Credentials>| async move { Ok::<_, ()>(socket.state().name.clone()) });
    let server = TestServer::of(SocketIo::builder(Config::default()).namespace(guarded), 1);
    let mut client = server.open().await;

    let missing = client.request("40/admin,").await;
    assert!(missing.starts_with(r#"44/admin,{"message":"missing field `name`"#), "{missing}");
    assert!(missing.ends_with(r#","data":{"code":400}}"#), "{missing}");
    assert_eq!(
        client.request(r#"40/admin,{"name":"Ada"}"#).await,
        r#"44/admin,{"message":"not \"allowed\"","data":{"code":401,"tries":[1,2]}}"#
    );
    client.enter("/admin", r#"{"name":"Ada","word":"please"}"#).await;
    assert_eq!(client.request(r#"42/admin,1["who"]"#).await, r#"43/admin,1["Ada"]"#);
    assert_eq!(server.hub.sockets(), 1);
}

#[actix_web::test]
async fn authorizer_receives_handshake() {
    let seen = Namespace::with_authorizer("/", |handshake: Handshake| async move {
        Err::<(), _>(ConnectError::new("seen").data(&json!({
            "namespace": handshake.namespace(), "auth": handshake.raw_auth().map(|auth| auth.get().to_owned()),
            "query": handshake.query(), "path": handshake.path(), "agent": handshake.header("UPGRADE"),
            "secure": handshake.is_secure(), "local": handshake.peer().is_some_and(|peer| peer.ip().is_loopback()),
            "param": handshake.param("id"),
        })))
    });
    let server = TestServer::of(SocketIo::builder(Config::default()).namespace(seen), 1);
    let mut client = server.open().await;
    let answer = client.request(r#"40{"a":  [1]}"#).await;
    let answer: serde_json::Value = serde_json::from_str(answer.strip_prefix("44").unwrap()).unwrap();
    assert_eq!(
        answer["data"],
        json!({ "namespace": "/", "auth": r#"{"a":  [1]}"#, "query": "EIO=4&transport=websocket",
                "path": "/socket.io/", "agent": "websocket", "secure": false, "local": true, "param": null })
    );
}
