//! Settings compared with a database.

use rowcast::project::{Settings, names, validate};

use super::database::Project;

const TABLES: &str = "
create table customers (id integer primary key, name text, secret text);
create table orders (
    id integer primary key,
    customer_id integer not null references customers,
    billing_address_id integer references addresses,
    shipping_address_id integer references addresses,
    \"label\" text
);
create table addresses (id integer primary key, city text);
create table notes (text text);
create table django_session (id integer primary key);";

/// The mistakes of a text, each with its line.
async fn mistakes(tables: &str, text: &str) -> Vec<String> {
    let project = Project::on_sqlite().await;
    project.migrate("1_a.sql", tables).await;
    let settings = match Settings::parse(text) {
        Ok(settings) => settings,
        Err(mistakes) => return mistakes.iter().map(ToString::to_string).collect(),
    };
    let mistakes = validate(&settings, &project.catalog().await);
    project.remove().await;
    mistakes.iter().map(ToString::to_string).collect()
}

#[actix_web::test]
async fn settings_that_fit_have_no_mistakes() {
    let text = "[collections]\nexclude = [\"django_*\"]\n[collections.customers]\nhidden = [\"secret\"]\nsingular = \"client\"\n\
                [collections.orders]\nembed = { customer = [\"id\", \"name\"], billing_address = [\"city\"] }\n\
                [collections.\"main.addresses\"]\nread_only = [\"city\"]\n\
                [accounts]\ntable = \"customers\"\nusername = \"name\"\npassword = \"secret\"";
    assert_eq!(mistakes(TABLES, text).await, [""; 0]);
    assert_eq!(mistakes(TABLES, "").await, [""; 0]);
}

