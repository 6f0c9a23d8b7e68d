// Made from the server's own types by its command `schema typescript`; not to be edited.
//
// With a stock socket.io-client:
//
//   import { io, type Socket } from "socket.io-client";
//   const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io("http://localhost:5555");

