//! CPU time and memory of processes, from `/proc`.

use std::fs;

/// Linux counts CPU time for user space in hundredths of a second, whatever its own clock.
const TICKS_PER_SECOND: f64 = 100.0;

/// Seconds of CPU, user and system, that `pid` and its children have used, those that have
/// ended included.
pub fn cpu_seconds(pid: u32) -> f64 {
    tree(pid).into_iter().map(ticks).sum::<u64>() as f64 / TICKS_PER_SECOND
}

/// Seconds of CPU that this process has used.
pub fn own_cpu_seconds() -> f64 {
    ticks(std::process::id()) as f64 / TICKS_PER_SECOND
}

/// Resident memory of `pid` in kB.
pub fn resident_kb(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

/// `utime`, `stime`, `cutime` and `cstime` of proc(5).
fn ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    fields.split(' ').skip(11).take(4).filter_map(|field| field.parse::<u64>().ok()).sum()
}

fn tree(root: u32) -> Vec<u32> {
    let mut pids = vec![root];
    let mut next = 0;
    while let Some(pid) = pids.get(next) {
        let children: Vec<u32> = fs::read_dir(format!("/proc/{pid}/task"))
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
            .flat_map(|pids| pids.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
            .collect();
        pids.extend(children);
        next += 1;
    }
    pids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_process_has_memory() {
        assert!(resident_kb(std::process::id()) > 100);
        assert_eq!(resident_kb(u32::MAX), 0);
    }
}
