// @vitest-environment happy-dom
// What the server says of a form's fields, beside the fields, with the two libraries that most forms are made with.

import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { Formik } from "formik";
import { StrictMode } from "react";
import { useForm } from "react-hook-form";
import { afterEach, expect, test } from "vitest";
import { fieldErrors, formikErrors, setErrors } from "../../src/index.ts";
import { startServer, type Gym } from "../support/server.ts";
import { waitUntilLive } from "../support/wait.ts";

afterEach(cleanup);

const lesson = { day: "Monday" as const, hour: "2460", coach: { id: 77 }, workout_plan: { id: 1 } };
const said = { hour: "must be a time from 0 to 2359, like 900 or 1330", coach: "no coach has id 77" };

function HookForm({ gym, done }: { gym: Gym; done: (id: number) => void }) {
  const { register, handleSubmit, setError, formState } = useForm({ defaultValues: lesson });
  const submit = handleSubmit(async (values) => {
    const ack = await gym.create("schedules", values);
    if (ack.ok) done(ack.data.id);
    else setErrors(ack, setError);
  });
  return (
    <form onSubmit={submit}>
      <input aria-label="hour" {...register("hour")} />
      <em>{formState.errors.hour?.message}</em>
      <input aria-label="coach" {...register("coach.id")} />
      <em>{formState.errors.coach?.id?.message}</em>
      <button>Save</button>
    </form>
  );
}

function FormikForm({ gym, done }: { gym: Gym; done: (id: number) => void }) {
  return (
    <Formik
      initialValues={lesson}
      onSubmit={async (values, form) => {
        const ack = await gym.create("schedules", values);
        if (ack.ok) return done(ack.data.id);
        form.setErrors(formikErrors(ack));
        form.setStatus(fieldErrors(ack).form.join(" "));
      }}
    >
      {({ errors, getFieldProps, handleSubmit, status }) => (
        <form onSubmit={handleSubmit}>
          <input aria-label="hour" {...getFieldProps("hour")} />
          <em>{errors.hour}</em>
          <input aria-label="coach" {...getFieldProps("coach.id")} />
          <em>{errors.coach?.id}</em>
          <strong>{status}</strong>
          <button>Save</button>
        </form>
      )}
    </Formik>
  );
}

test.each([
  ["React Hook Form", HookForm],
  ["Formik", FormikForm],
])("%s shows each sentence beside its field, and then saves", async (_, Form) => {
  const gym = (await startServer()).open();
  await waitUntilLive(gym);
  let made = 0;
  const before = gym.rows("schedules").length;
  const save = () => act(async () => void fireEvent.click(screen.getByText("Save")));
  render(<StrictMode><Form gym={gym} done={(id) => (made = id)} /></StrictMode>);

  await save();
  expect(await screen.findByText(said.hour)).toBeDefined();
  expect(screen.getByText(said.coach)).toBeDefined();
  expect(gym.rows("schedules")).toHaveLength(before);

  await act(async () => {
    fireEvent.change(screen.getByLabelText("hour"), { target: { value: "800" } });
    fireEvent.change(screen.getByLabelText("coach"), { target: { value: "2" } });
  });
  await save();
  await expect.poll(() => made).toBeGreaterThan(0);
  expect(gym.row("schedules", made)).toMatchObject({ hour: "800", coach: { id: 2 } });
});
