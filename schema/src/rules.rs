//! Rules that several collections share, and the sentences for violated rules.
//!
//! A rule of one collection is defined in that collection's file and returns its sentence, by [`violation`]. The
//! sentences for validator's own rules are defined here.

use serde_json::Value;
use validator::{ValidateUrl, ValidationError, ValidationErrors, ValidationErrorsKind};

use crate::{FieldErrors, lenient::REQUIRED, number::without_zeros};

/// The most characters of a URL.
pub const MAX_URL_LEN: u64 = 2_000;

/// [`http_url`] as a regular expression, as far as possible, for the schema; valid in JavaScript's `u` and `v` modes.
pub const HTTP_URL_PATTERN: &str = r"^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s!-\/:-@\\\]\^`\{-~]\S*$";

/// [`no_whitespace`] for the schema. The rules of a [username](crate::username) exceed the regular expressions that all
/// readers of the schema share.
pub const NO_WHITESPACE_PATTERN: &str = r"^\S*$";

/// The most characters of a login's username and password.
pub const MAX_CREDENTIAL_LEN: u64 = 200;

/// The fewest characters of a new password.
pub const MIN_PASSWORD_LEN: u64 = 8;

/// A violated rule with a sentence of its own.
#[must_use]
pub fn violation(sentence: &'static str) -> ValidationError {
    ValidationError::new("rule").with_message(sentence.into())
}

/// Accepts URLs that a browser can fetch: http or https, with a host.
///
/// # Errors
/// For anything else.
pub fn http_url(address: &str) -> Result<(), ValidationError> {
    let (scheme, rest) = address.split_once("://").unwrap_or_default();
    let fetched = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let hosted = rest.starts_with(|c: char| c.is_alphanumeric() || c == '[' || c == '_');
    // The URL standard drops line breaks and escapes blanks; a stored URL must not contain them.
    let unbroken = !address.contains(char::is_whitespace);
    if fetched && hosted && unbroken && address.validate_url() {
        return Ok(());
    }
    Err(violation("must be an http or https address"))
}

/// Accepts text without white space.
///
/// # Errors
/// For anything else.
pub fn no_whitespace(text: &str) -> Result<(), ValidationError> {
    if text.contains(char::is_whitespace) {
        return Err(violation("must not contain spaces"));
    }
    Ok(())
}

/// The sentence of the first violated rule of each field. Names of nested fields are dotted: `member.id`,
/// `moves.0.name`.
pub(crate) fn sentences(errors: &ValidationErrors) -> FieldErrors {
    let mut all = FieldErrors::new();
    collect("", errors, &mut all);
    all
}

/// A response must not outgrow its request.
const MAX_ERRORS: usize = 1_000;

fn collect(path: &str, errors: &ValidationErrors, all: &mut FieldErrors) {
    for (field, kind) in errors.errors() {
        let field = format!("{path}{field}");
        match kind {
            _ if all.len() >= MAX_ERRORS => return,
            ValidationErrorsKind::Field(broken) => {
                broken.iter().take(1).for_each(|error| all.insert(&field, sentence(error)));
            }
            ValidationErrorsKind::Struct(nested) => collect(&format!("{field}."), nested, all),
            ValidationErrorsKind::List(entries) => {
                for (place, nested) in entries {
                    collect(&format!("{field}.{place}."), nested, all);
                }
            }
        }
    }
}

fn sentence(error: &ValidationError) -> String {
    if let Some(message) = &error.message {
        return message.to_string();
    }
    let bound = |name: &str| error.params.get(name).and_then(Value::as_number).map(without_zeros);
    let (min, max) = (bound("min"), bound("max"));
    match (&*error.code, min, max, bound("equal")) {
        ("length", _, _, Some(equal)) => format!("must be {equal} characters long"),
        ("length", Some(min), Some(max), _) => format!("must be {min} to {max} characters long"),
        ("length", Some(min), None, _) => format!("must be at least {min} characters long"),
        ("length", None, Some(max), _) => format!("must be at most {max} characters long"),
        ("range", Some(min), _, _) if is_below(error, "min") => format!("must be at least {min}"),
        ("range", _, Some(max), _) => format!("must be at most {max}"),
        ("range", ..) => exclusive(error),
        ("email", ..) => "must be an email address".to_owned(),
        ("url", ..) => "must be an address with a scheme, like https://example.com".to_owned(),
        ("required", ..) => REQUIRED.to_owned(),
        // The code of a rule of a product's own may be its sentence.
        (sentence, ..) if sentence.contains(' ') => sentence.to_owned(),
        (code, ..) => format!("is not valid ({code})"),
    }
}

