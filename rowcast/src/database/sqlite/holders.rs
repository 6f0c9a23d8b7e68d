//! Other processes that have a file open, as far as the system shows them.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

/// The most processes that are inspected.
const MAX_PROCESSES: usize = 10_000;
/// The most processes that are named.
const MAX_NAMED: usize = 8;

/// Another process that has a file open.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Holder {
    name: String,
    pid: String,
}

impl Holder {
    /// Whether the process has the name of this one, and so probably runs the same program.
    pub(super) fn is_alike(&self) -> bool {
        self.name == name_of("self")
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.pid)
    }
}

/// The processes that have one of the files open.
pub(super) fn holders(files: &[&Path]) -> Vec<Holder> {
    let files: Vec<PathBuf> = files.iter().filter_map(|file| file.canonicalize().ok()).collect();
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten().take(MAX_PROCESSES);
    let holders = processes.filter_map(|process| {
        let pid = process.file_name().into_string().ok()?;
        let is_other = pid.bytes().all(|byte| byte.is_ascii_digit()) && pid != own;
        let mut open = fs::read_dir(process.path().join("fd")).ok()?.flatten();
        let holds = is_other
            && open.any(|file| fs::read_link(file.path()).is_ok_and(|target| files.contains(&target)));
        holds.then(|| Holder { name: name_of(&pid), pid })
    });
    holders.collect()
}

/// The processes in a list for a log entry.
pub(super) fn in_words(holders: &[Holder]) -> String {
    let named: Vec<String> = holders.iter().take(MAX_NAMED).map(ToString::to_string).collect();
    if named.is_empty() { "none that can be seen from here".into() } else { named.join(", ") }
}

fn name_of(pid: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned()
}
