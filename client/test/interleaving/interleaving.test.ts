// Whatever happens in whatever order: in the end the page shows what the server has, no write is lost or doubled, and at
// no time does a row stand beside its stand-in.

import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createClient, memoryTokens } from "../../src/index.ts";
import { Memory } from "./memory.ts";
import { Model, collections, schema } from "./model.ts";
import { ModelSocket } from "./socket.ts";

vi.mock("socket.io-client", () => ({ io: (_: string, options: any) => new ModelSocket(options) }));
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => void vi.useRealTimers());

const kinds = {
  create: 5, twin: 2, update: 4, versioned: 3, delete: 3,
  otherCreate: 2, otherTwin: 1, otherUpdate: 3, otherOnOurs: 3, otherDelete: 1,
  up: 8, down: 12, folded: 4, cut: 2, cutLate: 2, connect: 6, forget: 1, again: 1, unavailable: 1, time: 1, reload: 1,
};
type Step = { kind: keyof typeof kinds; a: number; b: number };
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(...Object.entries(kinds).map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind as keyof typeof kinds) }))),
  a: fc.nat(1000),
  b: fc.nat(1000),
});

interface Made {
  kind: "create" | "update" | "delete";
  collection: string;
  id: number;
  fields: any;
  requestId: string;
  acks: any[];
  /** The page that made it is gone; another one sends it. */
  orphan?: boolean;
}

class Story {
  model = new Model();
  made: Made[] = [];
  // What the page has been told of the server's rows.
  heard: Record<string, Map<number, any>> = { boxes: new Map(), labels: new Map() };
  memory = new Memory();
  client;
  socket;
  half = true;
  #names = 0;

  constructor() {
    ModelSocket.model = this.model;
    for (const name of ["one", "two"]) this.model.write("new_box", { name });
    this.model.write("new_label", { text: "a", box: { id: 1 } });
    this.client = this.open();
    this.socket = ModelSocket.latest;
  }

  open() {
    return createClient<any>(schema as any, { url: "", tokens: memoryTokens(), persistence: this.memory });
  }

  // The page is left, and another one is opened.
  reload(): void {
    if (this.socket.connected) this.socket.down();
    this.client.close();
    for (const made of this.made) if (!made.acks.length) made.orphan = true;
    this.client = this.open();
    this.socket = ModelSocket.latest;
    const rows = (name: string): any[] => this.memory.picture?.rows[name]?.upserted ?? [];
    this.heard = Object.fromEntries(collections.map((name) => [name, new Map(rows(name).map((row) => [row.id, row]))]));
    this.half = !this.memory.picture;
  }

  take({ kind, a, b }: Step): unknown {
    const { model, client, socket } = this;
    const [collection, other] = a % 3 ? ["boxes", "labels"] : ["labels", "boxes"];
    const shown = client.rows(collection);
    const target = shown[b % (shown.length || 1)];
    const theirs = [...model.rows[collection]!.values()];
    const their = theirs[b % (theirs.length || 1)];
    switch (kind) {
      case "create": return this.write("create", collection, 0, this.fields(collection, client.rows("boxes"), a, b));
      case "update": return target && this.write("update", collection, target.id, this.fields(collection, client.rows("boxes"), a, b));
      case "versioned": return target && this.write("update", collection, target.id, { ...this.fields(collection, client.rows("boxes"), a, b), version: target.version });
      case "delete": return target && this.write("delete", collection, target.id, {});
      case "otherCreate": return model.write(`new_${singular(collection)}`, this.fields(collection, [...model.rows.boxes!.values()], a, b));
      // Somebody else makes the same.
      case "otherTwin": {
        const twin = this.made.filter((one) => one.kind === "create" && one.collection === "boxes").at(-1);
        return twin && model.write("new_box", twin.fields);
      }
      // We make the same again.
      case "twin": {
        const twin = this.#open("create", "boxes").at(-1);
        return twin && this.write("create", "boxes", 0, twin.fields);
      }
      // Somebody else changes what we have made and perhaps not heard of.
      case "otherOnOurs": {
        const made = this.#open("create", "boxes").map((one) => model.requests.get(one.requestId)?.ack.data?.id);
        const id = made.findLast((id) => model.rows.boxes!.has(id));
        return id && model.write("update_box", { id, name: `n${++this.#names}` });
      }
      case "otherUpdate": return their && model.write(`update_${singular(collection)}`, { id: their.id, ...this.fields(collection, [...model.rows.boxes!.values()], a, b) });
      case "otherDelete": return their && model.write(`delete_${singular(collection)}`, { id: their.id });
      case "up": return model.connection?.up.length && model.up();
      case "down": return model.connection?.down.length && model.down(this.deliver, false);
      case "folded": return model.connection?.down.length && model.down(this.deliver, true);
      case "cut": return socket.connected && socket.down();
      case "cutLate":
        for (let n = 0; socket.connected && n < b % 4 && model.connection!.up.length; n++) model.up();
        return socket.connected && socket.down();
      case "connect": return socket.connected || socket.up();
      case "forget": return (model.known = model.seq);
      case "again": return model.connection && model.snapshots(0);
      case "unavailable": return (model.unavailable = b % 3);
      case "reload": return this.reload();
      case "time": return vi.advanceTimersByTime(b * 10);
    }
    return other;
  }

