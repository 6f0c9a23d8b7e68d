//! Settings of one collection.

use super::Validation;
use crate::{
    catalog::{ColumnType, Table},
    project::{CollectionSettings, embeds},
};

impl Validation<'_> {
    pub(super) fn collection(&mut self, settings: &CollectionSettings, table: &Table) {
        let own = ["collections", &*settings.table];
        let lists =
            [("hidden", &settings.hidden), ("read_only", &settings.read_only), ("show", &settings.show)];
        for (key, columns) in lists {
            for column in columns {
                let path = [&own[..], &[key, column]].concat();
                if table.column(column).is_none() {
                    self.no_column(&path, table, column);
                }
            }
        }
        for column in settings.types.keys() {
            let path = [&own[..], &["types", column]].concat();
            match table.column(column).map(|column| column.column_type.base()) {
                None => self.no_column(&path, table, column),
                Some(ColumnType::Json) if self.settings.types_module.is_none() => {
                    let sentence =
                        "the type is imported: name its module by `module = \"./types\"` in [types]";
                    self.mistake(&path, sentence.to_owned());
                }
                Some(ColumnType::Json) => {}
                Some(_) => {
                    self.mistake(&path, format!("`{column}` holds no JSON, so its type is known: remove it"))
                }
            }
        }
        for column in settings.hidden.iter().filter(|column| table.column(column).is_some()) {
            let path = [&own[..], &["hidden", column]].concat();
            if table.primary_key.as_ref().is_some_and(|key| key.columns.contains(column)) {
                let sentence = format!(
                    "`{column}` is of the primary key, by which clients name rows: it cannot be hidden"
                );
                self.mistake(&path, sentence);
            }
            if settings.show.contains(column) {
                self.mistake(&path, format!("`{column}` is in `show` too: remove it from one of them"));
            }
        }
        let live = [&own[..], &["live"]].concat();
        if table.primary_key.is_none() && settings.live && self.settings.lines.has(&live) {
            let name = &table.name.name;
            self.mistake(
                &live,
                format!("`{name}` has no primary key, so it can only be listed: remove `live`"),
            );
        }
        for (name, columns) in &settings.embed {
            self.embed(&[&own[..], &["embed", name]].concat(), table, name, columns);
        }
    }

    fn embed(&mut self, path: &[&str], table: &Table, name: &str, columns: &[String]) {
        let (settings, catalog) = (self.settings, self.catalog);
        if table.column(name).is_some() {
            let sentence = format!(
                "`{}` has a column `{name}`, and the embedded row would have its name: write another of the referenced table",
                table.name.name
            );
            return self.mistake(path, sentence);
        }
        let key = match embeds::foreign_key(table, name, catalog, settings) {
            Ok(key) => key,
            Err(sentence) => return self.mistake(path, sentence),
        };
        let (schema, other) = (&key.table.schema, &key.table.name);
        let Some(referenced) = catalog.table(schema, other) else {
            let sentence = format!(
                "`{name}` is a row of {schema}.{other}, which is not among the tables here: remove it"
            );
            return self.mistake(path, sentence);
        };
        if settings.excludes(schema, other) {
            let sentence = format!(
                "`{name}` is a row of `{other}`, which a pattern of `exclude` excludes: change one of them"
            );
            self.mistake(path, sentence);
        }
        if referenced.primary_key.is_none() {
            let sentence = format!(
                "`{name}` is a row of `{other}`, which has no primary key, so its changes are unknown: remove it"
            );
            self.mistake(path, sentence);
        }
        let hidden = settings.collection(schema, other).map_or(&[][..], |settings| &settings.hidden);
        for column in columns {
            let path = [path, &[&**column]].concat();
            if referenced.column(column).is_none() {
                self.no_column(&path, referenced, column);
            } else if hidden.contains(column) {
                self.mistake(&path, format!("`{column}` of `{other}` is hidden: remove it from one of them"));
            }
        }
    }
}
