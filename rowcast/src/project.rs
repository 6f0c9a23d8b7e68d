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
mod pattern;
mod reset;
pub mod settings;
mod validate;

pub use init::init;
pub use mistake::Mistake;
pub use names::names;
pub use pattern::matches;
pub use reset::{Confirmed, reset};
pub use settings::{CollectionSettings, Settings};
pub use validate::validate;
