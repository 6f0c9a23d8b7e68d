//! UUIDs of SQLite, which programs write as text in lower case or in capitals, or as 16 bytes.

use serde_json::{Value, json};

use super::{ServedTables, with_settings};
use crate::harness::{Client, Database, Engine, http, with_database};

const SETTINGS: &str = r#"
[collections.pets]
embed = { owner = ["id", "name"] }"#;

const OWNER: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const PET: &str = "bbbbbbbb-0000-4000-8000-000000000001";

/// Tables with an owner and a pet, in a form that SQL functions give the UUIDs.
fn tables(form: &str) -> String {
    let stored = |id: &str| match form {
        "bytes" => format!("x'{}'", id.replace('-', "")),
        "upper" => format!("'{}'", id.to_uppercase()),
        _ => format!("'{id}'"),
    };
    format!(
        "create table owners (id uuid primary key, name text not null);
        create table pets (id uuid primary key, owner_id uuid references owners(id), name text not null);
        create table visits (pet_id uuid references pets(id), day text, note text, primary key (pet_id, day));
        insert into owners values ({owner}, 'Ada');
        insert into pets values ({pet}, {owner}, 'Rex')",
        owner = stored(OWNER),
        pet = stored(PET),
    )
}

#[actix_web::test]
async fn row_whose_uuid_is_in_any_form_is_written_found_and_embedded() {
    for (form, is_stored) in [
        ("lower", "typeof(id) = 'text' and id = lower(id)"),
        ("upper", "typeof(id) = 'text' and id = upper(id)"),
        ("bytes", "typeof(id) = 'blob'"),
    ] {
        with_database(Engine::Sqlite, async |database: &Database| {
            with_settings(database, &tables(form), SETTINGS, async |client| {
                let owner = |name: &str| json!({ "id": OWNER, "name": name });
                let request =
                    async |event: &str, payload: Value| client.request(event, payload).await.unwrap_data();
                client
                    .wait_for_rows("pets", |rows| rows.len() == 1 && rows[0]["owner"] == owner("Ada"))
                    .await;
                let listed = request("list_pets", json!({ "where": { "owner_id": OWNER } })).await;
                assert_eq!(listed["rows"][0]["id"], PET, "{form}");
                let capitals = json!({ "id": PET.to_uppercase(), "name": "Max" });
                let pet = request("update_pet", capitals).await;
                assert_eq!((&pet["id"], &pet["owner_id"]), (&json!(PET), &json!(OWNER)), "{form}");
                assert_eq!(request("get_pet", json!({ "id": PET })).await, pet, "{form}");

                // By the client, by another program, and in rows that refer to it.
                request("update_owner", owner("Augusta")).await;
                client.wait_for_rows("pets", |rows| rows[0]["owner"] == owner("Augusta")).await;
                database.execute("update owners set name = 'Lovelace'").await;
                client.wait_for_rows("pets", |rows| rows[0]["owner"] == owner("Lovelace")).await;

                let other =
                    json!({ "id": "cccccccc-0000-4000-8000-000000000001", "owner_id": OWNER, "name": "Cat" });
                assert_eq!(request("new_pet", other.clone()).await["owner"], owner("Lovelace"), "{form}");
                let visit = json!({ "pet_id": PET, "day": "2026-01-31", "note": "first" });
                let visit = request("new_visit", visit).await;
                assert_eq!(visit["pet_id"], PET, "the table was empty, {form}");
                let changed = json!({ "pet_id": PET, "day": "2026-01-31", "note": "second" });
                assert_eq!(request("update_visit", changed).await["note"], "second", "{form}");
                client.wait_for_rows("visits", |rows| rows.len() == 1 && rows[0]["note"] == "second").await;

                let others = "select count(*) from pets where not";
                assert_eq!(database.number(&format!("{others} ({is_stored})")).await, 0, "{form}");
                let key = json!({ "id": other["id"] });
                assert_eq!(request("delete_pet", key.clone()).await, key, "{form}");
                client.wait_for_rows("pets", |rows| rows.len() == 1).await;
            })
            .await;
        })
        .await;
    }
}

/// Rows are read in the order of their UUIDs, so none is taken for one that changed unseen.
#[actix_web::test]
async fn rows_whose_uuids_are_in_several_forms_are_not_published_again() {
    with_database(Engine::Sqlite, async |database: &Database| {
        let sql = "
            create table pets (id uuid primary key, name text not null);
            insert into pets values
                ('aaaaaaaa-0000-4000-8000-000000000001', 'lower'), ('BBBBBBBB-0000-4000-8000-000000000001', 'upper'),
                (x'99999999000040008000000000000001', 'bytes'), (x'cccccccc000040008000000000000001', 'bytes'),
                ('12345678-0000-4000-8000-000000000001', 'digits')";
        let server = ServedTables::start(database, sql).await;
        let names = ["digits", "bytes", "lower", "upper", "bytes", "later"];
        let is_shown = |rows: &[Value], count: usize| {
            rows.len() == count && rows.iter().zip(names).all(|(row, name)| row["name"] == name)
        };
        let client = Client::connect_only(server.address(), &json!({})).await.unwrap();
        client.wait_for_rows("pets", |rows| is_shown(rows, 5)).await;
        let (pass, total) = ("rowcast_reconcile_pass_seconds", "rowcast_reconciled_rows_total");
        http::until_metric(server.address(), pass, |seconds| seconds > 0.0).await;
        assert_eq!(http::metric(server.address(), total).await, 0.0);
        database.execute("insert into pets values ('DDDDDDDD-0000-4000-8000-000000000001', 'later')").await;
        client.wait_for_rows("pets", |rows| is_shown(rows, 6)).await;
        drop(client);
        server.stop().await;
    })
    .await;
}

#[actix_web::test]
async fn uuid_of_each_form_is_found_in_one_column() {
    with_database(Engine::Sqlite, async |database: &Database| {
        let tables = format!(
            "create table pets (id integer primary key, tag uuid);
            insert into pets values (1, '{PET}'), (2, '{}'), (3, x'{}'), (4, null), (5, '{OWNER}')",
            PET.to_uppercase(),
            PET.replace('-', "")
        );
        with_settings(database, &tables, "", async |client| {
            for (filter, expected) in [
                (json!({ "tag": PET.to_uppercase() }), json!([1, 2, 3])),
                (json!({ "tag": { "in": [PET] } }), json!([1, 2, 3])),
                (json!({ "tag": { "ne": PET } }), json!([4, 5])),
                (json!({ "not": { "tag": PET } }), json!([4, 5])),
            ] {
                let page = client.request("list_pets", json!({ "where": filter })).await.unwrap_data();
                let ids: Value =
                    page["rows"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
                assert_eq!(ids, expected, "{filter}");
            }
        })
        .await;
    })
    .await;
}
