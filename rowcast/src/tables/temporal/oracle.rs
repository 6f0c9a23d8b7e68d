//! Moments in memory compared with what PostgreSQL reads from the same texts.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    string::string_regex,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use test_support::postgres::Cluster;

use super::{super::decode::array_literal, *};
use crate::{
    database::{Database, Transaction},
    error::Error,
    test_database,
};

const DATE: &str = "([0-9]{4}|[0-9]{5,7})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
const CLOCK: &str = "([01][0-9]|2[0-4]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,6})?)?";
const OFFSET: &str = "(Z|[+-](0[0-9]|1[0-5])(:[0-5][0-9](:[0-5][0-9])?|[0-5][0-9])?)";
const NUMBER: &str = "-?[0-9]{1,4}(\\.[0-9]{1,6})?|[0-9]{9,12}";
const TEXTS: usize = 1500;
/// The texts that PostgreSQL is asked to refuse.
const REFUSED: usize = 30;

/// A type with the form of its texts, and the number of a text `x` in PostgreSQL.
fn types() -> [(Temporal, String, &'static str); 6] {
    let part = |units: &str| units.chars().map(|unit| format!("(({NUMBER}){unit})?")).collect::<String>();
    [
        (Temporal::Date, format!("{DATE}( BC)?"), "(x::date - '2000-01-01'::date)::text"),
        (Temporal::Time, CLOCK.to_owned(), "(extract(epoch from x::time) * 1000000)::int8::text"),
        (
            Temporal::TimeTz,
            format!("{CLOCK}{OFFSET}"),
            "(extract(epoch from x::timetz) * 1000000)::int8 || ' ' || -extract(timezone from x::timetz)::int8",
        ),
        (
            Temporal::Timestamp,
            format!("{DATE}[T ]{CLOCK}( BC)?"),
            "(extract(epoch from x::timestamp) * 1000000 - 946684800000000)::int8::text",
        ),
        (
            Temporal::TimestampTz,
            format!("{DATE}[T ]{CLOCK}{OFFSET}( BC)?"),
            "(extract(epoch from x::timestamptz) * 1000000 - 946684800000000)::int8::text",
        ),
        (
            Temporal::Interval,
            format!("P{}(T{})?", part("YMWD"), part("HMS")),
            "(((extract(year from x::interval) * 12 + extract(month from x::interval)) * 30 + extract(day from x::interval))
                * 86400000000 + extract(hour from x::interval) * 3600000000 + extract(minute from x::interval) * 60000000
                + extract(microseconds from x::interval))::numeric(40)::text",
        ),
    ]
}

/// The same number in memory.
fn in_memory(of: Temporal, text: &str) -> String {
    const DAY: i128 = 86_400_000_000;
    match of {
        Temporal::Date => moment::date(text).unwrap().to_string(),
        Temporal::Time => moment::time(text).unwrap().to_string(),
        Temporal::Timestamp => moment::timestamp(text).unwrap().to_string(),
        Temporal::TimestampTz => moment::zoned_timestamp(text).unwrap().to_string(),
        Temporal::TimeTz => {
            let (utc, west) = moment::zoned_time(text).unwrap();
            format!("{utc} {west}")
        }
        Temporal::Interval => {
            let (days, micros) = moment::interval(text).unwrap();
            (i128::from(days) * DAY + i128::from(micros)).to_string()
        }
    }
}

async fn read(db: &Database, expression: &'static str, texts: &[String]) -> Result<Vec<String>, Error> {
    let texts = array_literal(texts.iter().map(String::as_str));
    db.read(async move |db: &Transaction| {
        let sql = format!(
            "select {expression} as number from unnest($1::text::text[]) with ordinality u(x, at) order by at"
        );
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [texts.clone().into()]);
        let rows = db.query_all_raw(statement).await?;
        Ok(rows.iter().map(|row| row.try_get("", "number")).collect::<Result<_, _>>()?)
    })
    .await
}

#[actix_web::test]
async fn texts_are_the_numbers_that_postgres_reads() {
    let cluster = Cluster::start();
    let db = test_database::open(cluster.url()).await;
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[5; 32]);
    let mut random = TestRunner::new_with_rng(Config::default(), rng);
    for (of, form, expression) in types() {
        let form = string_regex(&form).unwrap();
        let texts: Vec<String> = (0..TEXTS).map(|_| form.new_tree(&mut random).unwrap().current()).collect();
        let (accepted, refused): (Vec<String>, Vec<String>) = texts
            .into_iter()
            .filter(|text| check(of, text).is_ok())
            .partition(|text| check_postgres(of, text).is_ok());
        assert!(accepted.len() > TEXTS / 10, "{of:?}: {}", accepted.len());
        let numbers = read(&db, expression, &accepted).await.unwrap();
        for (text, number) in accepted.iter().zip(&numbers) {
            assert_eq!(&in_memory(of, text), number, "{of:?} {text}");
        }
        for text in refused.into_iter().take(REFUSED) {
            assert!(read(&db, expression, std::slice::from_ref(&text)).await.is_err(), "{of:?} {text}");
        }
    }
    db.close().await;
}
