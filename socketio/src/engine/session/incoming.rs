//! Messages of a session, as items for its namespace: which packet may follow which.

use std::rc::Rc;

use crate::{
    config::Config,
    engine::frames::Inbound,
    frame::Frame,
    link::Link,
    namespace::{Inbox, Item, Presence, refused},
    packet::{Emitted, Packet},
    service::{Event, Fault, Refusal},
};

/// Why a message ends the session: a close code and a sentence.
type Failure = (u16, String);

pub(super) struct Incoming<'a> {
    config: &'a Config,
    link: &'a Rc<Link>,
    inbox: &'a Inbox,
    /// An event or ack whose attachments are still coming.
    partial: Option<Partial>,
    left: bool,
}

struct Partial {
    /// None for an ack.
    item: Option<Item>,
    missing: usize,
}

impl<'a> Incoming<'a> {
    pub(super) fn new(config: &'a Config, link: &'a Rc<Link>, inbox: &'a Inbox) -> Self {
        Self { config, link, inbox, partial: None, left: false }
    }

    /// Whether the client has left the namespace since this was last asked.
    pub(super) fn left(&mut self) -> bool {
        std::mem::take(&mut self.left)
    }

    pub(super) fn take(&mut self, message: Inbound) -> Result<(), Failure> {
        match message {
            Inbound::Text(text) => self.text(&text),
            Inbound::Binary => self.attachment(),
            Inbound::TooLarge { prefix, bytes } => self.too_large(&prefix, bytes),
            Inbound::Ping(_) | Inbound::Pong | Inbound::Close(_) => Ok(()),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), Failure> {
        match text.as_bytes().first() {
            Some(b'4') => self.packet(&text[1..]),
            // Of no meaning here, and as such ignored by the official server.
            Some(b'0' | b'3' | b'5' | b'6') => Ok(()),
            Some(b'2') => Err(invalid("pings are the server's to send")),
            _ => Err(invalid("unknown packet type")),
        }
    }

    fn packet(&mut self, text: &str) -> Result<(), Failure> {
        if self.partial.is_some() {
            return Err(invalid("an attachment was to follow"));
        }
        match Packet::parse(text).map_err(invalid)? {
            Packet::Connect { namespace, auth } if &*namespace == "/" => {
                if self.inbox.presence() != Presence::Out {
                    return Err(invalid("the namespace is connected already"));
                }
                self.inbox.set_presence(Presence::Joining);
                self.inbox.push(Item::Connect(auth), text.len());
            }
            Packet::Connect { namespace, .. } => {
                self.link.emit(Frame::text(&refused(&namespace, &Refusal::new("Invalid namespace"))));
            }
            Packet::Disconnect { namespace } => {
                self.connected(&namespace)?;
                self.inbox.set_presence(Presence::Out);
                self.link.leave();
                self.left = true;
                self.inbox.push(Item::Leave, text.len());
            }
            Packet::Event(emitted) => {
                let fault = (emitted.attachments > 0).then_some(Fault::Binary);
                self.event(emitted, fault, text.len())?;
            }
            Packet::Ack { attachments } => self.await_attachments(None, attachments, 0)?,
        }
        Ok(())
    }

    /// A message that was skipped: an event can still be answered.
    fn too_large(&mut self, prefix: &[u8], bytes: u64) -> Result<(), Failure> {
        let limit = self.config.max_payload;
        let prefix = match std::str::from_utf8(prefix) {
            Ok(prefix) => prefix,
            // It may end within a character.
            Err(error) => std::str::from_utf8(&prefix[..error.valid_up_to()]).unwrap_or_default(),
        };
        let packet = prefix.strip_prefix('4').filter(|_| self.partial.is_none());
        let Some(emitted) = packet.and_then(Packet::recognise) else {
            return Err((1009, format!("message of {bytes} bytes is over the limit of {limit}")));
        };
        tracing::warn!(sid = %self.link.sid, bytes, limit, "an event was too large; its arguments were skipped");
        self.event(emitted, Some(Fault::TooLarge { bytes, limit }), prefix.len())
    }

    fn event(&mut self, emitted: Emitted, fault: Option<Fault>, bytes: usize) -> Result<(), Failure> {
        self.connected(&emitted.namespace)?;
        let Emitted { ack, name, args, attachments, .. } = emitted;
        let args = if fault.is_some() { Vec::new() } else { args };
        let event = Event { name, args, wants_ack: ack.is_some(), fault };
        self.await_attachments(Some(Item::Event { event, ack }), attachments, bytes)
    }

    /// Attachments are counted and dropped: no event with them is taken.
    fn await_attachments(&mut self, item: Option<Item>, missing: usize, bytes: usize) -> Result<(), Failure> {
        if missing > self.config.max_attachments {
            return Err(invalid("too many attachments"));
        }
        match item {
            item if missing > 0 => self.partial = Some(Partial { item, missing }),
            Some(item) => self.inbox.push(item, bytes),
            None => {}
        }
        Ok(())
    }

    fn attachment(&mut self) -> Result<(), Failure> {
        let partial = self.partial.as_mut().ok_or_else(|| invalid("an attachment of nothing"))?;
        partial.missing -= 1;
        if partial.missing == 0
            && let Some(Partial { item: Some(item), .. }) = self.partial.take()
        {
            self.inbox.push(item, 0);
        }
        Ok(())
    }

    fn connected(&self, namespace: &str) -> Result<(), Failure> {
        if namespace == "/" && self.inbox.presence() == Presence::In {
            return Ok(());
        }
        Err(invalid("the namespace is not connected"))
    }
}

fn invalid(sentence: &str) -> Failure {
    (1002, sentence.to_owned())
}
