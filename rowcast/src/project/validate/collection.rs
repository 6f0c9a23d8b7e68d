//! Settings of one collection.

use super::Validation;
use crate::{
    catalog::{ColumnType, Table},
    project::{
        CollectionSettings,
        embeds::{self, Refused},
    },
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
        let Err(refused) = embeds::resolve(table, (name, columns), self.catalog, self.settings) else {
            return;
        };
        for Refused { column, sentence } in refused {
            let column = column.as_deref();
            self.mistake(&path.iter().copied().chain(column).collect::<Vec<_>>(), sentence);
        }
    }
}
