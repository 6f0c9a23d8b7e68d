//! Packets as a client writes them, and as much of them as it reads.

use memchr::memmem;

use crate::{Fallible, wire};

/// Bytes kept of a message.
const HEAD: usize = 256;
/// The settings of every server, as its handshake shows them.
const SETTINGS: [&[u8]; 3] =
    [b"\"pingInterval\":25000", b"\"pingTimeout\":20000", b"\"maxPayload\":10000000"];

/// Whether `open`, what follows the `0` of the handshake, shows the settings all servers are to have.
///
/// # Errors
/// When it does not.
pub(crate) fn check_settings(open: &[u8]) -> Fallible<()> {
    match SETTINGS.iter().find(|setting| memmem::find(open, setting).is_none()) {
        Some(setting) => Err(format!(
            "the handshake lacks {}: {}",
            String::from_utf8_lossy(setting),
            String::from_utf8_lossy(open)
        )
        .into()),
        None => Ok(()),
    }
}

/// The frame of an event that wants ack `id`, ready to be sent.
pub fn event(id: u32, name: &str, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(payload.len() + 64);
    let start = format!("42{id}[\"{name}\",");
    wire::masked_frame(&mut frame, &[start.as_bytes(), payload, b"]"]);
    frame
}

/// The id of an ack.
pub fn ack_id(head: &[u8]) -> Option<u32> {
    let digits = head.get(2..)?.split(|byte| *byte == b'[').next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The message that is coming in.
#[derive(Default)]
pub(crate) struct Message {
    /// Its first bytes.
    pub(crate) head: Vec<u8>,
    /// Its length so far.
    pub(crate) len: u64,
}

impl Message {
    /// More of it has come.
    pub(crate) fn data(&mut self, data: &[u8]) {
        self.len += data.len() as u64;
        let room = HEAD - self.head.len();
        self.head.extend_from_slice(&data[..room.min(data.len())]);
    }

    /// It is done with.
    pub(crate) fn clear(&mut self) {
        self.head.clear();
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_message_keeps_head_and_counts_rest() {
        let mut message = Message::default();
        message.data(b"4317[tr");
        message.data(&[b'x'; 1_000]);
        assert_eq!((message.len, message.head.len()), (1_007, HEAD));
        assert_eq!(ack_id(&message.head), Some(17));
        message.clear();
        assert_eq!((message.len, ack_id(&message.head)), (0, None));
    }

    #[test]
    fn unequal_settings_are_rejected() {
        let open = br#"{"sid":"a","pingInterval":25000,"pingTimeout":20000,"maxPayload":10000000}"#;
        assert!(check_settings(open).is_ok());
        assert!(check_settings(&open[..50]).is_err());
    }
}
