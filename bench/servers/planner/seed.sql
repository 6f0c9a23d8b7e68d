-- The rows of every server, on SQLite and PostgreSQL alike: :coaches coaches, and :rows of everything else.
--
-- Plan i holds moves i and i % :rows + 1. Schedule i has plan i, and the schedules' coaches are spread evenly over
-- all of them. A name is as long as one that carries a marker, so rows keep their size when they are written.

insert into coaches (name, age, picture, username)
with recursive n (i) as (select 1 union all select i + 1 from n where i < :coaches)
select 'Coach no~' || substr(cast(100000000 + i as text), 2), 18 + i % 60,
    'https://example.com/pictures/coach-' || i || '.jpg', 'coach' || i
from n order by i;

insert into exercise_moves (name, focus, description, video_link)
with recursive n (i) as (select 1 union all select i + 1 from n where i < :rows)
select 'Move ' || i, 'Strength', 'Move number ' || i || ': keep the back straight and breathe.',
    'https://example.com/videos/' || i
from n order by i;

insert into workout_plans (name, difficulty, description)
with recursive n (i) as (select 1 union all select i + 1 from n where i < :rows)
select 'Plan ' || i, 'Medium', 'Plan number ' || i || ' for the whole body.'
from n order by i;

insert into workout_plan_moves (workout_plan_id, exercise_move_id, position)
with recursive n (i) as (select 1 union all select i + 1 from n where i < :rows)
select i, i, 0 from n union all select i, i % :rows + 1, 1 from n order by 1, 3;

insert into schedules (day, hour, coach_id, workout_plan_id)
with recursive n (i) as (select 1 union all select i + 1 from n where i < :rows)
select 'Monday', '1000', 1 + (i - 1) * (:coaches / :rows), i
from n order by i;
