import { useEffect, useRef } from "react";

interface Errors {
  fields: Record<string, string>;
  form: string[];
}

/** After a refusal, focus goes to the first field with a message, or to the message above the form. */
export function useFocusFirstError(errors: Errors) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (Object.keys(errors.fields).length === 0 && errors.form.length === 0) return;
    const wrong = form.current?.querySelector<HTMLElement>(
      "input[aria-invalid=true], textarea[aria-invalid=true], [data-invalid] [role=spinbutton], [data-invalid] button",
    );
    (wrong ?? form.current?.querySelector<HTMLElement>("[role=alert]"))?.focus();
  }, [errors]);
  return form;
}
