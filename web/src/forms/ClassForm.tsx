import { Time } from "@internationalized/date";
import type { Day, Ref, Schedule } from "@schema";
import { DateInput, DateSegment, FieldError, Label, TimeField } from "react-aria-components";

import { useCollection } from "../app/client.ts";
import { useGate } from "../app/Gate.tsx";
import { Avatar } from "../ui/Avatar.tsx";
import { Choice } from "../ui/Choice.tsx";
import { Difficulty } from "../ui/Difficulty.tsx";
import { fieldCss } from "../ui/Field.tsx";
import { Picker } from "../ui/Picker.tsx";
import css from "./ClassForm.module.css";
import pair from "./pair.module.css";
import type { FormProps } from "./props.ts";
import { RowFormFrame } from "./RowFormFrame.tsx";
import { rules } from "./rules.ts";
import type { Shape } from "./shape.ts";
import { useRowForm } from "./useRowForm.ts";

interface Values {
  day: Day | null;
  hour: string | null;
  coach: number | null;
  workout_plan: number | null;
}

const shape: Shape<"schedules", Values> = {
  collection: "schedules",
  read: ({ day, hour, coach, workout_plan }) => ({ day, hour, coach: coach.id, workout_plan: workout_plan.id }),
  write: ({ day, hour, coach, workout_plan }) => ({ day: day as Day, hour: hour as string, coach: { id: coach } as Ref, workout_plan: { id: workout_plan } as Ref }),
};

interface Props extends FormProps<Schedule> {
  day: Day | null;
  hour: string | null;
  coach: number | null;
  workoutPlan: number | null;
}

const days = rules.schedules.day.enum.map((day) => ({ id: day, label: day }));

export function ClassForm({ row, day, hour, coach, workoutPlan, aside, onDone }: Props) {
  const form = useRowForm({ shape, row, blank: { day, hour, coach, workout_plan: workoutPlan }, onDone });
  const { mayEdit } = useGate();
  const coaches = useCollection("coaches", { sort: "name" }).rows;
  const plans = useCollection("workout_plans", { sort: "name" }).rows;
  const { values, set } = form;
  return (
    <RowFormFrame form={form} fields={["day", "hour", "coach.id", "workout_plan.id"]} label={row ? "Class" : "New class"} aside={aside}>
      <div className={pair.pair}>
        <Choice label="Day" name="day" required disabled={!mayEdit} value={values.day} options={days} onChange={(to) => set("day", to)} />
        <TimeField
          name="hour"
          className={fieldCss.field as string}
          hourCycle={24}
          granularity="minute"
          isRequired
          isReadOnly={!mayEdit}
          value={values.hour === null ? null : time(values.hour)}
          onChange={(to) => set("hour", to ? String(to.hour * 100 + to.minute) : null)}
        >
          <Label className={fieldCss.label as string}>Time</Label>
          <DateInput className={`${fieldCss.box} ${css.time}`}>{(segment) => <DateSegment segment={segment} className={css.segment as string} />}</DateInput>
          <FieldError className={fieldCss.error as string} />
        </TimeField>
      </div>
      <Picker
        label="Coach"
        name="coach.id"
        required
        disabled={!mayEdit}
        value={values.coach}
        rows={coaches}
        onChange={(to) => set("coach", to)}
        mark={({ id, name, picture }) => <Avatar id={id} name={name} picture={picture} size={28} />}
        placeholder="Who teaches it?"
      />
      <Picker
        label="Workout plan"
        name="workout_plan.id"
        required
        disabled={!mayEdit}
        value={values.workout_plan}
        rows={plans}
        onChange={(to) => set("workout_plan", to)}
        detail={({ difficulty }) => <Difficulty value={difficulty} />}
        placeholder="What is worked through?"
      />
    </RowFormFrame>
  );
}

const time = (hour: string) => new Time(Math.floor(Number(hour) / 100), Number(hour) % 100);