/// The bound of a range that excludes its ends.
fn exclusive(error: &ValidationError) -> String {
    let bound = |name: &str| error.params.get(name).and_then(Value::as_number).map(without_zeros);
    match (bound("exclusive_min"), bound("exclusive_max")) {
        (Some(min), _) if is_below(error, "exclusive_min") => format!("must be more than {min}"),
        (_, Some(max)) => format!("must be less than {max}"),
        (Some(min), None) => format!("must be more than {min}"),
        (None, None) => "is not valid (range)".to_owned(),
    }
}

/// Whether the value is below this bound, or equal to it.
fn is_below(error: &ValidationError, bound: &str) -> bool {
    let number = |name: &str| error.params.get(name).and_then(Value::as_number);
    match (number("value"), number(bound)) {
        (Some(value), Some(bound)) => match (value.as_i64(), bound.as_i64()) {
            (Some(value), Some(bound)) => value <= bound,
            _ => value.as_f64() <= bound.as_f64(),
        },
        _ => false,
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
        #[validate(length(min = 2), custom(function = "no_whitespace"))]
        name: String,
        #[validate(nested)]
        member: Member,
    }

    #[test]
    fn violated_bound_is_named_whatever_its_type() {
        #[derive(Validate)]
        struct Bounds {
            #[validate(range(min = 0.0, max = 1000.0))]
            hours: f64,
            #[validate(range(min = 0.5))]
            share: f64,
            #[validate(range(exclusive_min = 0.0, exclusive_max = 1.0))]
            part: f64,
            #[validate(range(min = 1, max = 3))]
            stars: i64,
            #[validate(length(equal = 2))]
            country: String,
            #[validate(email)]
            address: String,
            #[validate(contains(pattern = "x"))]
            mark: String,
            #[validate(custom(function = "working"))]
            day: String,
        }
        fn working(day: &str) -> Result<(), ValidationError> {
            if day == "Sunday" { Err(ValidationError::new("must be a working day")) } else { Ok(()) }
        }
        let said = |bounds: &Bounds| {
            let errors = sentences(&bounds.validate().unwrap_err());
            errors.iter().map(|(field, sentence)| format!("{field} {sentence}")).collect::<Vec<_>>()
        };
        let below = Bounds {
            hours: -0.25,
            share: 0.25,
            part: 0.0,
            stars: 0,
            country: "DEU".into(),
            address: "ada@example.com".into(),
            mark: "x".into(),
            day: "Monday".into(),
        };
        let expected = [
            "country must be 2 characters long",
            "hours must be at least 0",
            "part must be more than 0",
            "share must be at least 0.5",
            "stars must be at least 1",
        ];
        assert_eq!(said(&below), expected);
        let above = Bounds {
            hours: 1000.5,
            share: 1.0,
            part: 1.5,
            stars: 4,
            country: "DE".into(),
            address: "ada".into(),
            mark: "a".into(),
            day: "Sunday".into(),
        };
        let expected = [
            "address must be an email address",
            "day must be a working day",
            "hours must be at most 1000",
            "mark is not valid (contains)",
            "part must be less than 1",
            "stars must be at most 3",
        ];
        assert_eq!(said(&above), expected);
    }

    fn reported(plan: &Plan) -> Vec<(String, String)> {
        let errors = plan.validate().map_err(|errors| sentences(&errors)).err().unwrap_or_default();
        errors.iter().map(|(field, sentence)| (field.to_owned(), sentence.to_owned())).collect()
    }

    #[test]
    fn violation_in_nested_struct_is_reported_with_path() {
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
        assert!(reported(&Plan { moves: endless, ..plan }).len() <= MAX_ERRORS + 1);
    }

    #[test]
    fn http_url_accepts_fetchable_urls_only() {
        for good in [
            "http://localhost",
            "https://example.com/a.png?b=c#d",
            "HTTPS://EXAMPLE.com",
            "http://[::1]:80/",
            "https://bücher.example/ä",
        ] {
            assert!(http_url(good).is_ok(), "{good}");
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
            assert!(http_url(bad).is_err(), "{bad}");
        }
    }
}
