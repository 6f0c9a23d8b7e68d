import type { Conflict } from "@rowcast/client";
import type { Collections } from "@schema";

import { useLastEdit } from "../app/client.ts";
import { fieldWord, words } from "../app/words.ts";
import { Button } from "../ui/Button.tsx";
import { Actions, Modal } from "../ui/Modal.tsx";
import css from "./ConflictDialog.module.css";
import { same } from "./shape.ts";
import { of, shown } from "./shown.ts";

interface Props {
  conflict: Conflict<Collections>;
  onChoice: (choice: "mine" | "theirs" | "back") => void;
  /** Whether there is a form to go back to. */
  editing?: boolean;
}

/** Two versions of one row, field by field. What only they have changed stays theirs whichever is chosen. */
export function ConflictDialog({ conflict, onChoice, editing = false }: Props) {
  const { collection, id, mine, theirs } = conflict;
  const who = useLastEdit(collection, id)?.by?.name ?? "somebody else";
  const fields = Object.keys(theirs).filter((field) => field !== "id" && field !== "version" && !same(of(mine, field), of(theirs, field)));
  return (
    <Modal title={`This ${words[collection].one} was changed meanwhile`} question wide onClose={() => onChoice("back")}>
      <p className={css.lead}>
        Between your look at it and your change, {who} changed it too. Which version is to stand?
      </p>
      <div className={css.scroll}>
        <table className={css.table}>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Mine</th>
              <th scope="col">Theirs</th>
            </tr>
          </thead>
          <tbody>
            {fields.map((field) => (
              <tr key={field}>
                <th scope="row">{fieldWord(field)}</th>
                {field in conflict.changes ? <td className={css.mine}>{shown(of(mine, field), field)}</td> : <td className={css.left}>Left as theirs</td>}
                <td>{shown(of(theirs, field), field)}</td>
              </tr>
            ))}
            {fields.length === 0 && (
              <tr>
                <td colSpan={3}>Both say the same now.</td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
      <Actions>
        <Button look="quiet" onPress={() => onChoice("back")}>
          {editing ? "Back to editing" : "Decide later"}
        </Button>
        <Button onPress={() => onChoice("theirs")}>Keep theirs</Button>
        <Button look="primary" onPress={() => onChoice("mine")}>
          Keep mine
        </Button>
      </Actions>
    </Modal>
  );
}
