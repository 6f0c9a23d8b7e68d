-- The planner's tables as somebody makes them who has no Rust, with the rules that the planner's own have.
-- {id} is what an id is in the database's own words.

create table coaches (
    id {id},
    name text not null check (length(name) between 2 and 40),
    age integer not null check (age between 18 and 120),
    picture text not null check (length(picture) <= 2000),
    username text unique check (length(username) between 2 and 40),
    version integer not null default 1
);

create table exercise_moves (
    id {id},
    name text not null check (length(name) between 2 and 40),
    focus text not null check (length(focus) between 2 and 20),
    description text not null check (length(description) between 10 and 300),
    video_link text not null check (length(video_link) <= 2000),
    version integer not null default 1
);

create table workout_plans (
    id {id},
    name text not null check (length(name) between 2 and 40),
    difficulty text not null check (length(difficulty) between 2 and 20),
    description text not null check (length(description) between 10 and 300),
    exercise_moves json,
    version integer not null default 1
);

create table workout_plan_moves (
    id {id},
    workout_plan_id integer not null references workout_plans (id),
    exercise_move_id integer not null references exercise_moves (id),
    position integer not null,
    unique (workout_plan_id, position)
);

create table schedules (
    id {id},
    day text not null check (
        day in ('Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday')
    ),
    hour text not null check (length(hour) <= 4),
    coach_id integer not null references coaches (id),
    workout_plan_id integer not null references workout_plans (id),
    version integer not null default 1
);

create index schedules_coach_id on schedules (coach_id);
create index schedules_workout_plan_id on schedules (workout_plan_id);
