//! Text that shows what it says: nothing in it reorders the text around it, and something of it can be seen.

use icu_properties::{
    CodePointSetData,
    props::{BidiControl, DefaultIgnorableCodePoint},
};

pub(crate) const REORDERED: &str = "must not contain characters that change the direction of text";
pub(crate) const INVISIBLE: &str = "must contain something that can be seen";

/// Braille without dots: visible by its properties, drawn as a blank.
const BLANK: char = '\u{2800}';

/// Refuses text that is invisible or reorders its surroundings. Marks of direction (`U+200E`, `U+200F`, `U+061C`),
/// which right-to-left scripts need next to signs and digits, are accepted.
pub(crate) fn check(text: &str) -> Result<(), &'static str> {
    if text.is_ascii() {
        return Ok(());
    }
    if text.chars().any(reorders) {
        return Err(REORDERED);
    }
    if !text.is_empty() && text.chars().all(is_invisible) {
        return Err(INVISIBLE);
    }
    Ok(())
}

/// Embeddings, overrides and isolates.
fn reorders(c: char) -> bool {
    let mark = matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}');
    !mark && CodePointSetData::new::<BidiControl>().contains(c)
}

fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c == BLANK
        || c.is_control()
        || CodePointSetData::new::<BidiControl>().contains(c)
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bidirectional_control_is_refused() {
        for code in (0x202a..=0x202e).chain(0x2066..=0x2069) {
            let turning = char::from_u32(code).unwrap();
            assert_eq!(check(&format!("gpj{turning}exe")), Err(REORDERED), "{code:x}");
        }
        for fine in ["Mara", "\u{5d0}\u{200f}!", "مارا\u{61c}", "👩‍🏫", "\u{928}\u{94d}\u{200d}", ""]
        {
            assert_eq!(check(fine), Ok(()), "{fine:?}");
        }
    }

    #[test]
    fn invisible_text_is_refused() {
        for unseen in [
            "\u{200b}\u{200b}",
            "\u{2060}",
            "\u{3164}",
            "\u{2800} \u{2800}",
            "\u{ad}\u{feff}",
            "\u{200e}",
            "\u{fe0f}",
            "\u{e0041}",
        ] {
            assert_eq!(check(unseen), Err(INVISIBLE), "{unseen:?}");
        }
        assert_eq!(check("\u{200b}a"), Ok(()));
    }
}
