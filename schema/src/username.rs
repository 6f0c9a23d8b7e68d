//! Usernames as they are compared: the profile `UsernameCaseMapped` of PRECIS ([RFC 8265]).
//!
//! Case, width and composition make no difference by it, and what can be mistaken for nothing, such as a space of no
//! width, is no part of a username. Letters of different scripts that look alike are different letters.
//!
//! [RFC 8265]: https://www.rfc-editor.org/rfc/rfc8265#section-3.3

use precis_profiles::{UsernameCaseMapped, precis_core::profile::PrecisFastInvocation};

/// Says what a username may consist of.
const LETTERS: &str = "must consist of letters, digits and plain signs, as in ada.l or jürgen-2";

/// A username in the one form of all that count as the same.
///
/// ```
/// use rowcast_schema::username;
///
/// assert_eq!(username::canonical("Ｍara"), Ok("mara".to_owned()));
/// assert!(username::canonical("ma\u{200b}ra").is_err());
/// ```
///
/// # Errors
/// A sentence about what it may consist of.
pub fn canonical(username: &str) -> Result<String, &'static str> {
    UsernameCaseMapped::enforce(username).map(Into::into).map_err(|_| LETTERS)
}

/// The form to compare by: of what is no username by the profile, it itself, so that names from before the profile
/// counts still name somebody.
#[must_use]
pub fn compared(username: &str) -> String {
    canonical(username).unwrap_or_else(|_| username.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_width_and_composition_make_no_difference() {
        for same in ["mara", "MARA", "Mara", "ｍａｒａ"] {
            assert_eq!(canonical(same), Ok("mara".into()), "{same}");
        }
        assert_eq!(canonical("JU\u{308}RGEN"), Ok("j\u{fc}rgen".into()));
        // Case mapping, not folding: a sharp s is no pair of them.
        assert_eq!(canonical("Strauß"), Ok("strauß".into()));
        assert_ne!(canonical("m\u{430}ra"), canonical("mara"), "a letter of another script");
    }

    #[test]
    fn a_canonical_name_stays_as_it_is() {
        for name in ["ada.l", "a@b", "J\u{fc}rgen", "ΣΊΣΥΦΟΣ", "İstanbul", "ﬁ".repeat(2).as_str()] {
            let Ok(once) = canonical(name) else { continue };
            assert_eq!(canonical(&once), Ok(once.clone()), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_no_part_of_a_name() {
        for hidden in ["ma\u{200b}ra", "ma\u{202e}ra", "ma ra", "ma\u{ad}ra", "ma\u{feff}ra", "👩", ""] {
            assert_eq!(canonical(hidden), Err(LETTERS), "{hidden:?}");
            assert_eq!(compared(hidden), hidden);
        }
    }
}
