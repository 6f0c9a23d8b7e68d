//! Text as a Socket.IO packet. No text panics, and a valid packet survives a round trip.

#![no_main]

use std::fmt;

use libfuzzer_sys::fuzz_target;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use socketio::fuzzing::{Parts, encode, is_deeper, parse, parse_event_prefix};

/// Attachments that a server takes by default.
const MAX_ATTACHMENTS: usize = 10;
/// Number of tested prefixes of one packet.
const CUTS: usize = 64;

fuzz_target!(|text: &str| {
    let recognised = parse_event_prefix(text);
    for cut in (0..text.len().min(CUTS)).filter(|cut| text.is_char_boundary(*cut)) {
        // A longer prefix never changes what a shorter one has shown.
        let known = parse_event_prefix(&text[..cut]);
        assert!(known.is_none() || known == recognised, "{known:?} became {recognised:?}");
    }
    let Ok(parts) = parse(text) else { return };
    if let Some(known) = recognised {
        assert_eq!(known, Parts { args: Vec::new(), ..parts.clone() });
    }
    for arg in &parts.args {
        if let Ok(Depth(levels)) = serde_json::from_str(arg) {
            assert!(!is_deeper(arg, levels), "{levels} levels in {arg}");
            assert!(levels == 0 || is_deeper(arg, levels - 1), "{levels} levels in {arg}");
        }
    }
    if parts.attachments <= MAX_ATTACHMENTS
        && let Some(frame) = encode(&parts)
    {
        let packet = std::str::from_utf8(frame.packet()).expect("UTF-8 stays UTF-8");
        assert_eq!(parse(&packet[1..]).as_ref(), Ok(&parts), "sent as {packet}");
    }
});

/// Nesting depth of JSON according to serde_json.
struct Depth(usize);

impl<'de> Deserialize<'de> for Depth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Levels)
    }
}

struct Levels;

impl<'de> Visitor<'de> for Levels {
    type Value = Depth;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Depth, A::Error> {
        let mut deepest = 0;
        while let Some(Depth(levels)) = seq.next_element()? {
            deepest = deepest.max(levels);
        }
        Ok(Depth(deepest + 1))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Depth, A::Error> {
        let mut deepest = 0;
        while let Some((_, Depth(levels))) = map.next_entry::<IgnoredAny, _>()? {
            deepest = deepest.max(levels);
        }
        Ok(Depth(deepest + 1))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Depth, E> {
        Ok(Depth(0))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Depth, E> {
        Ok(Depth(0))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Depth, E> {
        Ok(Depth(0))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Depth, E> {
        Ok(Depth(0))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Depth, E> {
        Ok(Depth(0))
    }

    fn visit_unit<E: Error>(self) -> Result<Depth, E> {
        Ok(Depth(0))
    }
}
