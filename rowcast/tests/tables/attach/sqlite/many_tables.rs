//! Many tables.

use std::time::Instant;

use rowcast::attach::{self, Installed, Options};

use super::database::Attached;

#[actix_web::test]
async fn many_tables_are_attached_and_detached_on_sqlite() {
    let table = |n: usize| {
        format!("create table t{n} (id integer primary key, name text, version integer not null default 1);")
    };
    let sqlite =
        Attached::before(&format!("begin; {} commit", (0..300).map(table).collect::<String>())).await;
    let before = sqlite.dump();
    let tables = sqlite.catalog().await.tables;
    let options = Options {
        count_versions: tables.into_iter().map(|table| table.name).collect(),
        ..Options::default()
    };
    let start = Instant::now();
    sqlite.attach(&options).await;
    println!("300 tables attached in {:?}", start.elapsed());
    let start = Instant::now();
    let installed = Installed::read(&sqlite.db).await.unwrap();
    assert_eq!(attach::plan(&sqlite.catalog().await, &options, &installed), []);
    println!("planned again in {:?}", start.elapsed());
    assert_eq!(
        sqlite.logged("insert into t299 values (1, '', 1); delete from t299"),
        ["t299 [1]", "t299 [1]"]
    );
    let start = Instant::now();
    sqlite.detach().await;
    println!("detached in {:?}", start.elapsed());
    assert_eq!(sqlite.dump(), before);
}
