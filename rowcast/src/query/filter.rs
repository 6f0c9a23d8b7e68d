//! Filters over the columns of a collection in Rust: how they are resolved, and their SQL.
//!
//! A comparison with a null is null in SQL. Inside of `not` it counts as false, so that a filter and its negation select all
//! rows together.

use rowcast_schema::{Condition, FieldErrors, Filter};
use sea_orm::{
    ColumnTrait, Condition as SqlCondition, ExprTrait, Value,
    sea_query::{BinOper, Expr, Func, SimpleExpr},
};

use super::{comparable::ComparableColumn, find};
use crate::{
    collection::{Collection, Column},
    condition::{Refusal, Resolved, Test},
};

/// The condition in SQL. Mistakes are added to `errors`.
pub(super) fn condition<C: Collection>(filter: &Filter, errors: &mut FieldErrors) -> SqlCondition {
    let mut test =
        |condition: &Condition| resolve_condition::<C>(condition).map(|((_, column), test)| (column, test));
    sql(&Resolved::of(filter, errors, &mut test))
}

/// A column by its name.
type NamedColumn<C> = (&'static str, ComparableColumn<Column<C>>);

/// The column of a condition, and its test.
pub(super) fn resolve_condition<C: Collection>(
    condition: &Condition,
) -> Result<(NamedColumn<C>, Test<Value>), Refusal> {
    let (name, column) = find::<C>(&condition.column)?;
    let column = ComparableColumn::new(column, C::comparison(name));
    Ok(((name, column), Test::of(&condition.op, &column)?))
}

fn sql<C: ColumnTrait>(filter: &Resolved<ComparableColumn<C>, Value>) -> SqlCondition {
    match filter {
        Resolved::All(parts) => parts.iter().map(sql).fold(SqlCondition::all(), SqlCondition::add),
        // None of no conditions holds.
        Resolved::Any(parts) if parts.is_empty() => SqlCondition::all().add(Expr::cust("1 = 0")),
        Resolved::Any(parts) => {
            parts.iter().map(sql).fold(SqlCondition::any(), |any, part| any.add(whole(part)))
        }
        Resolved::Not(inner) => {
            let inner: SimpleExpr = whole(sql(inner)).into();
            let is_true: SimpleExpr = Func::coalesce([inner, Expr::cust("false")]).into();
            SqlCondition::all().add(is_true.not())
        }
        Resolved::Test(column, test) => SqlCondition::all().add(expression(*column, test)),
    }
}

/// A condition that is written even if it has no parts.
fn whole(condition: SqlCondition) -> SqlCondition {
    if condition.is_empty() { condition.add(Expr::cust("1 = 1")) } else { condition }
}

fn expression<C: ColumnTrait>(column: ComparableColumn<C>, test: &Test<Value>) -> SimpleExpr {
    match test {
        Test::IsNull => column.is_null(),
        Test::IsNotNull => column.is_not_null(),
        Test::Eq(value) => column.compare(BinOper::Equal, value.clone()),
        // A null is not equal to the value.
        Test::Ne(value) => column.compare(BinOper::NotEqual, value.clone()).or(column.is_null()),
        Test::Gt(value) => column.compare(BinOper::GreaterThan, value.clone()),
        Test::Gte(value) => column.compare(BinOper::GreaterThanOrEqual, value.clone()),
        Test::Lt(value) => column.compare(BinOper::SmallerThan, value.clone()),
        Test::Lte(value) => column.compare(BinOper::SmallerThanOrEqual, value.clone()),
        Test::In(values) => column.is_in(values.clone()),
        Test::Contains(text) => column.contains(text),
        Test::StartsWith(text) => column.starts_with(text),
        // No column has lists.
        Test::Has(_) => Expr::cust("1 = 0"),
    }
}
