//! Encoding of packets as WebSocket frames, once for all recipients.

use bytes::Bytes;

use crate::wire::{args::Args, frame::Frame};

/// Length of the largest header: two bytes and a 64-bit length.
const MAX_HEADER: usize = 10;

/// Type and destination of an outgoing packet.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Head<'a> {
    /// An event, with the id of the requested ack.
    Event { namespace: &'a str, name: &'a str, ack: Option<u64> },
    /// The ack of event `id`.
    Ack { namespace: &'a str, id: u64 },
}

impl Frame {
    /// An event in the main namespace. Each of `args` is JSON, and not validated.
    pub fn event(name: &str, args: &[&str]) -> Self {
        let size = args.iter().map(|arg| arg.len() + 1).sum::<usize>();
        let mut writer = FrameWriter::event(name, size);
        for arg in args {
            writer.arg().extend_from_slice(arg.as_bytes());
        }
        writer.seal()
    }

    /// Encodes an event or an ack. `offset` is the additional argument of recovery.
    pub(crate) fn encode(head: Head<'_>, args: &Args, offset: Option<&str>) -> Self {
        let args = args.with_valid_placeholders();
        let mut writer = FrameWriter::begin(head, args.attachments.len(), args.size() + 64);
        for json in &args.json {
            writer.arg().extend_from_slice(json.get().as_bytes());
        }
        if let Some(offset) = offset {
            writer.arg().extend_from_slice(format!("\"{offset}\"").as_bytes());
        }
        writer.attach(&args.attachments)
    }

    /// An Engine.IO packet given as text.
    pub(crate) fn text(packet: &str) -> Self {
        let mut writer = FrameWriter::with_capacity(packet.len());
        writer.bytes.extend_from_slice(packet.as_bytes());
        writer.seal()
    }

    /// A binary Engine.IO message.
    pub(crate) fn binary(message: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(MAX_HEADER + message.len());
        push_binary(&mut bytes, message);
        Self::new(bytes.into(), (0, 0))
    }

    /// A WebSocket close. The sentence is truncated to the size of a control frame.
    pub(crate) fn close(code: u16, sentence: &str) -> Self {
        let mut end = sentence.len().min(123);
        while !sentence.is_char_boundary(end) {
            end -= 1;
        }
        Self::control(0x8, &[&code.to_be_bytes(), &sentence.as_bytes()[..end]].concat())
    }

    pub(crate) fn pong(payload: &[u8]) -> Self {
        Self::control(0xA, payload)
    }

    fn control(opcode: u8, payload: &[u8]) -> Self {
        debug_assert!(payload.len() <= 125);
        let mut bytes = vec![0x80 | opcode, payload.len() as u8];
        bytes.extend_from_slice(payload);
        Self::new(bytes.into(), (2, payload.len() as u32))
    }
}

/// Builds an event's frame in place, for arguments too large to be copied twice.
///
/// ```
/// let mut writer = socketio::FrameWriter::event("coaches", 64);
/// writer.arg().extend_from_slice(br#"[{"id":1}]"#);
/// writer.arg().extend_from_slice(br#"{"cursor":"7"}"#);
/// assert_eq!(writer.seal().packet(), br#"42["coaches",[{"id":1}],{"cursor":"7"}]"#);
/// ```
#[derive(Debug)]
pub struct FrameWriter {
    bytes: Vec<u8>,
    array: bool,
    /// Whether the next argument is the first, which needs no comma.
    empty: bool,
}

impl FrameWriter {
    /// Begins an event of the main namespace. `size` is the expected number of bytes of its arguments.
    pub fn event(name: &str, size: usize) -> Self {
        Self::begin(Head::Event { namespace: "/", name, ack: None }, 0, size)
    }

    /// Begins an event of any namespace.
    pub fn event_in(namespace: &str, name: &str, size: usize) -> Self {
        Self::begin(Head::Event { namespace, name, ack: None }, 0, size)
    }

    pub(crate) fn begin(head: Head<'_>, attachments: usize, size: usize) -> Self {
        let (kind, namespace, id) = match head {
            Head::Event { namespace, ack, .. } => (if attachments == 0 { '2' } else { '5' }, namespace, ack),
            Head::Ack { namespace, id } => (if attachments == 0 { '3' } else { '6' }, namespace, Some(id)),
        };
        let mut writer = Self::with_capacity(namespace.len() + size + 24);
        let bytes = &mut writer.bytes;
        bytes.extend_from_slice(&[b'4', kind as u8]);
        if attachments > 0 {
            bytes.extend_from_slice(format!("{attachments}-").as_bytes());
        }
        if namespace != "/" {
            bytes.extend_from_slice(namespace.as_bytes());
            bytes.push(b',');
        }
        if let Some(id) = id {
            bytes.extend_from_slice(id.to_string().as_bytes());
        }
        bytes.push(b'[');
        if let Head::Event { name, .. } = head {
            serde_json::to_writer(&mut *bytes, name).expect("a string is JSON, a Vec takes all");
        }
        (writer.array, writer.empty) = (true, matches!(head, Head::Ack { .. }));
        writer
    }

