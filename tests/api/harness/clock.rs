//! A clock that a program is shown in the place of the machine's, and that can be set while it runs.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::{TempDir, tempdir};

/// By libfaketime. What has passed since boot stays as it is.
pub(crate) struct Clock {
    folder: TempDir,
    library: PathBuf,
}

impl Clock {
    /// So far ahead of the machine's, as in `+25h`, or behind.
    pub(crate) fn set_by(offset: &str) -> Self {
        let folders = fs::read_dir("/usr/lib").unwrap().flatten().map(|entry| entry.path().join("faketime"));
        let mut libraries = folders.map(|folder| folder.join("libfaketimeMT.so.1"));
        let library = libraries.find(|file| file.exists()).expect("libfaketime to be installed");
        remove_stale_memory();
        let clock = Self { folder: tempdir().unwrap(), library };
        // PostgreSQL is another user.
        fs::set_permissions(clock.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        clock.set(offset);
        clock
    }

    /// Sets it, for those that are shown it now.
    pub(crate) fn set(&self, offset: &str) {
        // In one step: what is read halfway would be another time.
        let (new, file) = (self.folder.path().join("new"), self.file());
        fs::write(&new, format!("{offset}\n")).unwrap();
        fs::rename(new, file).unwrap();
    }

    /// What shows it to a program.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("LD_PRELOAD", self.library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().display().to_string()),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("DONT_FAKE_MONOTONIC", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ]
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("clock")
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        remove_stale_memory();
    }
}

/// Removes the shared memory of killed processes. libfaketime names it by the process id, so a process of another user
/// with the same id could not start.
fn remove_stale_memory() {
    for entry in fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        let owner = name.strip_prefix("faketime_shm_").or_else(|| name.strip_prefix("sem.faketime_sem_"));
        if owner.is_some_and(|owner| !Path::new("/proc").join(owner).exists()) {
            // Another test may have removed it.
            let _ = fs::remove_file(entry.path());
        }
    }
}
