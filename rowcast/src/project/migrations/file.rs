//! The files of the folder, and their names: `0001_tasks.sql`.

use std::{fs, io::ErrorKind, path::Path};

use sha2::{Digest, Sha256};

use crate::project::{Mistake, mistake::list};

/// The most digits of a number, so that it fits in 64 bits.
const MAX_DIGITS: usize = 18;

/// The files of a folder in order.
#[derive(Debug)]
pub(super) struct Folder {
    /// The folder's name, for mistakes.
    name: String,
    pub(super) files: Vec<MigrationFile>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MigrationFile {
    pub(super) name: String,
    /// The name with that of the folder, for mistakes.
    pub(super) path: String,
    pub(super) number: u64,
    /// SHA-256 of [`sql`](Self::sql) in hexadecimal digits.
    pub(super) checksum: String,
    /// The text, without a byte order mark, and with line breaks of one character: a checkout may change them.
    pub(super) sql: String,
}

impl Folder {
    /// Reads the files; none if the folder does not exist.
    pub(super) fn read(folder: &Path) -> Result<Self, Vec<Mistake>> {
        let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();
        let mut this = Self { name, files: Vec::new() };
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(this),
            Err(error) => return Err(vec![this.mistake(format!("cannot be read: {error}"))]),
        };
        let mut mistakes = Vec::new();
        for entry in entries {
            let file = match entry {
                Ok(entry) if is_sql(&entry.path()) => this.file(&entry.path()),
                Ok(_) => continue,
                Err(error) => Err(this.mistake(format!("cannot be read: {error}"))),
            };
            match file {
                Ok(file) => this.files.push(file),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        this.files.sort_by(|one, other| (one.number, &one.name).cmp(&(other.number, &other.name)));
        mistakes.extend(this.with_one_number());
        mistakes.sort();
        if mistakes.is_empty() { Ok(this) } else { Err(mistakes) }
    }

    /// A mistake of the folder itself.
    pub(super) fn mistake(&self, sentence: impl Into<String>) -> Mistake {
        Mistake::new(&self.name, None, sentence)
    }

    /// The path of a file, for mistakes.
    pub(super) fn path_of(&self, name: &str) -> String {
        format!("{}/{name}", self.name)
    }

    fn file(&self, file: &Path) -> Result<MigrationFile, Mistake> {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let path = self.path_of(&name);
        let mistake = |sentence: &str| Mistake::new(&path, None, sentence);
        let number = number_of(&name).ok_or_else(|| {
            mistake("a migration has a name like 0002_add_tags.sql: a number, an underscore, then letters, digits, - and _")
        })?;
        let bytes = fs::read(file).map_err(|error| mistake(&format!("cannot be read: {error}")))?;
        let sql = text_of(bytes).map_err(mistake)?;
        let checksum = hex::encode(Sha256::digest(&sql));
        Ok(MigrationFile { name, path, number, checksum, sql })
    }

    /// Files with one number.
    fn with_one_number(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        for pair in self.files.windows(2) {
            let [before, after] = pair else { continue };
            if before.number == after.number {
                let names = list(&[&before.name, &after.name]);
                let sentence =
                    format!("{names} have the same number: give one of them another that is not yet taken");
                mistakes.push(self.mistake(sentence));
            }
        }
        mistakes
    }
}

/// Whether a file is meant to be a migration. Others, such as a README, are left alone.
fn is_sql(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sql"))
}

/// The count of digits of the number in a name.
pub(super) fn digits_of(name: &str) -> usize {
    name.bytes().take_while(u8::is_ascii_digit).count()
}

/// The number of a name such as `0001_tasks.sql`.
pub(super) fn number_of(name: &str) -> Option<u64> {
    let (digits, title) = name.strip_suffix(".sql")?.split_once('_')?;
    let is_title = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let fits = (1..=MAX_DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse().ok().filter(|_| fits)?;
    (!title.is_empty() && title.bytes().all(is_title)).then_some(number)
}

fn text_of(bytes: Vec<u8>) -> Result<String, &'static str> {
    let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8: save it in that encoding")?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n");
    if text.contains('\0') { Err("contains a null character: remove it") } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &[u8])]) -> Result<Vec<MigrationFile>, Vec<String>> {
        let temporary = tempfile::tempdir().unwrap();
        let migrations = temporary.path().join("migrations");
        fs::create_dir(&migrations).unwrap();
        for (name, bytes) in files {
            fs::write(migrations.join(name), bytes).unwrap();
        }
        let read = Folder::read(&migrations).map(|folder| folder.files);
        read.map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn files_are_ordered_by_number_and_others_left_alone() {
        let files = [
            ("0002_b.sql", &b"b"[..]),
            ("0001_z.sql", b"a"),
            ("README.md", b""),
            (".0003_x.sql", b""),
            ("0001.sql~", b""),
        ];
        let read = folder(&files).unwrap();
        assert_eq!(read.iter().map(|file| &*file.name).collect::<Vec<_>>(), ["0001_z.sql", "0002_b.sql"]);
        assert_eq!(read[1].path, "migrations/0002_b.sql");
        assert_eq!(Folder::read(Path::new("/nowhere/migrations")).unwrap().files, []);
    }

    #[test]
    fn byte_order_mark_and_line_breaks_do_not_change_the_checksum() {
        let read =
            folder(&[("1_a.sql", b"a\nb\n"), ("2_b.sql", b"\xef\xbb\xbfa\r\nb\r\n"), ("3_c.sql", b"a\nb")])
                .unwrap();
        assert_eq!(read[0].checksum, read[1].checksum);
        assert_eq!(read[1].sql, "a\nb\n");
        assert_ne!(read[0].checksum, read[2].checksum);
    }

    #[test]
    fn unusable_file_is_refused_by_name() {
        for name in [
            "tasks.sql",
            "0001-tasks.sql",
            "0001_.sql",
            "0001_a b.sql",
            "0001_x.SQL",
            "0001_é.sql",
            "_x.sql",
            "1234567890123456789_x.sql",
        ] {
            let mistakes = folder(&[(name, b"")]).unwrap_err();
            assert!(
                mistakes[0].starts_with(&format!("migrations/{name}: a migration has a name")),
                "{mistakes:?}"
            );
        }
        let mistakes = folder(&[("1_a.sql", b"\xff"), ("2_b.sql", b"a\0")]).unwrap_err();
        assert_eq!(mistakes.len(), 2);
        assert!(
            mistakes[0].contains("1_a.sql: is not UTF-8") && mistakes[1].contains("2_b.sql: contains a null"),
            "{mistakes:?}"
        );
    }

    #[test]
    fn numbers_must_differ() {
        let mistakes = folder(&[("1_a.sql", b""), ("01_b.sql", b"")]).unwrap_err();
        assert!(
            mistakes[0].starts_with("migrations: `01_b.sql` and `1_a.sql` have the same number"),
            "{mistakes:?}"
        );
    }
}
