//! Socket.IO messages, known by their first bytes and never decoded.

use crate::marker::Scanner;
use crate::planner::Collection;

/// Enough of a message to hold its packet type and an event's name.
const HEAD: usize = 32;
/// As much as is kept of acks and of packets we did not expect.
const SMALL: usize = 4096;

/// How much of a collection's bytes a client wants to look at.
#[derive(Clone, Copy, PartialEq)]
pub enum Interest {
    /// That it came.
    Arrival,
    /// Its first marker.
    Marker,
    /// All of its markers.
    Markers,
    /// All of it.
    Body,
}

/// What a complete message is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// The Engine.IO handshake: the client may connect now.
    Open,
    /// The Engine.IO ping, which wants a pong.
    Ping,
    /// The socket is connected.
    Connect,
    /// The answer to an event.
    Ack,
    /// A collection's rows.
    Snapshot(Collection),
    /// The rows that a group of commits changed. It is kept whole.
    Changes,
    /// An event that carries no collection.
    Event,
    /// Anything else: `connect_error`, `disconnect`, an Engine.IO close.
    Other,
}

/// The message that is arriving.
#[derive(Default)]
pub struct Message {
    kind: Option<Kind>,
    interest: Option<Interest>,
    /// What is kept of it: its first bytes at least.
    pub kept: Vec<u8>,
    scanner: Scanner,
}

impl Message {
    /// Takes more of the message in. `interest` is asked once its first bytes are here.
    pub fn data(&mut self, mut data: &[u8], interest: impl Fn(Collection) -> Interest) {
        if self.kind.is_none() {
            let (head, rest) = data.split_at(data.len().min(HEAD - self.kept.len()));
            self.kept.extend_from_slice(head);
            if self.kept.len() < HEAD {
                return;
            }
            self.classify(interest);
            data = rest;
        }
        let keep = match self.interest {
            Some(Interest::Arrival) => 0,
            Some(Interest::Marker) => self.scan(data, 1),
            Some(Interest::Markers) => self.scan(data, usize::MAX),
            Some(Interest::Body) => data.len(),
            None => data.len().min(SMALL.saturating_sub(self.kept.len())),
        };
        self.kept.extend_from_slice(&data[..keep]);
    }

    /// The message is complete: what it is.
    pub fn end(&mut self, interest: impl Fn(Collection) -> Interest) -> Kind {
        if self.kind.is_none() {
            self.classify(interest);
        }
        self.kind.unwrap_or(Kind::Other)
    }

    /// Its markers, as far as they were asked for.
    pub fn markers(&self) -> &[u32] {
        self.scanner.found()
    }

    /// Makes room for the next message.
    pub fn clear(&mut self) {
        self.kept.clear();
        self.scanner.clear();
        (self.kind, self.interest) = (None, None);
    }

    fn classify(&mut self, interest: impl Fn(Collection) -> Interest) {
        let kind = kind(&self.kept);
        self.kind = Some(kind);
        self.interest = match kind {
            Kind::Snapshot(collection) => Some(interest(collection)),
            Kind::Changes => Some(Interest::Body),
            Kind::Event => Some(Interest::Arrival),
            _ => None,
        };
        match self.interest {
            Some(Interest::Marker) => self.scanner.feed(&self.kept, 1),
            Some(Interest::Markers) => self.scanner.feed(&self.kept, usize::MAX),
            _ => {}
        }
    }

    /// Keeps none of it.
    fn scan(&mut self, data: &[u8], limit: usize) -> usize {
        self.scanner.feed(data, limit);
        0
    }
}

fn kind(head: &[u8]) -> Kind {
    match head {
        [b'0', ..] => Kind::Open,
        [b'2'] => Kind::Ping,
        [b'4', b'0', ..] => Kind::Connect,
        [b'4', b'3', ..] => Kind::Ack,
        [b'4', b'2', b'[', b'"', name @ ..] => {
            let len = name.iter().position(|b| *b == b'"').unwrap_or(name.len());
            match &name[..len] {
                b"changes" => Kind::Changes,
                name => Collection::named(name).map_or(Kind::Event, Kind::Snapshot),
            }
        }
        [b'4', b'2', ..] => Kind::Event,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(message: &str, interest: Interest) -> (Kind, Vec<u32>, String) {
        let mut reader = Message::default();
        message.as_bytes().chunks(5).for_each(|chunk| reader.data(chunk, |_| interest));
        let kind = reader.end(|_| interest);
        (kind, reader.markers().to_vec(), String::from_utf8(reader.kept).unwrap())
    }

    #[test]
    fn kind_is_recognized_by_first_bytes() {
        for (message, kind) in [
            ("0{\"sid\":\"x\"}", Kind::Open),
            ("2", Kind::Ping),
            ("40{\"sid\":\"x\"}", Kind::Connect),
            ("437[{\"ok\":true}]", Kind::Ack),
            ("42[\"connected\",{}]", Kind::Event),
            ("42[\"coaches\",[],{}]", Kind::Snapshot(Collection::ALL[0])),
            ("42[\"changes\",{}]", Kind::Changes),
            ("44{\"message\":\"no\"}", Kind::Other),
        ] {
            assert_eq!(read(message, Interest::Arrival).0, kind, "{message}");
        }
    }

    #[test]
    fn changes_message_is_kept_whole() {
        let changes = r#"42["changes",{"cursor":"1","coaches":{"upserted":[{"id":1}],"deleted":[]}}]"#;
        assert_eq!(read(changes, Interest::Arrival).2, changes);
    }

    #[test]
    fn reader_keeps_what_interest_asks_for() {
        let snapshot =
            r#"42["coaches",[{"id":1,"name":"mk~00000009"},{"id":2,"name":"mk~00000007"}],{"cursor":"1"}]"#;
        assert_eq!(read(snapshot, Interest::Body).2, snapshot);
        assert_eq!(read(snapshot, Interest::Marker).1, [9]);
        assert_eq!(read(snapshot, Interest::Markers).1, [9, 7]);
        assert_eq!(read(snapshot, Interest::Arrival).2.len(), HEAD);
    }
}
