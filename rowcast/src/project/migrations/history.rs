//! The files of a folder compared with those that have been applied.

use super::file::{Folder, MigrationFile, digits_of, number_of};
use crate::{database::script::Record, project::Mistake};

/// The files that have not been applied, and the differences from the past.
pub(super) fn pending<'f>(folder: &'f Folder, records: &[Record]) -> (Vec<&'f MigrationFile>, Vec<Mistake>) {
    let mut mistakes = Vec::new();
    for record in records {
        let path = folder.path_of(&record.name);
        match folder.files.iter().find(|file| file.name == record.name) {
            Some(file) if file.checksum == record.checksum => {}
            Some(_) => mistakes.push(Mistake::new(
                &path,
                None,
                "was changed after it was applied: undo the change, and write a new file for what is new",
            )),
            None => mistakes.push(Mistake::new(&path, None, missing(folder, record))),
        }
    }
    let position = |name: &str| (number_of(name), name.to_owned());
    let last = records.iter().max_by_key(|record| position(&record.name));
    let is_new = |file: &&MigrationFile| records.iter().all(|record| record.name != file.name);
    let pending: Vec<_> = folder.files.iter().filter(is_new).collect();
    for file in &pending {
        let Some(last) = last.filter(|last| position(&file.name) < position(&last.name)) else { continue };
        let is_renamed = records.iter().any(|record| record.checksum == file.checksum);
        if !is_renamed {
            let sentence =
                format!("comes before {}, which is applied already: give it a higher number", last.name);
            mistakes.push(Mistake::new(&file.path, None, sentence));
        }
    }
    mistakes.extend(uneven(&pending, folder, records));
    (pending, mistakes)
}

/// New files whose numbers have fewer digits than others, so that the order by name is not that of the numbers. What has been
/// applied keeps its name.
fn uneven(pending: &[&MigrationFile], folder: &Folder, records: &[Record]) -> Vec<Mistake> {
    let applied = records.iter().map(|record| &*record.name);
    let in_folder = folder.files.iter().map(|file| &*file.name);
    let names: Vec<&str> = if records.is_empty() { in_folder.collect() } else { applied.collect() };
    let Some(longest) = names.into_iter().max_by_key(|name| digits_of(name)) else { return Vec::new() };
    let width = digits_of(longest);
    let mistake = |file: &&MigrationFile| {
        let needed = file.number.to_string().len().max(width);
        (digits_of(&file.name) != needed).then(|| {
            let sentence = format!(
                "its number has another count of digits than that of {longest}, so the order by name is another: write {:0needed$}",
                file.number
            );
            Mistake::new(&file.path, None, sentence)
        })
    };
    pending.iter().filter_map(mistake).collect()
}

fn missing(folder: &Folder, record: &Record) -> String {
    let renamed = folder.files.iter().find(|file| file.checksum == record.checksum);
    match renamed {
        Some(file) => format!("was applied under this name: rename {} back", file.name),
        None => "was applied and is missing here: bring the file back".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(files: &[(&str, &str)], records: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("migrations");
        std::fs::create_dir(&path).unwrap();
        for (name, _) in files {
            std::fs::write(path.join(name), "").unwrap();
        }
        let mut folder = Folder::read(&path).unwrap();
        for file in &mut folder.files {
            let (_, checksum) = files.iter().find(|(name, _)| *name == file.name).unwrap();
            file.checksum = (*checksum).into();
        }
        let records: Vec<_> = records
            .iter()
            .map(|(name, checksum)| Record { name: (*name).into(), checksum: (*checksum).into() })
            .collect();
        let (pending, mistakes) = pending(&folder, &records);
        (
            pending.iter().map(|file| file.name.clone()).collect(),
            mistakes.iter().map(ToString::to_string).collect(),
        )
    }

    #[test]
    fn files_without_a_record_are_pending() {
        let (pending, mistakes) =
            compare(&[("1_a.sql", "A"), ("2_b.sql", "B"), ("3_c.sql", "C")], &[("1_a.sql", "A")]);
        assert_eq!(
            (pending.as_slice(), mistakes.as_slice()),
            (&["2_b.sql".into(), "3_c.sql".into()][..], &[][..])
        );
    }

    #[test]
    fn new_number_has_the_digits_of_the_others() {
        let mistakes = |files: &[&'static str], applied: &[&'static str]| {
            let with_content =
                |names: &[&'static str]| names.iter().map(|name| (*name, *name)).collect::<Vec<_>>();
            compare(&with_content(files), &with_content(applied)).1
        };
        let sentence = |file: &str, other: &str, number: &str| {
            vec![format!(
                "migrations/{file}: its number has another count of digits than that of {other}, so the order by name is another: write {number}"
            )]
        };
        assert_eq!(
            mistakes(&["0001_a.sql", "0002_b.sql", "3_c.sql"], &["0001_a.sql", "0002_b.sql"]),
            sentence("3_c.sql", "0002_b.sql", "0003")
        );
        assert_eq!(mistakes(&["2_a.sql", "10_b.sql"], &[]), sentence("2_a.sql", "10_b.sql", "02"));
        // Nine files of one digit are followed by one of two.
        assert_eq!(mistakes(&["9_a.sql", "10_b.sql"], &["9_a.sql"]), [""; 0]);
        // What is applied stays.
        assert_eq!(mistakes(&["0002_b.sql", "3_c.sql", "0005_d.sql"], &["0002_b.sql", "3_c.sql"]), [""; 0]);
    }

    #[test]
    fn every_difference_from_the_past_is_reported_by_name() {
        let (_, mistakes) = compare(
            &[("1_a.sql", "X"), ("2_b.sql", "B"), ("5_e.sql", "E")],
            &[("1_a.sql", "A"), ("3_c.sql", "C"), ("4_d.sql", "E")],
        );
        assert_eq!(
            mistakes,
            [
                "migrations/1_a.sql: was changed after it was applied: undo the change, and write a new file for what is new",
                "migrations/3_c.sql: was applied and is missing here: bring the file back",
                "migrations/4_d.sql: was applied under this name: rename 5_e.sql back",
                "migrations/2_b.sql: comes before 4_d.sql, which is applied already: give it a higher number",
            ]
        );
    }
}
