//! Rules that several collections share, and the sentence for each rule that was broken.
//!
//! A rule that only one collection has stands in that collection's file and brings its sentence along, by
//! [`broken`]. For validator's own rules, bounds and sentence are put together here, and only here.

use serde_json::Value;
use validator::{ValidateUrl, ValidationError, ValidationErrors, ValidationErrorsKind};

use crate::FieldErrors;

/// The longest web address that is kept, in characters.
pub const LONGEST_ADDRESS: u64 = 2_000;

/// [`web_address`] as far as a regular expression can say it, for the schema; it holds in JavaScript's `u` and `v` modes.
pub const WEB_ADDRESS: &str = r"^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s!-\/:-@\\\]\^`\{-~]\S*$";

/// [`one_word`] for the schema. Of what a [username](crate::username) may consist is more than a regular expression can say
/// in every language that reads the schema.
pub const ONE_WORD: &str = r"^\S*$";

/// The most characters a login's username and password may have.
pub const LONGEST_CREDENTIAL: u64 = 200;

/// The fewest characters that a new password may have.
pub const SHORTEST_PASSWORD: u64 = 8;

/// A broken rule with a sentence of its own.
#[must_use]
pub fn broken(sentence: &'static str) -> ValidationError {
    ValidationError::new("rule").with_message(sentence.into())
}

/// An address that a browser can fetch: http or https, with a host.
///
/// # Errors
/// When it is anything else.
pub fn web_address(address: &str) -> Result<(), ValidationError> {
    let (scheme, rest) = address.split_once("://").unwrap_or_default();
    let fetched = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let hosted = rest.starts_with(|c: char| c.is_alphanumeric() || c == '[' || c == '_');
    // The URL standard drops line breaks and escapes blanks; an address that we keep should not have them.
    let unbroken = !address.contains(char::is_whitespace);
    if fetched && hosted && unbroken && address.validate_url() {
        return Ok(());
    }
    Err(broken("must be an http or https address"))
}

/// A name without blanks in it.
///
/// # Errors
/// When there are some.
pub fn one_word(text: &str) -> Result<(), ValidationError> {
    if text.contains(char::is_whitespace) {
        return Err(broken("must not contain spaces"));
    }
    Ok(())
}

/// The first broken rule of each field, as a sentence; of what is nested too, dotted: `member.id`, `moves.0.name`.
pub(crate) fn sentences(errors: &ValidationErrors) -> FieldErrors {
    let mut all = FieldErrors::new();
    below("", errors, &mut all);
    all
}

/// The most fields that are named; an answer must not outgrow its question.
const MOST_NAMED: usize = 1_000;

fn below(path: &str, errors: &ValidationErrors, all: &mut FieldErrors) {
    for (field, kind) in errors.errors() {
        let field = format!("{path}{field}");
        match kind {
            _ if all.len() >= MOST_NAMED => return,
            ValidationErrorsKind::Field(broken) => {
                broken.iter().take(1).for_each(|error| all.insert(&field, sentence(error)));
            }
            ValidationErrorsKind::Struct(nested) => below(&format!("{field}."), nested, all),
            ValidationErrorsKind::List(entries) => {
                for (place, nested) in entries {
                    below(&format!("{field}.{place}."), nested, all);
                }
            }
        }
    }
}

fn sentence(error: &ValidationError) -> String {
    if let Some(message) = &error.message {
        return message.to_string();
    }
    let number = |name: &str| error.params.get(name).and_then(Value::as_i64);
    match (&*error.code, number("min"), number("max")) {
        ("length", Some(min), Some(max)) => format!("must be {min} to {max} characters long"),
        ("length", Some(min), None) => format!("must be at least {min} characters long"),
        ("length", None, Some(max)) => format!("must be at most {max} characters long"),
        ("range", Some(min), _) if number("value").is_some_and(|value| value < min) => {
            format!("must be at least {min}")
        }
        ("range", _, Some(max)) => format!("must be at most {max}"),
        _ => "is not valid".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use validator::Validate;

    use super::*;

    #[derive(Validate)]
    struct Plan {
        #[validate(length(min = 2, max = 40))]
        name: String,
        #[validate(nested)]
        member: Member,
        #[validate(nested)]
        second: Option<Member>,
        #[validate(nested)]
        moves: Vec<Move>,
    }

    #[derive(Clone, Validate)]
    struct Member {
        #[validate(range(min = 1))]
        id: i64,
    }

    #[derive(Clone, Validate)]
    struct Move {
        #[validate(length(min = 2), custom(function = "one_word"))]
        name: String,
        #[validate(nested)]
        member: Member,
    }

    fn reported(plan: &Plan) -> Vec<(String, String)> {
        let errors = plan.validate().map_err(|errors| sentences(&errors)).err().unwrap_or_default();
        errors.iter().map(|(field, sentence)| (field.to_owned(), sentence.to_owned())).collect()
    }

    #[test]
    fn rules_of_what_is_nested_are_reported_where_they_are_broken() {
        let a_move = |name: &str, id| Move { name: name.into(), member: Member { id } };
        let moves = vec![a_move("x", 1), a_move("Plank", 1), a_move("a b", 0)];
        let member = Member { id: 0 };
        let plan = Plan { name: "A".into(), second: Some(member.clone()), member, moves };
        let expected = [
            ("member.id", "must be at least 1"),
            ("moves.0.name", "must be at least 2 characters long"),
            ("moves.2.member.id", "must be at least 1"),
            ("moves.2.name", "must not contain spaces"),
            ("name", "must be 2 to 40 characters long"),
            ("second.id", "must be at least 1"),
        ];
        assert_eq!(
            reported(&plan),
            expected.map(|(field, sentence)| (field.to_owned(), sentence.to_owned()))
        );
        let plan = Plan { name: "Ada".into(), member: Member { id: 1 }, second: None, moves: vec![] };
        assert_eq!(reported(&plan), []);
        let endless = vec![a_move("x", 0); 10_000];
        assert!(reported(&Plan { moves: endless, ..plan }).len() <= MOST_NAMED + 1);
    }

    #[test]
    fn an_address_is_one_that_a_browser_can_fetch() {
        for good in [
            "http://localhost",
            "https://example.com/a.png?b=c#d",
            "HTTPS://EXAMPLE.com",
            "http://[::1]:80/",
            "https://bücher.example/ä",
        ] {
            assert!(web_address(good).is_ok(), "{good}");
        }
        for bad in [
            "example.com",
            "ftp://example.com",
            "javascript://example.com/%0aalert(1)",
            "http:example.com",
            "http://",
            "http:///path",
            "https://?x",
            "https://exa mple.com",
            "https://example.com/a b",
            "https://example.com/\na",
            "https://example.com:99999",
            " https://example.com",
        ] {
            assert!(web_address(bad).is_err(), "{bad}");
        }
    }
}
