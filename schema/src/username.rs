//! The canonical form of usernames: the profile `UsernameCaseMapped` of PRECIS ([RFC 8265]).
//!
//! The profile ignores case, width and composition, and forbids invisible characters such as a zero-width space.
//! Letters of different scripts that look alike stay different.
//!
//! [RFC 8265]: https://www.rfc-editor.org/rfc/rfc8265#section-3.3

use precis_profiles::{UsernameCaseMapped, precis_core::profile::PrecisFastInvocation};

const LETTERS: &str = "must consist of letters, digits and plain signs, as in ada.l or jürgen-2";

/// The canonical form of a username, which equal usernames share.
///
/// ```
/// use rowcast_schema::username;
///
/// assert_eq!(username::canonical("Ｍara"), Ok("mara".to_owned()));
/// assert!(username::canonical("ma\u{200b}ra").is_err());
/// ```
///
/// # Errors
/// A sentence with the allowed characters.
pub fn canonical(username: &str) -> Result<String, &'static str> {
    UsernameCaseMapped::enforce(username).map(Into::into).map_err(|_| LETTERS)
}

/// The form for comparisons. A name that the profile forbids stays as it is: older names may not conform.
#[must_use]
pub fn compared(username: &str) -> String {
    canonical(username).unwrap_or_else(|_| username.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_ignores_case_width_and_composition() {
        for same in ["mara", "MARA", "Mara", "ｍａｒａ"] {
            assert_eq!(canonical(same), Ok("mara".into()), "{same}");
        }
        assert_eq!(canonical("JU\u{308}RGEN"), Ok("j\u{fc}rgen".into()));
        // Case mapping, not folding: a sharp s is no pair of them.
        assert_eq!(canonical("Strauß"), Ok("strauß".into()));
        assert_ne!(canonical("m\u{430}ra"), canonical("mara"), "a letter of another script");
    }

    #[test]
    fn canonical_is_idempotent() {
        for name in ["ada.l", "a@b", "J\u{fc}rgen", "ΣΊΣΥΦΟΣ", "İstanbul", "ﬁ".repeat(2).as_str()] {
            let Ok(once) = canonical(name) else { continue };
            assert_eq!(canonical(&once), Ok(once.clone()), "{name}");
        }
    }

    #[test]
    fn invisible_characters_are_refused() {
        for hidden in ["ma\u{200b}ra", "ma\u{202e}ra", "ma ra", "ma\u{ad}ra", "ma\u{feff}ra", "👩", ""] {
            assert_eq!(canonical(hidden), Err(LETTERS), "{hidden:?}");
            assert_eq!(compared(hidden), hidden);
        }
    }
}
