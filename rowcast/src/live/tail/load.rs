//! The start of a node: reads all rows, and finds changes that were made while no node ran.

use std::time::Duration;

use socketio::Hub;

use super::{
    Tail,
    publish::{measure, warn_withheld},
};
use crate::{
    database::{Database, DedicatedConnection, Transaction},
    error::Error,
    live::{
        cursor::Cursor,
        digest::{self, DigestWriter, OfflineChanges},
        epoch,
        history::History,
        horizon::Horizon,
        log,
        reconcile::{self, Reconciler},
        rows::CollectionReader,
        shared::PublishedState,
        state::StateVersion,
        view::{CollectionView, LimitSource},
        withheld::Withheld,
    },
};

impl Tail {
    /// Reads every collection, and the retained log entries.
    pub(in crate::live) async fn load(
        db: Database,
        attached: &DedicatedConnection,
        reader: CollectionReader,
        hub: Hub,
        history_limit: usize,
        reconciler: Reconciler,
    ) -> Result<Self, Error> {
        let mut epochs = epoch::begin(&db, None).await?;
        let (poll, caches, changes, floor) = loop {
            digest::wait_for_other_node(attached, &epochs).await?;
            let load = async |db: &Transaction| {
                let saved = digest::find(db, &epochs).await?;
                if saved.is_none() && epochs.has_earlier_positions() {
                    digest::log_missing();
                    return Ok(None);
                }
                let poll = log::end(db, epochs.current()).await?;
                let (entries, floor) = log::newest(db, history_limit).await?;
                let caches = reader.read_all(db).await?;
                let withheld =
                    |collection_index: usize| caches.get(collection_index).is_some_and(Option::is_none);
                let changes = reader.changes(db, &entries, &withheld).await?;
                let missed = match saved {
                    Some(saved) => digest::find_offline_changes(db, &reader, &epochs, &caches, saved).await?,
                    None => OfflineChanges::Nothing,
                };
                Ok(Some(((poll, caches, changes, floor), missed)))
            };
            if let Some((loaded, missed)) = attached.read(load).await? {
                let is_logged = match missed {
                    OfflineChanges::Nothing => true,
                    OfflineChanges::Rows(rows) => reconcile::log(&db, &reader, rows).await,
                    OfflineChanges::Everything => false,
                };
                if is_logged {
                    break loaded;
                }
            }
            epochs = epoch::begin(&db, Some(epochs.current())).await?;
        };
        let (mut views, mut withheld) = (Vec::new(), Withheld::default());
        for (collection_index, (kind, rows)) in reader.iter().zip(caches).enumerate() {
            let too_large = rows.is_none();
            let (plural, key_columns, rows) = (kind.name(), kind.key_columns(), rows.unwrap_or_default());
            let mut view = CollectionView::new(plural, key_columns, kind.is_live(), rows);
            if too_large {
                withheld.schedule(collection_index, Duration::ZERO);
                view.withhold(reader.limit, LimitSource::Server, 1);
                warn_withheld(&view, reader.limit);
            }
            views.push(view);
        }
        let mut history = History::new(history_limit, poll.floor.max(floor), 0);
        let position = poll.progress.position.clone();
        history.push(1, position.clone(), changes);
        let cursor = Cursor::new(epochs.current(), &position);
        let version = StateVersion::new(1, cursor, views.clone());
        let shared = PublishedState::new(
            version,
            position,
            history,
            epochs.clone(),
            attached.without_transaction().is_some(),
        );
        let tail = Self {
            reader,
            hub,
            db,
            shared,
            views,
            number: 1,
            progress: poll.progress,
            floor: poll.floor,
            epochs,
            incarnation: Some(poll.incarnation),
            maybe_replaced: false,
            horizon: Horizon::default(),
            withheld,
            reconciler,
            digest_writer: DigestWriter::new(poll.floor),
        };
        tail.views.iter().for_each(measure);
        Ok(tail)
    }
}
