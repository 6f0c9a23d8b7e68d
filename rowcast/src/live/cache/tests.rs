use std::ops::Bound;

use proptest::{
    collection::{btree_map, vec},
    prelude::*,
};

use super::*;
use crate::key::tests::{sample, samples};

fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

/// A row whose text has this length.
fn row(version: u8, length: usize) -> String {
    format!("{{\"v\":{version},\"x\":\"{}\"}}", "y".repeat(length))
}

fn text(cache: &Cache) -> String {
    let mut json = vec![b'['];
    cache.write(&mut json);
    json.push(b']');
    String::from_utf8(json).unwrap()
}

/// A reference model: an ordinary map.
type Model = BTreeMap<Key, String>;

fn assert_equals(cache: &Cache, model: &Model) {
    let rows: Vec<&str> = model.values().map(String::as_str).collect();
    assert_eq!(text(cache), format!("[{}]", rows.join(",")));
    assert_eq!(cache.len(), model.len());
    assert_eq!(cache.bytes(), rows.iter().map(|row| row.len()).sum::<usize>());
    for key in (0..3).flat_map(|kind| (0..20).map(move |number| sample(kind, number))) {
        assert_eq!(cache.row(&key), model.get(&key).map(|row| row.as_bytes()), "{key}");
    }
    let starts: Vec<KeyRef<'_>> = cache.pages.iter().map(|page| page.first()).collect();
    assert!(starts.is_sorted() && cache.pages.iter().all(|page| page.len() > 0));
    let memory: usize = cache.pages.iter().map(|page| page.memory()).sum();
    assert_eq!(cache.memory, memory);
    assert_numbers_are_compact(cache);
}

/// A page without other keys uses 8 bytes for a number, and 4 for the end of its row.
fn assert_numbers_are_compact(cache: &Cache) {
    for page in cache.pages.iter() {
        let is_number = |(key, _): (KeyRef<'_>, &[u8])| matches!(key, KeyRef::Number(_));
        let compact = size_of::<Page>() + 12 * page.len() + page.json().len();
        assert_eq!(page.memory() == compact, page.rows().all(is_number));
    }
}

proptest! {
    #[test]
    fn cache_equals_reference_map(
        steps in vec(vec((samples(0..20), any::<bool>(), 0..4_u8, 0..12_000_usize), 1..12), 1..20)
    ) {
        let (mut cache, mut model) = (Cache::default(), Model::new());
        for step in steps {
            let before = (cache.clone(), model.clone());
            let mut rows = Rows::new();
            for (key, there, version, length) in step {
                rows.insert(key, there.then(|| raw(&row(version, length))));
            }
            let mut expected = Vec::new();
            for (key, row) in &rows {
                let row = row.as_ref().map(|row| row.get().to_owned());
                if model.get(key) != row.as_ref() {
                    expected.push(key.clone());
                }
                match row {
                    Some(row) => drop(model.insert(key.clone(), row)),
                    None => drop(model.remove(key)),
                }
            }
            prop_assert_eq!(cache.update(&rows), expected.clone());
            assert_equals(&cache, &model);
            assert_equals(&before.0, &before.1);
            prop_assert_eq!(before.0.difference(&cache), expected);
        }
    }

    #[test]
    fn append_and_update_build_equal_caches(
        rows in btree_map(samples(0..20), 0..9_000_usize, 0..50), cut in 0..50_usize
    ) {
        let all: Vec<(Key, String)> = rows.into_iter().map(|(key, length)| (key, row(1, length))).collect();
        let (mut appended, mut updated) = (Cache::default(), Cache::default());
        let (first, second) = all.split_at(cut.min(all.len()));
        for part in [first, second] {
            appended.append(part.iter().map(|(key, row)| (key.clone(), raw(row))));
        }
        updated.update(&all.iter().map(|(key, row)| (key.clone(), Some(raw(row)))).collect());
        prop_assert_eq!(appended.difference(&updated), Vec::<Key>::new());
        assert_equals(&appended, &all.into_iter().collect());
    }

    #[test]
    fn rows_after_a_key_equal_the_range_of_a_map(
        rows in btree_map(samples(0..20), 0..9_000_usize, 0..50), after in samples(0..20)
    ) {
        let model: Model = rows.into_iter().map(|(key, length)| (key, row(1, length))).collect();
        let mut cache = Cache::default();
        cache.append(model.iter().map(|(key, row)| (key.clone(), raw(row))));
        let expected = model.range((Bound::Excluded(after.clone()), Bound::Unbounded));
        let expected = expected.map(|(key, row)| (key.as_key_ref(), row.as_bytes()));
        prop_assert!(cache.after(Some(&after)).eq(expected));
        prop_assert!(cache.after(None).eq(cache.all()));
    }
}

#[test]
fn update_copies_one_page_and_shares_the_others() {
    let mut cache = Cache::default();
    cache.append((0..1000).map(|id: i64| (id.into(), raw(&row(1, 200)))));
    let before = cache.clone();
    assert!(cache.pages.len() > 5);
    cache.update(&Rows::from([(500.into(), Some(raw(&row(2, 200)))), (501.into(), Some(raw(&row(1, 200))))]));
    let shared = cache.pages.iter().zip(before.pages.iter()).filter(|(one, two)| Arc::ptr_eq(one, two));
    assert_eq!(shared.count(), cache.pages.len() - 1);
    assert_eq!(before.difference(&cache), [500.into()]);
}

#[test]
fn page_holds_numbers_beside_other_keys_until_those_are_deleted() {
    let keys: [Key; 4] = [1.into(), 2.into(), "a".into(), vec![1.into(), "a".into()].into()];
    let mut cache = Cache::default();
    cache.append(keys.iter().map(|key| (key.clone(), raw("1"))));
    assert_eq!((cache.pages.len(), text(&cache)), (1, "[1,1,1,1]".into()));
    assert!(cache.all().map(|(key, _)| key).eq(keys.iter().map(Key::as_key_ref)));
    assert!(keys.iter().all(|key| cache.row(key) == Some(b"1")));

    let mixed = cache.memory();
    let deleted: Rows = keys[2..].iter().map(|key| (key.clone(), None)).collect();
    assert_eq!(cache.update(&deleted), keys[2..]);
    assert!(cache.memory() < mixed && keys[2..].iter().all(|key| cache.row(key).is_none()));
    assert_numbers_are_compact(&cache);
}
