//! Follows changes of the schema while the server runs.
//!
//! ```text
//! every second: a stamp of the catalog ─▶ if it differs: the catalog ─▶ if that differs: live, registry, clients
//! ```

use std::{sync::Arc, time::Duration};

use socketio::Hub;
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    accounts::with_users,
    definition::Notice,
    load::{Loaded, load},
    stamp::stamp,
    sync::{Synced, sync},
};
use crate::{
    attach,
    catalog::Catalog,
    database::{Database, Transaction},
    error::Error,
    live::Live,
    project::{self, Mistake, Project},
    registry::Registry,
    start_error::StartError,
};

/// How often to look.
const INTERVAL: Duration = Duration::from_secs(1);

/// The tables that a server serves, and what follows from them.
pub(crate) struct Watcher {
    db: Database,
    project: Project,
    /// The registry without tables.
    base: Arc<Registry>,
    current: watch::Sender<Arc<Registry>>,
    requests: mpsc::UnboundedReceiver<Request>,
    /// What is served.
    served: Served,
}

/// What the registry was made of.
struct Served {
    fingerprint: String,
    stamp: String,
    /// What was done to the triggers. If some were missing, a table may have been made again, with other rows.
    synced: Synced,
    notices: Vec<Notice>,
    /// Changes of tables that their triggers do not see, in a sentence each.
    gaps: Vec<String>,
}

impl Served {
    /// Logs what the operator should know, as far as it was not so before.
    fn log(&self, before: Option<&Self>) {
        let is_new = |notice: &&Notice| before.is_none_or(|before| !before.notices.contains(notice));
        for Notice { table, sentence } in self.notices.iter().filter(is_new) {
            tracing::info!(table, "{sentence}");
        }
        let is_new = |gap: &&String| before.is_none_or(|before| !before.gaps.contains(gap));
        for gap in self.gaps.iter().filter(is_new) {
            tracing::warn!("{gap}");
        }
        if self.synced.is_contested && before.is_none_or(|before| !before.synced.is_contested) {
            tracing::warn!(
                "another server puts back the triggers that this one removes or replaces, because its settings or its version differ: \
                 they are left as they are"
            );
        }
    }
}

/// A request to apply the files of the project again.
struct Request {
    project: Project,
    done: oneshot::Sender<Result<(), String>>,
}

/// Applies the files of a project while the server runs; cheap to clone.
#[derive(Clone)]
pub struct ProjectHandle {
    requests: mpsc::UnboundedSender<Request>,
    registry: watch::Receiver<Arc<Registry>>,
}

impl ProjectHandle {
    /// Applies new migrations, and serves the tables with these settings. After an error the server goes on as before.
    ///
    /// # Errors
    /// All mistakes, a line for each.
    pub async fn apply(&self, project: Project) -> Result<(), String> {
        let (done, applied) = oneshot::channel();
        let stopped = || "the server has ended".to_owned();
        self.requests.send(Request { project, done }).map_err(|_| stopped())?;
        applied.await.map_err(|_| stopped())?
    }

    /// The registry, as it is at any time.
    pub(crate) fn registry(&self) -> watch::Receiver<Arc<Registry>> {
        self.registry.clone()
    }
}

impl Watcher {
    /// Reads the tables, and makes a registry with them.
    pub(crate) async fn start(
        db: Database,
        project: Project,
        base: Arc<Registry>,
    ) -> Result<(Self, ProjectHandle), StartError> {
        migrate(&db, &project).await?;
        let (registry, served) = read(&db, &project, &base, &Synced::default()).await?;
        served.log(None);
        let (current, (sender, requests)) =
            (watch::Sender::new(Arc::new(registry)), mpsc::unbounded_channel());
        let handle = ProjectHandle { requests: sender, registry: current.subscribe() };
        Ok((Self { db, project, base, current, requests, served }, handle))
    }

    /// Follows changes until the task is aborted.
    pub(crate) async fn run(mut self, live: Live, hub: Hub) {
        let mut failing = false;
        loop {
            tokio::select! {
                Some(Request { project, done }) = self.requests.recv() => {
                    let applied = self.apply(project, &live, &hub).await;
                    let _ = done.send(applied.map_err(|error| error.to_string()));
                }
                () = tokio::time::sleep(INTERVAL) => match self.look(&live, &hub).await {
                    Ok(()) => failing = false,
                    Err(error) => {
                        if !std::mem::replace(&mut failing, true) {
                            let reason = error.to_string();
                            tracing::warn!(reason, "the tables of the database could not be read; trying again");
                        }
                    }
                },
            }
        }
    }