#[actix_web::test]
async fn every_mistake_has_its_line_and_the_nearest_name() {
    let text = "\
[collections.custommers]
[collections.customers]
hidden = [
  \"id\",
  \"secert\",
]
show = [\"nothing_alike\"]
types = { nmae = \"Name\" }
[collections.notes]
live = true
[collections.django_session]
[collections]
exclude = [\"django_*\"]
[collections.\"main.customers\"]
[accounts]
table = \"users\"
username = \"name\"
password = \"password\"
";
    assert_eq!(
        mistakes(TABLES, text).await,
        [
            "rowcast.toml:1: the database has no table `custommers`: did you mean `customers`?",
            "rowcast.toml:2: [collections.\"main.customers\"] is the same table: write one section for both",
            "rowcast.toml:4: `id` is of the primary key, by which clients name rows: it cannot be hidden",
            "rowcast.toml:5: `customers` has no column `secert`: did you mean `secret`?",
            "rowcast.toml:7: `customers` has no column `nothing_alike`; it has `id`, `name` and `secret`",
            "rowcast.toml:8: `customers` has no column `nmae`: did you mean `name`?",
            "rowcast.toml:10: `notes` has no primary key, so it can only be listed: remove `live`",
            "rowcast.toml:11: `django_session` is excluded by a pattern of `exclude`: remove this section, or change the pattern",
            "rowcast.toml:16: the database has no table `users`",
        ]
    );
}

#[actix_web::test]
async fn tables_that_include_does_not_match_are_no_collections() {
    let text = "\
[collections]
include = [\"order\", \"orders\", \"main.notes\", \"later_*\"]
[collections.customers]
hidden = [\"secret\"]
[collections.orders]
embed = { customer = [\"name\"] }
";
    assert_eq!(
        mistakes(TABLES, text).await,
        [
            "rowcast.toml:2: the database has no table `order`: did you mean `orders`?",
            "rowcast.toml:3: `customers` is matched by no pattern of `include`: remove this section, or add one",
            "rowcast.toml:6: `customer` is a row of `customers`, which is matched by no pattern of `include`: remove it, or \
             add one",
        ]
    );
    let same_events =
        "create table person (id integer primary key); create table people (id integer primary key)";
    assert_eq!(mistakes(same_events, "[collections]\ninclude = [\"pe*n\"]").await, [""; 0]);
    assert_eq!(
        mistakes("create table include (id integer primary key)", "[collections]\ninclude = []").await,
        ["rowcast.toml:2: list tables, as in [\"orders\", \"order_*\"], or remove `include` for all of them"]
    );
}

#[actix_web::test]
async fn embedded_row_follows_one_foreign_key() {
    let text = "\
[collections.orders.embed]
address = [\"city\"]
customers = [\"name\"]
label = [\"name\"]
product = [\"name\"]
customer = [\"nmae\", \"secret\"]
[collections.customers]
hidden = [\"secret\"]
[collections.customers.embed]
order = [\"id\"]
";
    assert_eq!(
        mistakes(TABLES, text).await,
        [
            "rowcast.toml:2: `orders` refers by `billing_address_id` and `shipping_address_id` to what `address` may be: write \
             `billing_address` and `shipping_address` instead",
            "rowcast.toml:4: `orders` has a column `label`, and the embedded row would have its name: write another of the \
             referenced table",
            "rowcast.toml:5: no foreign key of `orders` is meant by `product`: it can embed `billing_address`, `customer` and \
             `shipping_address`",
            "rowcast.toml:6: `customers` has no column `nmae`: did you mean `name`?",
            "rowcast.toml:6: `secret` of `customers` is hidden: remove it from one of them",
            "rowcast.toml:10: `customers` has no foreign keys, so it embeds no `order`: remove it, or add a foreign key to the \
             table",
        ]
    );
}

#[actix_web::test]
async fn embedded_row_is_one_that_can_be_identified_and_shown() {
    let tables = "
        create table customers (id integer primary key, position point);
        create table logs (message text unique);
        create table sizes (size numeric primary key);
        create table orders (
            id integer primary key,
            version_id integer references customers,
            log_id text references logs (message),
            size_id numeric references sizes,
            owner_id integer references customers
        );";
    let text = "\
[collections.orders.embed]
version = [\"id\"]
log = [\"message\"]
size = [\"size\"]
owner = [\"id\", \"position\"]
";
    let project = Project::on_postgres().await;
    project.migrate("1_a.sql", tables).await;
    let catalog = project.catalog().await;
    let mistakes = |text: &str| -> Vec<String> {
        validate(&Settings::parse(text).unwrap(), &catalog).iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        mistakes(text),
        [
            "rowcast.toml:2: `version` is the version of a row: write another name of the referenced table",
            "rowcast.toml:3: `log` is a row of `logs`, which has no primary key, so its changes are unknown: remove it",
            "rowcast.toml:4: `size` is a row of `sizes`, and its key has the column `size` of type numeric, by which rows are \
             not identified: remove it",
            "rowcast.toml:5: `position` of `customers` is hidden, because values of the type point have no form of their own: \
             name it in `show` of `customers` too",
        ]
    );
    let shown = "[collections.customers]\nshow = [\"position\"]\n[collections.orders]\nembed = { owner = [\"position\"] }";
    assert_eq!(mistakes(shown), [""; 0]);
    project.remove().await;
}

#[actix_web::test]
async fn tables_whose_events_would_be_the_same_are_both_named() {
    let tables = "create table person (id integer primary key); create table people (id integer primary key);
        create table part (id integer primary key); create table \"Order Details\" (id integer primary key)";
    assert_eq!(mistakes(tables, "").await, [""; 0], "names that the settings do not give are no mistakes");
    assert_eq!(
        mistakes(tables, "[collections.people]\nsingular = \"person\"").await,
        [
            "rowcast.toml: the tables `people` and `person` would both have the event `new_person`: write singular = \"…\" in \
          [collections.person]"
        ]
    );
    let text = "[collections.person]\nsingular = \"human\"\n[collections.part]\nname = \"parts\"";
    assert_eq!(mistakes(tables, text).await, [""; 0]);
    let text = "[collections.person]\nname = \"people\"\n[collections.part]\nname = \"changes\"";
    let found = mistakes(tables, text).await;
    assert!(
        found[0].starts_with(
            "rowcast.toml:2: the tables main.people and main.person would both be the collection `people`"
        ),
        "{found:?}"
    );
    assert!(
        found.iter().any(|mistake| mistake.starts_with("rowcast.toml:4: `changes` cannot be")),
        "{found:?}"
    );
}

#[actix_web::test]
async fn tables_of_one_name_in_two_schemas_are_both_named_on_postgres() {
    let project = Project::on_postgres().await;
    let tables = "create schema sales; create table orders (id integer primary key); create table sales.orders (id integer primary key)";
    project.migrate("1_a.sql", tables).await;
    let catalog = project.catalog().await;
    let found = |text: &str| {
        let settings = Settings::parse(text).unwrap();
        validate(&settings, &catalog).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(found(""), [""; 0], "names that the settings do not give are no mistakes");
    let text = "[collections.\"sales.orders\"]\nname = \"orders\"";
    let both = "rowcast.toml:2: the tables public.orders and sales.orders would both be the collection `orders`: write name = \"…\" \
                in [collections.\"sales.orders\"]";
    assert_eq!(found(text), [both]);
    let unclear = found("[collections.orders]\nname = \"sales_orders\"");
    assert!(
        unclear[0]
            .contains("several schemas have a table `orders`: write `public.orders` and `sales.orders`"),
        "{unclear:?}"
    );
    let text = "[collections.\"sales.orders\"]\nname = \"sales_orders\"";
    assert_eq!(found(text), [""; 0]);
    let settings = Settings::parse(text).unwrap();
    assert_eq!(names("orders", settings.collection("sales", "orders")).1, "sales_order");
    assert_eq!(names("orders", settings.collection("public", "orders")).1, "order");
    project.remove().await;
}

#[test]
fn mistakes_of_the_text_are_reported_at_once() {
    let text = "\
[servre]
[server]
bind = 5555
access = \"everyone\"
origins = [\"example\"]
base_path = \"/a b\"
[database]
url = \"mysql://ada:s3cret@db/gym\"
[collections]
customers = true
[collections.orders]
hiden = [\"a\"]
live = \"yes\"
hidden = [\"a\", 1, \"a\", \"\"]
embed = { customer = [] }
[accounts]
username = \"name\"
login = \"phone\"
";
    let found: Vec<_> = Settings::parse(text).unwrap_err().iter().map(ToString::to_string).collect();
    let starts = [
        "rowcast.toml:1: there is no key `servre`: did you mean `server`?",
        "rowcast.toml:3: expected a text in quotes, and this is of the type integer",
        "rowcast.toml:4: `access` is \"open\"",
        "rowcast.toml:5: `example` is not an origin",
        "rowcast.toml:6: `base_path`: a path is like /gym",
        "rowcast.toml:8: `url`: expected sqlite://FILE",
        "rowcast.toml:10: settings of a table are a section, as in [collections.customers]",
        "rowcast.toml:12: there is no key `hiden`: did you mean `hidden`?",
        "rowcast.toml:13: expected `true` or `false`, and this is of the type text",
        "rowcast.toml:14: `a` is listed twice",
        "rowcast.toml:14: expected a text in quotes, and this is of the type integer",
        "rowcast.toml:14: this text is empty",
        "rowcast.toml:15: list the columns that `customer` shows",
        "rowcast.toml:17: `username` is a column of `table`",
        "rowcast.toml:18: `login` is \"name\" or \"email\"",
    ];
    assert_eq!(found.len(), starts.len(), "{found:#?}");
    for (mistake, start) in found.iter().zip(starts) {
        assert!(mistake.starts_with(start) && !mistake.contains("s3cret"), "{mistake}\n{start}");
    }
    let syntax = Settings::parse("[server]\nbind = \n[server]\n").unwrap_err();
    assert!(syntax.len() >= 2 && syntax[0].line == Some(2), "{syntax:?}");
}
