//! Did you mean …?

/// The candidate that `name` was most likely meant to be, if one is near: at most two letters off, and no more than
/// half of them.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer names are no slips of the pen, and would cost time.
    if name.len() > 40 {
        return None;
    }
    let name: Vec<char> = name.to_lowercase().chars().collect();
    candidates
        .into_iter()
        .map(|candidate| (distance(&name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 2 && distance * 2 <= candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters to insert, leave out or replace (Levenshtein).
fn distance(from: &[char], to: &str) -> usize {
    let mut row: Vec<usize> = (0..=from.len()).collect();
    for (i, letter) in to.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for j in 0..from.len() {
            let replaced = diagonal + usize::from(from[j] != letter);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[from.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_of_the_pen_only() {
        let fields = ["age", "name", "picture"];
        assert_eq!(nearest("agee", fields), Some("age"));
        assert_eq!(nearest("Name", fields), Some("name"));
        assert_eq!(nearest("pitcure", fields), Some("picture"));
        assert_eq!(nearest("x", fields), None);
        assert_eq!(nearest("salary", fields), None);
        assert_eq!(nearest(&"a".repeat(1_000_000), fields), None);
    }
}
