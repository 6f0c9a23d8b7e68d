// The planner on the original Socket.IO server: who connects is sent all rows, and after each write so is everyone.
//
// Listens on 127.0.0.1, at PORT, with tables of its own in DATABASE_URL, which must be empty: COACHES coaches, and ROWS
// of everything else. One process, as socket.io's documentation has it, with `ws` and its own defaults.

import { createServer } from "node:http";
import { Server } from "socket.io";
import { open } from "./database.js";
import { collections, updateCoach } from "./planner.js";

const { DATABASE_URL, PORT, COACHES, ROWS } = process.env;
const database = await open(DATABASE_URL, { coaches: Number(COACHES), rows: Number(ROWS) });
const http = createServer();
const io = new Server(http);

async function send(to) {
  for (const [name, rows] of Object.entries(collections)) to.emit(name, await rows(database));
}

io.on("connection", async (socket) => {
  socket.on("update_coach", async (payload, ack) => {
    const { data = null, errors = {} } = await updateCoach(database, payload).catch(failed);
    if (data) await send(io);
    ack({ ok: data !== null, data, errors });
  });
  socket.emit("connected", { data: `id: ${socket.id} is connected`, sid: socket.id, user: null });
  await send(socket);
});

function failed(error) {
  console.error(error);
  return { errors: { $internal: String(error) } };
}

process.on("SIGTERM", () => process.exit(0));
// room for as many connections that wait to be accepted as the others have
http.listen({ port: Number(PORT), host: "127.0.0.1", backlog: 1024 }, () => console.log("ready"));
