//! The parsers, as the fuzz targets in `fuzz/` see them: plain values in, plain values out. Only there with
//! `--cfg fuzzing`, which `cargo fuzz` sets; nothing of it is public otherwise.

use bytes::Bytes;
use serde_json::value::RawValue;

pub use self::decode::{Decoder, Message};
use crate::{
    engine::{frames::Inbound, payload::Splitter},
    wire::{
        args::Args,
        frame::{Frame, Head},
        json,
        packet::{Emitted, Packet},
        payload,
    },
};

/// A Socket.IO packet, in values that can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// `0` to `3`: connect, disconnect, event or ack. A binary event or ack is one, too.
    pub kind: u8,
    /// Which namespace it is for.
    pub namespace: String,
    /// The id of the ack.
    pub id: Option<u64>,
    /// An event's name.
    pub name: Option<String>,
    /// The arguments, or `auth`.
    pub args: Vec<String>,
    /// How many attachments follow.
    pub attachments: usize,
}

/// Reads a packet, which begins behind Engine.IO's `4`.
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

/// What can be known of an event from the beginning of its packet.
pub fn recognise(prefix: &str) -> Option<Parts> {
    Packet::recognise(prefix).map(Parts::from)
}

/// Whether JSON is nested deeper than that.
pub fn is_deeper(json: &str, max: usize) -> bool {
    json::is_deeper(json, max)
}

/// Encodes an event or an ack as the server would send it, with attachments of its own. `None` if that is not what would
/// be sent, because a placeholder in it stands for nothing.
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
    args.is_sound().then(|| Frame::encode(head, &args, None))
}

/// Splits the body of a POST, which comes in pieces. Each packet is given as the frame that a WebSocket would carry,
/// or as `Err` if it was skipped for its size. `idle` is called when a piece is used up.
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

/// The beginning of a packet that was skipped, and its length.
pub type Skipped = (Vec<u8>, u64);

fn framed(packet: Inbound) -> Result<Bytes, Skipped> {
    match packet {
        Inbound::Text(text) => Ok(Frame::text(&text).into_bytes()),
        Inbound::Binary(bytes) => Ok(Frame::binary(&bytes).into_bytes()),
        Inbound::TooLarge { prefix, bytes } => Err((prefix, bytes)),
        other => unreachable!("no packet of a payload: {other:?}"),
    }
}

/// Appends what frames carry to a polling body; says whether there was a close.
pub fn append(body: &mut String, frames: &[u8]) -> bool {
    payload::append(body, frames)
}

/// Arguments as they come from a client.
pub fn args(json: Vec<Box<RawValue>>, attachments: Vec<Bytes>) -> Args {
    Args { json, attachments }
}

/// Whether every placeholder stands for an attachment, and the arguments as they may be sent.
pub fn sound(args: &Args) -> (bool, Args) {
    (args.is_sound(), args.made_sound().into_owned())
}

impl From<Emitted> for Parts {
    fn from(event: Emitted) -> Self {
        let Emitted { namespace, ack, name, args, attachments } = event;
        let (namespace, args) = (namespace.into(), texts(&args));
        Self { kind: 2, namespace, id: ack, name: Some(name), args, attachments }
    }
}

fn texts(args: &[Box<RawValue>]) -> Vec<String> {
    args.iter().map(|arg| arg.get().to_owned()).collect()
}

/// The decoder is the engine's own, out of reach here: so this is the same file once more.
#[path = "engine"]
mod decode {
    use bytes::Bytes;

    #[allow(dead_code, reason = "the engine uses what the targets do not")]
    mod frames;

    /// Decodes a client's WebSocket frames.
    #[derive(Debug)]
    pub struct Decoder(frames::Decoder);

    /// A message or a control frame.
    #[derive(Debug, PartialEq, Eq)]
    pub struct Message(frames::Inbound);

    impl Decoder {
        /// Takes messages of up to `limit` bytes.
        pub fn new(limit: usize) -> Self {
            Self(frames::Decoder::new(limit))
        }

        /// Gives it what was read, once [`next`](Self::next) has returned `None`.
        pub fn feed(&mut self, bytes: &[u8]) {
            self.0.feed(Bytes::copy_from_slice(bytes));
        }

        /// The next message, or the close code and the sentence that a violation calls for.
        #[allow(clippy::should_implement_trait, reason = "as the decoder itself")]
        pub fn next(&mut self) -> Result<Option<Message>, (u16, String)> {
            let next = self.0.next().map_err(|violation| (violation.code, violation.sentence))?;
            Ok(next.map(Message))
        }
    }
}
