//! Regular expressions of PostgreSQL that JavaScript evaluates alike.
//!
//! Translated are literals, `.`, classes of characters, groups, alternatives, anchors and quantifiers. What depends on
//! the locale (`\d`, `\w`, `[[:alpha:]]`), what JavaScript lacks, and what it means otherwise (back references, options)
//! is not. The result means the same with and without the flags `u` and `v`; without them, half of a character beyond
//! U+FFFF may count as one, which accepts more and never less.

#[cfg(test)]
mod tests;

use std::{iter::Peekable, str::Chars};

const MAX_LENGTH: usize = 1_000;
const MAX_DEPTH: usize = 20;
/// The largest number of repetitions in PostgreSQL.
const MAX_COUNT: u16 = 255;

const SYNTAX: &str = r"^$\.*+?()[]{}|";
/// Characters to escape in a class, where `v` reserves more.
const CLASS_SYNTAX: &str = r"^$\.*+?()[]{}|/-";
/// Two of these in a row are reserved by `v` in a class.
const DOUBLES: &str = "&!#%,:;<=>@`~";

/// One character of a pair of surrogates, for engines that see two.
const PAIR: &str = r"[\uD800-\uDBFF][\uDC00-\uDFFF]";

/// The regular expression in JavaScript that matches the same texts as one of PostgreSQL's operator `~`; `None` if there
/// is none for certain.
///
/// ```
/// use rowcast_schema::contract::javascript_pattern;
///
/// assert_eq!(javascript_pattern("^[A-Z]{2}-[0-9]+$").as_deref(), Some("^[A-Z]{2}-[0-9]+$"));
/// assert_eq!(javascript_pattern(r"^\d+$"), None);
/// ```
#[must_use]
pub fn javascript_pattern(postgres: &str) -> Option<String> {
    if postgres.len() > MAX_LENGTH {
        return None;
    }
    let mut reader = Reader { rest: postgres.chars().peekable(), depth: 0 };
    let pattern = reader.alternatives()?;
    reader.rest.next().is_none().then_some(pattern)
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    depth: usize,
}

/// An expression that a quantifier may follow.
enum Atom {
    /// It matches the same whatever the unit.
    Same(String),
    /// It matches any character, or all but a few: also the two halves of one.
    Wide(String),
}

