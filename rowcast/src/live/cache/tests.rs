use proptest::{collection::vec, prelude::*};

use super::*;

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
type Model = BTreeMap<i64, String>;

fn assert_equals(cache: &Cache, model: &Model) {
    let rows: Vec<&str> = model.values().map(String::as_str).collect();
    assert_eq!(text(cache), format!("[{}]", rows.join(",")));
    assert_eq!(cache.len(), model.len());
    assert_eq!(cache.bytes(), rows.iter().map(|row| row.len()).sum::<usize>());
    for id in 0..60 {
        assert_eq!(cache.row(id), model.get(&id).map(|row| row.as_bytes()), "{id}");
    }
    let starts: Vec<i64> = cache.pages.iter().map(|page| page.first()).collect();
    assert!(starts.is_sorted() && cache.pages.iter().all(|page| page.len() > 0));
    let memory: usize = cache.pages.iter().map(|page| page.memory()).sum();
    assert_eq!(cache.memory, memory);
}

proptest! {
    #[test]
    fn cache_equals_reference_map(
        steps in vec(vec((0..60_i64, any::<bool>(), 0..4_u8, 0..12_000_usize), 1..12), 1..20)
    ) {
        let (mut cache, mut model) = (Cache::default(), Model::new());
        for step in steps {
            let before = (cache.clone(), model.clone());
            let mut rows = Rows::new();
            for (id, there, version, length) in step {
                rows.insert(id, there.then(|| raw(&row(version, length))));
            }
            let mut expected = Vec::new();
            for (id, row) in &rows {
                let row = row.as_ref().map(|row| row.get().to_owned());
                if model.get(id) != row.as_ref() {
                    expected.push(*id);
                }
                match row {
                    Some(row) => drop(model.insert(*id, row)),
                    None => drop(model.remove(id)),
                }
            }
            prop_assert_eq!(cache.update(&rows), expected.clone());
            assert_equals(&cache, &model);
            assert_equals(&before.0, &before.1);
            prop_assert_eq!(before.0.difference(&cache), expected);
        }
    }

    #[test]
    fn append_and_update_build_equal_caches(rows in vec(0..9_000_usize, 0..50), cut in 0..50_usize) {
        let all: Vec<(i64, String)> = (0..).zip(rows.iter().map(|length| row(1, *length))).collect();
        let (mut appended, mut updated) = (Cache::default(), Cache::default());
        let (first, second) = all.split_at(cut.min(all.len()));
        for part in [first, second] {
            appended.append(part.iter().map(|(id, row)| (*id, raw(row))));
        }
        updated.update(&all.iter().map(|(id, row)| (*id, Some(raw(row)))).collect());
        prop_assert_eq!(appended.difference(&updated), Vec::<i64>::new());
        assert_equals(&appended, &all.into_iter().collect());
    }
}

#[test]
fn update_copies_one_page_and_shares_the_others() {
    let mut cache = Cache::default();
    cache.append((0..1000).map(|id| (id, raw(&row(1, 200)))));
    let before = cache.clone();
    assert!(cache.pages.len() > 5);
    cache.update(&Rows::from([(500, Some(raw(&row(2, 200)))), (501, Some(raw(&row(1, 200))))]));
    let shared = cache.pages.iter().zip(before.pages.iter()).filter(|(one, two)| Arc::ptr_eq(one, two));
    assert_eq!(shared.count(), cache.pages.len() - 1);
    assert_eq!(before.difference(&cache), [500]);
}
