//! Fills a database that the product has migrated, behind its back: a hundred thousand rows in a second or so.

use crate::Fallible;
use crate::database::execute;

/// The rows of every server here, in words that both databases understand.
const SEED: &str = include_str!("../../servers/planner/seed.sql");

/// Which database, and how many rows.
#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// `sqlite://FILE` or `postgres://…`, migrated and empty.
    #[arg(long)]
    pub url: String,
    /// Coaches to make.
    #[arg(long, default_value_t = 100)]
    pub coaches: u32,
    /// Rows of everything else.
    #[arg(long, default_value_t = 100)]
    pub rows: u32,
}

/// Makes the rows, in one transaction.
///
/// # Errors
/// When the database refuses.
pub async fn run(plan: &Plan) -> Fallible<()> {
    execute(&plan.url, &format!("begin;{}commit;", seed(plan.coaches, plan.rows))).await
}

/// The rows in SQL: so many coaches, and so many of everything else.
pub(crate) fn seed(coaches: u32, rows: u32) -> String {
    SEED.replace(":coaches", &coaches.to_string()).replace(":rows", &rows.to_string())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::live::rows::Rows;
    use crate::marker;

    #[test]
    fn seeded_rows_include_those_of_scenarios() {
        let database = Connection::open_in_memory().unwrap();
        let schema = include_str!("../../servers/planner/schema.sql").replace("{id}", "integer primary key");
        database.execute_batch(&schema).unwrap();
        database.execute_batch(&seed(1000, 100)).unwrap();

        let rows = Rows::new(10, 1000, 100).unwrap();
        for marker in 0..10 {
            let sql = "select count(*) from schedules where coach_id = ?1";
            let schedules: u32 = database.query_one(sql, [rows.of(marker)], |row| row.get(0)).unwrap();
            assert_eq!(schedules, 1);
        }
        let name: String =
            database.query_one("select name from coaches where id = 1000", [], |row| row.get(0)).unwrap();
        assert_eq!(marker::first(name.as_bytes()), None);
        assert_eq!(name.len(), "Coach ".len() + marker::LEN);
        let parts = "select count(*) from workout_plan_moves";
        assert_eq!(database.query_one(parts, [], |row| row.get::<_, u32>(0)).unwrap(), 200);
    }
}
