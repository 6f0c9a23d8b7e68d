// Generated from the server's types by its command `schema typescript`; do not edit.
//
// With a stock socket.io-client:
//
//   import { io, type Socket } from "socket.io-client";
//   const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io("http://localhost:5555");