    fn with_capacity(size: usize) -> Self {
        let mut bytes = Vec::with_capacity(MAX_HEADER + size);
        bytes.resize(MAX_HEADER, 0);
        Self { bytes, array: false, empty: false }
    }

    /// Begins the next argument. Append its JSON, as UTF-8, to the returned buffer, and leave earlier bytes unchanged.
    pub fn arg(&mut self) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.empty) {
            self.bytes.push(b',');
        }
        &mut self.bytes
    }

    /// Finishes the frame.
    pub fn seal(self) -> Frame {
        self.attach(&[])
    }

    fn attach(mut self, attachments: &[Bytes]) -> Frame {
        if self.array {
            self.bytes.push(b']');
        }
        let len = self.bytes.len() - MAX_HEADER;
        let (head, size) = header(0x81, len);
        let start = MAX_HEADER - size;
        self.bytes[start..MAX_HEADER].copy_from_slice(&head[..size]);
        self.bytes.reserve_exact(attachments.iter().map(|bytes| bytes.len() + MAX_HEADER).sum());
        for attachment in attachments {
            push_binary(&mut self.bytes, attachment);
        }
        Frame::new(Bytes::from(self.bytes).slice(start..), (size as u8, len as u32))
    }
}

fn push_binary(bytes: &mut Vec<u8>, message: &[u8]) {
    let (head, size) = header(0x82, message.len());
    bytes.extend_from_slice(&head[..size]);
    bytes.extend_from_slice(message);
}

/// The header of an unmasked, final frame (RFC 6455 §5.2), and its length.
fn header(first: u8, len: usize) -> ([u8; MAX_HEADER], usize) {
    let mut head = [0; MAX_HEADER];
    head[0] = first;
    match len {
        0..=125 => {
            head[1] = len as u8;
            (head, 2)
        }
        126..=0xFFFF => {
            head[1] = 126;
            head[2..4].copy_from_slice(&(len as u16).to_be_bytes());
            (head, 4)
        }
        _ => {
            head[1] = 127;
            head[2..10].copy_from_slice(&(len as u64).to_be_bytes());
            (head, 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{args, wire::args::Binary};

    #[test]
    fn frame_header_is_shortest_for_length() {
        for (len, head) in [(2, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            let frame = Frame::text(&"x".repeat(len));
            assert_eq!(frame.len(), head + len);
            assert_eq!(frame.packet().len(), len);
        }
        assert_eq!(&Frame::text("2").into_bytes()[..], [0x81, 1, b'2']);
    }

    #[test]
    fn event_name_is_escaped() {
        assert_eq!(Frame::event("a\"b", &["1", "{}"]).packet(), br#"42["a\"b",1,{}]"#);
    }

    #[test]
    fn packet_contains_namespace_and_ack_id() {
        let event = Head::Event { namespace: "/x", name: "a", ack: Some(7) };
        assert_eq!(Frame::encode(event, &args![1], None).packet(), br#"42/x,7["a",1]"#);
        assert_eq!(Frame::encode(event, &args![], Some("00f")).packet(), br#"42/x,7["a","00f"]"#);
        let ack = Head::Ack { namespace: "/", id: 3 };
        assert_eq!(Frame::encode(ack, &args![], None).packet(), b"433[]");
        assert_eq!(Frame::encode(ack, &args![1, 2], None).packet(), b"433[1,2]");
    }

    #[test]
    fn attachments_follow_in_same_piece() {
        let head = Head::Event { namespace: "/", name: "a", ack: None };
        let frame = Frame::encode(head, &args![Binary::from("xyz")], None);
        let text = br#"451-["a",{"_placeholder":true,"num":0}]"#;
        assert_eq!(frame.packet(), text);
        assert_eq!(frame.into_bytes()[2 + text.len()..], [0x82, 3, b'x', b'y', b'z']);
    }

    #[test]
    fn close_sentence_is_truncated_at_character() {
        let frame = Frame::close(1000, &"é".repeat(100));
        assert_eq!(frame.len(), 2 + 2 + 122);
        assert!(std::str::from_utf8(&frame.packet()[2..]).is_ok());
    }
}
