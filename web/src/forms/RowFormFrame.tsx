import type { ReactNode } from "react";
import { Form } from "react-aria-components";

import { type Name, useConnection, useLastEdit } from "../app/client.ts";
import { useGate } from "../app/Gate.tsx";
import { capital, fieldWord, words } from "../app/words.ts";
import { Button } from "../ui/Button.tsx";
import { Notice } from "../ui/Notice.tsx";
import { ConflictDialog } from "./ConflictDialog.tsx";
import { LeaveGuard } from "./LeaveGuard.tsx";
import css from "./RowFormFrame.module.css";
import { of, shown } from "./shown.ts";
import { useFocusFirstError } from "./useFocusFirstError.ts";
import type { RowForm } from "./useRowForm.ts";

interface Props<K extends Name, V extends object> {
  form: RowForm<K, V>;
  /** Names of the fields that show their own messages; all others stand at the top. */
  fields: readonly string[];
  children: ReactNode;
  /** Beside the button that saves. */
  aside?: ReactNode;
  label: string;
}

/** What every form has around its fields. */
export function RowFormFrame<K extends Name, V extends object>({ form, fields, children, aside, label }: Props<K, V>) {
  const { mayEdit, openSignIn } = useGate();
  const ref = useFocusFirstError(form.errors);
  const isNew = form.base === undefined;
  const one = words[form.collection].one;
  const rest = Object.entries(form.errors.fields).filter(([key]) => !fields.some((field) => key === field || key.startsWith(`${field}.`)));
  const top = [...form.errors.form, ...rest.map(([key, sentence]) => `${fieldWord(key)}: ${sentence}`)];
  return (
    <>
      <Form
        ref={ref}
        className={css.form}
        aria-label={label}
        validationBehavior="aria"
        validationErrors={form.errors.fields}
        onSubmit={(event) => {
          event.preventDefault();
          void form.save();
        }}
      >
        {form.gone && <Gone one={one} again={() => void form.save(true)} />}
        {form.theirs.length > 0 && <Meanwhile form={form} />}
        {top.length > 0 && <Notice kind="danger">{top.map((sentence) => <p key={sentence}>{capital(sentence)}</p>)}</Notice>}
        <div className={css.fields}>{children}</div>
        <Told form={form} />
        <div className={css.foot}>
          {aside}
          <span className={css.space} />
          {!isNew && form.dirty && !form.gone && <Button onPress={form.reset}>Reset</Button>}
          {mayEdit ? (
            <Button type="submit" look="primary" busy={form.saving} isDisabled={form.gone || (!isNew && !form.dirty && !form.saving)}>
              {form.saving ? "Saving…" : isNew ? `Create ${one}` : "Save changes"}
            </Button>
          ) : (
            <Button look="primary" onPress={() => openSignIn()}>Sign in to edit</Button>
          )}
        </div>
      </Form>
      <LeaveGuard unsaved={() => form.now.current.dirty} />
      {form.conflict && <ConflictDialog conflict={form.conflict} onChoice={form.resolve} editing />}
    </>
  );
}

function Gone({ one, again }: { one: string; again: () => void }) {
  return (
    <Notice kind="danger" title={`This ${one} has been deleted`} actions={<Button onPress={again}>Create it again</Button>}>
      What is in the form is still here.
    </Notice>
  );
}

function Meanwhile<K extends Name, V extends object>({ form }: { form: RowForm<K, V> }) {
  const edit = useLastEdit(form.collection, form.base?.id ?? 0);
  return (
    <Notice
      kind="warn"
      title={`${edit?.by?.name ?? "Somebody"} changed this while you were editing`}
      actions={
        <>
          <Button onPress={form.takeTheirs}>Take theirs</Button>
          <Button onPress={form.keepMine}>Keep my changes</Button>
        </>
      }
    >
      {form.theirs.map((field) => (
        <p key={field}>
          {fieldWord(field)}: {form.row ? shown(of(form.row, field), field) : ""}
        </p>
      ))}
    </Notice>
  );
}

/** Where what is saved goes while there is no connection. */
function Told<K extends Name, V extends object>({ form }: { form: RowForm<K, V> }) {
  const { state } = useConnection();
  if (state === "live") return null;
  if (form.saving) return <Notice kind="warn">The connection was lost. This will be sent as soon as it is back; you can leave the page.</Notice>;
  if (form.queued) return <Notice kind="warn">Kept on this device. It will be sent as soon as there is a connection.</Notice>;
  return <p className={css.offline}>No connection: what you save is kept here and sent later.</p>;
}
