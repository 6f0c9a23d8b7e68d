import type { WorkoutPlan } from "@schema";

import { useGate } from "../app/Gate.tsx";
import { Field } from "../ui/Field.tsx";
import { PlanMoves } from "./PlanMoves.tsx";
import type { FormProps } from "./props.ts";
import css from "./pair.module.css";
import { RowFormFrame } from "./RowFormFrame.tsx";
import { bounds, rules } from "./rules.ts";
import type { Shape } from "./shape.ts";
import { useRowForm } from "./useRowForm.ts";

interface Values {
  name: string;
  difficulty: string;
  description: string;
  /** Ids in their order; a move may come again. */
  exercise_moves: number[];
}

const shape: Shape<"workout_plans", Values> = {
  collection: "workout_plans",
  read: ({ name, difficulty, description, exercise_moves }) => ({ name, difficulty, description, exercise_moves: exercise_moves.map(({ id }) => id) }),
  write: ({ exercise_moves, ...values }) => ({ ...values, exercise_moves: exercise_moves.map((id) => ({ id })) }),
};

const blank: Values = { name: "", difficulty: "", description: "", exercise_moves: [] };
const rule = rules.workout_plans;

export function PlanForm({ row, aside, onDone }: FormProps<WorkoutPlan>) {
  const form = useRowForm({ shape, row, blank, onDone });
  const { mayEdit } = useGate();
  const { values, set } = form;
  const wrong = Object.entries(form.errors.fields).filter(([key]) => key.startsWith("exercise_moves"));
  return (
    <RowFormFrame form={form} fields={Object.keys(blank)} label={row ? "Workout plan" : "New workout plan"} aside={aside}>
      <div className={css.pair}>
        <Field label="Name" name="name" required readOnly={!mayEdit} value={values.name} onChange={(to) => set("name", to)} hint={bounds(rule.name)} max={rule.name.maxLength} autoComplete="off" autoFocus={row === undefined} />
        <Field label="Difficulty" name="difficulty" required readOnly={!mayEdit} value={values.difficulty} onChange={(to) => set("difficulty", to)} hint="Such as Easy" max={rule.difficulty.maxLength} autoComplete="off" />
      </div>
      <Field label="Description" name="description" required readOnly={!mayEdit} lines={3} value={values.description} onChange={(to) => set("description", to)} hint={`What to expect: ${bounds(rule.description)}`} max={rule.description.maxLength} />
      <PlanMoves ids={values.exercise_moves} onChange={(ids) => set("exercise_moves", ids)} error={wrong[0]?.[1]} readOnly={!mayEdit} />
    </RowFormFrame>
  );
}
