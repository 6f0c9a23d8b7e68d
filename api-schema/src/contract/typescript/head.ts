// Made from the server's own types by `rowcast schema typescript`; not to be edited. To renew it: scripts/schema
//
// With a stock socket.io-client:
//
//   import { io, type Socket } from "socket.io-client";
//   const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io("http://localhost:5555");

