//! Lists of collections in Rust compared with memory.

mod plain;
mod typed;

use std::sync::Arc;

use rowcast_schema::{FieldErrors, ListRequest};
use sea_orm::ConnectionTrait;
use serde_json::Value;

use super::CollectionColumns;
use crate::{
    collection::Collection,
    condition::{
        Evaluator,
        agreement::{Agreement, Sample, random_rows},
    },
    database::{Database, Transaction},
    error::Error,
    query::Query,
    store,
    test_database::on_both,
};

fn is_postgres(db: &Database) -> bool {
    db.node_messages().is_some()
}

/// The comparison of a collection's lists with memory, after its table was made.
async fn agreement<'d, C: Collection<Row: Send>>(
    db: &'d Database,
    samples: &'static [Sample],
    before: &str,
) -> Agreement<impl AsyncFn(ListRequest, FieldErrors) -> Result<Value, Error> + 'd> {
    let declared: Vec<String> =
        samples.iter().map(|sample| format!("{} {}", sample.name, sample.of)).collect();
    let sql = format!(
        "{before} create table {} (id integer primary key, version integer not null, {}); insert into {} values {};",
        C::NAME,
        declared.join(", "),
        C::NAME,
        random_rows(samples, |id| format!("{id}, 1"))
    );
    let sql = match is_postgres(db) {
        true => sql.replace("integer", "bigint").replace("{C}", "collate \"C\"").replace("owner", "owner_id"),
        false => sql.replace("{C}", "").replace("owner", "owner_id"),
    };
    db.write(async move |db: &Transaction| Ok(db.execute_unprepared(&sql).await.map(drop)?)).await.unwrap();
    let rows = db.read(async |db: &Transaction| {
        let rows = store::page::<C>(db, None, 1000).await?;
        rows.iter().map(|(_, row)| store::json(row)).collect::<Result<Vec<_>, _>>()
    });
    let evaluator = Evaluator::new(Arc::new(CollectionColumns::<C>::new(is_postgres(db))));
    Agreement::new(samples, evaluator, rows.await.unwrap(), async move |request, errors| {
        let query = Arc::new(Query::<C>::new(request, errors)?);
        let page =
            db.read(async move |db: &Transaction| Ok(serde_json::to_value(query.run(db).await?).unwrap()));
        page.await
    })
}
