import type { WorkoutPlan } from "@schema";
import { ClipboardList } from "lucide-react";
import { useMemo } from "react";

import { useCollection } from "../app/client.ts";
import { count } from "../app/words.ts";
import { PlanForm } from "../forms/PlanForm.tsx";
import { hue } from "../ui/Avatar.tsx";
import { Difficulty } from "../ui/Difficulty.tsx";
import { ClassesOf, tally } from "./ClassesOf.tsx";
import { Line, Tile } from "./Line.tsx";
import { ListPage, type Sort } from "./ListPage.tsx";
import { newest } from "./sorts.ts";

const sorts: [Sort<WorkoutPlan>, ...Sort<WorkoutPlan>[]] = [
  { id: "name", label: "A to Z", compare: (a, b) => a.name.localeCompare(b.name) },
  { id: "name-down", label: "Z to A", compare: (a, b) => b.name.localeCompare(a.name) },
  { id: "difficulty", label: "Difficulty", compare: (a, b) => a.difficulty.localeCompare(b.difficulty) },
  { id: "moves", label: "Most moves", compare: (a, b) => b.exercise_moves.length - a.exercise_moves.length },
  { id: "new", label: "Newest first", compare: (a, b) => newest(a.id, b.id) },
];

const text = ({ name, difficulty, description }: WorkoutPlan) => `${name} ${difficulty} ${description}`;

export function PlansPage() {
  const { rows } = useCollection("schedules");
  const classes = useMemo(() => tally(rows, ({ workout_plan }) => workout_plan.id), [rows]);
  return (
    <ListPage
      collection="workout_plans"
      icon={ClipboardList}
      purpose="A plan is a list of moves in their order. Classes work through one."
      sorts={sorts}
      text={text}
      line={({ id, name, difficulty, exercise_moves }) => (
        <Line
          mark={mark(id)}
          name={name}
          detail={
            <>
              <Difficulty value={difficulty} /> · {count(exercise_moves.length, "exercise_moves")}
            </>
          }
          end={count(classes.get(id) ?? 0, "schedules")}
        />
      )}
      head={({ id }) => ({ mark: mark(id), note: <ClassesOf of={{ plan: id }} /> })}
      form={(row, onDone, aside) => <PlanForm row={row} onDone={onDone} aside={aside} />}
    />
  );
}

const mark = (id: number) => (
  <Tile hue={hue(id)}>
    <ClipboardList size={20} strokeWidth={1.8} />
  </Tile>
);
