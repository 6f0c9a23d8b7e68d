// What the load generator asks of a Socket.IO server, on the original: one process, as its
// documentation has it, with `ws` and its own defaults. Listens on 127.0.0.1, at PORT.

import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { pingInterval: 25_000, pingTimeout: 20_000, maxHttpBufferSize: 10_000_000 });

io.on("connection", (socket) => {
  socket.on("echo", (argument, ack) => ack(argument));
  socket.on("broadcast", (argument, ack) => {
    io.emit("news", argument);
    ack(true);
  });
});

process.on("SIGTERM", () => process.exit(0));
http.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ready"));
