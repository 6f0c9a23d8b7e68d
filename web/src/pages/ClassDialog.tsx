import { Ghost } from "lucide-react";
import { useRef } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";

import { useCollection, useRow } from "../app/client.ts";
import { useTitle } from "../app/useTitle.ts";
import { rowName } from "../app/words.ts";
import { days } from "../board/days.ts";
import { ClassForm } from "../forms/ClassForm.tsx";
import { DeleteButton } from "../forms/DeleteButton.tsx";
import { Button } from "../ui/Button.tsx";
import { Empty } from "../ui/Empty.tsx";
import { Modal } from "../ui/Modal.tsx";

/** A class, or one to be, over the week. */
export function ClassDialog() {
  const { id = "" } = useParams();
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const isNew = id === "new";
  const { ready } = useCollection("schedules");
  const row = useRow("schedules", isNew ? 0 : Number(id));
  const seen = useRef(row);
  if (row) seen.current = row;
  const title = isNew ? "New class" : seen.current || !ready ? "Edit class" : "Unknown class";
  useTitle(title);

  const close = () => {
    const to = new URLSearchParams(params);
    to.delete("on");
    to.delete("at");
    void navigate({ pathname: "/", search: to.toString() }, { preventScrollReset: true });
  };
  const number = (name: string) => (/^\d+$/.test(params.get(name) ?? "") ? Number(params.get(name)) : null);

  if (!ready) return null;
  return (
    <Modal title={title} onClose={close}>
      {isNew || seen.current ? (
        <ClassForm
          key={id}
          row={row}
          day={days.find((day) => day === params.get("on")) ?? null}
          hour={params.has("at") ? String(number("at") ?? 900) : null}
          coach={number("coach")}
          workoutPlan={number("plan")}
          aside={row && <DeleteButton collection="schedules" id={row.id} name={rowName<"schedules">(row)} onDeleted={close} />}
          onDone={close}
        />
      ) : (
        <Empty icon={Ghost} title={`There is no class ${id}`} action={<Button onPress={close}>To the week</Button>}>
          It has been deleted, or never was.
        </Empty>
      )}
    </Modal>
  );
}
