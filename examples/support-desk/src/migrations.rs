//! The desk's tables. A migration that has been released is frozen: what must change gets a new one.

use rowcast::migration::{List, NewTable};

/// All of them, oldest first.
pub(crate) fn all() -> List {
    vec![
        NewTable::new("m20261201_000001_customers", "customers", CUSTOMERS).boxed(),
        NewTable::new("m20261201_000002_agents", "agents", AGENTS).users("username").boxed(),
        NewTable::new("m20261201_000003_tickets", "tickets", TICKETS).boxed(),
        NewTable::new("m20261201_000004_comments", "comments", COMMENTS).boxed(),
    ]
}

const CUSTOMERS: &str = "
create table customers (
    id {id},
    name {text} not null check (length(name) between 2 and 80),
    email {text} not null unique check (length(email) between 3 and 200),
    version {i64} not null default 1 check (version >= 1)
) {strict}";

const AGENTS: &str = "
create table agents (
    id {id},
    name {text} not null check (length(name) between 2 and 40),
    username {text} unique check (length(username) between 2 and 40),
    password_hash {text},
    version {i64} not null default 1 check (version >= 1)
) {strict}";

const TICKETS: &str = "
create table tickets (
    id {id},
    subject {text} not null check (length(subject) between 2 and 120),
    status {text} not null default 'open' check (status in ('open', 'pending', 'closed')),
    priority {i64} not null check (priority between 1 and 4),
    hours {f64} check (hours between 0 and 1000),
    customer_id {i64} not null references customers (id),
    assignee_id {i64} references agents (id),
    version {i64} not null default 1 check (version >= 1)
) {strict}";

const COMMENTS: &str = "
create table comments (
    id {id},
    ticket {i64} not null references tickets (id),
    body {text} not null check (length(body) between 1 and 2000),
    version {i64} not null default 1 check (version >= 1)
) {strict}";
