// The errors of an ack, for forms.

interface AckErrors {
  ok: boolean;
  errors: Record<string, string>;
}

/** Sentences by field (`coach.id` stays dotted), and sentences about the whole request. */
export function fieldErrors(ack: AckErrors): { fields: Record<string, string>; form: string[] } {
  const fields: Record<string, string> = {};
  const form: string[] = [];
  for (const [key, sentence] of Object.entries(ack.errors)) {
    if (key.startsWith("$")) form.push(sentence);
    else fields[key] = sentence;
  }
  return { fields, form };
}

/** For React Hook Form: `setErrors(ack, setError)`. Errors of the whole request are under `root.server`. */
export function setErrors(ack: AckErrors, setError: (name: any, error: { type: string; message: string }) => void): void {
  const { fields, form } = fieldErrors(ack);
  for (const [name, message] of Object.entries(fields)) setError(name, { type: "server", message });
  if (form.length) setError("root.server", { type: "server", message: form.join("\n") });
}

/**
 * For Formik's `setErrors`: dotted keys become nested objects. For errors of the whole request use `fieldErrors` and
 * `setStatus`.
 */
export function formikErrors(ack: AckErrors): Record<string, any> {
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
