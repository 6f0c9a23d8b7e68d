//! Some rows that follow each other, in one piece.

/// Bytes of JSON in a page at least and at most, unless one row has more.
const BOUNDS: (usize, usize) = (16 * 1024, 1024 * 1024);
/// Bytes that are copied in the time in which a reference to a page is counted, up and down again.
const COUNTED: usize = 1000;

/// How large pages may be in a collection of that many bytes. A change copies one page and counts them all, so this is where the
/// two cost the same.
fn largest(bytes: usize) -> usize {
    (bytes * COUNTED).isqrt().clamp(BOUNDS.0, BOUNDS.1)
}

/// Rows in id order. It has at least one.
pub(super) struct Page {
    ids: Box<[i64]>,
    /// Where each row ends; a comma follows.
    ends: Box<[u32]>,
    json: Box<[u8]>,
}

impl Page {
    pub(super) fn first(&self) -> i64 {
        self.ids.first().copied().unwrap_or(i64::MIN)
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// All rows, with commas between.
    pub(super) fn json(&self) -> &[u8] {
        &self.json
    }

    /// Bytes of the rows alone.
    pub(super) fn bytes(&self) -> usize {
        self.json.len() + 1 - self.ids.len()
    }

    pub(super) fn memory(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.ids) + size_of_val(&*self.ends) + self.json.len()
    }

    pub(super) fn row(&self, id: i64) -> Option<&[u8]> {
        self.ids.binary_search(&id).ok().map(|at| self.at(at))
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (i64, &[u8])> {
        self.ids.iter().enumerate().map(|(at, id)| (*id, self.at(at)))
    }

    fn at(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize + 1);
        &self.json[start..self.ends[at] as usize]
    }
}

/// Makes pages of rows that come in id order.
pub(super) struct Pages {
    largest: usize,
    full: Vec<Page>,
    ids: Vec<i64>,
    ends: Vec<u32>,
    json: Vec<u8>,
}

impl Pages {
    /// For a collection of that many bytes.
    pub(super) fn of(bytes: usize) -> Self {
        Self::up_to(largest(bytes))
    }

    fn up_to(largest: usize) -> Self {
        Self { largest, full: Vec::new(), ids: Vec::new(), ends: Vec::new(), json: Vec::new() }
    }

    pub(super) fn push(&mut self, id: i64, row: &[u8]) {
        if !self.ids.is_empty() && self.json.len() + row.len() >= self.largest {
            self.turn();
        }
        if !self.ids.is_empty() {
            self.json.push(b',');
        }
        self.json.extend_from_slice(row);
        self.ids.push(id);
        self.ends.push(u32::try_from(self.json.len()).expect("a row has less than 4 GiB"));
    }

    pub(super) fn extend<'a>(&mut self, rows: impl Iterator<Item = (i64, &'a [u8])>) {
        rows.for_each(|(id, row)| self.push(id, row));
    }

    pub(super) fn finish(mut self) -> Vec<Page> {
        self.turn();
        self.full
    }

    /// The same for a page that has grown: if it has become several, then none that the next change would overflow again.
    pub(super) fn finish_evenly(self) -> Vec<Page> {
        let half = self.largest / 2;
        let pages = self.finish();
        if pages.len() == 1 {
            return pages;
        }
        let mut halves = Self::up_to(half);
        halves.extend(pages.iter().flat_map(Page::rows));
        halves.finish()
    }

    fn turn(&mut self) {
        if !self.ids.is_empty() {
            self.full.push(Page {
                ids: std::mem::take(&mut self.ids).into(),
                ends: std::mem::take(&mut self.ends).into(),
                json: std::mem::take(&mut self.json).into(),
            });
        }
    }
}