  fields(collection: string, boxes: readonly any[], a: number, b: number): any {
    const name = a % 7 === 0 ? "bad" : a % 5 === 0 ? "same" : `n${++this.#names}`;
    if (collection === "boxes") return { name };
    const box = boxes[b % (boxes.length || 1)];
    return { text: name, box: { id: box?.id ?? 99, name: "stale" } };
  }

  write(kind: Made["kind"], collection: string, id: number, fields: any): void {
    const { client } = this;
    const write =
      kind === "create" ? client.create(collection, fields)
      : kind === "update" ? client.update(collection, { id, ...fields })
      : client.delete(collection, id);
    const made: Made = { kind, collection, id: write.id, fields, requestId: write.requestId, acks: [] };
    this.made.push(made);
    void write.then((ack: any) => made.orphan || made.acks.push(ack));
  }

  deliver = (event: string, ...args: any[]): void => {
    if (event === "changes") {
      const { cursor, ...news } = args[0];
      for (const [collection, { upserted, deleted }] of Object.entries<any>(news)) {
        for (const row of upserted) this.heard[collection]!.set(row.id, row);
        for (const id of deleted) this.heard[collection]!.delete(id);
      }
    } else if (event in this.heard) this.heard[event] = new Map(args[0].map((row: any) => [row.id, row]));
    // Between the snapshots of one connect the page shows what it had.
    this.half = event === "boxes";
    this.socket.deliver(event, ...args);
  };

  check(): void {
    for (const collection of collections) {
      const rows: readonly any[] = this.client.rows(collection);
      expect(this.client.rows(collection)).toBe(rows);
      const ids = rows.map((row) => row.id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.filter((id) => id > 0)).toEqual(ids.filter((id) => id > 0).sort((one, other) => one - other));
      for (const row of rows) expect(this.client.row(collection, row.id)).toBe(row);
      this.#beside(collection, ids);
      this.#exact(collection, rows);
    }
    expect(this.model.broken).toEqual([]);
  }