    async fn apply(&mut self, mut project: Project, live: &Live, hub: &Hub) -> Result<(), StartError> {
        // Who signs in is settled at the start.
        project.settings.accounts.clone_from(&self.project.settings.accounts);
        migrate(&self.db, &project).await?;
        let (registry, served) = read(&self.db, &project, &self.base, &Synced::default()).await?;
        self.serve(registry, served, live, hub).await?;
        self.project = project;
        Ok(())
    }

    async fn look(&mut self, live: &Live, hub: &Hub) -> Result<(), StartError> {
        let stamp = stamp(&self.db).await.map_err(problem)?;
        if stamp == self.served.stamp {
            return Ok(());
        }
        let (registry, served) = read(&self.db, &self.project, &self.base, &self.served.synced).await?;
        match served.fingerprint == self.served.fingerprint && !served.synced.installed {
            true => {
                served.log(Some(&self.served));
                self.served = served;
                // Triggers of others may be new.
                self.current.send_replace(Arc::new(registry));
            }
            false => self.serve(registry, served, live, hub).await?,
        }
        Ok(())
    }

    async fn serve(
        &mut self,
        registry: Registry,
        served: Served,
        live: &Live,
        hub: &Hub,
    ) -> Result<(), String> {
        let (before, hashes) = (self.current.borrow().hashes(), registry.hashes());
        let (registry, current) = (Arc::new(registry), self.current.clone());
        let collections = registry.collections().to_vec();
        live.replace(collections, move || drop(current.send_replace(registry))).await.map_err(problem)?;
        if before != hashes {
            hub.emit("schema", &*hashes);
            tracing::info!("the tables have changed: clients are sent what differs");
        }
        served.log(Some(&self.served));
        self.served = served;
        Ok(())
    }
}

/// Applies the migrations of a project that are pending.
async fn migrate(db: &Database, project: &Project) -> Result<(), StartError> {
    let Some(folder) = project.migrations() else { return Ok(()) };
    project::migrations::apply(db, &folder).await.map(drop).map_err(|mistakes| files(&mistakes))
}

/// Mistakes that a change of the files mends.
fn files(mistakes: &[Mistake]) -> StartError {
    StartError::Files(project::lines(mistakes))
}

/// Reads the tables, installs the triggers that are missing, and makes a registry.
async fn read(
    db: &Database,
    project: &Project,
    base: &Registry,
    before: &Synced,
) -> Result<(Registry, Served), StartError> {
    // Before the tables: a change meanwhile is noticed later.
    let stamp = stamp(db).await.map_err(problem)?;
    let Loaded { catalog, collections, notices, triggers, accounts, settings } =
        load(db, &project.settings).await.map_err(problem)?;
    let mistakes = project::validate(&settings, &catalog);
    if !mistakes.is_empty() {
        return Err(files(&mistakes));
    }
    let registry = base.with_collections(collections, project.settings.types_module.clone())?;
    let registry = with_users(registry, &settings, accounts)?;
    let synced = sync(db, &catalog, &triggers, None, before).await.map_err(problem)?;
    if synced.installed {
        tracing::info!("triggers that log changes of the tables were installed");
    }
    let gaps = gaps(db, &catalog, &triggers).await.map_err(problem)?;
    let chosen = (&settings.database.schemas, &settings.chosen);
    let fingerprint = format!("{} {chosen:?}", catalog.fingerprint().map_err(problem)?);
    Ok((registry, Served { fingerprint, stamp, synced, notices, gaps }))
}

/// What the triggers do not see.
async fn gaps(db: &Database, catalog: &Catalog, triggers: &attach::Options) -> Result<Vec<String>, Error> {
    let (catalog, triggers) = (catalog.clone(), triggers.clone());
    let gaps = db.read(async move |db: &Transaction| attach::gaps(db, &catalog, &triggers).await).await?;
    Ok(gaps.into_iter().map(|gap| gap.sentence).collect())
}

fn problem(error: Error) -> String {
    format!("--database-url: {error}")
}
