// A small client of Socket.IO, so that this page needs no build. An app uses the package `socket.io-client`.
//
// It speaks WebSocket alone: https://socket.io/docs/v4/engine-io-protocol, https://socket.io/docs/v4/socket-io-protocol.
export function connect(path) {
  const address = new URL(`${path}?EIO=4&transport=websocket`, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const listeners = new Map();
  const acks = new Map();
  let socket, ready, wait, lastAck = 0;

  const emitLocally = (event, ...values) => listeners.get(event)?.(...values);
  const whenReady = () => new Promise((resolve) => (ready ? resolve() : waiting.push(resolve)));
  const waiting = [];

  function open() {
    socket = new WebSocket(address);
    socket.onmessage = ({ data }) => receive(data);
    socket.onclose = () => {
      if (ready) emitLocally("disconnect");
      ready = false;
      // Nobody knows whether the server has handled these.
      for (const resolve of acks.values()) resolve({ ok: false, data: null, errors: { $lost: "The connection was lost." } });
      acks.clear();
      wait = Math.min((wait ?? 250) * 2, 5000);
      setTimeout(open, wait);
    };
  }

  function receive(packet) {
    const [, type, id, json] = /^(0|2|4[0-4])(\d*)(.*)$/s.exec(packet) ?? [];
    if (type === "0") socket.send("40");
    else if (type === "2") socket.send("3");
    else if (type === "40") {
      [ready, wait] = [true, undefined];
      emitLocally("connect");
      waiting.splice(0).forEach((resolve) => resolve());
    } else if (type === "42") emitLocally(...JSON.parse(json));
    else if (type === "43") {
      acks.get(Number(id))?.(...JSON.parse(json));
      acks.delete(Number(id));
    } else if (type === "44") emitLocally("connect_error", JSON.parse(json));
  }

  open();
  return {
    on: (event, listener) => listeners.set(event, listener),
    // The answer to an event. It is sent once the server is connected.
    emitWithAck: async (event, ...values) => {
      await whenReady();
      return new Promise((resolve) => {
        acks.set(++lastAck, resolve);
        socket.send(`42${lastAck}${JSON.stringify([event, ...values])}`);
      });
    },
  };
}
