//! Validation of what clap cannot validate.

use socketio::Origins;

use super::{Serve, serve::is_built};

impl Serve {
    /// Validates what clap cannot: folders, origins, and combinations of settings.
    ///
    /// # Errors
    /// A sentence with the setting and a remedy.
    pub fn check(&self) -> Result<(), String> {
        if let Some(web) = self.web.as_ref().filter(|web| !web.is_dir()) {
            return Err(format!("--web: {} is not a folder", web.display()));
        }
        if let Some(web) = self.web.as_ref().filter(|web| !is_built(web)) {
            return Err(format!("--web: there is no index.html in {}", web.display()));
        }
        self.limits.check()?;
        if let Some(origin) = self.origins().into_iter().find(|origin| !is_origin(origin)) {
            return Err(format!(
                "--origins: {origin} is not an origin such as https://gym.example.com or capacitor://localhost"
            ));
        }
        Ok(())
    }
}

/// An origin, or a keyword for several.
fn is_origin(text: &str) -> bool {
    text == "*" || Origins::is_valid_entry(text)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::config::{AccessMode, Cli};

    fn check(args: &[&str]) -> Result<(), String> {
        let args = [&["gymbook"], args].concat();
        Cli::try_parse_from(args).map_err(|error| error.to_string())?.serve.check()
    }

    #[test]
    fn invalid_setting_is_named_in_error() {
        assert!(check(&["--bind", "nonsense"]).unwrap_err().contains("--bind"));
        assert!(check(&["--database-url", "mysql://x"]).unwrap_err().contains("--database-url"));
        assert!(check(&["--web", "/nowhere"]).unwrap_err().contains("--web"));
        assert!(check(&["--origins", "gym.example.com"]).unwrap_err().contains("--origins"));
        assert!(
            check(&["--origins", "localhost,https://gym.example.com,capacitor://localhost,file://,null"])
                .is_ok()
        );
        assert!(check(&["--base-path", "/a b"]).unwrap_err().contains("--base-path"));
        assert!(check(&["--keep-alive", "soon"]).unwrap_err().contains("--keep-alive"));
    }

    #[test]
    fn access_mode_defaults_to_members_beyond_loopback() {
        let access = |args: &[&str]| {
            let cli = Cli::try_parse_from([&["gymbook"], args].concat()).unwrap();
            cli.serve.check().map(|()| cli.serve.access())
        };
        assert_eq!(access(&[]), Ok(AccessMode::Open));
        for here in ["[::1]:80", "localhost:80", "80"] {
            assert_eq!(access(&["--bind", here]), Ok(AccessMode::Open), "{here}");
        }
        assert_eq!(access(&["--bind", ":80"]), Ok(AccessMode::Members));
        assert_eq!(access(&["--bind", "0.0.0.0:80"]), Ok(AccessMode::Members));
        assert_eq!(access(&["--bind", "0.0.0.0:80", "--access", "open"]), Ok(AccessMode::Open));
        assert_eq!(access(&["--access", "read"]), Ok(AccessMode::Read));
    }
}
