//! What is sent: numbered JSON of an exact size, made of rows as an application would send them.
//!
//! ```text
//! {"n":"00000012","pad":"xxxx","rows":[{"id":1000,"name":"Ada Lovelace",…},…]}
//! ```
//!
//! Keys are in alphabetical order and numbers have one spelling, so that a server which decodes the
//! value and encodes it again comes to the same bytes.

use memchr::memmem;

const START: &str = r#"{"n":""#;
const DIGITS: usize = 8;

/// The text of an argument.
pub struct Payload {
    text: Vec<u8>,
}

impl Payload {
    /// An argument of `size` bytes, but never fewer than its frame needs.
    pub fn new(size: usize) -> Self {
        let mut room = size.saturating_sub(text("", "").len());
        let mut rows = String::new();
        for id in 1000.. {
            let row = row(id);
            if room <= row.len() {
                break;
            }
            room -= row.len() + usize::from(!rows.is_empty());
            if !rows.is_empty() {
                rows.push(',');
            }
            rows.push_str(&row);
        }
        Self { text: text(&"x".repeat(room), &rows).into_bytes() }
    }

    /// The text, with `number` in it.
    pub fn numbered(&mut self, number: u32) -> &[u8] {
        let at = START.len();
        self.text[at..at + DIGITS].copy_from_slice(format!("{number:0DIGITS$}").as_bytes());
        &self.text
    }

    /// Bytes of the text.
    pub fn size(&self) -> usize {
        self.text.len()
    }
}

fn text(pad: &str, rows: &str) -> String {
    format!(r#"{START}00000000","pad":"{pad}","rows":[{rows}]}}"#)
}

fn row(id: usize) -> String {
    format!(r#"{{"active":true,"age":{},"id":{id},"name":"Ada Lovelace","tags":["a","b"]}}"#, 20 + id % 60)
}

/// The number in the first payload of a packet.
pub fn number(packet: &[u8]) -> Option<u32> {
    let at = memmem::find(packet, START.as_bytes())? + START.len();
    std::str::from_utf8(packet.get(at..at + DIGITS)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn payload_is_json_of_exact_size() {
        for size in [60, 100, 101, 150, 199, 10_000, 1_000_000] {
            let mut payload = Payload::new(size);
            let text = payload.numbered(4_711).to_vec();
            assert_eq!((text.len(), payload.size()), (size, size));
            assert_eq!(number(&[b"42[\"news\",", &text[..20]].concat()), Some(4_711));
            let value: Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(value.to_string().into_bytes(), text, "decoding and encoding changes nothing");
        }
        assert_eq!(number(b"43[true]"), None);
    }
}
