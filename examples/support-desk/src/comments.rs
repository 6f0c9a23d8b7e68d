//! Comments on tickets. There are many, so they are listed page by page and not sent whole.

use rowcast::Collection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Tickets;

/// A comment on a ticket.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Collection)]
#[collection(plural = Comments, listed, update = r#"{"body": "It is out."}"#)]
pub struct Comment {
    /// Assigned in order from 1.
    pub id: i64,
    /// The ticket that it is about.
    #[collection(references = Tickets)]
    pub ticket: i64,
    /// What it says: 1 to 2,000 characters.
    #[collection(validate(length(min = 1, max = 2000)), example = "Have you tried water?")]
    pub body: String,
    /// Changes whenever the row does.
    pub version: i64,
}
