//! Which coaches are written, and what a client has been shown of them.
//!
//! Coaches are written in turn, a few that are spread evenly over the collection, so that a figure does not depend on
//! where in it a row stands. Each has a schedule, whatever the size of the collection: a write always changes two
//! collections. One writer makes all writes, so a higher marker is a later write.

use crate::Fallible;
use crate::planner::Collection;

/// The coaches that are written, as [`fill`](super::fill) spreads them: schedules have them all.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    count: u32,
    step: u32,
}

impl Rows {
    /// `count` of `coaches`, with one schedule for each of `schedules` that are spread over them.
    ///
    /// # Errors
    /// When the numbers do not divide, so that some would have none.
    pub fn new(count: u32, coaches: u32, schedules: u32) -> Fallible<Self> {
        let divides = |small: u32, large: u32| small > 0 && large >= small && large.is_multiple_of(small);
        match divides(count, schedules) && divides(schedules, coaches) {
            true => Ok(Self { count, step: coaches / count }),
            false => {
                Err(format!("{coaches} coaches, {schedules} schedules and {count} do not divide").into())
            }
        }
    }

    /// The id of the coach that the write with this marker is to.
    pub fn of(&self, marker: u32) -> u32 {
        1 + self.turn(marker) as u32 * self.step
    }

    fn turn(&self, marker: u32) -> usize {
        (marker % self.count) as usize
    }
}

/// What one client has been shown: the last write to each coach, in both collections.
pub struct Seen {
    rows: Rows,
    markers: [Vec<u32>; Collection::TOUCHED.len()],
}

impl Seen {
    /// Nothing yet.
    pub fn new(rows: Rows) -> Self {
        Self { rows, markers: [(); 2].map(|()| vec![0; rows.count as usize]) }
    }

    /// The `i`th collection shows these markers.
    pub fn saw(&mut self, i: usize, markers: impl IntoIterator<Item = u32>) {
        for marker in markers {
            let shown = &mut self.markers[i][self.rows.turn(marker)];
            *shown = marker.max(*shown);
        }
    }

    /// Whether both collections show the write, or a later one to the same coach.
    pub fn has(&self, marker: u32) -> bool {
        self.markers.iter().all(|shown| shown[self.rows.turn(marker)] >= marker)
    }

    /// Writes of `first..=last` that were not shown, nor a later one in their stead: of each coach, the last one.
    pub fn missing(&self, first: u32, last: u32) -> usize {
        let first = first.max((last + 1).saturating_sub(self.rows.count));
        (first..=last).filter(|marker| !self.has(*marker)).count()
    }

    /// The highest marker of all.
    pub fn highest(&self) -> u32 {
        self.markers.iter().flatten().copied().max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_coaches_are_spread_and_each_has_a_schedule() {
        let rows = Rows::new(10, 100_000, 100).unwrap();
        let written: Vec<u32> = (20..30).map(|marker| rows.of(marker)).collect();
        assert_eq!((written[0], written[1], written[9]), (1, 10_001, 90_001));
        assert!(written.iter().all(|id| (id - 1).is_multiple_of(100_000 / 100)));
        assert_eq!(Rows::new(100, 100, 100).unwrap().of(99), 100);
        for (count, coaches, schedules) in [(10, 1000, 15), (10, 150, 100), (0, 100, 100), (10, 10, 100)] {
            assert!(Rows::new(count, coaches, schedules).is_err());
        }
    }

    #[test]
    fn later_write_covers_earlier_one_of_same_coach() {
        let mut seen = Seen::new(Rows::new(2, 100, 100).unwrap());
        seen.saw(0, [3, 4]);
        seen.saw(1, [4]);
        assert!(seen.has(2) && seen.has(4) && !seen.has(1) && !seen.has(3));
        assert_eq!((seen.missing(1, 4), seen.missing(4, 4)), (1, 0));
        seen.saw(1, [5, 3]);
        assert!(seen.has(3) && !seen.has(5));
        assert_eq!(seen.missing(1, 5), 1);
        assert_eq!(seen.highest(), 5);
    }
}
