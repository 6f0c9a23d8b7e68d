use rowcast_schema::contract::Contract;
use sea_orm::ConnectionTrait;

use crate::{
    database::{Database, Synchronous, Transaction},
    migration::Migrations,
    project::Settings,
    tables::load::load,
};

const TABLES: &str = "
    create table halls (house text not null, floor integer not null, title text not null, primary key (house, floor));
    create table parts (id integer primary key, code text);
    create table customers (id integer primary key, code text unique);
    create table shows (
        id integer primary key, hall_floor integer not null, hall_house text not null,
        customer_id integer references customers, buyer_code text references customers (code),
        part_code text references parts (code),
        foreign key (hall_floor, hall_house) references halls (floor, house)
    );";

const SETTINGS: &str = r#"
    [collections.shows]
    embed = { hall = ["title", "house"], customer = ["id"], buyer = ["code"], nothing = ["id"], part = ["id"] }"#;

/// The generated TypeScript of the tables, and the notices.
async fn described() -> (String, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("a.db").display());
    let migrations = Migrations::with(&[]);
    let db = Database::connect(&url.parse().unwrap(), Synchronous::Normal, &migrations).await.unwrap();
    db.write(async |db: &Transaction| Ok(db.execute_unprepared(TABLES).await.map(drop)?)).await.unwrap();
    let loaded = load(&db, &Settings::parse(SETTINGS).unwrap()).await.unwrap();
    let mut contract = Contract::builder();
    contract.from_data();
    loaded.collections.iter().for_each(|collection| collection.describe(&mut contract));
    let notices = loaded.notices.into_iter().map(|notice| notice.sentence).collect();
    (contract.build().typescript(), notices)
}

#[actix_web::test]
async fn contract_names_the_columns_that_refer_to_embedded_rows() {
    let (typescript, _) = described().await;
    for expected in [
        // In the order of the other table's key.
        r#"hall: { collection: "halls", many: false, fields: ["title", "house"], by: ["hall_house", "hall_floor"] },"#,
        r#"customer: { collection: "customers", many: false, fields: ["id"], by: ["customer_id"] },"#,
    ] {
        assert!(typescript.contains(expected), "{expected} is not in {typescript}");
    }
    assert!(!typescript.contains("buyer: { collection"), "the row does not have the key of it: {typescript}");
}

#[actix_web::test]
async fn row_type_has_an_object_that_is_null_like_the_reference() {
    let (typescript, _) = described().await;
    let row = typescript.split("export interface Show {").nth(1).unwrap().split("\n}").next().unwrap();
    let row: String = row.lines().filter(|line| !line.contains('*')).map(str::trim).collect();
    assert!(row.contains("hall: {title: string;house: string;};"), "{row}");
    assert!(row.contains("customer: {id: number;} | null;"), "{row}");
    assert!(row.contains("buyer: {code: string | null;} | null;"), "{row}");
}

#[actix_web::test]
async fn conditions_have_the_columns_of_embedded_rows() {
    let (typescript, _) = described().await;
    let conditions = typescript.split("ListShowsWhere {").nth(1).unwrap().split("\n}").next().unwrap();
    for column in ["customer_id?: ", "\"hall.title\"?: ", "\"customer.id\"?: ", "\"buyer.code\"?: "] {
        assert!(conditions.contains(column), "{column} is not in {conditions}");
    }
    assert!(!conditions.contains("hall.floor"), "it is not shown");
}

#[actix_web::test]
async fn embedded_row_that_cannot_be_found_is_left_out_with_a_notice() {
    let (_, notices) = described().await;
    assert_eq!(
        notices,
        [
            "the embedded row nothing is left out: no foreign key of `shows` is meant by `nothing`: it can embed `buyer`, \
             `customer`, `hall` and `part`",
            "the embedded row part is left out: `shows` refers by `part_code` to columns of `parts` that are not unique: add \
             a unique constraint to them, or remove `part`",
        ]
    );
}
