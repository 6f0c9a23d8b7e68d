//! The choice that a database remembers.

use rowcast::attach::{self, Choice, Options};
use sea_orm::DbBackend;

use super::database::{Attached, table};

async fn remember(postgres: &Attached, choice: &Choice) {
    let remembered = Choice::read(&postgres.db).await.unwrap();
    let statements = attach::remember(choice, &remembered, DbBackend::Postgres);
    attach::execute(&postgres.db, &statements).await.unwrap();
    assert_eq!(&Choice::read(&postgres.db).await.unwrap(), choice);
    assert_eq!(attach::remember(choice, choice, DbBackend::Postgres), []);
}

#[actix_web::test]
async fn choice_is_read_as_it_was_and_removed_without_a_trace_on_postgres() {
    let postgres = Attached::before("create table one (id integer primary key)").await;
    let before = postgres.dump();
    assert!(Choice::read(&postgres.db).await.unwrap().is_none());
    postgres.attach(&Options::default()).await;
    let attached = postgres.dump();
    let strange = Choice {
        schemas: ["Sales Dept.".into(), "it's \\".into()].into(),
        tables: [table("it's \\", "\\' or 1"), table("a.b", "c.\"d\"")].into(),
    };
    remember(&postgres, &strange).await;
    remember(&postgres, &Choice::default()).await;
    assert_eq!(postgres.dump(), attached, "no choice has no table");
    remember(&postgres, &strange).await;
    remember(&postgres, &Choice { schemas: ["public".into()].into(), tables: [].into() }).await;
    assert_eq!(postgres.plan(&Options::default()).await, []);
    postgres.detach().await;
    assert_eq!(postgres.dump(), before);
    postgres.remove().await;
}

#[actix_web::test]
async fn schemas_of_a_choice_are_those_of_its_tables_unless_some_are_chosen() {
    let mut choice =
        Choice { tables: [table("sales", "orders"), table("public", "notes")].into(), ..Choice::default() };
    assert_eq!(choice.all_schemas(), ["public".to_owned(), "sales".into()].into());
    choice.schemas.insert("sales".into());
    assert_eq!(choice.all_schemas(), ["sales".to_owned()].into());
    assert!(Choice::default().all_schemas().is_empty());
}
