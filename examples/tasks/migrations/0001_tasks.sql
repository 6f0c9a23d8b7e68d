create table tasks (
    id integer primary key,
    title text not null unique check (length(title) between 1 and 200),
    done boolean not null default false
);
