//! The columns of conditions: a table's own, and those that its rows show of embedded rows, as in `customer.plan`.

use rowcast_schema::suggest;

use super::{decode::Refusal, definition::Definition, embed::Embedding, field::Field, sql::column};

/// A column of a condition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand<'d> {
    pub(super) field: &'d Field,
    /// The embedded row that has it, with its number.
    pub(super) embedded: Option<(usize, &'d Embedding)>,
}

impl Definition {
    /// All of them. The table's own come first, so that they have the numbers of fields.
    pub(super) fn operands(&self) -> impl Iterator<Item = Operand<'_>> {
        let own = self.fields.iter().map(|field| Operand { field, embedded: None });
        let embedded = self.embeds.iter().enumerate().flat_map(|(at, embedding)| {
            let operand = move |field| Operand { field, embedded: Some((at, embedding)) };
            embedding.fields().iter().map(operand)
        });
        own.chain(embedded)
    }

    /// The operand with this number.
    pub(super) fn operand(&self, number: usize) -> Operand<'_> {
        match self.fields.get(number) {
            Some(field) => Operand { field, embedded: None },
            None => self.operands().nth(number).expect("a resolved condition has columns of this table"),
        }
    }

    /// The operand with this name, and its number.
    pub(super) fn find_operand(&self, name: &str) -> Result<(usize, Operand<'_>), Refusal> {
        let is_named = |(_, operand): &(usize, Operand<'_>)| operand.field.shown && operand.has_name(name);
        self.operands().enumerate().find(is_named).ok_or_else(|| {
            let shown = self.operands().filter(|operand| operand.field.shown);
            let names: Vec<String> = shown.map(|operand| operand.name()).collect();
            self.not_a_column(suggest(name, names.iter().map(String::as_str)))
        })
    }

    /// The names of embedded columns.
    pub(super) fn embedded_columns(&self) -> Vec<String> {
        self.operands().filter(|operand| operand.embedded.is_some()).map(|operand| operand.name()).collect()
    }
}

impl Operand<'_> {
    fn name(&self) -> String {
        match self.embedded {
            None => self.field.name.to_owned(),
            Some((_, embedding)) => format!("{}.{}", embedding.field, self.field.name),
        }
    }

    fn has_name(&self, name: &str) -> bool {
        match self.embedded {
            None => self.field.name == name,
            Some((_, embedding)) => {
                let column = name.strip_prefix(embedding.field).and_then(|rest| rest.strip_prefix('.'));
                column == Some(self.field.name)
            }
        }
    }

    /// The column in SQL. On PostgreSQL that of an embedded row is within [`Embedding::exists`].
    pub(super) fn column(&self, is_postgres: bool) -> String {
        match self.embedded {
            None => column(self.field),
            Some((at, embedding)) => embedding.column(at, self.field, is_postgres),
        }
    }
}
