//! "Did you mean …?"

/// Longer names are no misspellings, and would cost time.
const MAX_LEN: usize = 40;

/// The candidate that `name` most likely misspells, if there is one: at most two edits away (Damerau-Levenshtein), and
/// by no more than half of its length.
pub fn suggest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > MAX_LEN {
        return None;
    }
    let name = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 2 && distance * 2 <= candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelled_name_suggests_nearest_candidate() {
        let fields = ["age", "name", "picture"];
        assert_eq!(suggest("agee", fields), Some("age"));
        assert_eq!(suggest("Name", fields), Some("name"));
        assert_eq!(suggest("pitcure", fields), Some("picture"));
        assert_eq!(suggest("x", fields), None);
        assert_eq!(suggest("salary", fields), None);
        assert_eq!(suggest(&"a".repeat(1_000_000), fields), None);
    }
}
