//! Many tables.

use std::time::Instant;

use rowcast::attach::{self, Installed, Options};

use super::database::Attached;

#[actix_web::test]
async fn many_tables_are_attached_and_detached_on_postgres() {
    let table = |n: usize| {
        format!("create table t{n} (id bigint primary key, name text, version integer not null default 1);")
    };
    let postgres = Attached::before(&(0..300).map(table).collect::<String>()).await;
    let tables = postgres.catalog().await.tables;
    let options = Options {
        count_versions: tables.into_iter().map(|table| table.name).collect(),
        ..Options::default()
    };
    let start = Instant::now();
    postgres.attach(&options).await;
    println!("300 tables attached in {:?}", start.elapsed());
    let start = Instant::now();
    let catalog = postgres.catalog().await;
    println!("catalog read in {:?}", start.elapsed());
    let start = Instant::now();
    let installed = Installed::read(&postgres.db).await.unwrap();
    println!("installed triggers read in {:?}", start.elapsed());
    let start = Instant::now();
    assert_eq!(attach::plan(&catalog, &options, &installed), []);
    println!("planned again in {:?}", start.elapsed());
    assert_eq!(postgres.logged("insert into t299 values (1)").await, ["public.t299 [1]"]);
    let start = Instant::now();
    postgres.detach().await;
    println!("detached in {:?}", start.elapsed());
    postgres.remove().await;
}
