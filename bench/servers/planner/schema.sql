-- The planner's tables for servers that bring none. {id} is what an id is in the database's own words.

create table coaches (
    id {id},
    name text not null,
    age integer not null,
    picture text not null,
    username text unique,
    version integer not null default 1
);

create table exercise_moves (
    id {id},
    name text not null,
    focus text not null,
    description text not null,
    video_link text not null,
    version integer not null default 1
);

create table workout_plans (
    id {id},
    name text not null,
    difficulty text not null,
    description text not null,
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
    day text not null,
    hour text not null,
    coach_id integer not null references coaches (id),
    workout_plan_id integer not null references workout_plans (id),
    version integer not null default 1
);
