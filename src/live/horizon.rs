//! Whether somebody's long transaction holds back what all have seen, and whose it is.
//!
//! It delays no change and no ack. But the log cannot be pruned past it, and PostgreSQL cannot clean up behind it.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};

use super::{position::Position, reading::in_time};
use crate::database::Attached;

/// From when on it is worth a line in the log, and how often.
const LONG: Duration = Duration::from_secs(60);

/// Since when the oldest open transaction has been the same.
#[derive(Default)]
pub(super) struct Horizon {
    held: Option<(u64, Instant)>,
    named: Option<Instant>,
}

const WHO: &str =
    "select pid::text as pid, coalesce(usename::text, '') as who, application_name as application,
        coalesce(datname::text, '') as database, coalesce(state, '') as state,
        floor(extract(epoch from now() - xact_start))::bigint as seconds
    from pg_stat_activity where backend_xid is not null order by age(backend_xid) desc limit 1";

impl Horizon {
    pub(super) async fn observe(&mut self, position: &Position, attached: &Attached) {
        let first = position.open().first().copied();
        let held = self.held.filter(|(known, _)| Some(*known) == first);
        self.held = held.or(first.map(|first| (first, Instant::now())));
        let age = self.held.map_or(Duration::ZERO, |(_, since)| since.elapsed());
        metrics::gauge!("rowcast_log_horizon_seconds").set(age.as_secs_f64());
        let quiet = self.named.is_none_or(|named| named.elapsed() > LONG);
        if age > LONG
            && quiet
            && let Some(connection) = attached.glance()
        {
            self.named = Some(Instant::now());
            let who = connection.query_one_raw(Statement::from_string(DbBackend::Postgres, WHO));
            if let Ok(Some(row)) = in_time(who).await {
                name(&row);
            }
        }
    }
}

fn name(row: &QueryResult) {
    let text = |column: &str| row.try_get::<String>("", column).unwrap_or_default();
    tracing::warn!(
        pid = text("pid"),
        user = text("who"),
        application = text("application"),
        database = text("database"),
        state = text("state"),
        seconds = row.try_get::<i64>("", "seconds").unwrap_or_default(),
        "a long transaction holds back the change log's horizon: it cannot be pruned further until that ends"
    );
}
