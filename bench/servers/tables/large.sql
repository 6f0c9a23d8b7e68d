-- The planner's coaches alone, :rows of them.

create table coaches (
    id {id},
    name text not null check (length(name) between 2 and 40),
    age integer not null check (age between 18 and 120),
    picture text not null check (length(picture) <= 2000),
    username text unique check (length(username) between 2 and 40),
    version integer not null default 1
);

insert into coaches (name, age, picture, username)
with recursive n (i) as (select 1 union all select i + 1 from n where i < :rows)
select 'Coach no~' || substr(cast(100000000 + i as text), 2), 18 + i % 60,
    'https://example.com/pictures/coach-' || i || '.jpg', 'coach' || i
from n order by i;
