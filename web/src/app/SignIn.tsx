import { fieldErrors } from "@rowcast/client";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";

import { Button } from "../ui/Button.tsx";
import { Field } from "../ui/Field.tsx";
import { Actions, Modal } from "../ui/Modal.tsx";
import { Notice } from "../ui/Notice.tsx";
import { toast } from "../ui/toasts.tsx";
import { useFocusFirstError } from "../forms/useFocusFirstError.ts";
import { client, useConnection } from "./client.ts";
import css from "./SignIn.module.css";
import { useTitle } from "./useTitle.ts";
import { capital } from "./words.ts";

/** The whole page with access mode members, before a sign-in. */
export function SignInPage() {
  useTitle("Sign in");
  const { reason } = useConnection();
  return (
    <div className={css.page}>
      <section className={css.card} aria-labelledby="sign-in">
        <h1 id="sign-in">Sign in</h1>
        <p className={css.lead}>This gym shows its plan to members only.</p>
        {reason !== undefined && <div className={css.reason}><Notice kind="warn">{capital(reason)}</Notice></div>}
        <SignInForm onDone={() => {}} />
      </section>
    </div>
  );
}

interface DialogProps {
  why?: string | undefined;
  onClose: () => void;
  onDone: () => void;
}

export function SignInDialog({ why, onClose, onDone }: DialogProps) {
  return (
    <Modal title="Sign in" onClose={onClose}>
      {why !== undefined && <p className={css.lead}>{why}</p>}
      <SignInForm onDone={onDone} />
    </Modal>
  );
}

function SignInForm({ onDone }: { onDone: () => void }) {
  const [values, setValues] = useState({ username: "", password: "" });
  const [errors, setErrors] = useState<{ fields: Record<string, string>; form: string[] }>({ fields: {}, form: [] });
  const [busy, setBusy] = useState(false);
  const form = useFocusFirstError(errors);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    const ack = await client.login(values);
    setBusy(false);
    setErrors(fieldErrors(ack.errors["$offline"] ? { ok: false, errors: { $offline: "The server cannot be reached just now. Try again in a moment." } } : ack));
    if (!ack.ok) return;
    toast({ title: "Signed in" });
    onDone();
  }

  return (
    <Form ref={form} className={css.form} validationBehavior="aria" validationErrors={errors.fields} onSubmit={(event) => void submit(event)}>
      {errors.form.length > 0 && <Notice kind="danger">{errors.form.join(" ")}</Notice>}
      <Field label="Username" name="username" value={values.username} onChange={(username) => setValues({ ...values, username })} autoComplete="username" autoFocus />
      <Field label="Password" name="password" type="password" value={values.password} onChange={(password) => setValues({ ...values, password })} autoComplete="current-password" />
      <Actions>
        <Button type="submit" look="primary" busy={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </Button>
      </Actions>
    </Form>
  );
}
