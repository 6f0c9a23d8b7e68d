// What the server holds, live, over the socket that everybody uses. There may be no network to load a client from, so here is as much of
// Engine.IO and Socket.IO as a page needs that is served by the server it talks to: a WebSocket, pings, one namespace, acks.

// The server may be below a path, and a proxy may have put it there without its knowledge.
const home = new URL(".", location.href);
const show = (id) => document.getElementById(id);
const collections = new Map(); // name → { ids, row, at }
let since, token, pending, wait = 500;

function connect() {
  const socket = new WebSocket(`${home.href.replace(/^http/, "ws")}socket.io/?EIO=4&transport=websocket`);
  let silence, interval = 60_000;
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => socket.close(), interval);
  };
  socket.onmessage = ({ data }) => {
    heard();
    if (data === "2") return socket.send("3");
    if (data[0] === "0") {
      const { pingInterval, pingTimeout } = JSON.parse(data.slice(1));
      interval = pingInterval + pingTimeout;
      return socket.send(`40${JSON.stringify({ live: "changes", since, token })}`);
    }
    if (data.startsWith("42")) hear(...JSON.parse(data.slice(2)));
    else if (data.startsWith("43")) answered(JSON.parse(data.slice(data.indexOf("["))));
    else if (data.startsWith("44")) refused(socket, JSON.parse(data.slice(2)));
    else if (data.startsWith("41")) socket.close();
  };
  socket.onclose = () => {
    clearTimeout(silence);
    pending = undefined;
    state("offline", "Not connected; trying again");
    setTimeout(connect, wait);
    wait = Math.min(wait * 2, 5000);
  };
  show("sign-in").onsubmit = (event) => {
    event.preventDefault();
    if (pending || socket.readyState !== WebSocket.OPEN) return;
    const values = Object.fromEntries(new FormData(event.target));
    pending = (ack) => {
      show("refused").textContent = [...new Set(Object.values(ack.errors))].join(" ");
      if (!ack.ok) return;
      token = ack.data.token;
      event.target.reset();
      who(ack.data.user);
    };
    socket.send(`421${JSON.stringify(["login", values])}`);
  };
  heard();
}

function answered([ack]) {
  const settle = pending;
  pending = undefined;
  settle?.(ack);
}

function refused(socket, { message }) {
  // The only thing here that can be wrong with what we say of ourselves.
  token = undefined;
  state("offline", message);
  socket.close();
}

function hear(event, first, second) {
  if (event === "connected") {
    wait = 500;
    state("live", first.access === "members" && !first.user ? "Connected; not signed in" : "Connected, live");
    for (const name of Object.keys(first.schema?.collections ?? {})) collections.get(name) ?? add(name);
    who(first.user, first.access);
  } else if (event === "signed_out") {
    token = undefined;
    state("live", `Signed out: ${first.reason}`);
    who(null);
  } else if (event === "changes") {
    const { cursor, ...changes } = first;
    since = cursor;
    for (const [name, { upserted, deleted }] of Object.entries(changes)) {
      const { ids } = collections.get(name) ?? add(name);
      upserted.forEach(({ id }) => ids.add(id));
      deleted.forEach((id) => ids.delete(id));
      count(name, new Date());
    }
  } else if (Array.isArray(first) && second?.cursor) {
    since = second.cursor;
    (collections.get(event) ?? add(event)).ids = new Set(first.map(({ id }) => id));
    count(event);
  }
}

let members = false;

function who(user, access) {
  if (access) members = access === "members";
  const out = members && !user;
  if (out) {
    since = undefined;
    collections.clear();
    show("counts").tBodies[0].replaceChildren();
  } else if (members) {
    state("live", `Connected, live, as ${user.name}`);
  }
  show("sign-in").hidden = !out;
  show("counts").hidden = out;
}

function add(name) {
  const row = show("counts").tBodies[0].insertRow();
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = name.replaceAll("_", " ");
  row.append(head, document.createElement("td"), document.createElement("td"));
  row.cells[1].textContent = row.cells[2].textContent = "–";
  const collection = { ids: new Set(), row };
  collections.set(name, collection);
  return collection;
}

function count(name, at) {
  const { ids, row } = collections.get(name);
  row.cells[1].textContent = ids.size.toLocaleString();
  if (!at) return;
  row.cells[2].textContent = at.toLocaleTimeString();
  row.classList.add("fresh");
  setTimeout(() => row.classList.remove("fresh"), 600);
}

function state(name, sentence) {
  const status = show("status");
  status.dataset.state = name;
  if (status.textContent !== sentence) status.textContent = sentence;
}

show("address").textContent = home.origin;
if (home.pathname !== "/") show("options").textContent = `, { path: "${home.pathname}socket.io/" }`;
if (navigator.clipboard) {
  show("copy").hidden = false;
  show("copy").onclick = async () => {
    await navigator.clipboard.writeText(show("snippet").textContent);
    show("copied").textContent = "Copied";
    setTimeout(() => (show("copied").textContent = ""), 3000);
  };
}
connect();
