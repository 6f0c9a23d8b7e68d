// What an ack says is wrong, for forms.

interface Answer {
  ok: boolean;
  errors: Record<string, string>;
}

/** Sentences by field (`coach.id` stays dotted), and those about the request as a whole. */
export function fieldErrors(ack: Answer): { fields: Record<string, string>; form: string[] } {
  const fields: Record<string, string> = {};
  const form: string[] = [];
  for (const [key, sentence] of Object.entries(ack.errors)) {
    if (key.startsWith("$")) form.push(sentence);
    else fields[key] = sentence;
  }
  return { fields, form };
}

/** For React Hook Form: `setErrors(ack, setError)`. What concerns the whole is under `root.server`. */
export function setErrors(ack: Answer, setError: (name: any, error: { type: string; message: string }) => void): void {
  const { fields, form } = fieldErrors(ack);
  for (const [name, message] of Object.entries(fields)) setError(name, { type: "server", message });
  if (form.length) setError("root.server", { type: "server", message: form.join("\n") });
}

/** For Formik's `setErrors`: dotted keys become nested objects. What concerns the whole is for `setStatus`, by `fieldErrors`. */
export function formikErrors(ack: Answer): Record<string, any> {
  const errors: Record<string, any> = {};
  for (const [key, sentence] of Object.entries(fieldErrors(ack).fields)) {
    const path = key.split(".");
    const last = path.pop()!;
    let at = errors;
    for (const part of path) at = at[part] = Object(at[part]) === at[part] ? at[part] : {};
    at[last] = sentence;
  }
  return errors;
}
