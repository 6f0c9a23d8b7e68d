//! What a server sent once, sent again by the bare program: the same bytes, but for the markers.

use std::path::Path;
use std::sync::Arc;

use crate::Fallible;
use crate::bare::{Bytes, Reply, Source, ack};
use crate::live::Auth;
use crate::marker;

/// A recording made by [`record`](crate::record).
pub struct Replay {
    connect: Frames,
    refresh: Frames,
}

/// Frames, and where coach 1's marker stands in them: wherever the recording's newest does.
struct Frames {
    bytes: Bytes,
    places: Vec<usize>,
}

impl Replay {
    /// Reads the recording in the folder `from`.
    ///
    /// # Errors
    /// When it is not there, or shows no write.
    pub fn open(from: &Path) -> Fallible<Self> {
        let frames = |name| Ok::<_, std::io::Error>(Frames::new(std::fs::read(from.join(name))?));
        let (connect, refresh) = (frames("connect")?, frames("refresh")?);
        match refresh.places.is_empty() {
            false => Ok(Self { connect, refresh }),
            true => Err("the recording shows no write".into()),
        }
    }
}

impl Source for Replay {
    fn connect(&self, _auth: &Auth) -> Bytes {
        self.connect.bytes.clone()
    }

    fn event(&mut self, event: &[u8]) -> Vec<Reply> {
        if let Some(number) = marker::first(event) {
            self.refresh.mark(number);
            self.connect.mark(number);
        }
        vec![
            Reply::Everyone(self.refresh.bytes.clone()),
            ack(event, r#"{"ok":true,"data":{"id":1},"errors":{}}"#),
        ]
    }
}

impl Frames {
    fn new(bytes: Vec<u8>) -> Self {
        let newest = marker::first(&bytes);
        let places = marker::places(&bytes);
        let places = places.into_iter().filter(|at| marker::first(&bytes[*at..]) == newest).collect();
        Self { places, bytes: Arc::new(bytes) }
    }

    fn mark(&mut self, number: u32) {
        let bytes = Arc::make_mut(&mut self.bytes);
        for at in &self.places {
            bytes[*at..*at + marker::LEN].copy_from_slice(marker::text(number).as_bytes());
        }
    }
}
