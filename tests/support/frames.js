// Splits what one end of a connection sends: HTTP as it arrives, and each frame of a WebSocket by itself, so that a
// fault hits a unit of the protocol.

const upgrade = /^(?:GET [^]*\r\nupgrade: websocket\r\n|HTTP\/1\.1 101 )/i;

export class FrameSplitter {
  #rest = Buffer.alloc(0);
  #upgraded = false;

  // Each is `{ bytes, kind }`: an `event` of Socket.IO (a POST of long-polling counts as one), an `ack`, or `other`.
  *split(chunk) {
    if (!this.#upgraded) {
      const text = chunk.toString("latin1");
      this.#upgraded = upgrade.test(text);
      const end = this.#upgraded ? text.indexOf("\r\n\r\n") + 4 : chunk.length;
      yield { bytes: chunk.subarray(0, end), kind: text.startsWith("POST ") ? "event" : "other" };
      chunk = chunk.subarray(end);
    }
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const frame = read(this.#rest);
      if (!frame) return;
      this.#rest = this.#rest.subarray(frame.bytes.length);
      yield frame;
    }
  }
}

// The first frame, if it is complete (RFC 6455, section 5.2).
function read(bytes) {
  if (bytes.length < 2) return null;
  const short = bytes[1] & 0x7f;
  const extended = { 126: 2, 127: 8 }[short] ?? 0;
  const masked = (bytes[1] & 0x80) !== 0;
  const start = 2 + extended + (masked ? 4 : 0);
  if (bytes.length < start) return null;
  const length = extended === 0 ? short : bytes.readUIntBE(extended === 2 ? 2 : 4, extended === 2 ? 2 : 6);
  if (bytes.length < start + length) return null;
  const first = [0, 1].map((at) => bytes[start + at] ^ (masked ? bytes[start - 4 + at] : 0));
  const packet = length < 2 ? "" : String.fromCharCode(...first);
  // Engine.IO's message, then Socket.IO's packet type.
  const kind = { 42: "event", 43: "ack" }[packet] ?? "other";
  return { bytes: bytes.subarray(0, start + length), kind };
}
