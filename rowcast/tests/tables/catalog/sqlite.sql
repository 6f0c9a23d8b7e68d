-- A schema with every trait of tables that nobody designed for Rowcast.

create table every_type (
    id integer primary key autoincrement,
    a_smallint smallint, an_int INT not null, a_bigint BIGINT, a_decimal DECIMAL(10, 2) default 1.50, a_numeric numeric,
    a_real REAL, a_double double precision, a_text TEXT collate nocase, a_varchar VARCHAR(20), a_boolean BOOLEAN default false,
    a_uuid UUID, a_timestamptz timestamp with time zone, a_timestamp DATETIME default current_timestamp, a_date DATE,
    a_time TIME, an_interval interval, a_json JSON, a_blob BLOB, untyped, odd geometry(4),
    a_sum integer generated always as (an_int * 2) stored,
    a_virtual text as (a_text || ')') virtual
);

-- Names.
create table "select" ("where" integer primary key, "order" text unique, version integer, "__proto__" text, "id" text);
create table [Mixed Case.and dots] (`a.b` integer, "c d" integer, "quoted ""x""" text, primary key ("c d", "a.b"));
create table größe_日本語 (straße text primary key, 🙂 integer) without rowid;
create table tokens (id integer);

-- Storage and keys.
create table strict_table (id int primary key, name text not null, anything any) strict;
create table not_an_alias (id integer primary key desc, name text);
create table text_key (id text primary key, name text);
create table people (
    id integer constraint numbered primary key,
    email text not null,
    team text not null,
    badge integer not null,
    manager_id integer references People on delete set null,
    deputy_id integer constraint has_deputy references people (ID) on delete restrict on update cascade,
    absent_id integer references absent deferrable initially deferred,
    constraint one_badge unique (team, badge),
    unique (manager_id, email)
);
create unique index people_email on people (lower(email), team desc);
create unique index people_lead on people (team) where manager_id is null;
create index people_by_badge on people (badge);
create table seats (row_no integer, seat_no integer, note text default 'free', primary key (seat_no, row_no));
create table bookings (
    at date, row_no integer, seat_no integer,
    primary key (at, row_no, seat_no),
    foreign key (seat_no, row_no) references seats on delete cascade
);
create table hens (id integer primary key, egg integer references eggs);
create table eggs (id integer primary key, hen integer references hens on delete set default);
create table no_key (id integer, name text);

-- Checks.
create table checked (
    name text check (length(name) between 2 and 40), -- of people
    status text constraint known_status check (status in ('open', 'it''s', 'closed')),
    age smallint check (age >= 18 and age < 150),
    price numeric check (price > 0.5 or price is null),
    email text check (email like '%@%'),
    slug text check (slug <> ''),
    folded text collate nocase check (folded in ('a', 'b')),
    low integer, high integer,
    constraint in_order check (low <= high),
    check (low > 0 and high < 10)
);
alter table checked add column later integer check (later <> 5);

-- Kinds.
create view people_names as select id, email as "e-mail", count(*) as n from people group by id;
create table gone (id integer);
create view broken as select id from gone;
drop table gone;
create virtual table documents using fts5 (body);
create table as_selected as select 1 as one;
analyze;
