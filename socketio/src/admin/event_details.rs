//! The shown part of an event: its name and, up to a size, its arguments without secrets.

use serde_json::{Value, value::RawValue};

use super::{name::NAMESPACE, socket_details::HIDDEN};
use crate::{
    clock,
    limit_exceeded::LimitExceeded,
    wire::{args::Args, frame::Frame, frame_writer::FrameWriter, packet::Packet},
    worker::socket::SocketInner,
};

/// Maximum bytes of an event's shown arguments.
const MAX_BYTES: usize = 2048;
/// Maximum number of shown arguments.
const MAX_ARGS: usize = 16;
/// Maximum characters of a shown name.
const MAX_NAME: usize = 128;

/// Substrings of the names of hidden members, in any case.
const SECRETS: [&str; 12] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "authorization",
    "cookie",
    "credential",
    "apikey",
    "api_key",
    "api-key",
    "private_key",
];
/// Names of hidden members.
const SECRET_NAMES: [&str; 7] = ["auth", "pass", "pwd", "pin", "otp", "jwt", "sid"];

/// An event from a client.
pub(super) fn received(
    socket: &SocketInner,
    name: &str,
    args: &Args,
    limit_exceeded: Option<LimitExceeded>,
) -> Frame {
    let mut args = shown(args.json().iter().map(|arg| &**arg));
    if let Some(limit_exceeded) = limit_exceeded {
        args.push(parenthesized(&format!("not taken: {limit_exceeded}")));
    }
    frame("event_received", socket, name, &args)
}

/// An event to a client; `None` for other frames.
pub(super) fn sent(socket: &SocketInner, frame: &Frame) -> Option<Frame> {
    let packet = frame.packet();
    let text = match std::str::from_utf8(&packet[..packet.len().min(2 * MAX_BYTES)]) {
        Ok(text) => text,
        // The prefix may end within a character.
        Err(error) => std::str::from_utf8(&packet[..error.valid_up_to()]).ok()?,
    };
    let text = text.strip_prefix('4')?;
    if packet.len() > 2 * MAX_BYTES {
        let event = Packet::parse_event_prefix(text)?;
        let size = parenthesized(&format!("{} bytes", packet.len()));
        return Some(self::frame("event_sent", socket, &event.name, &[size]));
    }
    match Packet::parse(text) {
        Ok(Packet::Event(event)) => {
            let args = shown(event.args.iter().map(|arg| &**arg));
            Some(self::frame("event_sent", socket, &event.name, &args))
        }
        _ => None,
    }
}

fn frame(kind: &str, socket: &SocketInner, name: &str, args: &[String]) -> Frame {
    let size = args.iter().map(|arg| arg.len() + 1).sum::<usize>() + name.len() + 128;
    let mut writer = FrameWriter::event_in(NAMESPACE, kind, size);
    let name: String = name.chars().take(MAX_NAME).collect();
    let event = std::iter::once(text(&name)).chain(args.iter().cloned()).collect::<Vec<_>>().join(",");
    for arg in [
        text(&socket.nsp.name),
        text(socket.id.as_str()),
        format!("[{event}]"),
        text(&clock::iso(clock::unix_millis())),
    ] {
        writer.arg().extend_from_slice(arg.as_bytes());
    }
    writer.seal()
}

fn shown<'a>(args: impl ExactSizeIterator<Item = &'a RawValue>) -> Vec<String> {
    let (mut left, more) = (MAX_BYTES, args.len().saturating_sub(MAX_ARGS));
    let each = |arg: &RawValue| {
        let json = arg.get();
        if json.len() > left {
            return parenthesized(&format!("{} bytes", json.len()));
        }
        left -= json.len();
        without_secrets(json)
    };
    let mut shown: Vec<_> = args.take(MAX_ARGS).map(each).collect();
    if more > 0 {
        shown.push(parenthesized(&format!("{more} more")));
    }
    shown
}

fn without_secrets(json: &str) -> String {
    if !json.starts_with(['[', '{']) {
        return json.to_owned();
    }
    let Ok(mut value) = serde_json::from_str(json) else { return parenthesized("nested too deeply") };
    hide(&mut value);
    value.to_string()
}

/// The parser has limited the depth.
fn hide(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(members) => {
            for (name, value) in members {
                if is_secret(name) {
                    *value = HIDDEN.into();
                } else {
                    hide(value);
                }
            }
        }
        _ => {}
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    SECRET_NAMES.contains(&&*name) || SECRETS.iter().any(|secret| name.contains(secret))
}

fn parenthesized(word: &str) -> String {
    text(&format!("({word})"))
}

fn text(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args;

    fn shown_args(args: &crate::wire::args::Args) -> Vec<String> {
        shown(args.json().iter().map(|arg| &**arg))
    }

    #[test]
    fn secret_members_are_hidden_at_any_depth() {
        let json =
            r#"{"name":"Ada","user":[{"newPassword":"x","AUTH":{"a":1}}],"accessToken":["y"],"pin":7}"#;
        let hidden = without_secrets(json);
        assert!(
            !hidden.contains('x')
                && !hidden.contains('y')
                && !hidden.contains('7')
                && !hidden.contains("\"a\"")
        );
        assert!(hidden.contains(r#""name":"Ada""#));
    }

    #[test]
    fn long_argument_is_replaced_by_its_size() {
        let (long, short) = ("x".repeat(MAX_BYTES), "short");
        assert_eq!(shown_args(&args![short, long, 7]), [r#""short""#, r#""(2050 bytes)""#, "7"]);
    }

    #[test]
    fn excess_arguments_are_replaced_by_their_count() {
        let args = (0..20).fold(args![], |args, n| args.with(&n));
        assert_eq!(shown_args(&args).len(), MAX_ARGS + 1);
        assert_eq!(shown_args(&args)[MAX_ARGS], r#""(4 more)""#);
    }

    #[test]
    fn deeply_nested_argument_is_not_shown() {
        let deep = "[".repeat(500) + &"]".repeat(500);
        assert_eq!(without_secrets(&deep), r#""(nested too deeply)""#);
    }
}