impl Reader<'_> {
    /// Alternatives up to a closing parenthesis or the end.
    fn alternatives(&mut self) -> Option<String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let mut all = String::new();
        while let Some(next) = self.rest.peek().copied() {
            match next {
                ')' => break,
                '|' | '^' | '$' => {
                    self.rest.next();
                    all.push(next);
                }
                _ => all.push_str(&self.quantified()?),
            }
        }
        self.depth -= 1;
        Some(all)
    }

    fn quantified(&mut self) -> Option<String> {
        let atom = self.atom()?;
        let quantifier = self.quantifier()?;
        Some(match atom {
            // Repeated at will, two halves are as good as a whole.
            Atom::Wide(atom) if !matches!(&*quantifier, "*" | "+") => {
                format!("(?:{PAIR}|{atom}){quantifier}")
            }
            Atom::Same(atom) | Atom::Wide(atom) => atom + &quantifier,
        })
    }

    fn atom(&mut self) -> Option<Atom> {
        let literal = |c: char| Some(Atom::Same(escaped(c, SYNTAX)?));
        match self.rest.next()? {
            '.' => Some(Atom::Wide(r"[\s\S]".to_owned())),
            '[' => self.class(),
            '(' => self.group(),
            '\\' => self.escape().and_then(literal),
            '*' | '+' | '?' => None,
            '{' if self.rest.peek().is_none_or(char::is_ascii_digit) => None,
            c => literal(c),
        }
    }

    fn group(&mut self) -> Option<Atom> {
        if self.rest.next_if_eq(&'?').is_some() {
            self.rest.next_if_eq(&':')?;
        }
        let inner = self.alternatives()?;
        self.rest.next_if_eq(&')')?;
        Some(Atom::Same(format!("(?:{inner})")))
    }

    /// A character after a backslash that stands for itself.
    fn escape(&mut self) -> Option<char> {
        self.rest.next_if(char::is_ascii_punctuation)
    }

    fn class(&mut self) -> Option<Atom> {
        let negated = self.rest.next_if_eq(&'^').is_some();
        let mut class = String::from(if negated { "[^" } else { "[" });
        let mut before = None;
        loop {
            let is_first = before.is_none();
            let from = match self.rest.next()? {
                ']' if !is_first => break,
                // Classes by name, equivalents and collating elements.
                '[' if matches!(self.rest.peek(), Some(':' | '.' | '=') | None) => return None,
                '-' if !is_first && self.rest.peek() != Some(&']') => return None,
                '\\' => self.escape()?,
                c => c,
            };
            if before == Some(from) && DOUBLES.contains(from) {
                return None;
            }
            class.push_str(&escaped(from, CLASS_SYNTAX)?);
            before = Some(from);
            if self.rest.peek() == Some(&'-') {
                self.rest.next();
                let to = match self.rest.next()? {
                    ']' => {
                        class.push_str(r"\-");
                        break;
                    }
                    '[' | '-' => return None,
                    '\\' => self.escape()?,
                    c => c,
                };
                if to < from {
                    return None;
                }
                class.push('-');
                class.push_str(&escaped(to, CLASS_SYNTAX)?);
                before = Some(to);
            }
        }
        class.push(']');
        Some(if negated { Atom::Wide(class) } else { Atom::Same(class) })
    }

    /// A quantifier, empty if there is none. Whether it is greedy makes no difference to whether there is a match.
    fn quantifier(&mut self) -> Option<String> {
        let quantifier = match self.rest.peek() {
            Some(c @ ('*' | '+' | '?')) => c.to_string(),
            Some('{') => return self.counted(),
            _ => return Some(String::new()),
        };
        self.rest.next();
        self.end_of_quantifier()?;
        Some(quantifier)
    }

    fn counted(&mut self) -> Option<String> {
        let mut after = self.rest.clone();
        after.next();
        if !after.peek().is_some_and(char::is_ascii_digit) {
            // A brace that stands for itself.
            return Some(String::new());
        }
        self.rest = after;
        let min = self.count()?;
        let max = match self.rest.next()? {
            '}' => Some(min),
            ',' if self.rest.next_if_eq(&'}').is_some() => None,
            ',' => {
                let max = self.count()?;
                self.rest.next_if_eq(&'}')?;
                Some(max)
            }
            _ => return None,
        };
        self.end_of_quantifier()?;
        Some(match max {
            None => format!("{{{min},}}"),
            Some(max) if max == min => format!("{{{min}}}"),
            Some(max) if max > min => format!("{{{min},{max}}}"),
            Some(_) => return None,
        })
    }

    fn count(&mut self) -> Option<u16> {
        let mut digits = String::new();
        while let Some(digit) = self.rest.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        digits.parse().ok().filter(|count| *count <= MAX_COUNT)
    }

    /// No quantifier follows another.
    fn end_of_quantifier(&mut self) -> Option<()> {
        let _lazy = self.rest.next_if_eq(&'?');
        let another = match self.rest.peek() {
            Some('*' | '+' | '?') => true,
            Some('{') => self.rest.clone().nth(1).is_none_or(|c| c.is_ascii_digit()),
            _ => false,
        };
        (!another).then_some(())
    }
}

/// A character that stands for itself. Those that JavaScript may see as two are refused.
fn escaped(c: char, syntax: &str) -> Option<String> {
    match c {
        _ if c > '\u{ffff}' => None,
        _ if syntax.contains(c) => Some(format!("\\{c}")),
        _ => Some(c.to_string()),
    }
}
