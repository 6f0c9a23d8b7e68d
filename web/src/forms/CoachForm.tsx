import type { Coach } from "@schema";

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
  age: string;
  picture: string;
  username: string;
}

const shape: Shape<"coaches", Values> = {
  collection: "coaches",
  read: ({ name, age, picture, username }) => ({ name, age: String(age), picture, username: username ?? "" }),
  write: ({ name, age, picture, username }) => ({ name, age: whole(age), picture, username: username.trim() || null }),
};

/** What is no number goes as it was typed: the server says what is wrong with it. */
const whole = (text: string) => (/^\s*\d+\s*$/.test(text) ? Number(text) : (text as unknown as number));

const blank: Values = { name: "", age: "", picture: "https://", username: "" };
const rule = rules.coaches;

export function CoachForm({ row, aside, onDone }: FormProps<Coach>) {
  const form = useRowForm({ shape, row, blank, onDone });
  const { mayEdit } = useGate();
  const { values, set } = form;
  return (
    <RowFormFrame form={form} fields={Object.keys(blank)} label={row ? "Coach" : "New coach"} aside={aside}>
      <div className={css.pair}>
        <Field label="Name" name="name" required readOnly={!mayEdit} value={values.name} onChange={(to) => set("name", to)} hint={bounds(rule.name)} max={rule.name.maxLength} autoComplete="off" autoFocus={row === undefined} />
        <Field label="Age" name="age" required readOnly={!mayEdit} value={values.age} onChange={(to) => set("age", to)} hint={`${bounds(rule.age)} years`} inputMode="numeric" autoComplete="off" />
      </div>
      <Field label="Picture" name="picture" required readOnly={!mayEdit} value={values.picture} onChange={(to) => set("picture", to)} hint="The address of a portrait; initials stand in for it" inputMode="url" autoComplete="off" />
      <Field label="Username" name="username" readOnly={!mayEdit} value={values.username} onChange={(to) => set("username", to)} hint="For signing in; may stay empty" autoComplete="off" />
    </RowFormFrame>
  );
}
