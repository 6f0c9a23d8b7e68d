//! The tables that are collections.
//!
//! ```text
//! schemas  rowcast.toml, else chosen when attached, else the first of the search path
//!    ▼
//! include  rowcast.toml, else chosen when attached, else all
//!    ▼
//! exclude  rowcast.toml
//! ```

use crate::{attach::Choice, catalog::QualifiedName, project::matches};

use super::Settings;

/// Why a table is no collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeftOut {
    /// By a pattern of `exclude`.
    Excluded,
    /// By `include`, of which no pattern matches.
    NotIncluded,
    /// By a choice that does not contain it.
    NotChosen,
}

impl LeftOut {
    /// A predicate of the table.
    pub(in crate::project) fn reason(self) -> &'static str {
        match self {
            Self::Excluded => "is excluded by a pattern of `exclude`",
            Self::NotIncluded => "is matched by no pattern of `include`",
            Self::NotChosen => "is not among the tables of `rowcast attach --tables`",
        }
    }

    /// What makes it a collection.
    pub(in crate::project) fn remedy(self) -> &'static str {
        match self {
            Self::Excluded => "change the pattern",
            Self::NotIncluded => "add one",
            Self::NotChosen => "attach again with it too",
        }
    }
}

impl Settings {
    /// The settings with what was chosen when the database was attached. The file takes precedence.
    #[must_use]
    pub(crate) fn with_choice(&self, choice: &Choice) -> Self {
        let mut settings = self.clone();
        if settings.database.schemas.is_empty() {
            settings.database.schemas = choice.all_schemas().into_iter().collect();
        }
        if settings.include.is_empty() {
            settings.chosen.clone_from(&choice.tables);
        }
        settings
    }

    /// Whether a table is excluded by a pattern, which may match its name or `schema.table`.
    #[must_use]
    pub fn excludes(&self, schema: &str, table: &str) -> bool {
        self.exclude.iter().any(|pattern| is_meant(pattern, schema, table))
    }

    /// Why a table is no collection, if it is none.
    pub(crate) fn left_out(&self, schema: &str, table: &str) -> Option<LeftOut> {
        let is_included = || self.include.iter().any(|pattern| is_meant(pattern, schema, table));
        if self.excludes(schema, table) {
            Some(LeftOut::Excluded)
        } else if !self.include.is_empty() && !is_included() {
            Some(LeftOut::NotIncluded)
        } else if !self.chosen.is_empty() && !self.chosen.contains(&QualifiedName::new(schema, table)) {
            Some(LeftOut::NotChosen)
        } else {
            None
        }
    }
}

/// Whether a pattern of `include` or `exclude` means a table.
pub(in crate::project) fn is_meant(pattern: &str, schema: &str, table: &str) -> bool {
    matches(pattern, table) || (pattern.contains('.') && matches(pattern, &format!("{schema}.{table}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: [&str; 3] = ["orders", "order_lines", "customers"];

    fn settings(text: &str, chosen: &[&str]) -> Settings {
        let tables = chosen.iter().map(|table| QualifiedName::new("public", *table)).collect();
        Settings::parse(text).unwrap().with_choice(&Choice { schemas: [].into(), tables })
    }

    fn left_out(settings: &Settings) -> [Option<LeftOut>; 3] {
        TABLES.map(|table| settings.left_out("public", table))
    }

    #[test]
    fn include_and_then_exclude_leave_tables_out() {
        use LeftOut::{Excluded, NotIncluded};
        assert_eq!(left_out(&settings("", &[])), [None; 3]);
        let include = settings("[collections]\ninclude = [\"order*\"]", &[]);
        assert_eq!(left_out(&include), [None, None, Some(NotIncluded)]);
        let both = settings("[collections]\ninclude = [\"order*\"]\nexclude = [\"*_lines\"]", &[]);
        assert_eq!(left_out(&both), [None, Some(Excluded), Some(NotIncluded)]);
        let of_schema = settings("[collections]\ninclude = [\"public.order*\", \"sales.customers\"]", &[]);
        assert_eq!(left_out(&of_schema), [None, None, Some(NotIncluded)]);
    }

    #[test]
    fn file_takes_precedence_over_the_choice() {
        use LeftOut::{Excluded, NotChosen, NotIncluded};
        let chosen = settings("[collections]\nexclude = [\"orders\"]", &["orders", "customers"]);
        assert_eq!(left_out(&chosen), [Some(Excluded), Some(NotChosen), None]);
        assert_eq!(chosen.database.schemas, ["public"]);
        let included = settings("[collections]\ninclude = [\"orders\"]", &["customers"]);
        assert_eq!(left_out(&included), [None, Some(NotIncluded), Some(NotIncluded)]);
        let schemas = settings("[database]\nschemas = [\"sales\"]", &["customers"]);
        assert_eq!(schemas.database.schemas, ["sales"]);
        assert_eq!(left_out(&schemas)[2], None);
    }
}
