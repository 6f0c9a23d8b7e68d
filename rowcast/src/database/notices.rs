//! Words between the nodes that share a database: short, beside the data, and lost without harm.

use tokio::sync::{broadcast, mpsc};

/// Bytes of a word. PostgreSQL's notifications carry less than 8,000.
const LONGEST: usize = 4_000;
/// Words that may wait to be said, and to be heard.
const WAITING: usize = 256;

/// What is said to the other nodes, and what they say.
#[derive(Clone)]
pub struct Notices {
    saying: mpsc::Sender<String>,
    pub(super) heard: broadcast::Sender<String>,
    /// Tells our own words from others'.
    pub(super) node: String,
}

impl Notices {
    /// And what is to be taken to the others.
    pub(super) fn new() -> (Self, mpsc::Receiver<String>) {
        let (saying, said) = mpsc::channel(WAITING);
        let heard = broadcast::Sender::new(WAITING);
        (Self { saying, heard, node: uuid::Uuid::new_v4().to_string() }, said)
    }

    /// Says a word, of one line, to the other nodes. Never waits: what is too much is not said.
    pub fn say(&self, word: String) {
        if word.len() <= LONGEST {
            let _ = self.saying.try_send(word);
        }
    }

    /// What the other nodes say from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<String> {
        self.heard.subscribe()
    }
}