  // Those that look alike cannot be told apart: then it is their number that counts.
  #beside(collection: string, ids: number[]): void {
    const groups = new Map<string, Made[]>();
    for (const made of this.#open("create", collection)) {
      const key = JSON.stringify(made.fields);
      groups.set(key, [...(groups.get(key) ?? []), made]);
    }
    for (const group of groups.values()) {
      const real = group.map((made) => this.model.requests.get(made.requestId)?.ack.data?.id);
      const seen = ids.filter((id) => group.some((made) => made.id === id) || real.includes(id));
      expect(seen.length, "a row beside its stand-in").toBeLessThanOrEqual(group.length);
    }
  }

  // What the server said of a row, and what our own writes will make of it.
  #exact(collection: string, rows: readonly any[]): void {
    // Snapshots are shown once all have come, and what we do to a row that may be ours hangs on the ack.
    if (this.half || this.#open("create", collection).length || this.made.some((made) => made.orphan)) return;
    const mine = [...this.#open("update", collection), ...this.#open("delete", collection)];
    for (const [id, base] of this.heard[collection]!) {
      const own = mine.filter((made) => this.#real(made.id) === id);
      const expected = own.some((made) => made.kind === "delete") ? undefined : Object.assign({}, base, ...own.map((made) => made.fields));
      const shown = rows.find((row) => row.id === id);
      // A box that is being made shows with whatever id it has by now.
      if (expected?.box?.id < 0) expected.box = shown?.box;
      expect(plain(shown)).toEqual(plain(expected));
    }
  }

  #real(id: number): number {
    return this.made.find((made) => made.kind === "create" && made.id === id)?.acks[0]?.data?.id ?? id;
  }

  #open(kind: string, collection: string): Made[] {
    return this.made.filter((made) => made.kind === kind && made.collection === collection && !made.acks.length);
  }

  async end(): Promise<void> {
    const { model, socket } = this;
    model.unavailable = 0;
    for (let n = 0; n < 3; n++) {
      if (!socket.connected) socket.up();
      while (model.connection!.up.length || model.connection!.down.length) {
        if (model.connection!.up.length) model.up();
        else model.down(this.deliver, false);
        await ticks();
        this.check();
      }
      vi.advanceTimersByTime(40_000);
      await ticks();
    }
    const waiting = this.made.filter((made) => !made.orphan && made.acks.length !== 1);
    expect(waiting, "writes that were not answered once").toEqual([]);
    expect(this.client.connection()).toMatchObject({ state: "live", waiting: 0 });
    for (const collection of collections) {
      expect(this.client.rows(collection)).toEqual([...model.rows[collection]!.values()]);
      for (const row of this.client.rows(collection)) expect(this.client.pending(collection, row.id)).toBeUndefined();
    }
    for (const made of this.made) this.#wasDone(made);
  }

  // A write that depends on a version is refused if somebody else changed the row since, and only then.
  #wasChecked(made: Made, ack: any): void {
    const seen = made.fields.version;
    if (seen === undefined || !ack?.data) return;
    const theirs = this.model.theirs.get(`${made.collection} ${ack.data.id}`) ?? [];
    // What was seen of a stand-in became the first version.
    const between = theirs.filter((version) => version > Math.max(seen, 1));
    if (ack.ok) expect(between.filter((version) => version < ack.data.version), "a change was overwritten").toEqual([]);
    else expect(between, "a conflict with nobody").not.toEqual([]);
  }

  // What was acked is what was done, and what was not done was never sent.
  #wasDone(made: Made): void {
    this.#wasChecked(made, this.model.requests.get(made.requestId)?.ack);
    const [ack] = made.acks;
    const done = this.model.requests.get(made.requestId)?.ack;
    if (made.orphan) {
      // Without a page to tell it to, what was given up because of another write leaves no trace.
      const builds = made.kind !== "create" && made.id < 0 || made.fields.box?.id < 0 || this.made.some((other) => other.kind === "delete" && other.id === made.id);
      expect(done || builds, "a write that was kept is lost").toBeTruthy();
    } else if (done) expect({ ok: ack.ok, data: ack.data, errors: ack.errors }).toEqual(done);
    else expect(Object.keys(ack.errors).join() || "withdrawn").toMatch(/^(\$depends|\$withdrawn|withdrawn)$/);
  }
}

test("any interleaving ends as the server has it", { timeout: 300_000 }, async () => {
  const runs = Number(process.env.RUNS ?? 1000);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
      const story = new Story();
      try {
        await ticks();
        story.socket.up();
        for (const one of steps) {
          story.take(one);
          await ticks();
          story.check();
        }
        await story.end();
      } finally {
        story.client.close();
      }
    }),
    { numRuns: runs },
  );
});

// Promises that are settled have been heard by then.
async function ticks(): Promise<void> {
  for (let n = 0; n < 8; n++) await Promise.resolve();
}

const singular = (collection: string) => (collection === "boxes" ? "box" : "label");
const plain = (row: any) => {
  if (!row) return row;
  const { version, box, ...rest } = row;
  return { ...rest, box: box?.id };
};
