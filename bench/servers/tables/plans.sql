-- A plan's moves as the planner in Rust sends them, in a column of their own: rows of tables embed one row, not several.
-- {json} is what JSON is cast to.

with moves (id, json) as (
    select id, '{"id":' || id || ',"name":"' || name || '","focus":"' || focus || '","description":"' || description
        || '","video_link":"' || video_link || '","version":' || version || '}'
    from exercise_moves
)
update workout_plans set exercise_moves = cast('['
    || (select json from moves where moves.id = workout_plans.id) || ','
    || (select json from moves where moves.id = workout_plans.id % :rows + 1) || ']' as {json});

drop table workout_plan_moves;
