// A task list that all windows share: rows by a hook, writes that show before their ack, errors from the table's checks.

import { createClient, fieldErrors } from "@rowcast/client";
import { createHooks } from "@rowcast/client/react";
import { useState, type FormEvent } from "react";
import { createRoot } from "react-dom/client";
import { schema, type Task } from "./schema";

// The page comes from the server, so the client needs no address.
const client = createClient(schema);
const { useCollection, useConnection, usePending } = createHooks(client);

function NewTask() {
  const [error, setError] = useState("");
  async function add(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const ack = await client.create("tasks", { title: String(new FormData(form).get("title")) });
    if (ack.ok) form.reset();
    const { fields, form: others } = fieldErrors(ack);
    setError(fields.title ?? others.join(" "));
  }
  return (
    <form onSubmit={add}>
      <input name="title" aria-label="New task" aria-invalid={!!error} aria-describedby="error" autoComplete="off" />
      <button>Add</button>
      <span id="error" role="alert">{error}</span>
    </form>
  );
}

function Item({ id, title, done }: Task) {
  const pending = usePending("tasks", id);
  return (
    <li aria-busy={!!pending}>
      <label>
        <input type="checkbox" checked={done} onChange={() => client.update("tasks", { id, done: !done })} />
        {title}
      </label>
      <button aria-label={`Delete ${title}`} onClick={() => client.delete("tasks", id)}>Delete</button>
    </li>
  );
}

function Tasks() {
  const { rows, ready } = useCollection("tasks");
  const { state, pendingCount } = useConnection();
  return (
    <main>
      <h1>Tasks</h1>
      <NewTask />
      <ul>{rows.map((task) => <Item key={task.id} {...task} />)}</ul>
      <p role="status">{ready ? state : "One moment…"}{pendingCount > 0 && `, ${pendingCount} to be sent`}</p>
    </main>
  );
}

createRoot(document.body.appendChild(document.createElement("div"))).render(<Tasks />);
