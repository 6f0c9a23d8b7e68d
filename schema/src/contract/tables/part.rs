//! The types of one table.

/// A type of a table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Part {
    Row,
    New,
    Update,
    Key,
    List,
    Where,
    Count,
    Page,
}

impl Part {
    pub(super) const ALL: [Self; 8] =
        [Self::Row, Self::New, Self::Update, Self::Key, Self::List, Self::Where, Self::Count, Self::Page];

    /// Its name until all names are known, which no other type has.
    pub(in super::super) fn placeholder(self, table: usize) -> String {
        let part = match self {
            Self::Row => "row",
            Self::New => "new",
            Self::Update => "update",
            Self::Key => "key",
            Self::List => "list",
            Self::Where => "where",
            Self::Count => "count",
            Self::Page => "page",
        };
        format!(".{table}.{part}")
    }

    pub(super) fn name(self, row: &str, list: &str) -> String {
        match self {
            Self::Row => row.to_owned(),
            Self::New => format!("New{row}"),
            Self::Update => format!("Update{row}"),
            Self::Key => format!("{row}Key"),
            Self::List => list.to_owned(),
            Self::Where => format!("{list}Where"),
            Self::Count => format!("Count{}", list.strip_prefix("List").unwrap_or(list)),
            Self::Page => format!("{row}Page"),
        }
    }
}
