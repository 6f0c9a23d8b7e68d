//! Which database: `sqlite://file` or `postgres://…`.

use std::{fmt, path::PathBuf, str::FromStr};

/// Where the data lives. Its `Debug` and `Display` leave a password out.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file, relative to the working directory unless absolute.
    Sqlite(PathBuf),
    /// A PostgreSQL connection URL.
    Postgres(String),
}

/// What is used when nothing is said.
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
            // From the last @ on there are no credentials; options may hold some, so they are left out too.
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
    fn names_a_file_or_a_server_and_nothing_else() {
        let path = |text: &str| text.parse::<DatabaseUrl>();
        assert_eq!(path("sqlite://gym.db"), Ok(DatabaseUrl::Sqlite("gym.db".into())));
        assert_eq!(path("sqlite:///data/gym.db?mode=rwc"), Ok(DatabaseUrl::Sqlite("/data/gym.db".into())));
        assert!(path("sqlite::memory:").is_err());
        assert!(path("mysql://localhost/gym").is_err());
    }

    #[test]
    fn never_shows_a_password() {
        let url: DatabaseUrl = "postgres://ada:s3cret@db:5432/gym?password=s3cret".parse().unwrap();
        assert_eq!(format!("{url} {url:?}"), "postgres://db:5432/gym postgres://db:5432/gym");
    }
}
