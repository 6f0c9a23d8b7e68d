//! Message limits of clients, and state versions within a limit.
//!
//! A client's limit becomes known when it closes the connection because of a message. Larger collections are then
//! withheld from it, as those above the server's own limit are from all clients.

use super::{
    state::StateVersion,
    view::{CollectionView, LimitSource},
    withheld::release_threshold,
};

/// The default limits of stock clients. Each limit in use needs a version of its own, so there are few.
const SIZES: [usize; 5] = [8 << 10, 64 << 10, 1 << 20, 4 << 20, 16 << 20];

/// The number of limits.
pub(super) const LIMITS: usize = SIZES.len();

/// The largest message that a client accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Limit(usize);

impl Limit {
    /// The limit of a client that rejected a message of this size; none if no smaller limit is useful.
    #[must_use]
    pub fn below(bytes: usize) -> Option<Self> {
        SIZES.iter().rposition(|size| *size < bytes).map(Self)
    }

    /// The limit in bytes.
    #[must_use]
    pub fn bytes(self) -> usize {
        SIZES[self.0]
    }

    /// The index in the list of limits.
    pub(super) fn index(self) -> usize {
        self.0
    }
}

impl StateVersion {
    /// The same version for clients with this limit that had `before`.
    pub(super) fn limited_to(&self, limit: Limit, before: Option<&Self>) -> Self {
        let before = |collection_index: usize| before.and_then(|before| before.views.get(collection_index));
        let views = self.views.iter().enumerate();
        let views = views.map(|(collection_index, view)| {
            limit_view(view, before(collection_index), limit.bytes(), self.number)
        });
        let cursor = self.cursor.complete();
        Self::new(self.number, cursor, views.collect())
    }
}

fn limit_view(
    view: &CollectionView,
    before: Option<&CollectionView>,
    limit: usize,
    number: u64,
) -> CollectionView {
    let size = view.rows.bytes() + view.rows.len();
    match before {
        _ if view.is_withheld() || !view.sent => view.clone(),
        Some(before) if before.is_withheld() && size > release_threshold(limit) => before.clone(),
        Some(before) if before.is_withheld() => {
            let mut view = view.clone();
            // Its changes are completely known.
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
    fn limit_is_the_next_lower_stock_limit() {
        let below = |bytes| Limit::below(bytes).map(Limit::bytes);
        assert_eq!(below(8192), None);
        assert_eq!(below(8193), Some(8192));
        assert_eq!(below(1_048_577), Some(1_048_576));
        assert_eq!(below(5_000_000), Some(4_194_304));
        assert_eq!(below(usize::MAX), Some(16_777_216));
    }
}
