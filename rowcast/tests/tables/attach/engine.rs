//! The engine's own connections.

use std::sync::Arc;

use rowcast::{
    attach::{self, Detachment, Installed, Options},
    catalog,
    database::{Database, Synchronous},
    migration::Migrations,
};

#[actix_web::test]
async fn engine_attaches_and_detaches_a_file_of_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tables.db");
    let execute = |sql: &str| rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    execute("create table tasks (id text primary key, version integer not null default 1, title)");
    let url = format!("sqlite://{}", path.display()).parse().unwrap();
    let database = Database::connect(&url, Synchronous::Normal, &Migrations::with(&[])).await.unwrap();
    let tasks = catalog::QualifiedName { schema: "main".into(), name: "tasks".into() };
    let only = Some([tasks.clone()].into());
    let options = Arc::new(Options { tables: only, count_versions: [tasks].into(), signs_in: None });
    let log = "create table if not exists rowcast_change_log (seq integer primary key autoincrement, collection text not null,
        row_key text not null, mark integer not null default (random())) strict";
    for _ in 0..2 {
        let with = options.clone();
        let attach = async move |db: &rowcast::Transaction| {
            let installed = Installed::read(db).await?;
            attach::execute(db, &attach::prepare(&installed)).await?;
            rowcast::sea_orm::ConnectionTrait::execute_unprepared(db, log).await?;
            let catalog = catalog::read(db, &catalog::Options::default()).await?;
            attach::execute(db, &attach::plan(&catalog, &with, &installed)).await?;
            Ok(attach::plan(&catalog, &with, &Installed::read(db).await?))
        };
        assert_eq!(database.write(attach).await.unwrap().0, []);
        execute("insert into tasks (id) values ('a'); update tasks set title = 'x'; delete from tasks");
        let connection = rusqlite::Connection::open(&path).unwrap();
        let count = "select count(*) from rowcast_change_log where row_key = '[\"a\"]'";
        assert_eq!(connection.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap(), 4);
        let detach = async |db: &rowcast::Transaction| {
            let detachment = Detachment::read(db).await?;
            attach::execute(db, &detachment.statements).await?;
            Ok(detachment.obstacles)
        };
        assert_eq!(database.write(detach).await.unwrap().0, [""; 0]);
        let left = "select count(*) from sqlite_master where name like 'rowcast%'";
        assert_eq!(connection.query_row(left, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    }
    database.close().await;
}
