//! What the contract promises about a run of writes, checked from what the clients saw.
//!
//! Several writers share a row, so the order of emits says little: the order of a row's writes is
//! that of the `version`s their acks carry. A snapshot shows the marker of the last write it
//! knows of, and the ledger knows which version that made.

use std::collections::BTreeMap;

use memchr::memmem;

use crate::marker;
use crate::planner::coach_prefix;

/// Every write of a run, by its marker.
pub struct Ledger {
    first: u32,
    writes: Vec<Write>,
}

struct Write {
    row: u32,
    version: Option<u32>,
}

impl Ledger {
    /// A run whose markers start at `first`: lower ones are from before it.
    pub fn new(first: u32) -> Self {
        Self { first, writes: Vec::new() }
    }

    /// Notes a write to `row` that is about to be sent, and names its marker.
    pub fn begin(&mut self, row: u32) -> u32 {
        self.writes.push(Write { row, version: None });
        self.first + self.writes.len() as u32 - 1
    }

    /// Notes that a write was acked, with the version it made.
    pub fn commit(&mut self, marker: u32, version: u32) {
        if let Some(write) = marker.checked_sub(self.first).and_then(|i| self.writes.get_mut(i as usize)) {
            write.version = Some(version);
        }
    }

    /// Writes that were lost or made twice: a row's versions must be consecutive.
    pub fn gaps(&self) -> usize {
        let mut rows: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for write in &self.writes {
            rows.entry(write.row).or_default().extend(write.version);
        }
        rows.values_mut().map(|versions| consecutive_gaps(versions)).sum()
    }

    /// What a snapshot of the last state shows: a piece of text for each row that was written.
    pub fn last_state(&self) -> Vec<String> {
        let mut last: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
        for (marker, write) in (self.first..).zip(&self.writes) {
            if let Some(version) = write.version {
                let best = last.entry(write.row).or_default();
                *best = (*best).max((version, marker));
            }
        }
        last.into_iter().map(|(row, (_, number))| coach_text(row, number)).collect()
    }

    /// None for a write that was never acked.
    fn version(&self, marker: u32) -> Option<u32> {
        match marker.checked_sub(self.first) {
            None => Some(0),
            Some(i) => self.writes.get(i as usize)?.version,
        }
    }
}

fn consecutive_gaps(versions: &mut [u32]) -> usize {
    versions.sort_unstable();
    versions.windows(2).filter(|pair| pair[1] != pair[0] + 1).count()
}

fn coach_text(row: u32, number: u32) -> String {
    let prefix = coach_prefix(row);
    format!("{}{}\"", &prefix[..prefix.len() - 3], marker::text(number))
}

/// Whether `snapshot` shows all of `state`.
pub fn shows(snapshot: &[u8], state: &[String]) -> bool {
    state.iter().all(|text| memmem::find(snapshot, text.as_bytes()).is_some())
}

/// What one writer saw of its own row in one collection.
#[derive(Default)]
pub struct Eyes {
    /// The markers seen, in the order they came, repeats left out.
    seen: Vec<u32>,
    /// Of each acked write: its marker, and the marker seen last before the ack.
    acked: Vec<(u32, u32)>,
}

impl Eyes {
    /// A snapshot came that shows `marker` in the row.
    pub fn saw(&mut self, marker: u32) {
        if self.seen.last() != Some(&marker) {
            self.seen.push(marker);
        }
    }

    /// The ack of write `marker` came.
    pub fn acked(&mut self, marker: u32) {
        self.acked.push((marker, self.seen.last().copied().unwrap_or(0)));
    }

    /// Acks that came before the writer had been sent its own write, or a later one to the row.
    pub fn unread(&self, ledger: &Ledger) -> usize {
        let version = |marker| ledger.version(marker);
        self.acked.iter().filter(|(own, seen)| version(*seen) < version(*own)).count()
    }

    /// Snapshots that went back in time.
    pub fn backwards(&self, ledger: &Ledger) -> usize {
        self.seen.windows(2).filter(|pair| ledger.version(pair[1]) < ledger.version(pair[0])).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two writes to row 1 that commit in the other order than they were sent in.
    fn crossed() -> (Ledger, u32, u32) {
        let mut ledger = Ledger::new(10);
        let (a, b) = (ledger.begin(1), ledger.begin(1));
        ledger.commit(a, 7);
        ledger.commit(b, 6);
        (ledger, a, b)
    }

    #[test]
    fn later_write_covers_earlier_one_of_same_row() {
        let (ledger, a, b) = crossed();
        let mut eyes = Eyes::default();
        eyes.saw(a);
        eyes.acked(b);
        assert_eq!((eyes.unread(&ledger), eyes.backwards(&ledger)), (0, 0));
    }

    #[test]
    fn ack_before_snapshot_is_counted() {
        let (ledger, a, b) = crossed();
        let mut eyes = Eyes::default();
        eyes.saw(9);
        eyes.acked(b);
        eyes.saw(b);
        eyes.acked(a);
        eyes.saw(a);
        assert_eq!(eyes.unread(&ledger), 2);
    }

    #[test]
    fn older_state_is_counted() {
        let (ledger, a, b) = crossed();
        let mut eyes = Eyes::default();
        [b, a, a, b].into_iter().for_each(|marker| eyes.saw(marker));
        assert_eq!(eyes.backwards(&ledger), 1);
    }

    #[test]
    fn lost_and_duplicate_versions_are_counted() {
        let mut ledger = Ledger::new(1);
        for version in [3, 4, 4, 6] {
            let marker = ledger.begin(2);
            ledger.commit(marker, version);
        }
        assert_eq!(ledger.gaps(), 2);
    }

    #[test]
    fn last_state_has_highest_version() {
        let (ledger, ..) = crossed();
        let state = ledger.last_state();
        assert!(shows(br#"[{"id":1,"name":"Coach mk~00000010","age":20}]"#, &state));
        assert!(!shows(br#"[{"id":1,"name":"Coach mk~00000011","age":20}]"#, &state));
    }
}
