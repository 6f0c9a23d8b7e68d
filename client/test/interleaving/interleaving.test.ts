// Whatever happens in whatever order: in the end the page shows what the server has, no write is lost or doubled, and
// at no time does a row stand beside its stand-in.

import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createClient, memoryTokens } from "../../src/index.ts";
import { remoteEdits } from "../../src/remote-edits.ts";
import { MemoryPersistence } from "./memory-persistence.ts";
import { Model, collections, schema, type Version } from "./model.ts";
import { ModelSocket } from "./socket.ts";

vi.mock("socket.io-client", () => ({ io: (_: string, options: any) => new ModelSocket(options) }));
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"], now: 1.8e12 }));
afterEach(() => void vi.useRealTimers());

const kinds = {
  create: 5, twin: 2, update: 4, versioned: 3, delete: 3,
  otherCreate: 2, otherTwin: 1, otherUpdate: 3, otherOnOurs: 3, otherDelete: 1,
  foreign: 3, authored: 4,
  up: 8, down: 12, folded: 4, cut: 2, cutLate: 2, connect: 6, forget: 1, again: 1, time: 1, reload: 1,
  unavailable: 1, locked: 2, unknown: 2, jump: 1, sleep: 1,
};
const HOUR = 60 * 60 * 1000;
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
  /** When it was made, among all of ours. */
  seq: number;
  acks: any[];
  /** When it was acked, by the server's clock. */
  answered?: number;
  /** The page that made it is gone; another one sends it. */
  orphan?: boolean;
}

class Story {
  model;
  made: Made[] = [];
  // The server's rows as the page has received them.
  heard: Record<string, Map<number, any>> = { boxes: new Map(), labels: new Map() };
  memory = new MemoryPersistence();
  client;
  socket;
  // What has come of a picture that is on its way: until its last piece is there the page shows what it had.
  coming: Story["heard"] | undefined;
  // Changes by others as the page displayed them, and their authors as far as the page received them.
  shown = new Map<string, { version: Version; created: boolean }>();
  authors = new Map<string, object>();
  #names = 0;

  constructor(kind: { counts: boolean; parts: boolean }) {
    ModelSocket.model = this.model = new Model(kind);
    for (const name of ["one", "two"]) this.model.write("new_box", { name });
    this.model.write("new_label", { text: "a", box: { id: 1 } });
    this.client = this.open();
    this.socket = ModelSocket.latest;
  }

  open() {
    const client = createClient<any>(schema as any, { url: "http://model", tokens: memoryTokens(), persistence: this.memory, remoteEdits: remoteEdits() });
    client.subscribe(() => {});
    return client;
  }

  // Half a picture is none.
  cut(): void {
    this.coming = undefined;
    this.socket.down();
  }

