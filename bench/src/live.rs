//! What it costs to keep many screens live, as rows and screens grow.
//!
//! ```text
//!          ┌ fill ──────────────────────────────▶ a database
//!  live ───┤ cost  fanout  resume ── listener ─┐
//!          │ inserts ──────────────────────────┴▶ a server, its /metrics, its memory
//!          └ report (the table)
//! ```
//!
//! A client asks for snapshots, whole collections, or for changes, only the rows that a group of commits touched. Both
//! are known by the markers in them. Every scenario ends in bounded time: what is hopeless is reported as such.

use clap::ValueEnum;
use memchr::memmem;

use crate::planner::Collection;

pub mod cost;
pub mod fill;
pub mod inserts;
pub mod listener;
pub mod memory;
pub mod metrics;
pub mod report;
pub mod resume;
pub mod rows;

/// The form in which a client wants the writes of others.
#[derive(Clone, Copy, Debug, Default, PartialEq, ValueEnum)]
pub enum Live {
    /// Each collection that changed, whole.
    #[default]
    Snapshots,
    /// The rows that changed.
    Changes,
}

impl Live {
    /// Its name, on the wire and in results.
    pub fn name(self) -> &'static str {
        match self {
            Live::Snapshots => "snapshots",
            Live::Changes => "changes",
        }
    }
}

/// What a client says when it connects.
#[derive(Clone, Debug, Default)]
pub struct Auth {
    /// What it asks for.
    pub live: Live,
    /// The cursor it was at, as it came: JSON's escapes are left alone.
    pub since: Option<String>,
}

impl Auth {
    /// The packet that connects it.
    pub fn packet(&self) -> String {
        match (self.live, &self.since) {
            (Live::Snapshots, _) => "40".into(),
            (Live::Changes, None) => r#"40{"live":"changes"}"#.into(),
            (Live::Changes, Some(cursor)) => format!(r#"40{{"live":"changes","since":"{cursor}"}}"#),
        }
    }

    /// Reads such a packet.
    pub fn parse(packet: &[u8]) -> Self {
        let asks = memmem::find(packet, br#""live":"changes""#).is_some();
        let live = if asks { Live::Changes } else { Live::Snapshots };
        Self { live, since: text(packet, br#""since":""#).map(str::to_owned) }
    }
}

impl From<Live> for Auth {
    fn from(live: Live) -> Self {
        Self { live, since: None }
    }
}

/// The cursor that a packet carries: of a snapshot the last argument, of `changes` a field.
pub fn cursor(packet: &[u8]) -> Option<&str> {
    text(packet, br#""cursor":""#)
}

/// The text that the last `key` in the packet opens.
fn text<'a>(packet: &'a [u8], key: &[u8]) -> Option<&'a str> {
    let start = memmem::rfind(packet, key)? + key.len();
    let len = (start..packet.len()).find(|i| packet[*i] == b'"' && packet[*i - 1] != b'\\')? - start;
    std::str::from_utf8(&packet[start..start + len]).ok()
}

/// The parts of a `changes` packet that are about [`Collection::TOUCHED`], by place in it.
pub fn sections(packet: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let starts = Collection::ALL.map(|collection| memmem::find(packet, collection.section()));
    Collection::TOUCHED.into_iter().enumerate().filter_map(move |(i, collection)| {
        let start = starts[collection.index()]?;
        let end = starts.into_iter().flatten().filter(|other| *other > start).min();
        Some((i, &packet[start..end.unwrap_or(packet.len())]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marker;

    const CHANGES: &str = r#"42["changes",{"cursor":"a.7","schedules":{"upserted":[{"id":1,"coach":{"id":1,"name":"mk~00000008"}}],"deleted":[]},"workout_plans":{"upserted":[{"id":1,"name":"mk~00000001"}],"deleted":[]},"coaches":{"deleted":[],"upserted":[{"id":1,"name":"mk~00000009"}]}}]"#;

    #[test]
    fn sections_are_split_by_collection() {
        let markers: Vec<_> =
            sections(CHANGES.as_bytes()).map(|(i, section)| (i, marker::all(section).collect())).collect();
        assert_eq!(markers, [(0, vec![9]), (1, vec![8])]);
        assert_eq!(sections(br#"42["changes",{"cursor":"1"}]"#).count(), 0);
    }

    #[test]
    fn cursor_round_trips() {
        assert_eq!(cursor(CHANGES.as_bytes()), Some("a.7"));
        let snapshot = br#"42["coaches",[{"id":1}],{"cursor":"1\"2"}]"#;
        let since = cursor(snapshot).map(str::to_owned);
        let auth = Auth { live: Live::Changes, since };
        assert_eq!(auth.packet(), r#"40{"live":"changes","since":"1\"2"}"#);
        assert_eq!(Auth::parse(auth.packet().as_bytes()).packet(), auth.packet());
        assert_eq!(Auth::parse(b"40").live, Live::Snapshots);
        assert_eq!(cursor(b"42[\"coaches\",[]]"), None);
        assert_eq!(Auth::default().packet(), "40");
    }
}
