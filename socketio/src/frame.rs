//! What is sent: packets encoded once, as the WebSocket frame that every recipient shares.
//!
//! A server's frames are not masked, so the bytes are the same for all. A frame keeps both views: the
//! whole of it, and the packet's text inside (what another transport would send).

use bytes::Bytes;

/// Header room of the largest frame: two bytes and a 64-bit length.
const ROOM: usize = 10;

/// An encoded packet, ready to be written. A clone shares the bytes.
#[derive(Debug, Clone)]
pub struct Frame {
    bytes: Bytes,
    text_at: u8,
}

impl Frame {
    /// An event in the main namespace; each of `args` is JSON, and not checked to be.
    pub fn event(name: &str, args: &[&str]) -> Self {
        let size = args.iter().map(|arg| arg.len() + 1).sum::<usize>();
        let mut writer = FrameWriter::event(name, size);
        for arg in args {
            writer.arg().extend_from_slice(arg.as_bytes());
        }
        writer.seal()
    }

    /// The answer to event `id`, with one argument or none.
    pub(crate) fn ack(id: u64, arg: Option<&str>) -> Self {
        Self::text(&format!("43{id}[{}]", arg.unwrap_or_default()))
    }

    /// An Engine.IO packet given as text.
    pub(crate) fn text(packet: &str) -> Self {
        let mut writer = FrameWriter::with_room(packet.len());
        writer.bytes.extend_from_slice(packet.as_bytes());
        writer.seal()
    }

    /// A WebSocket close with a code and a sentence, cut to what a control frame can hold.
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
        Self { bytes: bytes.into(), text_at: 2 }
    }

    /// Bytes on the wire, the WebSocket header included.
    #[allow(clippy::len_without_is_empty, reason = "no frame is empty")]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The packet's text: what the WebSocket frame carries.
    pub fn packet(&self) -> &[u8] {
        &self.bytes[self.text_at as usize..]
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        self.bytes
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
}

impl FrameWriter {
    /// Begins an event of the main namespace. `size` is how many bytes of arguments to expect.
    pub fn event(name: &str, size: usize) -> Self {
        let mut writer = Self::with_room(name.len() + size + 16);
        writer.bytes.extend_from_slice(b"42[");
        serde_json::to_writer(&mut writer.bytes, name).expect("a string is JSON, a Vec takes all");
        writer.array = true;
        writer
    }

    fn with_room(size: usize) -> Self {
        let mut bytes = Vec::with_capacity(ROOM + size);
        bytes.resize(ROOM, 0);
        Self { bytes, array: false }
    }

    /// Begins the next argument: append its JSON, as UTF-8, to what is returned, and touch nothing before it.
    pub fn arg(&mut self) -> &mut Vec<u8> {
        self.bytes.push(b',');
        &mut self.bytes
    }

    /// The finished frame.
    pub fn seal(mut self) -> Frame {
        if self.array {
            self.bytes.push(b']');
        }
        let len = self.bytes.len() - ROOM;
        let (head, size): ([u8; ROOM], usize) = header(len);
        let start = ROOM - size;
        self.bytes[start..ROOM].copy_from_slice(&head[..size]);
        Frame { bytes: Bytes::from(self.bytes).slice(start..), text_at: size as u8 }
    }
}

/// The header of an unmasked, final text frame (RFC 6455 §5.2).
fn header(len: usize) -> ([u8; ROOM], usize) {
    let mut head = [0; ROOM];
    head[0] = 0x81;
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

    #[test]
    fn a_frame_has_the_shortest_header_for_its_length() {
        for (len, head) in [(2, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            let frame = Frame::text(&"x".repeat(len));
            assert_eq!(frame.len(), head + len);
            assert_eq!(frame.packet().len(), len);
        }
        assert_eq!(&Frame::text("2").into_bytes()[..], [0x81, 1, b'2']);
    }

    #[test]
    fn an_event_name_is_escaped() {
        assert_eq!(Frame::event("a\"b", &["1", "{}"]).packet(), br#"42["a\"b",1,{}]"#);
    }

    #[test]
    fn a_close_is_cut_at_a_character() {
        let frame = Frame::close(1000, &"é".repeat(100));
        assert_eq!(frame.len(), 2 + 2 + 122);
        assert!(std::str::from_utf8(&frame.packet()[2..]).is_ok());
    }
}
