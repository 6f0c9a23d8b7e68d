//! TypeScript literals: names, values and comments.

use serde_json::Value;

/// The name that sets the prototype of an object literal, unless it is computed.
const PROTOTYPE: &str = "__proto__";

/// A property name, quoted if necessary.
pub(super) fn key(name: &str) -> String {
    if name == PROTOTYPE {
        return format!("[{}]", text(name));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let starts_well = !name.starts_with(|c: char| c.is_ascii_digit());
    if starts_well && !name.is_empty() && name.chars().all(plain) { name.to_owned() } else { text(name) }
}

/// A string literal. Characters that would not be seen, or that change the direction of the code, are escaped.
pub(super) fn text(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    if quoted.is_ascii() { quoted } else { quoted.chars().map(printed).collect() }
}

fn printed(c: char) -> String {
    match c {
        '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    }
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
        Value::String(words) => text(words),
        value => value.to_string(),
    }
}

/// A doc comment on lines of its own; nothing for an empty text. What would end it, or instruct the compiler, is broken
/// up.
pub(super) fn comment(words: &str, indent: &str) -> String {
    let words = words.trim().replace("*/", "*\u{200b}/").replace("@ts-", "@\u{200b}ts-");
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
