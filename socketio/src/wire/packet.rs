//! Parsing of Socket.IO packets (protocol v5). Free of I/O and state; the order of packets is checked by the session.

use serde_json::value::RawValue;

/// Reserved event names, which have another meaning on an emitter.
const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// A packet from a client.
#[derive(Debug)]
pub(crate) enum Packet {
    Connect {
        namespace: Box<str>,
        auth: Option<Box<RawValue>>,
    },
    Disconnect {
        namespace: Box<str>,
    },
    Event(EventPacket),
    /// The ack of an event from the server; `attachments` follow.
    Ack {
        namespace: Box<str>,
        id: u64,
        args: Vec<Box<RawValue>>,
        attachments: usize,
    },
}

/// An event and its namespace.
#[derive(Debug)]
pub(crate) struct EventPacket {
    pub(crate) namespace: Box<str>,
    pub(crate) ack: Option<u64>,
    pub(crate) name: String,
    pub(crate) args: Vec<Box<RawValue>>,
    /// Number of following binary messages.
    pub(crate) attachments: usize,
}

/// The reason why a packet is invalid, without its content.
pub(crate) type Invalid = &'static str;

/// Header of a packet: type, attachments, namespace and ack id.
struct Head<'a> {
    /// The ack id and the data.
    rest: &'a str,
    kind: u8,
    attachments: usize,
    namespace: &'a str,
    id: Option<u64>,
    data: &'a str,
}

impl Packet {
    /// Parses a whole packet.
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        let head = Head::parse(text)?;
        let namespace = head.namespace.into();
        match head.kind {
            b'0' => Ok(Self::Connect { namespace, auth: auth(head.rest)? }),
            b'1' if head.data.is_empty() => Ok(Self::Disconnect { namespace }),
            b'1' => Err("a disconnect packet has no payload"),
            b'2' | b'5' => {
                let (name, args) = event(head.data)?;
                Ok(Self::Event(EventPacket {
                    namespace,
                    ack: head.id,
                    name,
                    args,
                    attachments: head.attachments,
                }))
            }
            b'3' | b'6' => {
                let id = head.id.ok_or("an ack has an id")?;
                let args = serde_json::from_str(head.data).map_err(|_| "an ack is a JSON array")?;
                Ok(Self::Ack { namespace, id, args, attachments: head.attachments })
            }
            _ => Err("unknown packet type"),
        }
    }

    /// Parses the beginning of an event: everything but its arguments.
    pub(crate) fn parse_event_prefix(prefix: &str) -> Option<EventPacket> {
        let head = Head::parse(prefix).ok().filter(|head| matches!(head.kind, b'2' | b'5'))?;
        let mut names =
            serde_json::Deserializer::from_str(head.data.strip_prefix('[')?).into_iter::<String>();
        let name = names.next()?.ok().filter(|name| !RESERVED.contains(&name.as_str()))?;
        let (namespace, attachments) = (head.namespace.into(), head.attachments);
        Some(EventPacket { namespace, ack: head.id, name, args: Vec::new(), attachments })
    }
}

impl<'a> Head<'a> {
    fn parse(text: &'a str) -> Result<Self, Invalid> {
        let kind = *text.as_bytes().first().ok_or("empty packet")?;
        if !kind.is_ascii_digit() {
            return Err("unknown packet type");
        }
        let mut rest = &text[1..];
        let mut attachments = 0;
        if matches!(kind, b'5' | b'6') {
            let (count, after) =
                rest.split_once('-').ok_or("a binary packet says how many attachments follow")?;
            attachments = number(count).ok_or("illegal number of attachments")?;
            rest = after;
        }
        let mut namespace = "/";
        if rest.starts_with('/') {
            (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (id, data) = rest.split_at(digits);
        let id = if id.is_empty() { None } else { Some(number(id).ok_or("ack id out of range")?) };
        Ok(Self { rest, kind, attachments, namespace, id, data })
    }
}

fn number<N: std::str::FromStr>(digits: &str) -> Option<N> {
    // `parse` would accept a sign, too.
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Accepts any JSON, although the protocol requires an object: stock clients send any value they are given, and an
/// authorizer can explain the error. Closing the connection could not.
fn auth(data: &str) -> Result<Option<Box<RawValue>>, Invalid> {
    if data.is_empty() {
        return Ok(None);
    }
    serde_json::from_str(data).map(Some).map_err(|_| "auth is not JSON")
}

fn event(data: &str) -> Result<(String, Vec<Box<RawValue>>), Invalid> {
    // Raw values are read without recursion; their depth is limited where they are decoded.
    let mut args: Vec<Box<RawValue>> = serde_json::from_str(data).map_err(|_| "an event is a JSON array")?;
    if args.is_empty() {
        return Err("an event has a name");
    }
    let name = args.remove(0);
    let name = match name.get().as_bytes()[0] {
        b'"' => serde_json::from_str(name.get()).map_err(|_| "an event's name is not a valid string")?,
        b'0'..=b'9' | b'-' => name.get().to_owned(),
        _ => return Err("an event's name is a string"),
    };
    if RESERVED.contains(&name.as_str()) {
        return Err("a reserved event name");
    }
    Ok((name, args))
}

#[cfg(test)]
mod tests;
