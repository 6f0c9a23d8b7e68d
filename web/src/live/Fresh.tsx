import { CloudUpload } from "lucide-react";

import { type Name, useConnection, usePending } from "../app/client.ts";
import css from "./Fresh.module.css";
import { useFresh } from "./useFresh.ts";

/** Highlights a row after a remote edit, with its author. Needs a positioned parent. */
export function Fresh({ collection, id, words = "row" }: { collection: Name; id: number; words?: "row" | "card" | "form" }) {
  const edit = useFresh(collection, id);
  if (!edit) return null;
  const verb = edit.kind === "created" ? "added" : "changed";
  const sentence = `${edit.by?.name ?? "Somebody"} ${verb} this just now`;
  return (
    <span key={edit.version} className={css.fresh} data-words={words}>
      <span className={css.who} title={sentence}>
        {words === "card" ? (edit.by?.name ?? verb) : sentence}
      </span>
    </span>
  );
}

/**
 * Marks a row with a write of ours that has not been answered. Only without a connection, for else it is over in no
 * time.
 */
export function Waiting({ collection, id }: { collection: Name; id: number }) {
  const pending = usePending(collection, id);
  const { state } = useConnection();
  if (pending === undefined || state === "live") return null;
  return (
    <span className={css.waiting} title="Waits for a connection">
      <CloudUpload size={14} aria-hidden="true" />
      <span className="hidden-text">Waits for a connection</span>
    </span>
  );
}
