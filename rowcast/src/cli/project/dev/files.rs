//! The files that `dev` follows.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::project::{Project, settings::FILE};

/// How often to look at the files.
const INTERVAL: Duration = Duration::from_millis(300);

/// The files of a project, with their times and sizes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Files(BTreeMap<PathBuf, (Option<SystemTime>, u64)>);

impl Files {
    pub(super) fn of(folder: &Path) -> Self {
        let migrations = fs::read_dir(folder.join(Project::MIGRATIONS)).into_iter().flatten().flatten();
        let paths = migrations.map(|entry| entry.path()).chain([folder.join(FILE)]);
        let state = |path: PathBuf| {
            let metadata = fs::metadata(&path).ok()?;
            Some((path, (metadata.modified().ok(), metadata.len())))
        };
        Self(paths.filter_map(state).collect())
    }

    /// Waits for a change, and until a file is no longer being written. Cancel-safe.
    pub(super) async fn change(&mut self, folder: &Path) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            let mut now = Self::of(folder);
            if now == *self {
                continue;
            }
            loop {
                tokio::time::sleep(INTERVAL).await;
                let later = Self::of(folder);
                if later == now {
                    *self = now;
                    return;
                }
                now = later;
            }
        }
    }
}
