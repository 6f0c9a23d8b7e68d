//! The parsers for the fuzz targets in `fuzz/`: plain values in, plain values out. Compiled with `--cfg fuzzing` only,
//! which `cargo fuzz` sets.

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::{
    engine::{
        frames::{self, Inbound},
        payload::Splitter,
    },
    wire::{
        args::Args,
        frame::Frame,
        frame_writer::Head,
        json,
        packet::{EventPacket, Packet},
        payload,
    },
};

/// A Socket.IO packet as comparable values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// `0` to `3`: connect, disconnect, event or ack. Binary events and acks included.
    pub kind: u8,
    /// Namespace of the packet.
    pub namespace: String,
    /// Id of the ack.
    pub id: Option<u64>,
    /// Name of an event.
    pub name: Option<String>,
    /// The arguments, or `auth`.
    pub args: Vec<String>,
    /// Number of attachments.
    pub attachments: usize,
}

/// Parses a packet, without Engine.IO's leading `4`.
pub fn parse(text: &str) -> Result<Parts, &'static str> {
    let none = (None, None, Vec::new(), 0);
    let (kind, namespace, (id, name, args, attachments)) = match Packet::parse(text)? {
        Packet::Connect { namespace, auth } => {
            (0, namespace, (None, None, auth.map(|auth| auth.get().to_owned()).into_iter().collect(), 0))
        }
        Packet::Disconnect { namespace } => (1, namespace, none),
        Packet::Event(event) => return Ok(event.into()),
        Packet::Ack { namespace, id, args, attachments } => {
            (3, namespace, (Some(id), None, texts(&args), attachments))
        }
    };
    Ok(Parts { kind, namespace: namespace.into(), id, name, args, attachments })
}

/// Parses the beginning of an event's packet.
pub fn parse_event_prefix(prefix: &str) -> Option<Parts> {
    Packet::parse_event_prefix(prefix).map(Parts::from)
}

/// Whether JSON is nested deeper than `max`.
pub fn is_deeper(json: &str, max: usize) -> bool {
    json::is_deeper(json, max)
}

/// Encodes an event or an ack as the server does, with attachments of its own. `None` if a placeholder in it has no
/// attachment.
pub fn encode(parts: &Parts) -> Option<Frame> {
    let namespace = &parts.namespace;
    let head = match (parts.kind, &parts.name, parts.id) {
        (2, Some(name), ack) => Head::Event { namespace, name, ack },
        (3, None, Some(id)) => Head::Ack { namespace, id },
        _ => return None,
    };
    let json = parts.args.iter().map(|arg| RawValue::from_string(arg.clone()));
    let json = json.collect::<Result<_, _>>().ok()?;
    let args = Args { json, attachments: vec![Bytes::from_static(b"bytes"); parts.attachments] };
    args.has_valid_placeholders().then(|| Frame::encode(head, &args, None))
}

/// Splits the body of a POST, given in pieces. Each packet is returned as a WebSocket frame, or as `Err` if it was
/// skipped for its size. `idle` is called after each piece.
pub fn split<'a>(
    pieces: impl Iterator<Item = &'a [u8]>,
    limit: usize,
    max_packets: usize,
    mut idle: impl FnMut(),
) -> Result<Vec<Result<Bytes, Skipped>>, String> {
    let mut splitter = Splitter::new(limit, max_packets);
    for piece in pieces {
        splitter.push(piece).map_err(|error| format!("{error:?}"))?;
        idle();
    }
    let packets = splitter.finish().map_err(|error| format!("{error:?}"))?;
    Ok(packets.into_iter().map(framed).collect())
}

/// The beginning of a skipped packet, and its length.
pub type Skipped = (Vec<u8>, u64);

fn framed(packet: Inbound) -> Result<Bytes, Skipped> {
    match packet {
        Inbound::Text(text) => Ok(Frame::text(&text).into_bytes()),
        Inbound::Binary(bytes) => Ok(Frame::binary(&bytes).into_bytes()),
        Inbound::TooLarge { prefix, bytes } => Err((prefix, bytes)),
        other => unreachable!("no packet of a payload: {other:?}"),
    }
}

/// Appends the content of frames to a polling body; returns whether there was a close.
pub fn append(body: &mut String, frames: &[u8]) -> bool {
    payload::append(body, frames)
}

/// Arguments as a client sends them.
pub fn args(json: Vec<Box<RawValue>>, attachments: Vec<Bytes>) -> Args {
    Args { json, attachments }
}

/// Whether every placeholder has an attachment, and the arguments as they may be sent.
pub fn validate(args: &Args) -> (bool, Args) {
    (args.has_valid_placeholders(), args.with_valid_placeholders().into_owned())
}

impl From<EventPacket> for Parts {
    fn from(event: EventPacket) -> Self {
        let EventPacket { namespace, ack, name, args, attachments } = event;
        let (namespace, args) = (namespace.into(), texts(&args));
        Self { kind: 2, namespace, id: ack, name: Some(name), args, attachments }
    }
}

fn texts(args: &[Box<RawValue>]) -> Vec<String> {
    args.iter().map(|arg| arg.get().to_owned()).collect()
}

/// Decodes a client's WebSocket frames.
#[derive(Debug)]
pub struct Decoder(frames::Decoder);

/// A message or a control frame.
#[derive(Debug, PartialEq, Eq)]
pub struct Message(Inbound);

impl Decoder {
    /// Takes messages of up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self(frames::Decoder::new(limit))
    }

    /// Adds bytes, after [`next`](Self::next) has returned `None`.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.0.feed(Bytes::copy_from_slice(bytes));
    }

    /// The next message, or the close code and sentence of a violation.
    #[allow(clippy::should_implement_trait, reason = "as the decoder itself")]
    pub fn next(&mut self) -> Result<Option<Message>, (u16, String)> {
        let next = self.0.next().map_err(|violation| (violation.code, violation.sentence))?;
        Ok(next.map(Message))
    }
}
