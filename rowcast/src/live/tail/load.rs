//! How a node begins: everything is read once, and what was missed while none ran is found.

use std::time::Duration;

use socketio::Hub;

use super::{
    Tail,
    publish::{measure, say},
};
use crate::{
    database::{Attached, Database, Transaction},
    error::Error,
    live::{
        cursor::Cursor,
        digest::{self, Keeper, Missed},
        epoch,
        history::History,
        horizon::Horizon,
        log,
        picture::Picture,
        reading::Kinds,
        reconcile::{self, Reconciler},
        shared::Shared,
        view::{Beyond, View},
        withheld::Withheld,
    },
};

impl Tail {
    /// Reads every collection, and what the log still holds.
    pub(in crate::live) async fn load(
        db: Database,
        attached: &Attached,
        kinds: Kinds,
        hub: Hub,
        remembered: usize,
        reconciler: Reconciler,
    ) -> Result<Self, Error> {
        let mut epochs = epoch::begin(&db, None).await?;
        let (look, caches, changes, floor) = loop {
            let load = async |db: &Transaction| {
                let look = log::end(db, epochs.now()).await?;
                let (entries, floor) = log::newest(db, remembered).await?;
                let caches = kinds.everything(db).await?;
                let withheld = |place: usize| caches.get(place).is_some_and(Option::is_none);
                let changes = kinds.changes(db, &entries, &withheld).await?;
                let missed = digest::missed(db, &kinds, &epochs, &caches).await?;
                Ok(((look, caches, changes, floor), missed))
            };
            let (loaded, missed) = attached.read(load).await?;
            let is_made_good = match missed {
                Missed::Nothing => true,
                Missed::Rows(rows) => reconcile::log(&db, &kinds, rows).await,
                Missed::Everything => false,
            };
            if is_made_good {
                break loaded;
            }
            epochs = epoch::begin(&db, Some(epochs.now())).await?;
        };
        let (mut views, mut withheld) = (Vec::new(), Withheld::default());
        for (place, (kind, rows)) in kinds.iter().zip(caches).enumerate() {
            let too_large = rows.is_none();
            let mut view = View::new(kind.plural(), kind.is_sent(), rows.unwrap_or_default());
            if too_large {
                withheld.seen(place, Duration::ZERO);
                view.withhold(kinds.limit, Beyond::Server, 1);
                say(&view, kinds.limit);
            }
            views.push(view);
        }
        let mut history = History::new(remembered, look.floor.max(floor), 0);
        let position = look.seen.position.clone();
        history.push(1, position.clone(), changes);
        let cursor = Cursor::new(epochs.now(), &position);
        let picture = Picture::new(1, cursor, views.clone());
        let shared = Shared::new(picture, position, history, epochs.clone(), attached.glance().is_some());
        let tail = Self {
            kinds,
            hub,
            db,
            shared,
            views,
            number: 1,
            at: look.seen,
            floor: look.floor,
            epochs,
            life: Some(look.life),
            moved: false,
            horizon: Horizon::default(),
            withheld,
            reconciler,
            keeper: Keeper::default(),
        };
        tail.views.iter().for_each(measure);
        Ok(tail)
    }
}
