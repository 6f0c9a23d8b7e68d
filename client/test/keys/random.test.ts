// Random keys of every kind, in whatever order things happen: the store shows what the server has and what our own
// writes make of it, in the server's order.

import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MemoryPersistence } from "../interleaving/memory-persistence.ts";
import { ModelSocket } from "../interleaving/socket.ts";
import { KeyedModel, collections, columnsOf, compareKeys, keyOf, keyText, keyedPage, ticks, versionOf } from "./model.ts";

vi.mock("socket.io-client", () => ({ io: (_: string, options: any) => new ModelSocket(options) }));
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] }));
afterEach(() => void vi.useRealTimers());

const names = Object.keys(collections);
const text = fc.oneof(
  fc.constantFrom("", "1", "10", "9", "__proto__", "constructor", "toString", "a b", "a\u0001b", "\uffff", "\u{10000}", '"', "[1]", "null", "-5"),
  fc.string({ unit: "grapheme", maxLength: 3 }),
);
const number = fc.oneof(fc.integer({ min: -3, max: 12 }), fc.maxSafeNat().map((n) => n % 2 ** 51));
const digits = fc.oneof(fc.bigInt({ min: -12n, max: 12n }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })).map(String);
/** What a client or another program gives as the key of a new row; undefined leaves it to the database. */
const given: Record<string, fc.Arbitrary<unknown[]>> = {
  orders: fc.tuple(fc.option(number, { nil: undefined, freq: 2 })),
  constructor: fc.tuple(text),
  tokens: fc.tuple(fc.option(text, { nil: undefined, freq: 2 })),
  lines: fc.tuple(number, text),
  wide: fc.tuple(digits),
  boxes: fc.constant([undefined]),
};
const kinds = ["create", "create", "child", "child", "update", "versioned", "delete", "other", "otherUpdate", "otherDelete", "up", "up", "down", "down", "down", "cut", "connect", "lock", "reload", "time"] as const;
const step = fc.constantFrom(...names).chain((collection) =>
  fc.record({ kind: fc.constantFrom(...kinds), collection: fc.constant(collection), key: given[collection]!, a: fc.nat(1000), name: fc.constantFrom("n1", "n2", "n3", "bad") }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

class Story {
  model = new KeyedModel();
  memory = new MemoryPersistence();
  page = this.open();
  acks: { kind: string; acks: any[]; orphan?: boolean }[] = [];

  open() {
    return keyedPage(this.model, { persistence: this.memory });
  }

  fields(collection: string, key: unknown[], { a, name }: Step): Record<string, any> {
    const given = columnsOf(collection).map((column, n) => [column, key[n]] as const).filter(([, value]) => value !== undefined);
    const pick = (from: string, column: string) => {
      const rows = this.page.client.rows(from);
      return rows.length && a % 3 ? (rows[a % rows.length] as any)[column] : null;
    };
    const references = collection === "orders" ? { client_code: pick("constructor", "code") } : collection === "lines" ? { token_id: pick("tokens", "toString") } : {};
    return { ...Object.fromEntries(given), ...references, name };
  }

  take(one: Step): void {
    const { model } = this;
    const { client, socket } = this.page;
    const { kind, collection, key, a } = one;
    const shown = client.rows(collection);
    const target: any = shown[a % (shown.length || 1)];
    const theirs = model.list(collection);
    const their = theirs[a % (theirs.length || 1)];
    const keyed = (row: any) => Object.fromEntries(columnsOf(collection).map((column) => [column, row[column]]));
    const singular = collections[collection]!.name;
    switch (kind) {
      case "create": return this.made(kind, client.create(collection, this.fields(collection, key, one)));
      case "child": {
        const orders: readonly any[] = client.rows("orders");
        const order = orders[a % (orders.length || 1)];
        return order && this.made(kind, client.create("lines", this.fields("lines", [order.order_id, `${a % 5}`], one)));
      }
      case "update": return target && this.made(kind, client.update(collection, { ...keyed(target), ...this.fields(collection, [], one) }));
      case "versioned": {
        const version = versionOf(collection);
        return target && this.made(kind, client.update(collection, { ...keyed(target), ...this.fields(collection, [], one), [version]: target[version] }));
      }
      case "delete": return target && this.made(kind, client.delete(collection, keyOf(collection, target)));
      case "other": return void model.write(`new_${singular}`, { ...this.fields(collection, key, one), client_code: null, token_id: null });
      case "otherUpdate": return their && model.write(`update_${singular}`, { ...keyed(their), name: one.name });
      case "otherDelete": return their && model.write(`delete_${singular}`, keyed(their));
      case "up": return void (model.connection?.up.length && model.up());
      case "down": return void (model.connection?.down.length && model.down());
      case "cut": return void (socket.connected && socket.down());
      case "connect": return void (socket.connected || socket.up());
      case "lock": return void (model.locked = a % 3);
      case "time": return void vi.advanceTimersByTime(a * 10);
      case "reload": {
        if (socket.connected) socket.down();
        client.close();
        for (const made of this.acks) made.orphan ||= !made.acks.length;
        this.page = this.open();
      }
    }
  }

  made(kind: string, write: Promise<any>): void {
    const made: Story["acks"][number] = { kind, acks: [] };
    this.acks.push(made);
    void write.then((ack) => made.orphan || made.acks.push(ack));
  }

  check(): void {
    const { client } = this.page;
    for (const collection of names) {
      const rows: readonly any[] = client.rows(collection);
      expect(client.rows(collection)).toBe(rows);
      const keys = rows.map((row) => keyText(collection, row));
      expect(new Set(keys).size, "a key twice").toBe(keys.length);
      for (const row of rows) expect(client.row(collection, keyOf(collection, row))).toBe(row);
      const temporary = (row: any) => /[,[]-[4-9]\d{15}|\\u0000/.test(keyText(collection, row));
      const real = rows.filter((row) => !temporary(row));
      expect(real.map((row) => keyText(collection, row))).toEqual([...real].sort((one, other) => compareKeys(collection, one, other)).map((row) => keyText(collection, row)));
    }
    expect(this.model.broken).toEqual([]);
  }

  async end(): Promise<void> {
    const { model } = this;
    model.locked = 0;
    const { client, live } = this.page;
    for (let n = 0; n < 3; n++) await live();
    this.check();
    expect(client.connection()).toMatchObject({ state: "live", pendingCount: 0, persisted: true });
    for (const collection of names) {
      expect(client.rows(collection)).toEqual(model.list(collection));
      for (const row of client.rows(collection)) expect(client.pending(collection, keyOf(collection, row))).toBeUndefined();
      // And so does the next page.
      const stored = this.memory.snapshot!.rows[collection]?.upserted ?? [];
      expect([...stored].sort((one, other) => compareKeys(collection, one, other))).toEqual(model.list(collection));
    }
    expect(this.memory.writes.size).toBe(0);
    for (const { orphan, acks } of this.acks) if (!orphan) expect(acks).toHaveLength(1);
  }
}

test("any interleaving over keys of every kind converges to the server state", { timeout: 300_000 }, async () => {
  const [runs, seed] = [Number(process.env.RUNS ?? 400), Number(process.env.SEED ?? 20261201)];
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 50, size: "max" }), async (steps) => {
      const story = new Story();
      try {
        await ticks();
        story.page.socket.up();
        for (const one of steps) {
          story.take(one);
          await ticks();
          story.check();
        }
        await story.end();
      } finally {
        story.page.client.close();
      }
    }),
    { numRuns: runs, seed },
  );
});
