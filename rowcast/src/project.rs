//! A project without Rust: settings, migrations in SQL, and the files of a new project.
//!
//! ```text
//! rowcast.toml   ─▶ Settings ─▶ validate(Settings, Catalog) ─▶ mistakes, each with its line
//! migrations/*.sql ─▶ migrations::apply ─▶ tables
//! ```
//!
//! All parts report every [`Mistake`] that they find, not the first alone.

pub mod embeds;
mod init;
pub mod migrations;
mod mistake;
mod names;
mod naming;
mod pattern;
mod reset;
pub mod settings;
mod validate;

pub use init::init;
pub use mistake::Mistake;
pub(crate) use mistake::{did_you_mean, list};
pub use names::names;
pub(crate) use names::singular;
pub(crate) use naming::{Named, named};
pub use pattern::matches;
pub use reset::{Confirmed, reset};
pub use settings::{CollectionSettings, Settings};
pub(crate) use validate::no_table;
pub use validate::validate;

use std::path::{Path, PathBuf};

/// The settings of a project, and the folder with its files.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// The folder with the migrations; none for a project without files.
    pub folder: Option<PathBuf>,
    /// The settings.
    pub settings: Settings,
}

impl Project {
    /// The name of the folder with migrations.
    pub const MIGRATIONS: &str = "migrations";

    /// Reads the settings of the project in a folder.
    ///
    /// # Errors
    /// All mistakes.
    pub fn read(folder: &Path) -> Result<Self, Vec<Mistake>> {
        Ok(Self { folder: Some(folder.to_owned()), settings: Settings::read(folder)? })
    }

    /// Whether the folder has files of a project: settings or migrations.
    #[must_use]
    pub fn has_files(&self) -> bool {
        let has_settings = self.folder.as_ref().is_some_and(|folder| folder.join(settings::FILE).exists());
        has_settings || self.migrations().is_some()
    }

    /// The folder with migrations, if there is one.
    #[must_use]
    pub fn migrations(&self) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?.join(Self::MIGRATIONS);
        folder.is_dir().then_some(folder)
    }
}

/// A project whose settings alone are given.
impl From<Settings> for Project {
    fn from(settings: Settings) -> Self {
        Self { folder: None, settings }
    }
}

/// Mistakes as one text, a line for each.
#[must_use]
pub fn lines(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
