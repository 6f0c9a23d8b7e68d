//! The column `version` of tables that have one.

use rowcast::attach::Options;

use super::database::{Attached, table};

const NOTES: &str = "
create table notes (
    id integer primary key,
    title text collate nocase,
    version integer not null default 1,
    long text generated always as (title || '!') stored
);
create table pairs (a text, b integer, version bigint not null default 1, note, primary key (a, b)) without rowid;
create table other (id integer primary key, version text not null);";

#[actix_web::test]
async fn version_is_incremented_for_programs_that_do_not_on_sqlite() {
    let sqlite = Attached::before(NOTES).await;
    let all = ["notes", "pairs", "other"].map(table);
    let options = Options { count_versions: all.into(), ..Options::default() };
    sqlite.attach(&options).await;
    sqlite.execute(
        "insert into notes (id, title) values (1, 'Ada'); insert into pairs (a, b) values ('x', 1), ('y', 2)",
    );
    for (sql, expected) in [
        ("update notes set title = 'Bob'", "2"),
        ("update notes set title = 'bob'", "3"),
        ("update notes set title = 'bob', version = 3", "3"),
        ("update notes set title = 'Cy', version = version + 1", "4"),
        ("update notes set title = 'Di', version = 2", "5"),
        ("pragma recursive_triggers = on; update notes set title = 'Ed'", "6"),
        ("update notes set id = 2", "7"),
    ] {
        sqlite.execute(sql);
        assert_eq!(sqlite.texts("select cast(version as text) from notes"), [expected], "{sql}");
    }
    sqlite.execute("update pairs set note = 1 where b = 2; update pairs set b = 3 where a = 'x'");
    assert_eq!(sqlite.texts("select a || b || version from pairs order by a"), ["x32", "y22"]);
    assert_eq!(sqlite.logged("update notes set title = 'Flo'"), ["notes [2]", "notes [2]"]);
    sqlite.plan(&Options::default()).await;
    assert_eq!(sqlite.logged("update notes set title = 'Gil'"), ["notes [2]"]);
}
