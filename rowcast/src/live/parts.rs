//! Full snapshots in parts, for slow connections and for clients with a message limit.
//!
//! ```text
//! part {n: 1, of: 3, collection: "members", rows: […]}
//! part {n: 2, of: 3, collection: "members", rows: […]}
//! part {n: 3, of: 3, collection: "schedules", rows: […], cursor, withheld?}
//! ```
//!
//! Parts are sent one by one, so that pings can be sent between them; later changes follow the last part. Only the
//! last part has the cursor, because an incomplete series cannot be resumed.

use socketio::{Frame, FrameWriter};

use super::view::{CollectionView, json_text};

/// The size of a part's rows, unless one row is larger; with its envelope a part is below 64 KiB.
pub const PART_BYTES: usize = 64_000;

/// Consecutive rows of one collection.
struct Part<'a> {
    plural: &'static str,
    rows: Vec<&'a [u8]>,
    bytes: usize,
}

/// All live collections as one series.
pub(super) fn of(views: &[&CollectionView], cursor: &str) -> Frame {
    let mut parts: Vec<Part<'_>> =
        views.iter().filter(|view| !view.is_withheld()).flat_map(|view| split(view)).collect();
    let withheld: Vec<String> = views.iter().filter_map(|view| view.notice_json()).collect();
    if let (true, Some(view)) = (parts.is_empty(), views.last()) {
        // The series consists of notices only.
        parts.push(Part { plural: view.plural, rows: Vec::new(), bytes: 0 });
    }
    let of = parts.len();
    let mut last = format!(",\"cursor\":\"{cursor}\"");
    if !withheld.is_empty() {
        last.push_str(&format!(",\"withheld\":[{}]", withheld.join(",")));
    }
    let frames = (1..).zip(&parts).map(|(n, part)| part.frame(n, of, if n == of { &last } else { "" }));
    Frame::series(&frames.collect::<Vec<_>>())
}

/// Splits a collection into at least one part.
fn split(view: &CollectionView) -> Vec<Part<'_>> {
    let empty = || Part { plural: view.plural, rows: Vec::new(), bytes: 0 };
    let (mut parts, mut part) = (Vec::new(), empty());
    for (_, row) in view.rows.all() {
        if !part.rows.is_empty() && part.bytes + row.len() > PART_BYTES {
            parts.push(std::mem::replace(&mut part, empty()));
        }
        part.bytes += row.len() + 1;
        part.rows.push(row);
    }
    parts.push(part);
    parts
}

impl Part<'_> {
    fn frame(&self, n: usize, of: usize, last: &str) -> Frame {
        let Self { plural, rows, bytes } = self;
        let mut writer = FrameWriter::event("part", bytes + last.len() + plural.len() + 96);
        let json = writer.arg();
        let collection = json_text(plural);
        let head = format!("{{\"n\":{n},\"of\":{of},\"collection\":{collection},\"rows\":[");
        json.extend_from_slice(head.as_bytes());
        for (at, row) in rows.iter().enumerate() {
            if at > 0 {
                json.push(b',');
            }
            json.extend_from_slice(row);
        }
        json.push(b']');
        json.extend_from_slice(last.as_bytes());
        json.push(b'}');
        writer.seal()
    }
}
