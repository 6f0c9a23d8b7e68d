//! The remaining features, for the tests with stock clients in `tests/clients`.
//!
//! Four servers share one port: `/socket.io/` has all events, `/polling/` one transport, `/recovery/` connection state
//! recovery, and `/limits/` low limits.

use std::{cell::Cell, time::Duration};

use actix_web::{App, HttpServer, rt};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketio::{
    AckSender, Args, Binary, Broadcast, Config, ConnectError, Data, Event, Handshake, Namespace, Origins,
    Reason, Recovery, Reply, Slot, Socket, SocketIo, State, Transport, args,
};
use tokio::signal::unix::{SignalKind, signal};

/// State of each socket: attempts at an operation that succeeds the third time.
#[derive(Default)]
struct Tries(Cell<u32>);

type Client = Socket<Tries>;

#[derive(Serialize, Deserialize)]
struct File {
    name: String,
    parts: Vec<Binary>,
}

#[derive(Deserialize)]
struct Credentials {
    user: String,
    password: String,
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Sockets in one of `to`, or all if it is empty, except those in `except`.
fn some(socket: &Client, to: Vec<String>, except: Vec<String>) -> Broadcast {
    let all = socket.hub().of(socket.namespace());
    let within = to.into_iter().fold(all, Broadcast::to);
    except.into_iter().fold(within, Broadcast::except)
}

/// A namespace that greets its sockets, and emits each disconnect to the others.
fn open(name: &str) -> Namespace<Tries> {
    Namespace::with_authorizer(name, async |_| Ok(Tries::default()))
        .on_connect(async |socket: Client| {
            let rooms: Value = json!(socket.rooms());
            let (id, recovered) = (socket.id(), socket.recovered());
            socket.emit("welcome", &json!({ "id": id, "recovered": recovered, "rooms": rooms }));
        })
        .on_disconnect(async |socket: Client, reason: Reason| {
            socket.broadcast().emit_args("gone", &args![socket.id(), reason.as_str()]);
        })
}

/// Events that are answered to their sender.
fn echoes(namespace: Namespace<Tries>) -> Namespace<Tries> {
    namespace
        .message(async |socket: Client, args: Args| socket.emit_args("message", &args))
        .on("echo", async |args: Args| args)
        .on("back", async |socket: Client, args: Args| socket.emit_args("back", &args))
        .on("sum", async |Data(a): Data<i64>, Data(b): Data<i64>, Data(c): Data<Option<i64>>| {
            a.checked_add(b).and_then(|sum| sum.checked_add(c.unwrap_or(0))).ok_or("too large")
        })
        .on("file", async |Data(mut file): Data<File>, Data(last): Data<Binary>| {
            file.parts.push(last);
            file.parts.reverse();
            Ok::<_, ()>(file)
        })
        .on("later", async |Data(millis): Data<u64>, ack: AckSender| {
            rt::spawn(async move {
                rt::time::sleep(ms(millis)).await;
                ack.send("at last");
            });
        })
        .on("slow", async |socket: Client, Data(millis): Data<u64>| {
            socket.emit_args("started", &args![]);
            rt::time::sleep(ms(millis)).await;
            Ok::<_, ()>("done")
        })
        .on("drop", async |_: AckSender| {})
        .on("third", async |tries: State<Tries>, Data(name): Data<String>, ack: AckSender| {
            tries.0.set(tries.0.get() + 1);
            if tries.0.get() == 3 {
                tries.0.set(0);
                return ack.send(&name);
            }
            rt::spawn(async move {
                rt::time::sleep(ms(60_000)).await;
                drop(ack);
            });
        })
        .on("panic", async || -> () { panic!("as was asked for") })
}

/// Events that the server sends, and their order.
fn emits(namespace: Namespace<Tries>) -> Namespace<Tries> {
    namespace
        .on("stream", async |socket: Client, Data(count): Data<u32>| {
            rt::spawn(async move {
                for number in 0..count {
                    socket.emit("tick", &number);
                    rt::time::sleep(ms(1)).await;
                }
            });
        })
        .on("ask", async |socket: Client, Data(millis): Data<u64>, args: Args| {
            match socket.emit_args_with_ack("question", &args, ms(millis)).await {
                Ok(answer) => Reply::from(answer),
                Err(error) => Reply::error(&error.to_string()),
            }
        })
        .on("ask_all", async |socket: Client, Data(to): Data<Vec<String>>, Data(millis): Data<u64>| {
            let gathered = some(&socket, to, vec![]).emit_with_ack("question", "all", ms(millis)).await;
            let replies = gathered.replies.iter().map(|(id, args)| json!([id, args.json()]));
            Ok::<_, ()>(json!({ "replies": replies.collect::<Vec<_>>(), "missing": gathered.missing }))
        })
        .on("volatile", async |socket: Client, Data(count): Data<usize>, Data(size): Data<usize>| {
            let text = "v".repeat(size);
            for number in 0..count {
                socket.emit_volatile("volatile", &json!([number, text]));
            }
        })
        .on("whisper", async |socket: Client, Data(text): Data<String>| {
            socket.emit_volatile("whisper", &text)
        })
        .on("latest", async |socket: Client, Data(count): Data<u32>| {
            for number in 0..count {
                socket.hub().to(socket.id().as_str()).latest(Slot(1)).emit("latest", &number);
            }
        })
        .on("steps", async |socket: Client, Data(room): Data<String>| {
            // To one client, in all possible ways, before it disconnects.
            socket.join(room.as_str());
            socket.hub().of(socket.namespace()).emit("step", &1);
            socket.emit("step", &2);
            socket.hub().of(socket.namespace()).to(room.as_str()).emit("step", &3);
            socket.emit_volatile("step", &4);
            let _ = socket.emit_args_with_ack("step", &args![5], ms(0)).await;
            socket.hub().of(socket.namespace()).to(room.as_str()).emit("step", &6);
            socket.leave(&room);
            socket.hub().of(socket.namespace()).to(room.as_str()).emit("step", &7);
            socket.emit("step", &8);
            socket.disconnect();
        })
}

fn rooms(namespace: Namespace<Tries>) -> Namespace<Tries> {
    namespace
        .on("join", async |socket: Client, Data(room): Data<String>| socket.join(room))
        .on("leave", async |socket: Client, Data(room): Data<String>| socket.leave(&room))
        .on("rooms", async |socket: Client| Ok::<_, ()>(json!(socket.rooms())))
        .on("others", async |socket: Client, args: Args| socket.broadcast().emit_args("said", &args))
        .on("to", async |socket: Client, Data(room): Data<String>, args: Args| {
            socket.to(room).emit_args("said", &args);
        })
        .on("except", async |socket: Client, Data(room): Data<String>, args: Args| {
            socket.except(room).emit_args("said", &args);
        })
        .on(
            "say",
            async |socket: Client, Data(to): Data<Vec<String>>, Data(but): Data<Vec<String>>, args: Args| {
                some(&socket, to, but).emit_args("said", &args);
            },
        )
        .on("move", async |socket: Client, Data(from): Data<String>, Data(to): Data<String>| {
            some(&socket, vec![from.clone()], vec![]).join([to]);
            some(&socket, vec![from.clone()], vec![]).leave([from]);
        })
        .on("who", async |socket: Client, Data(to): Data<Vec<String>>| {
            Ok::<_, ()>(json!(some(&socket, to, vec![]).sockets().await))
        })
        .on("kick", async |socket: Client, Data(to): Data<Vec<String>>, Data(close): Data<bool>| {
            some(&socket, to, vec![]).disconnect(close);
        })
        .on("leave me", async |socket: Client| socket.disconnect())
        .on("close me", async |socket: Client| socket.close())
}

/// Authorizes by `auth`, and returns the credentials as state.
async fn sign_in(handshake: Handshake) -> Result<Credentials, ConnectError> {
    match handshake.auth::<Credentials>() {
        Ok(credentials) if credentials.password == "secret" => Ok(credentials),
        Ok(_) => Err(ConnectError::new("not allowed").data(&json!({ "code": 401, "again": true }))),
        Err(error) => Err(ConnectError::new(error.to_string())),
    }
}

fn everything() -> SocketIo {
    let config = Config { origins: Origins::list(["https://page.example"]), ..Config::default() };
    let members = Namespace::with_authorizer("/members", sign_in)
        .on("whoami", async |socket: Socket<Credentials>| Ok::<_, ()>(socket.state().user.clone()));
    let orgs = Namespace::new("/org-{id}")
        .on("where", async |socket: Socket| {
            Ok::<_, ()>(json!([socket.namespace(), socket.handshake().param("id")]))
        })
        .on("say", async |socket: Socket, args: Args| {
            socket.hub().of(socket.namespace()).emit_args("said", &args);
        });
    let any = Namespace::new("/any").on_fallback(
        async |socket: Socket, Event { name, args, wants_ack, .. }: Event| {
            socket.emit_args("caught", &args![name, wants_ack, args.json()]);
        },
    );
    SocketIo::builder(config)
        .namespace(rooms(emits(echoes(open("/")))))
        .namespace(rooms(echoes(open("/second"))))
        .namespace(members)
        .namespace(orgs)
        .namespace(any)
        .build()
}

fn recovery() -> SocketIo {
    let recovery = Recovery { max_bytes: 20_000, ..Recovery::default() };
    let config = Config { path: "/recovery/".into(), recovery: Some(recovery), ..Config::default() };
    SocketIo::builder(config)
        .namespace(rooms(emits(echoes(open("/")))))
        .namespace(rooms(open("/second")))
        .build()
}

fn limits() -> SocketIo {
    let config = Config {
        path: "/limits/".into(),
        ping_interval: ms(300),
        ping_timeout: ms(300),
        max_payload: 10_000,
        max_depth: 5,
        max_events: 10,
        max_sockets: 2,
        max_attachments: 2,
        ..Config::default()
    };
    let org = Namespace::new("/org-{id}");
    SocketIo::builder(config).namespace(rooms(echoes(open("/")))).namespace(org).build()
}

fn polling() -> SocketIo {
    let config =
        Config { path: "/polling/".into(), transports: vec![Transport::Polling], ..Config::default() };
    SocketIo::builder(config).namespace(echoes(open("/"))).build()
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3000);
    let mut terminate = signal(SignalKind::terminate())?;
    let servers = [everything(), polling(), recovery(), limits()];
    let mounts = servers.clone();
    let server = HttpServer::new(move || {
        mounts.iter().fold(App::new(), |app, server| app.configure(|app| server.configure(app)))
    })
    .on_connect(socketio::on_connect)
    .tcp_nodelay(true)
    .shutdown_signal(async move {
        tokio::select! { _ = terminate.recv() => {} _ = tokio::signal::ctrl_c() => {} }
        for server in servers {
            server.shutdown(Duration::from_secs(5)).await;
        }
    })
    .bind(("127.0.0.1", port))?;
    println!("http://{}", server.addrs()[0]);
    server.run().await
}
