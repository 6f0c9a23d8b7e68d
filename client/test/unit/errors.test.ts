// What an ack says is wrong, for forms.

import { expect, test, vi } from "vitest";
import { fieldErrors, formikErrors, setErrors } from "../../src/index.ts";

const ack = { ok: false, errors: { name: "too short", "coach.id": "no such coach", "exercise_moves.0.id": "no such move", $conflict: "moved on" } };

test("fieldErrors separates field errors from form errors", () => {
  expect(fieldErrors(ack)).toEqual({
    fields: { name: "too short", "coach.id": "no such coach", "exercise_moves.0.id": "no such move" },
    form: ["moved on"],
  });
  expect(fieldErrors({ ok: true, errors: {} })).toEqual({ fields: {}, form: [] });
});

test("setErrors sets each error in React Hook Form", () => {
  const setError = vi.fn();
  setErrors(ack, setError);
  expect(setError.mock.calls).toEqual([
    ["name", { type: "server", message: "too short" }],
    ["coach.id", { type: "server", message: "no such coach" }],
    ["exercise_moves.0.id", { type: "server", message: "no such move" }],
    ["root.server", { type: "server", message: "moved on" }],
  ]);
});

test("formikErrors nests dotted names", () => {
  expect(formikErrors(ack)).toEqual({
    name: "too short",
    coach: { id: "no such coach" },
    exercise_moves: { 0: { id: "no such move" } },
  });
  expect(formikErrors({ ok: false, errors: { coach: "is required", "coach.id": "is required" } })).toEqual({ coach: { id: "is required" } });
});
