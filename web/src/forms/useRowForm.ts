// The life of one form: what it began from, what has been typed, what the server said, and what others did meanwhile.

import { type Conflict, fieldErrors } from "@rowcast/client";
import type { Collections } from "@schema";
import { useEffect, useRef, useState } from "react";

import { client, type Name, type Row } from "../app/client.ts";
import { words } from "../app/words.ts";
import { toast } from "../ui/toasts.tsx";
import { watch } from "./background.ts";
import { claim } from "./claims.ts";
import { breaches } from "./rules.ts";
import { differing, pick, type Shape } from "./shape.ts";

const none = { fields: {}, form: [] };

export interface Options<K extends Name, V extends object> {
  shape: Shape<K, V>;
  /** What is edited; undefined for a row to be, or one that is gone. */
  row: Row<K> | undefined;
  /** What a form for a row to be begins with. */
  blank: V;
  /** After it was saved, or put in line while there is no connection. */
  onDone: (outcome: { id: number; queued: boolean }) => void;
}

export function useRowForm<K extends Name, V extends object>({ shape, row, blank, onDone }: Options<K, V>) {
  const { collection } = shape;
  const [base, setBase] = useState(row);
  // Versions that the form has left behind; one has no order, so a row that comes late is known by having been here.
  const left = useRef(new Set<Row<K>["version"]>());
  const [values, setValues] = useState<V>(() => (row ? shape.read(row) : blank));
  const [errors, setErrors] = useState<{ fields: Record<string, string>; form: string[] }>(none);
  const [saving, setSaving] = useState(false);
  const [queued, setQueued] = useState(false);
  const [conflict, setConflict] = useState<Conflict<Collections>>();
  const clean = base ? shape.read(base) : blank;
  const changed = differing(values, clean);
  const dirty = changed.length > 0 && !saving;
  const now = useRef({ dirty, mounted: true, busy: false, release: () => {} });
  now.current.dirty = dirty;
  useEffect(() => {
    const state = now.current;
    state.mounted = true;
    return () => {
      state.mounted = false;
      state.release();
    };
  }, []);

  // Remote edits update the form while it has no input; after that they are only reported.
  const theirs = row && base && row !== base && !saving ? differing(shape.read(row), clean) : [];
  if (row && base && row !== base && !saving && (theirs.length === 0 || !dirty) && !left.current.has(row.version)) {
    rebase(row);
    if (!dirty) setValues(shape.read(row));
  }

  function rebase(next: Row<K>) {
    if (base && base.version !== next.version) left.current.add(base.version);
    left.current.delete(next.version);
    setBase(next);
  }

  function start(from: Row<K>, keep?: V) {
    rebase(from);
    setValues(keep ?? shape.read(from));
    setErrors(none);
  }

  function set<F extends keyof V & string>(field: F, value: V[F]) {
    setValues((all) => ({ ...all, [field]: value }));
    setQueued(false);
    setErrors(({ fields, form }) => ({
      fields: Object.fromEntries(Object.entries(fields).filter(([key]) => key.split(".")[0] !== field)),
      form,
    }));
  }

  async function save(asNew = false) {
    if (now.current.busy) return;
    const known = asNew ? undefined : base;
    const live = client.connection().state === "live";
    const payload = shape.write(values);
    const wrong = live ? {} : breaches(collection, payload);
    if (Object.keys(wrong).length > 0) return setErrors({ fields: wrong, form: [] });
    const options = { optimistic: !live };
    const write = known
      ? client.update(collection, { ...pick(payload, changed), id: known.id, version: known.version } as never, options)
      : client.create(collection, payload as never, options);
    await settle(write, known !== undefined, live);
  }

  async function settle(write: ReturnType<typeof client.update<K>>, known: boolean, live: boolean) {
    const doing = known ? "save" : "create";
    now.current.busy = true;
    if (!live) {
      void watch(write, collection, doing);
      now.current.dirty = false;
      if (known) {
        const shown = client.row(collection, write.id);
        if (shown) start(shown, values);
        setQueued(true);
        now.current.busy = false;
      }
      toast({ title: "Kept on this device", detail: "It will be sent as soon as there is a connection." });
      onDone({ id: write.id, queued: true });
      return;
    }
    setSaving(true);
    setErrors(none);
    now.current.release = claim(write.requestId);
    const ack = await write;
    now.current.busy = false;
    if (!now.current.mounted) return void watch(write, collection, doing);
    setSaving(false);
    if (!ack.conflict) now.current.release();
    if (ack.ok) {
      now.current.dirty = false;
      start(ack.data);
      toast({ title: `${known ? "Saved" : "Created"} the ${words[collection].one}` });
      onDone({ id: ack.data.id, queued: false });
    } else if (ack.conflict) setConflict(ack.conflict as Conflict<Collections>);
    else setErrors(fieldErrors(ack));
  }

  return {
    collection, row, values, set, setValues, errors, saving, queued, dirty, now, base, conflict,
    /** Fields that others changed while something is typed here. */
    theirs: dirty ? theirs : [],
    gone: base !== undefined && row === undefined && !saving,
    save,
    /** Puts their values in the form and keeps what was typed elsewhere in it. */
    takeTheirs() {
      if (row) start(row, { ...values, ...pick(shape.read(row), theirs) });
    },
    keepMine() {
      if (row) start(row, values);
    },
    reset() {
      if (row) start(row);
      else setValues(blank);
    },
    resolve(choice: "mine" | "theirs" | "back") {
      if (!conflict) return;
      setConflict(undefined);
      const stands = conflict.theirs as Row<K>;
      if (choice === "mine") return void settle(conflict.keepMine() as ReturnType<typeof client.update<K>>, true, client.connection().state === "live");
      conflict.keepTheirs();
      start(stands, choice === "back" ? values : undefined);
    },
  };
}

export type RowForm<K extends Name, V extends object> = ReturnType<typeof useRowForm<K, V>>;
