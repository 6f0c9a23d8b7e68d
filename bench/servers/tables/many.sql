-- One of many tables, {name}, and :rows rows of it. {parent} is the one before it.

create table {name} (
    id {id},
    code varchar(20) not null unique check (code <> ''),
    name text not null check (length(name) between 2 and 40),
    amount numeric(10, 2) not null default 0 check (amount >= 0),
    state text not null default 'open' check (state in ('open', 'paid', 'sent')),
    is_active boolean not null default true,
    created timestamp not null default current_timestamp,
    note text,
    parent_id integer references {parent} (id),
    version integer not null default 1
);

create index {name}_parent_id on {name} (parent_id);

insert into {name} (code, name, amount, note, parent_id)
with recursive n (i) as (select 1 union all select i + 1 from n where i < :rows)
select 'code-' || i, 'Item ' || i, i * 1.25, 'Item number ' || i || ' of {name}.', i from n order by i;
