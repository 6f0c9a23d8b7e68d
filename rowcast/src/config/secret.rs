//! Secrets among the settings, which neither `Debug` nor an error of the command line shows.

use std::{fmt, str::FromStr};

use clap::error::{ContextKind, ContextValue};

/// A secret, which `Debug` does not print.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    const MIN_LEN: usize = 16;

    /// The secret's text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl FromStr for Secret {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = text.len() >= Self::MIN_LEN && text.bytes().all(|byte| byte.is_ascii_graphic());
        let sentence = || format!("must have {} visible ASCII characters at least", Self::MIN_LEN);
        if fits { Ok(Self(text.to_owned())) } else { Err(sentence()) }
    }
}

/// Settings that may contain secrets.
const SECRET_ARGUMENTS: [&str; 2] = ["--database-url", "--metrics-token"];

/// Removes possible secrets from an error of the command line: values of secret settings, URLs, and further arguments
/// of `user`.
#[must_use]
pub fn without_secrets(mut error: clap::Error) -> clap::Error {
    let argument = error.get(ContextKind::InvalidArg).map(ToString::to_string);
    if argument.is_some_and(|argument| SECRET_ARGUMENTS.iter().any(|secret| argument.starts_with(secret))) {
        error.insert(ContextKind::InvalidValue, ContextValue::String("…".into()));
    }
    let of_user = error.get(ContextKind::Usage).is_some_and(|usage| usage.to_string().contains(" user "));
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidSubcommand, ContextKind::InvalidValue] {
        let hides = |text: &str| text.contains("://") || (of_user && !text.starts_with(['-', '<']));
        if matches!(error.get(kind), Some(ContextValue::String(text)) if hides(text)) {
            error.insert(kind, ContextValue::String("…".into()));
        }
    }
    error
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::config::Cli;

    #[test]
    fn debug_output_contains_no_password() {
        let args = ["gymbook", "--database-url", "postgres://ada:s3cret@db/gym"];
        assert!(!format!("{:?}", Cli::try_parse_from(args).unwrap()).contains("s3cret"));
        let args = ["gymbook", "--metrics-token", "a-s3cret-of-its-own"];
        assert!(!format!("{:?}", Cli::try_parse_from(args).unwrap()).contains("s3cret"));
        let short = Cli::try_parse_from(["gymbook", "--metrics-token", "s3cret"]).map_err(without_secrets);
        let error = short.unwrap_err().to_string();
        assert!(
            error.contains("--metrics-token") && error.contains("16") && !error.contains("s3cret"),
            "{error}"
        );
    }

    #[test]
    fn command_line_error_contains_no_password() {
        let url = "postgres://ada:s3cret@db/gym";
        for args in [
            vec![url],
            vec!["serve", url],
            vec!["migrate", url],
            vec!["user", url],
            vec!["--bind", url],
            vec!["--database-url", "mysql://ada:s3cret@db/gym"],
            vec!["--database-uri", url],
            vec!["--sample-data", url],
            vec!["user", "set-password", "mara", "s3cret"],
            vec!["user", "create", "mara", "s3cret"],
        ] {
            let error = Cli::try_parse_from([&["gymbook"], &*args].concat()).unwrap_err();
            let message = without_secrets(error).render().to_string();
            assert!(!message.contains("s3cret"), "{args:?}: {message}");
            assert!(message.contains("error: "), "{message}");
        }
    }
}
