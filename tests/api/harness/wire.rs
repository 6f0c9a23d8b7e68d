//! Engine.IO and Socket.IO packets as text.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A packet that the server sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ServerPacket {
    /// Engine.IO's handshake.
    Open(Value),
    Ping,
    /// The connect packet of the socket, or its connect error.
    Connected(Value),
    ConnectError(Value),
    Event(String, Vec<Value>),
    Ack(u64, Vec<Value>),
    Disconnected,
    /// A packet of another namespace; only the name is parsed.
    OtherNamespace(String),
    /// The end of the connection: code and reason of the close frame, if there was one.
    Closed(Option<(u16, String)>),
}

/// All error keys for a request as a whole.
const KEYS: [&str; 15] = [
    "$more",
    "$not_found",
    "$in_use",
    "$conflict",
    "$unknown_event",
    "$bad_payload",
    "$too_large",
    "$unauthorized",
    "$forbidden",
    "$rate_limited",
    "$unavailable",
    "$locked",
    "$refused",
    "$unknown_outcome",
    "$internal",
];

/// The ack of an event. Unknown and missing fields are an error.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ack {
    pub(crate) ok: bool,
    pub(crate) data: Value,
    pub(crate) errors: BTreeMap<String, String>,
    pub(crate) user: Option<Value>,
}

impl Ack {
    pub(crate) fn read(arguments: &[Value]) -> Self {
        let [ack] = arguments else { panic!("an ack has one argument, not {arguments:?}") };
        let ack: Self = serde_json::from_value(ack.clone()).expect("an ack of the contract's shape");
        assert_eq!(ack.ok, ack.errors.is_empty(), "{ack:?}");
        for (key, sentence) in &ack.errors {
            assert!(!sentence.is_empty(), "{ack:?}");
            assert!(!key.starts_with('$') || KEYS.contains(&key.as_str()), "no key of ours: {ack:?}");
        }
        ack
    }

    /// The data of a successful ack; panics otherwise.
    #[track_caller]
    pub(crate) fn unwrap_data(self) -> Value {
        assert!(self.ok, "refused: {:?}", self.errors);
        self.data
    }

    /// The error keys of an unsuccessful ack, sorted; panics otherwise.
    #[track_caller]
    pub(crate) fn error_keys(&self) -> Vec<&str> {
        assert!(!self.ok, "not refused: {}", self.data);
        self.errors.keys().map(String::as_str).collect()
    }

    /// The message of an error key.
    #[track_caller]
    pub(crate) fn error(&self, field: &str) -> &str {
        self.errors.get(field).unwrap_or_else(|| panic!("nothing about {field}: {self:?}"))
    }
}

/// Parses a frame.
pub(crate) fn read(frame: &str) -> ServerPacket {
    let json = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| panic!("no JSON: {text}"));
    let list = |text: &str| match json(text) {
        Value::Array(list) => list,
        other => panic!("no list: {other}"),
    };
    let (kind, rest) = frame.split_at(frame.len().min(2));
    if let Some((namespace, _)) = frame.split_once(',').filter(|_| rest.starts_with('/')) {
        return ServerPacket::OtherNamespace(format!("{namespace},"));
    }
    match kind {
        "2" => ServerPacket::Ping,
        "40" => ServerPacket::Connected(json(rest)),
        "41" => ServerPacket::Disconnected,
        "42" => {
            let mut arguments = list(rest);
            let name = arguments.remove(0).as_str().expect("an event's name").to_owned();
            ServerPacket::Event(name, arguments)
        }
        "43" => {
            let bracket = rest.find('[').expect("an ack's arguments");
            ServerPacket::Ack(rest[..bracket].parse().expect("an ack's id"), list(&rest[bracket..]))
        }
        "44" => ServerPacket::ConnectError(json(rest)),
        "0{" => ServerPacket::Open(json(&frame[1..])),
        _ => panic!("no packet that a server sends: {frame}"),
    }
}
