import type { ExerciseMove } from "@schema";

import { useGate } from "../app/Gate.tsx";
import { Field } from "../ui/Field.tsx";
import type { FormProps } from "./props.ts";
import css from "./pair.module.css";
import { RowFormFrame } from "./RowFormFrame.tsx";
import { bounds, rules } from "./rules.ts";
import type { Shape } from "./shape.ts";
import { useRowForm } from "./useRowForm.ts";

interface Values {
  name: string;
  focus: string;
  description: string;
  video_link: string;
}

const shape: Shape<"exercise_moves", Values> = {
  collection: "exercise_moves",
  read: ({ name, focus, description, video_link }) => ({ name, focus, description, video_link }),
  write: (values) => values,
};

const blank: Values = { name: "", focus: "", description: "", video_link: "https://" };
const rule = rules.exercise_moves;

export function MoveForm({ row, aside, onDone }: FormProps<ExerciseMove>) {
  const form = useRowForm({ shape, row, blank, onDone });
  const { mayEdit } = useGate();
  const { values, set } = form;
  return (
    <RowFormFrame form={form} fields={Object.keys(blank)} label={row ? "Move" : "New move"} aside={aside}>
      <div className={css.pair}>
        <Field label="Name" name="name" required readOnly={!mayEdit} value={values.name} onChange={(to) => set("name", to)} hint={bounds(rule.name)} max={rule.name.maxLength} autoComplete="off" autoFocus={row === undefined} />
        <Field label="Focus" name="focus" required readOnly={!mayEdit} value={values.focus} onChange={(to) => set("focus", to)} hint={bounds(rule.focus)} max={rule.focus.maxLength} autoComplete="off" />
      </div>
      <Field label="Description" name="description" required readOnly={!mayEdit} lines={4} value={values.description} onChange={(to) => set("description", to)} hint={`How it is done: ${bounds(rule.description)}`} max={rule.description.maxLength} />
      <Field label="Video link" name="video_link" required readOnly={!mayEdit} value={values.video_link} onChange={(to) => set("video_link", to)} hint="The address of a film that shows it" inputMode="url" autoComplete="off" />
    </RowFormFrame>
  );
}
