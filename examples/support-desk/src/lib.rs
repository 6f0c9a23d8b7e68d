//! A support desk: customers write in, agents sign in, tickets go from one to the other, comments are kept.

mod agents;
mod comments;
mod customers;
mod migrations;
mod sample;
mod tickets;

use rowcast::{Rowcast, registry::TransactionKind};

pub use agents::Agents;
pub use comments::Comments;
pub use customers::Customers;
pub use tickets::Tickets;

/// What the desk is made of.
#[must_use]
pub fn rowcast() -> Rowcast {
    Rowcast::new("support-desk")
        .migrations(migrations::all)
        .collection::<Customers>()
        .collection::<Agents>()
        .collection::<Tickets>()
        .collection::<Comments>()
        .users::<Agents>()
        .event("take_ticket", TransactionKind::Write, tickets::take)
        .seed(&["sam", "robin"], sample::fill)
}