  // The page is left, and another one is opened.
  reload(): void {
    if (this.socket.connected) this.cut();
    this.client.close();
    for (const made of this.made) if (!made.acks.length) made.orphan = true;
    this.client = this.open();
    this.socket = ModelSocket.latest;
    const rows = (name: string): any[] => this.memory.snapshot?.rows[name]?.upserted ?? [];
    this.heard = Object.fromEntries(collections.map((name) => [name, new Map(rows(name).map((row) => [row.id, row]))]));
    this.coming = undefined;
    for (const told of [this.shown, this.authors]) told.clear();
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
      // Another client creates an equal row.
      case "otherTwin": {
        const twin = this.made.filter((one) => one.kind === "create" && one.collection === "boxes").at(-1);
        return twin && model.write("new_box", twin.fields);
      }
      // We make the same again.
      case "twin": {
        const twin = this.#open("create", "boxes").at(-1);
        return twin && this.write("create", "boxes", 0, twin.fields);
      }
      // Another client changes a row that this one has created and perhaps not received.
      case "otherOnOurs": {
        const made = this.#open("create", "boxes").map((one) => model.requests.get(one.requestId)?.ack.data?.id);
        const id = made.findLast((id) => model.rows.boxes!.has(id));
        return id && model.write("update_box", { id, name: `n${++this.#names}` });
      }
      case "otherUpdate": return their && model.write(`update_${singular(collection)}`, { id: their.id, ...this.others(collection, b) });
      // Another program, which knows nothing of versions.
      case "foreign": return their && model.foreign(collection, their.id, this.others(collection, b));
      // The author arrives before or after the change, or never.
      case "authored": {
        const versions = their && (model.theirs.get(`${collection} ${their.id}`) ?? []);
        const version = versions?.at(-1 - (a % 3));
        return version && model.connection && this.deliver("authored", { collection, id: their!.id, version, by: { id: 7, name: `${version}` } });
      }
      case "otherDelete": return their && model.write(`delete_${singular(collection)}`, { id: their.id });
      case "up": return model.connection?.up.length && model.up();
      case "down": return model.connection?.down.length && model.down(this.deliver, false);
      case "folded": return model.connection?.down.length && model.down(this.deliver, true);
      case "cut": return socket.connected && this.cut();
      case "cutLate":
        for (let n = 0; socket.connected && n < b % 4 && model.connection!.up.length; n++) model.up();
        return socket.connected && this.cut();
      case "connect": return socket.connected || socket.up();
      case "forget": return (model.known = model.seq);
      case "again": return model.connection && model.snapshots(0);
      case "unavailable": return (model.unavailable = b % 3);
      case "locked": return (model.locked = b % 3);
      case "unknown": return Object.assign(model, { unknown: b % 3, carriedOut: a % 2 === 0 });
      case "reload": return this.reload();
      case "time": return vi.advanceTimersByTime(b * 10);
      // The device's clock is set, by up to six weeks.
      case "jump": return vi.setSystemTime(Date.now() + (b - 500) * 2 * HOUR);
      // Its timers and its own clock stand still, and nothing is left of the connection.
      case "sleep":
        if (socket.connected) this.cut();
        model.slept += (b % 40) * HOUR;
        return vi.setSystemTime(Date.now() + (b % 40) * HOUR);
    }
    return other;
  }

  fields(collection: string, boxes: readonly any[], a: number, b: number): any {
    const name = a % 7 === 0 ? "bad" : a % 5 === 0 ? "same" : `n${++this.#names}`;
    if (collection === "boxes") return { name };
    const box = boxes[b % (boxes.length || 1)];
    return { text: name, box: { id: box?.id ?? 99, name: "stale" } };
  }

  // What others make of a row is like nothing that we write.
  others(collection: string, b: number): any {
    return this.fields(collection, [...this.model.rows.boxes!.values()], 1, b);
  }

  write(kind: Made["kind"], collection: string, id: number, fields: any): void {
    const { client } = this;
    const write =
      kind === "create" ? client.create(collection, fields)
      : kind === "update" ? client.update(collection, { id, ...fields })
      : client.delete(collection, id);
    const made: Made = { kind, collection, id: write.id, fields, requestId: write.requestId, acks: [], seq: this.made.length };
    this.made.push(made);
    void write.then((ack: any) => {
      if (made.orphan) return;
      made.acks.push(ack);
      made.answered = this.model.time;
    });
  }

  deliver = (event: string, ...args: any[]): void => {
    const before = structuredClone(this.heard);
    const { ready } = this.client.connection();
    if (event === "authored") this.authors.set(`${args[0].collection} ${args[0].id} ${args[0].version}`, args[0].by);
    else if (event === "part") this.#part(args[0]);
    else if (event in this.heard) this.#snapshot(event, args[0]);
    else if (event === "changes") this.#changes(args[0]);
    if (ready) this.#look(before);
    this.socket.deliver(event, ...args);
  };

  #changes({ cursor, ...news }: any): void {
    this.#shows();
    for (const [collection, { upserted, deleted }] of Object.entries<any>(news)) {
      for (const row of upserted) this.heard[collection]!.set(row.id, row);
      for (const id of deleted) this.heard[collection]!.delete(id);
    }
  }

  #snapshot(collection: string, rows: any[]): void {
    this.coming = { ...this.coming, [collection]: new Map(rows.map((row) => [row.id, row])) };
    if (collections.every((name) => name in this.coming!)) this.#shows();
  }

  #part({ n, of, collection, rows }: { n: number; of: number; collection: string; rows: any[] }): void {
    const come = n === 1 ? {} : { ...this.coming };
    this.coming = { ...come, [collection]: new Map([...(come[collection] ?? []), ...rows.map((row) => [row.id, row] as const)]) };
    if (n === of) this.#shows();
  }

  #shows(): void {
    this.heard = { ...this.heard, ...this.coming };
    this.coming = undefined;
  }

  // Which rows the page is shown with a version that others gave them.
  #look(before: Story["heard"]): void {
    for (const collection of collections) {
      for (const [id, { version }] of this.heard[collection]!) {
        const old = before[collection]!.get(id);
        const row = `${collection} ${id}`;
        if (version === old?.version || !this.model.theirs.get(row)?.includes(version)) continue;
        this.shown.set(row, { version, created: !old });
      }
    }
  }

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

  // Equal rows cannot be distinguished: then their number counts.
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
    // What we do to a row that may be ours hangs on the ack.
    if (this.#open("create", collection).length || this.made.some((made) => made.orphan)) return;
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
    Object.assign(model, { unavailable: 0, locked: 0, unknown: 0 });
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
    expect(this.client.connection()).toMatchObject({ state: "live", pendingCount: 0 });
    for (const collection of collections) {
      expect(this.client.rows(collection)).toEqual([...model.rows[collection]!.values()]);
      for (const row of this.client.rows(collection)) expect(this.client.pending(collection, row.id)).toBeUndefined();
    }
    for (const made of this.made) this.#wasDone(made);
    this.#inOrder();
    this.#touched();
  }

  // What was given up for its age may have been carried out, and the page cannot know that it was its own.
  #gaveUp(): boolean {
    return this.made.some((made) => made.acks[0]?.errors.$expired || (made.orphan && this.#age(made, this.model.time) > 23 * HOUR - 1));
  }

  // Writes to one row were carried out in the order that they were made.
  #inOrder(): void {
    const turns = new Map<string, number>();
    for (const made of this.made) {
      const done = this.model.requests.get(made.requestId);
      const row = `${made.collection} ${done?.ack.data?.id}`;
      if (!done?.ack.ok) continue;
      expect(done.turn, "overtaken by a later write to its row").toBeGreaterThan(turns.get(row) ?? 0);
      turns.set(row, done.turn);
    }
  }

  // The page reports the last change by others to each displayed row, and none of its own.
  #touched(): void {
    for (const collection of collections) {
      for (const { id } of this.client.rows(collection)) {
        const [row, edit] = [`${collection} ${id}`, this.client.lastEdit(collection, id)];
        const last = this.shown.get(row);
        if (this.#gaveUp()) continue;
        if (last) expect(edit).toMatchObject({ version: last.version, kind: last.created ? "created" : "updated" });
        if (!edit) continue;
        expect(this.model.theirs.get(row), "our own change").toContain(edit.version);
        const by = this.authors.get(`${row} ${edit.version}`);
        if (edit.by || by) expect(edit.by).toEqual(by);
      }
    }
  }

  // A write that depends on a version is refused if and only if another client changed the row since.
  #wasChecked(made: Made, ack: any): void {
    const seen = made.fields.version;
    if (seen === undefined || !ack?.data) return;
    const row = `${made.collection} ${ack.data.id}`;
    const turn = (version: Version) => this.model.turns.get(`${row} ${version}`)!;
    // What was seen of a stand-in became the first version.
    const from = seen === 0 ? 0 : turn(seen);
    const theirs = (this.model.theirs.get(row) ?? []).map(turn).filter((at) => at > from);
    const excused = this.#gaveUp() || this.#unseen(made) || (seen === 0 && this.#overtaken(made, row));
    if (!ack.ok) return expect(theirs.length > 0 || excused, "a conflict with nobody").toBe(true);
    // What we overwrote before on purpose, as it is without a version, is not there to be overwritten.
    const forced = this.made.map(({ kind, fields, requestId }) => {
      const done = this.model.requests.get(requestId)?.ack;
      const same = kind === "update" && fields.version === undefined && done?.ok && `${made.collection} ${done.data.id}` === row;
      return same ? turn(done.data.version) : 0;
    });
    const to = turn(ack.data.version);
    const lost = theirs.filter((at) => at < to && !forced.some((own) => own > at && own < to));
    expect(lost, "a change was overwritten").toEqual([]);
  }

  // It was sent by a later page, which knows of the row as it is and not as it was, behind one that has no version.
  #unseen({ orphan, seq }: Made): boolean {
    return !!orphan && this.made.some((made) => made.seq < seq && made.kind === "update" && made.fields.version === undefined);
  }

  // A page that sent a create before its first snapshot may match another row of the snapshot to it until the ack
  // arrives. A write to that row meanwhile does not wait for the create.
  #overtaken({ seq }: Made, row: string): boolean {
    return this.made.some(({ kind, fields, requestId, seq: later, id }) => {
      const done = this.model.requests.get(requestId)?.ack;
      return kind === "update" && later > seq && id > 0 && fields.version === undefined && done?.ok && `boxes ${done.data.id}` === row;
    });
  }

  // How long before that it was first sent.
  #age({ requestId }: Made, then: number): number {
    return then - (this.model.first.get(requestId) ?? then);
  }

  // What was acked is what was done, and what was not done was never sent.
  #wasDone(made: Made): void {
    this.#wasChecked(made, this.model.requests.get(made.requestId)?.ack);
    const [ack] = made.acks;
    const done = this.model.requests.get(made.requestId)?.ack;
    if (made.orphan) {
      // Without a page to receive the ack, a write given up because of another one leaves no trace.
      const old = (one: Made) => this.#age(one, this.model.time) > 23 * HOUR - 1;
      const failed = (id: number) => id < 0 && !this.made.some((one) => one.id === id && !old(one) && this.model.requests.get(one.requestId)?.ack.data?.version);
      const withdrawn = made.kind === "create" && this.made.some((other) => other.kind === "delete" && other.id === made.id);
      const given = withdrawn || old(made) || failed(made.fields.box?.id ?? 0) || (made.kind !== "create" && failed(made.id));
      expect(done || given, "a write that was kept is lost").toBeTruthy();
    } else if (ack.errors.$expired) expect(this.#age(made, made.answered!), "young, and given up").toBeGreaterThan(23 * HOUR - 1);
    else if (done) expect({ ok: ack.ok, data: ack.data, errors: ack.errors }).toEqual(done);
    else expect(Object.keys(ack.errors).join() || "withdrawn").toMatch(/^(\$depends|\$withdrawn|withdrawn)$/);
  }
}

test.each([
  ["versions that count", { counts: true, parts: true }],
  ["versions that say nothing", { counts: false, parts: true }],
  ["a server that knows no parts", { counts: true, parts: false }],
])("any interleaving converges to the server state, with %s", { timeout: 300_000 }, async (_, kind) => {
  // The same in each run, unless another seed is said: a search for what is rare is made at length.
  const [runs, seed] = [Number(process.env.RUNS ?? 600), Number(process.env.SEED ?? 20261130)];
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
      const story = new Story(kind);
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
    { numRuns: runs, seed },
  );
});

// The callbacks of settled promises have run by then.
async function ticks(): Promise<void> {
  for (let n = 0; n < 8; n++) await Promise.resolve();
}

const singular = (collection: string) => (collection === "boxes" ? "box" : "label");
const plain = (row: any) => {
  if (!row) return row;
  const { version, box, ...rest } = row;
  return { ...rest, box: box?.id };
};
