//! The files of a new project.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use super::mistake::list;

/// The files, and their content.
const FILES: [(&str, &str); 8] = [
    ("rowcast.toml", include_str!("templates/rowcast.toml")),
    ("migrations/0001_tasks.sql", include_str!("templates/migrations/0001_tasks.sql")),
    ("web/index.html", include_str!("templates/web/index.html")),
    ("web/tasks.js", include_str!("templates/web/tasks.js")),
    ("web/tasks.css", include_str!("templates/web/tasks.css")),
    ("web/socket.js", include_str!("templates/web/socket.js")),
    (".gitignore", include_str!("templates/gitignore")),
    ("README.md", include_str!("templates/README.md")),
];

/// Writes the files of a new project: settings, a migration, and a page. The folder is created if it is missing. The
/// result are the paths of the files.
///
/// # Errors
/// A sentence, if one of the files exists; nothing is written then. Any I/O error.
pub fn init(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let existing: Vec<_> = FILES
        .iter()
        .filter(|(name, _)| folder.join(name).symlink_metadata().is_ok())
        .map(|(name, _)| name)
        .collect();
    if !existing.is_empty() {
        return Err(format!(
            "{} contains {} already, so nothing was written: choose another folder",
            folder.display(),
            list(&existing)
        ));
    }
    FILES.iter().map(|(name, content)| write(&folder.join(name), content)).collect()
}

fn write(file: &Path, content: &str) -> Result<PathBuf, String> {
    let written = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
        // Another program may have written it in between.
        File::create_new(file)?.write_all(content.as_bytes())
    });
    written
        .map(|()| file.to_owned())
        .map_err(|error| format!("{} cannot be written: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Settings;

    #[test]
    fn new_project_has_all_files() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("my-app");
        let files = init(&project).unwrap();
        assert_eq!(files.len(), FILES.len());
        assert!(files.iter().all(|file| file.is_file()), "{files:?}");
        assert!(Settings::read(&project).unwrap().collections.is_empty());
    }

    #[test]
    fn existing_file_is_named_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("README.md"), "mine").unwrap();
        let refused = init(folder.path()).unwrap_err();
        assert!(refused.contains("contains `README.md` already"), "{refused}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(fs::read_to_string(folder.path().join("README.md")).unwrap(), "mine");
    }

    #[test]
    fn every_setting_of_the_template_is_valid_without_its_comment() {
        let template = FILES[0].1;
        assert!(Settings::parse(template).is_ok());
        let is_setting =
            |line: &str| line.strip_prefix('#').is_some_and(|rest| rest.starts_with(|first| first != ' '));
        let lines = template.lines().map(|line| if is_setting(line) { &line[1..] } else { line });
        let settings = Settings::parse(&lines.collect::<Vec<_>>().join("\n")).unwrap();
        assert_eq!(settings.server.origins.len(), 2);
        assert_eq!(settings.collections[0].embed["customer"], ["id", "name"]);
        assert!(settings.types_output.is_some() && settings.database.url.is_some());
    }
}
