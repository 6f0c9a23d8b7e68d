use proptest::prelude::*;

use super::*;

#[test]
fn pattern_that_means_the_same_is_translated() {
    for (postgres, javascript) in [
        ("^[A-Z]{5}$", "^[A-Z]{5}$"),
        ("^(Mr|Mrs)[.]? [A-Z]", r"^(?:Mr|Mrs)[\.]? [A-Z]"),
        ("a{2,}?b", "a{2,}b"),
        ("(?:ab){1,3}", "(?:ab){1,3}"),
        ("^[^@ ]+@[^@ ]+$", "^[^@ ]+@[^@ ]+$"),
        ("^.*$", r"^[\s\S]*$"),
        ("^.$", r"^(?:[\uD800-\uDBFF][\uDC00-\uDFFF]|[\s\S])$"),
        (r"a\.b\-c/", r"a\.b-c/"),
        ("[]a]", r"[\]a]"),
        ("[a/-]", r"[a\/\-]"),
        ("[-a]", r"[\-a]"),
        ("x{y}", r"x\{y\}"),
        ("größe", "größe"),
        ("", ""),
        ("a||b", "a||b"),
    ] {
        assert_eq!(javascript_pattern(postgres).as_deref(), Some(javascript), "{postgres}");
    }
}

#[test]
fn pattern_that_may_mean_something_else_is_left_out() {
    for pattern in [
        r"\d+",
        r"\w",
        r"\s",
        r"[\d]",
        r"\mword\M",
        r"(a)\1",
        "[[:alpha:]]",
        "[[.a.]]",
        "(?i)a",
        "(?=a)",
        "***:a",
        "*a",
        "^*",
        "a**",
        "a+*",
        "a{2}{3}",
        "a{256}",
        "a{3,2}",
        "a{2",
        "[a",
        "[z-a]",
        "[a-c-e]",
        "(a",
        "a)",
        "[]",
        "a\\",
        "👍",
        "[👍]",
        "[&&]",
        "[a-&&]",
    ] {
        assert_eq!(javascript_pattern(pattern), None, "{pattern}");
    }
    assert_eq!(javascript_pattern(&"(".repeat(500)), None);
    assert_eq!(javascript_pattern(&"a".repeat(1_001)), None);
}

proptest! {
    #[test]
    fn any_text_is_read(pattern in r"[a-c0-9.*+?(){}\[\]|^$\\,:\-é]{0,30}") {
        let _ = javascript_pattern(&pattern);
    }
}
