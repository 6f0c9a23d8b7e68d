// Hostile clients: each kind at its own pace, from its own addresses of this machine.
//
// node hostile.js URL; until its standard input ends, or it is killed.

import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const { hostname, port } = new URL(process.argv[2]);
process.stdin.on("end", () => process.exit()).resume();

let host = 1;
// Each kind has an address of its own, and some have several.
const address = () => `127.0.0.${(host += 1)}`;

function open(from) {
  const socket = connect({ host: hostname, port: Number(port), localAddress: from });
  socket.on("error", () => {});
  return socket;
}

const get = (path, headers = "") => `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${headers}\r\n`;
const handshake = "/socket.io/?EIO=4&transport=polling";
const upgrade = get(
  "/socket.io/?EIO=4&transport=websocket",
  `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n`,
);

// A masked text frame; the mask is zero.
function frame(text) {
  const body = Buffer.from(text);
  const size = body.length < 126 ? [0x80 | body.length] : [0x80 | 126, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([0x81, ...size, 0, 0, 0, 0]), body]);
}

// So many times a second, on and on.
async function pace(times, act) {
  for (;;) {
    act();
    await pause(1000 / times);
  }
}

// What a kind holds open, at most so many; the oldest go first.
function held(most) {
  const open = [];
  return (socket) => {
    open.push(socket);
    if (open.length > most) open.shift().destroy();
  };
}

const kinds = {
  // Sessions that never join.
  handshakes(from) {
    const keep = held(500);
    pace(100, () => {
      const socket = open(from).on("data", () => {});
      socket.write(get(handshake));
      keep(socket);
    });
  },
  // Asks for much, reads nothing, and hangs up.
  hangingUp(from) {
    pace(5, async () => {
      const socket = open(from).pause();
      socket.write(upgrade);
      await pause(50);
      socket.write(frame("40"));
      for (let count = 0; count < 200; count += 1) socket.write(frame(`42${count}["list_coaches",{"limit":500}]`));
      await pause(100);
      socket.destroy();
    });
  },
  // Stays, and reads nothing.
  silent(from) {
    const keep = held(100);
    pace(2, async () => {
      const socket = open(from).pause();
      keep(socket);
      socket.write(upgrade);
      await pause(50);
      socket.write(frame("40"));
      for (let count = 0; count < 50; count += 1) socket.write(frame(`42${count}["list_coaches",{"limit":500}]`));
    });
  },
  // Guesses passwords of existing and of missing users.
  guessing(from) {
    pace(5, async () => {
      const socket = open(from).on("data", () => {});
      socket.write(upgrade);
      await pause(50);
      socket.write(frame("40"));
      for (let count = 0; count < 10; count += 1) {
        const username = count % 2 ? "mara" : `nobody${count}`;
        socket.write(frame(`42${count}["login",{"username":"${username}","password":"guess ${Math.random()}"}]`));
      }
      await pause(1000);
      socket.destroy();
    });
  },
  // What is no HTTP, no WebSocket and no Socket.IO.
  garbage(from) {
    pace(20, async () => {
      const socket = open(from).on("data", () => {});
      const [kind] = randomBytes(1);
      socket.write(kind % 2 ? randomBytes(500) : upgrade);
      await pause(30);
      socket.write(kind % 3 ? randomBytes(2000) : frame(`42["${"x".repeat(3000)}`));
      await pause(200);
      socket.destroy();
    });
  },
  // Headers that never end.
  dribbling(from) {
    const keep = held(200);
    pace(10, () => {
      const socket = open(from);
      keep(socket);
      socket.write("GET /socket.io/?EIO=4");
      const more = setInterval(() => socket.write("&x=1"), 1000);
      socket.on("close", () => clearInterval(more));
    });
  },
  // A foreign page in a member's browser.
  foreignPage(from) {
    pace(50, () => {
      const socket = open(from).on("data", () => socket.destroy());
      socket.write(get(handshake, "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n"));
    });
  },
  // Bodies that announce more than they bring, and some that are as large as may be.
  bodies(from) {
    pace(5, async () => {
      const socket = open(from).on("data", () => {});
      const size = 900_000;
      socket.write(`POST ${handshake}&sid=none HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: ${size}\r\n\r\n`);
      socket.write(randomBytes(100_000));
      await pause(500);
      socket.destroy();
    });
  },
};

for (const kind of Object.values(kinds)) kind(address());
