//! A fake clock for a process, which can be set while the process runs.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::{TempDir, tempdir};

/// Uses libfaketime. The monotonic clock is not faked.
pub(crate) struct Clock {
    folder: TempDir,
    library: PathBuf,
}

impl Clock {
    /// Ahead of the machine's clock by an offset such as `+25h`, or behind it.
    pub(crate) fn set_by(offset: &str) -> Self {
        let folders = fs::read_dir("/usr/lib").unwrap().flatten().map(|entry| entry.path().join("faketime"));
        let mut libraries = folders.map(|folder| folder.join("libfaketimeMT.so.1"));
        let library = libraries.find(|file| file.exists()).expect("libfaketime to be installed");
        remove_stale_memory();
        let clock = Self { folder: tempdir().unwrap(), library };
        // PostgreSQL runs as another user.
        fs::set_permissions(clock.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        clock.set(offset);
        clock
    }

    /// Sets the clock of all processes that use it.
    pub(crate) fn set(&self, offset: &str) {
        // Replaced atomically: a partial file would be another time.
        let (new, file) = (self.folder.path().join("new"), self.file());
        fs::write(&new, format!("{offset}\n")).unwrap();
        fs::rename(new, file).unwrap();
    }

    /// The environment variables for a process.
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
