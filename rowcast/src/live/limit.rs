//! Clients that take no message beyond a size of their own, and what a picture is for them.
//!
//! Which size that is a server learns when such a client has closed its connection over a message. For it, collections that are larger
//! are withheld, as those beyond the server's own limit are for all.

use super::{
    state::StateVersion,
    view::{CollectionView, LimitSource},
    withheld::well_below,
};

/// What stock clients take at most. Few, because a picture is made for each that is met.
const SIZES: [usize; 5] = [8 << 10, 64 << 10, 1 << 20, 4 << 20, 16 << 20];

/// How many there may be.
pub(super) const LIMITS: usize = SIZES.len();

/// The largest message that a client seems to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Limit(usize);

impl Limit {
    /// Of a client that did not take a message of that many bytes. Nothing if that was so small that there is no use in sending less.
    #[must_use]
    pub fn below(bytes: usize) -> Option<Self> {
        SIZES.iter().rposition(|size| *size < bytes).map(Self)
    }

    /// In bytes.
    #[must_use]
    pub fn bytes(self) -> usize {
        SIZES[self.0]
    }

    /// Which of the few it is.
    pub(super) fn index(self) -> usize {
        self.0
    }
}

impl StateVersion {
    /// The same for clients with this limit, who have been shown `before`.
    pub(super) fn within(&self, limit: Limit, before: Option<&Self>) -> Self {
        let before = |collection_index: usize| before.and_then(|before| before.views.get(collection_index));
        let views = self.views.iter().enumerate();
        let views = views.map(|(collection_index, view)| {
            within(view, before(collection_index), limit.bytes(), self.number)
        });
        let cursor = self.cursor.without_missing();
        Self::new(self.number, cursor, views.collect())
    }
}

fn within(
    view: &CollectionView,
    before: Option<&CollectionView>,
    limit: usize,
    number: u64,
) -> CollectionView {
    let size = view.rows.bytes() + view.rows.len();
    match before {
        _ if view.is_withheld() || !view.sent => view.clone(),
        Some(before) if before.is_withheld() && size > well_below(limit) => before.clone(),
        Some(before) if before.is_withheld() => {
            let mut view = view.clone();
            // All that happened to it is known.
            view.release(view.rows.clone(), number, Default::default());
            view
        }
        _ if size > limit => {
            let mut view = view.clone();
            view.withhold(limit, LimitSource::Client, number);
            view
        }
        Some(before) if before.changed >= view.changed => before.clone(),
        before => view.fork(before),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_the_next_one_that_stock_clients_have() {
        let below = |bytes| Limit::below(bytes).map(Limit::bytes);
        assert_eq!(below(8192), None);
        assert_eq!(below(8193), Some(8192));
        assert_eq!(below(1_048_577), Some(1_048_576));
        assert_eq!(below(5_000_000), Some(4_194_304));
        assert_eq!(below(usize::MAX), Some(16_777_216));
    }
}
