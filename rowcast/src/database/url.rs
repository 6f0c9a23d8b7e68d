//! Database URLs: `sqlite://file` or `postgres://…`.

use std::{fmt, path::PathBuf, str::FromStr};

/// The URL of a database. Its `Debug` and `Display` omit passwords.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file, relative to the working directory unless absolute.
    Sqlite(PathBuf),
    /// A PostgreSQL connection URL.
    Postgres(String),
}

/// The default database.
pub const EMBEDDED: &str = "sqlite://rowcast.db";

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let rest = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:"));
        let path = rest.map(|rest| rest.split('?').next().unwrap_or(rest));
        match path {
            Some("" | ":memory:") => {
                Err("name a file, as in sqlite://rowcast.db: the data must outlive the process".into())
            }
            Some(path) => Ok(Self::Sqlite(PathBuf::from(path))),
            None => Err("expected sqlite://FILE or postgres://USER:PASSWORD@HOST/DATABASE".into()),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            // Credentials are before the last @; options may contain some too, so they are omitted.
            Self::Postgres(url) => {
                let rest = url
                    .rsplit_once('@')
                    .map_or_else(|| url.split_once("://").map_or("", |(_, rest)| rest), |(_, rest)| rest);
                write!(f, "postgres://{}", rest.split('?').next().unwrap_or(rest))
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sqlite_and_postgres_urls_are_accepted() {
        let path = |text: &str| text.parse::<DatabaseUrl>();
        assert_eq!(path("sqlite://gym.db"), Ok(DatabaseUrl::Sqlite("gym.db".into())));
        assert_eq!(path("sqlite:///data/gym.db?mode=rwc"), Ok(DatabaseUrl::Sqlite("/data/gym.db".into())));
        assert!(path("sqlite::memory:").is_err());
        assert!(path("mysql://localhost/gym").is_err());
    }

    #[test]
    fn display_and_debug_omit_passwords() {
        let url: DatabaseUrl = "postgres://ada:s3cret@db:5432/gym?password=s3cret".parse().unwrap();
        assert_eq!(format!("{url} {url:?}"), "postgres://db:5432/gym postgres://db:5432/gym");
    }
}
