// The tasks, live: open this page in two windows.
import { connect } from "./socket.js";

const socket = connect("./socket.io/");
const [form, list] = ["form", "ul"].map((name) => document.querySelector(name));
const [error, status] = ["error", "status"].map((id) => document.getElementById(id));

socket.on("connect", () => (status.textContent = "Live"));
socket.on("disconnect", () => (status.textContent = "Not connected; trying again"));
socket.on("connect_error", ({ message }) => (status.textContent = message));

// All tasks: now, and whenever one has changed, whatever program has changed it.
socket.on("tasks", (tasks) => {
  const focused = document.activeElement.id;
  tasks.sort((one, other) => (one.created_at < other.created_at ? -1 : 1));
  list.replaceChildren(...tasks.map(item));
  document.getElementById(focused)?.focus();
});

function item({ id, title, done }) {
  const tick = Object.assign(document.createElement("input"), { type: "checkbox", checked: done, id: `tick ${id}` });
  tick.onchange = async () => (await send("update_task", { id, done: tick.checked })) || (tick.checked = done);
  const label = document.createElement("label");
  label.append(tick, title);
  const remove = Object.assign(document.createElement("button"), { textContent: "Delete", id: `delete ${id}` });
  remove.ariaLabel = `Delete ${title}`;
  remove.onclick = () => send("delete_task", { id });
  const item = document.createElement("li");
  item.append(label, remove);
  return item;
}

form.onsubmit = async (event) => {
  event.preventDefault();
  const id = crypto.getRandomValues(new Uint32Array(4)).join("-");
  if (await send("new_task", { id, title: form.elements.title.value })) form.reset();
};

// Every event is answered: { ok, data, errors }, with a sentence for each field that is wrong.
async function send(event, payload) {
  const ack = await socket.emitWithAck(event, payload);
  error.textContent = Object.values(ack.errors).join(" ");
  return ack.ok;
}
