//! Filters in SQL, over the columns of a collection in Rust.
//!
//! A comparison with a null is null in SQL. Inside of `not` it counts as false, so that a filter and its negation select all
//! rows together.

use rowcast_schema::{Condition, FieldErrors, Filter, Op, Scalar};
use sea_orm::{
    Condition as SqlCondition, ExprTrait,
    sea_query::{BinOper, Expr, Func, SimpleExpr},
};

use super::{comparable::ComparableColumn, find};
use crate::collection::Collection;

/// The condition in SQL. Mistakes are added to `errors`.
pub(super) fn condition<C: Collection>(filter: &Filter, errors: &mut FieldErrors) -> SqlCondition {
    let mut part = |part: &Filter| match part {
        Filter::Condition(condition) => expression::<C>(condition).map_or_else(
            |sentence| {
                errors.insert(condition.field(), sentence);
                SqlCondition::all()
            },
            |expression| SqlCondition::all().add(expression),
        ),
        Filter::Not(inner) => {
            let inner: SimpleExpr = whole(condition::<C>(inner, errors)).into();
            let is_true: SimpleExpr = Func::coalesce([inner, Expr::cust("false")]).into();
            SqlCondition::all().add(is_true.not())
        }
        other => condition::<C>(other, errors),
    };
    match filter {
        Filter::All(parts) => parts.iter().map(part).fold(SqlCondition::all(), SqlCondition::add),
        // None of no conditions holds.
        Filter::Any(parts) if parts.is_empty() => SqlCondition::all().add(Expr::cust("1 = 0")),
        Filter::Any(parts) => {
            parts.iter().map(part).fold(SqlCondition::any(), |any, part| any.add(whole(part)))
        }
        single => part(single),
    }
}

/// A condition that is written even if it has no parts.
fn whole(condition: SqlCondition) -> SqlCondition {
    if condition.is_empty() { condition.add(Expr::cust("1 = 1")) } else { condition }
}

fn expression<C: Collection>(condition: &Condition) -> Result<SimpleExpr, String> {
    let (name, column) = find::<C>(&condition.column)?;
    let column = ComparableColumn::new(column, C::comparison(name));
    let value = |scalar: &Scalar| column.value(scalar);
    Ok(match &condition.op {
        Op::Eq(Scalar::Null) | Op::IsNull(true) => column.is_null(),
        Op::Ne(Scalar::Null) | Op::IsNull(false) => column.is_not_null(),
        Op::Eq(scalar) => column.compare(BinOper::Equal, value(scalar)?),
        // A null is not equal to the value.
        Op::Ne(scalar) => column.compare(BinOper::NotEqual, value(scalar)?).or(column.is_null()),
        Op::Gt(scalar) => column.compare(BinOper::GreaterThan, value(scalar)?),
        Op::Gte(scalar) => column.compare(BinOper::GreaterThanOrEqual, value(scalar)?),
        Op::Lt(scalar) => column.compare(BinOper::SmallerThan, value(scalar)?),
        Op::Lte(scalar) => column.compare(BinOper::SmallerThanOrEqual, value(scalar)?),
        Op::In(scalars) => column.is_in(scalars.iter().map(value).collect::<Result<Vec<_>, _>>()?),
        Op::Contains(text) => column.contains(text)?,
        Op::StartsWith(text) => column.starts_with(text)?,
        Op::Has(_) => return Err("holds no list".into()),
    })
}
