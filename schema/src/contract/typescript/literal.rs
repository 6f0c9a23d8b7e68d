//! TypeScript literals: names, values and comments.

use serde_json::Value;

/// A property name, quoted if necessary.
pub(super) fn key(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let starts_well = !name.starts_with(|c: char| c.is_ascii_digit());
    if starts_well && !name.is_empty() && name.chars().all(plain) { name.to_owned() } else { text(name) }
}

/// A string literal.
pub(super) fn text(text: &str) -> String {
    Value::from(text).to_string()
}

/// A value on one line.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(self::value).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| format!("{}: {}", key(name), self::value(value));
            let fields: Vec<String> = fields.iter().map(field).collect();
            if fields.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", fields.join(", ")) }
        }
        value => value.to_string(),
    }
}

/// A doc comment on lines of its own; nothing for an empty text.
pub(super) fn comment(words: &str, indent: &str) -> String {
    let words = words.trim().replace("*/", "*\u{200b}/");
    let lines: Vec<&str> = words.lines().collect();
    match lines.as_slice() {
        [] => String::new(),
        [line] => format!("{indent}/** {line} */\n"),
        lines => {
            let lines: String =
                lines.iter().map(|line| format!("{indent} * {line}").trim_end().to_owned() + "\n").collect();
            format!("{indent}/**\n{lines}{indent} */\n")
        }
    }
}
