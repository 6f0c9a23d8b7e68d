import { Trash2 } from "lucide-react";
import { useState } from "react";

import { client, type Name } from "../app/client.ts";
import { useGate } from "../app/Gate.tsx";
import { capital, words } from "../app/words.ts";
import { Button } from "../ui/Button.tsx";
import { Actions, Modal } from "../ui/Modal.tsx";
import { Notice } from "../ui/Notice.tsx";
import { toast } from "../ui/toasts.tsx";
import { sentences, watch } from "./background.ts";

interface Props {
  collection: Name;
  id: number;
  /** What it is called in the question. */
  name: string;
  onDeleted: () => void;
}

/** Asks, deletes, and shows the server's reason where it cannot be. */
export function DeleteButton({ collection, id, name, onDeleted }: Props) {
  const { whenSignedIn } = useGate();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [reason, setReason] = useState<string>();
  const one = words[collection].one;

  async function remove() {
    if (busy) return;
    const live = client.connection().state === "live";
    const write = client.delete(collection, id, { optimistic: !live });
    if (!live) {
      void watch(write, collection, "delete");
      toast({ title: "Kept on this device", detail: "It will be deleted as soon as there is a connection." });
      return onDeleted();
    }
    setBusy(true);
    const ack = await write;
    setBusy(false);
    if (!ack.ok) return setReason(capital(sentences(ack.errors)));
    toast({ title: `Deleted the ${one}`, detail: name });
    onDeleted();
  }

  return (
    <>
      <Button look="remove" onPress={() => whenSignedIn(() => (setReason(undefined), setOpen(true)))}>
        <Trash2 size={17} aria-hidden="true" /> Delete
      </Button>
      {open && (
        <Modal title={`Delete this ${one}?`} question onClose={() => setOpen(false)}>
          <p>“{name}” will be gone for everybody. This cannot be undone.</p>
          {reason !== undefined && (
            <div style={{ marginTop: 16 }}>
              <Notice kind="danger" title="It cannot be deleted">{reason}</Notice>
            </div>
          )}
          <Actions>
            <Button data-first onPress={() => setOpen(false)}>
              Keep it
            </Button>
            <Button look="danger" busy={busy} onPress={() => void remove()}>
              Delete {one}
            </Button>
          </Actions>
        </Modal>
      )}
    </>
  );
}
