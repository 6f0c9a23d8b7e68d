//! The choice that a file remembers.

use rowcast::attach::{self, Choice, Options};
use sea_orm::DbBackend;

use super::database::{Attached, table};

async fn remember(sqlite: &Attached, choice: &Choice) {
    let remembered = Choice::read(&sqlite.db).await.unwrap();
    sqlite.run(&attach::remember(choice, &remembered, DbBackend::Sqlite)).await;
    assert_eq!(&Choice::read(&sqlite.db).await.unwrap(), choice);
    assert_eq!(attach::remember(choice, choice, DbBackend::Sqlite), []);
}

#[actix_web::test]
async fn choice_is_read_as_it_was_and_removed_without_a_trace_on_sqlite() {
    let sqlite = Attached::before("create table one (id integer primary key)").await;
    let before = sqlite.dump();
    assert!(Choice::read(&sqlite.db).await.unwrap().is_none());
    sqlite.attach(&Options::default()).await;
    let attached = sqlite.dump();
    let strange = Choice { tables: [table("it's \\"), table("a.\"b\"")].into(), ..Choice::default() };
    remember(&sqlite, &strange).await;
    remember(&sqlite, &Choice::default()).await;
    assert_eq!(sqlite.dump(), attached, "no choice has no table");
    remember(&sqlite, &strange).await;
    remember(&sqlite, &Choice { tables: [table("one")].into(), ..Choice::default() }).await;
    assert_eq!(sqlite.plan(&Options::default()).await, [], "the table is none of others");
    sqlite.detach().await;
    assert_eq!(sqlite.dump(), before);
}

#[actix_web::test]
async fn table_of_others_with_the_name_is_no_choice_on_sqlite() {
    let sqlite =
        Attached::before("create table rowcast_choice (mine text); insert into rowcast_choice values (1)")
            .await;
    assert_eq!(Choice::read(&sqlite.db).await.unwrap(), Choice::default());
}
