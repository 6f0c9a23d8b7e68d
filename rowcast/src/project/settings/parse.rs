//! From text to settings.

use std::collections::BTreeMap;

use clap::ValueEnum;
use socketio::Origins;
use toml::de::DeTable;

use super::{
    AccountSettings, CollectionSettings, DatabaseSettings, Login, Mistake, ServerSettings, Settings,
    reader::{Reader, Section},
};
use crate::{config::AccessMode, project::mistake::list};

/// Parses the text; all mistakes are ordered by line.
pub(super) fn parse(text: &str) -> Result<Settings, Vec<Mistake>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader::new(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        reader.mistake(&error.span().unwrap_or_default(), error.message().trim());
    }
    // The rest of a text that is not TOML may be read wrongly.
    let mut settings = match reader.mistakes.is_empty() {
        true => document_of(&mut reader, document.get_ref()),
        false => Settings::default(),
    };
    let mut mistakes = std::mem::take(&mut reader.mistakes);
    mistakes.sort();
    mistakes.dedup();
    settings.lines = reader.lines;
    if mistakes.is_empty() { Ok(settings) } else { Err(mistakes) }
}

fn document_of(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Settings {
    let root = Section { path: &[], table };
    reader.keys(root, &["server", "database", "types", "collections", "accounts"]);
    let mut settings = Settings::default();
    if let Some(table) = reader.table(root, "server") {
        settings.server = server(reader, Section { path: &["server"], table });
    }
    if let Some(table) = reader.table(root, "database") {
        let section = Section { path: &["database"], table };
        reader.keys(section, &["url", "schemas"]);
        let url = reader.parsed(section, "url");
        settings.database = DatabaseSettings { url, schemas: reader.texts(section, "schemas") };
    }
    if let Some(table) = reader.table(root, "types") {
        let section = Section { path: &["types"], table };
        reader.keys(section, &["output", "module"]);
        settings.types_output = reader.text(section, "output").map(Into::into);
        settings.types_module = reader.text(section, "module").map(ToOwned::to_owned);
    }
    if let Some(table) = reader.table(root, "collections") {
        collections(reader, Section { path: &["collections"], table }, &mut settings);
    }
    if let Some(table) = reader.table(root, "accounts") {
        settings.accounts = accounts(reader, Section { path: &["accounts"], table });
    }
    settings
}

fn server(reader: &mut Reader<'_>, section: Section<'_>) -> ServerSettings {
    reader.keys(section, &["bind", "access", "origins", "web", "base_path"]);
    let access = reader.text(section, "access").and_then(|text| {
        let access = AccessMode::from_str(text, false);
        if access.is_err() {
            let sentence = "`access` is \"open\" (nothing needs a sign-in), \"read\" (writes do) or \"members\" (all does)";
            reader.mistake(&section.table["access"].span(), sentence);
        }
        access.ok()
    });
    let origins = reader.texts(section, "origins");
    for origin in origins.iter().filter(|origin| *origin != "*" && !Origins::is_valid_entry(origin)) {
        let sentence =
            format!("`{origin}` is not an origin such as https://gym.example.com or capacitor://localhost");
        reader.mistake(&section.table["origins"].span(), sentence);
    }
    ServerSettings {
        bind: reader.parsed(section, "bind"),
        access,
        origins,
        web: reader.text(section, "web").map(Into::into),
        base_path: reader.parsed(section, "base_path"),
    }
}

fn collections(reader: &mut Reader<'_>, section: Section<'_>, settings: &mut Settings) {
    for (key, value) in section.table {
        let name = &**key.get_ref();
        reader.record(section, key);
        // A table may be called `exclude`.
        if name == "exclude" && !value.get_ref().is_table() {
            settings.exclude = reader.texts(section, name);
        } else if name == "include" && !value.get_ref().is_table() {
            settings.include = reader.texts(section, name);
            if value.get_ref().as_array().is_some_and(|array| array.iter().next().is_none()) {
                let sentence =
                    "list tables, as in [\"orders\", \"order_*\"], or remove `include` for all of them";
                reader.mistake(&value.span(), sentence);
            }
        } else if let Some(table) = value.get_ref().as_table() {
            let collection = collection(reader, Section { path: &["collections", name], table }, name);
            settings.collections.push(collection);
        } else {
            let sentence = format!(
                "settings of a table are a section, as in [collections.{name}]; the only keys of [collections] itself are \
                 `include` and `exclude`, lists of patterns"
            );
            reader.mistake(&key.span(), sentence);
        }
    }
}

fn collection(reader: &mut Reader<'_>, section: Section<'_>, table: &str) -> CollectionSettings {
    reader.keys(section, &["name", "singular", "hidden", "read_only", "show", "live", "embed", "types"]);
    let owned = |text: Option<&str>| text.map(str::to_owned);
    CollectionSettings {
        table: table.to_owned(),
        name: owned(reader.text(section, "name")),
        singular: owned(reader.text(section, "singular")),
        hidden: reader.texts(section, "hidden"),
        read_only: reader.texts(section, "read_only"),
        show: reader.texts(section, "show"),
        live: reader.boolean(section, "live").unwrap_or(true),
        embed: embed(reader, section),
        types: types(reader, section),
    }
}

fn embed(reader: &mut Reader<'_>, section: Section<'_>) -> BTreeMap<String, Vec<String>> {
    let Some(table) = reader.table(section, "embed") else { return BTreeMap::new() };
    let path = [section.path, &["embed"]].concat();
    let inner = Section { path: &path, table };
    let mut embeds = BTreeMap::new();
    for (key, value) in table {
        reader.record(inner, key);
        let columns = reader.texts_of(&path, key.get_ref(), value);
        if value.get_ref().as_array().is_some_and(|array| array.iter().next().is_none()) {
            let sentence =
                format!("list the columns that `{}` shows, as in [\"id\", \"name\"]", key.get_ref());
            reader.mistake(&value.span(), sentence);
        }
        embeds.insert(key.get_ref().to_string(), columns);
    }
    embeds
}

fn types(reader: &mut Reader<'_>, section: Section<'_>) -> BTreeMap<String, String> {
    let Some(table) = reader.table(section, "types") else { return BTreeMap::new() };
    let path = [section.path, &["types"]].concat();
    let inner = Section { path: &path, table };
    let mut types = BTreeMap::new();
    for (key, value) in table {
        reader.record(inner, key);
        let Some(text) = reader.not_empty(value) else { continue };
        if text.chars().any(char::is_control) {
            reader.mistake(&value.span(), "a TypeScript type is written in one line");
        }
        types.insert(key.get_ref().to_string(), text.to_owned());
    }
    types
}

fn accounts(reader: &mut Reader<'_>, section: Section<'_>) -> Option<AccountSettings> {
    const COLUMNS: [&str; 3] = ["username", "password", "name"];
    reader.keys(section, &["table", "username", "password", "name", "login"]);
    let mut text = |key| reader.text(section, key).map(str::to_owned);
    let [table, username, password, name, login] =
        ["table", "username", "password", "name", "login"].map(&mut text);
    let login = match login.as_deref() {
        None | Some("name") => Login::Name,
        Some("email") => Login::Email,
        Some(_) => {
            reader.mistake(&section.table["login"].span(), "`login` is \"name\" or \"email\"");
            Login::Name
        }
    };
    let given = |key: &str| section.table.get_key_value(key).map(|(key, _)| key.span());
    let Some(table_span) = given("table") else {
        for column in COLUMNS {
            if let Some(span) = given(column) {
                let sentence = format!(
                    "`{column}` is a column of `table`: name the table too, or remove `{column}` to use Rowcast's own accounts"
                );
                reader.mistake(&span, sentence);
            }
        }
        return Some(AccountSettings::Own { login });
    };
    if let Some(span) = given("login") {
        let sentence = "`login` is for Rowcast's own accounts: remove it, because users of `table` sign in with `username`";
        reader.mistake(&span, sentence);
    }
    let missing: Vec<_> = COLUMNS[..2].iter().filter(|key| given(key).is_none()).collect();
    if !missing.is_empty() {
        let sentence = format!("with `table`, name the columns of {} too", list(&missing));
        reader.mistake(&table_span, sentence);
    }
    Some(AccountSettings::Table { table: table?, username: username?, password: password?, name })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_with_its_lines(
            text in "(\\[?(server|collections|accounts)(\\.[a-z\"é]{1,5})?\\]?|[a-z_]{1,9}|[=\\[\\]{}.,'\" \n#]|\"[a-z]*\"|[0-9]){0,25}|\\PC{0,30}"
        ) {
            for mistake in super::parse(&text).err().unwrap_or_default() {
                prop_assert!(mistake.line.is_some_and(|line| line <= text.lines().count() + 1), "{mistake}");
            }
        }
    }
}
