// A server of tables with keys of every kind, over the socket whose every step the test decides.

import { vi } from "vitest";
import { createClient, memoryTokens, type Client, type ClientOptions, type CollectionSchema } from "../../src/index.ts";
import { remoteEdits } from "../../src/remote-edits.ts";
import { ModelSocket } from "../interleaving/socket.ts";

type Fields = Record<string, any>;
type Refused = { ok: false; data: any; errors: Record<string, string> };

const embed = (collection: string, by: string[], fields: string[]) => ({ collection, many: false, fields, by });

/** Tables as people have them, with names that JavaScript has uses for. */
export const collections: Record<string, CollectionSchema> = {
  // An integer that the database counts, or that the client gives.
  orders: { name: "order", hash: "o", sent: true, key: ["order_id"], nests: { client: embed("constructor", ["client_code"], ["code", "name"]) } },
  // A text that the client gives, in a table called as a property of every object.
  constructor: { name: "client", hash: "c", sent: true, key: ["code"], version: "$version", nests: {} },
  // A text that the database makes.
  tokens: { name: "token", hash: "t", sent: true, key: ["toString"], nests: {} },
  // Several columns, one of which may be the id of an order that is being made.
  lines: {
    name: "line",
    hash: "l",
    sent: true,
    key: ["order_id", "__proto__"],
    nests: { order: embed("orders", ["order_id"], ["order_id", "name"]), token: embed("tokens", ["token_id"], ["toString", "name"]) },
  },
  // A bigint is a text of digits, and sorts by value.
  wide: { name: "wide", hash: "w", sent: true, key: ["big"], bigints: ["big"], nests: {} },
  // As all collections in Rust.
  boxes: { name: "box", hash: "b", sent: true, nests: {} },
};
const names = Object.keys(collections);
const plural = new Map(names.map((name) => [collections[name]!.name, name]));
// Not with the properties of every object.
const made: Record<string, string> = { __proto__: null as never, orders: "number", tokens: "text", boxes: "number" };
const references: Record<string, [column: string, target: string][]> = {
  __proto__: null as never,
  orders: [["client_code", "constructor"]],
  lines: [["order_id", "orders"], ["token_id", "tokens"]],
};

export const columnsOf = (collection: string) => collections[collection]!.key ?? ["id"];
export const versionOf = (collection: string) => collections[collection]!.version ?? "version";
/** The values of a key in their order, as a text that no other key has. */
export const keyText = (collection: string, from: Fields) => JSON.stringify(columnsOf(collection).map((column) => from[column]));
export const keyOf = (collection: string, row: Fields): any => {
  const columns = columnsOf(collection);
  return columns.length > 1 ? Object.fromEntries(columns.map((column) => [column, row[column]])) : row[columns[0]!];
};

/** As the server orders rows: numbers by value, text by the bytes of its UTF-8, several columns one after another. */
export function compareKeys(collection: string, one: Fields, other: Fields): number {
  for (const column of columnsOf(collection)) {
    const [left, right] = [one[column], other[column]];
    const order =
      typeof left === "number" ? left - right
      : collections[collection]!.bigints?.includes(column) ? Number(BigInt(left) - BigInt(right))
      : Buffer.compare(Buffer.from(left), Buffer.from(right));
    if (order) return order;
  }
  return 0;
}

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value));

export class KeyedModel {
  rows = new Map(names.map((name) => [name, new Map<string, Fields>()]));
  first = new Map<string, number>();
  broken: string[] = [];
  log: { collection: string; key: string }[] = [];
  connection: { up: any[][]; down: any[]; at: number } | undefined;
  /** Number of writes to come that are refused for a lock. */
  locked = 0;
  #requests = new Map<string, { digest: string; ack: any }>();
  #count = 0;
  #versions = 0;

  list(collection: string): Fields[] {
    return [...this.rows.get(collection)!.values()].sort((one, other) => compareKeys(collection, one, other));
  }

  connect({ since }: { since?: string }): void {
    this.connection = { up: [], down: [{ event: "connected", args: [{ data: "", sid: "", user: null, time: Date.now() }] }], at: this.log.length };
    if (since !== undefined) this.connection.at = Number(since);
    if (since !== undefined) this.connection.down.push({ changes: true, always: true });
    else {
      const part = (collection: string, n: number) => ({ n: n + 1, of: names.length, collection, rows: copy(this.list(collection)) });
      for (const [n, collection] of names.entries()) {
        const last = n + 1 === names.length && { cursor: `${this.log.length}` };
        this.connection.down.push({ event: "part", args: [{ ...part(collection, n), ...last }] });
      }
    }
  }

  up(): void {
    const [event, payload, { request_id }, ack] = this.connection!.up.shift()!;
    const answer = copy(this.write(event, payload, request_id));
    this.connection!.down.push({ ack: () => ack(answer) });
  }

  down(): void {
    const { connection } = this;
    const next = connection!.down.shift();
    if (next.ack) return next.ack();
    if (next.event) return ModelSocket.latest.deliver(next.event, ...next.args);
    if (connection!.at === this.log.length && !next.always) return;
    const changes: Fields = {};
    for (const { collection, key } of this.log.slice(connection!.at)) {
      if (!Object.hasOwn(changes, collection)) changes[collection] = { upserted: new Map(), deleted: new Map() };
      const row = this.rows.get(collection)!.get(key);
      const gone = Object.fromEntries(columnsOf(collection).map((column, n) => [column, JSON.parse(key)[n]]));
      changes[collection].upserted.delete(key);
      changes[collection].deleted.delete(key);
      if (row) changes[collection].upserted.set(key, row);
      else changes[collection].deleted.set(key, keyOf(collection, gone));
    }
    for (const of of Object.values<Fields>(changes)) for (const kind of ["upserted", "deleted"]) of[kind] = [...of[kind].values()];
    connection!.at = this.log.length;
    ModelSocket.latest.deliver("changes", copy({ cursor: `${this.log.length}`, ...changes }));
  }

  write(event: string, payload: Fields, request?: string): any {
    const digest = event + JSON.stringify(payload);
    const before = request && this.#requests.get(request);
    if (before) {
      if (before.digest !== digest) this.broken.push(`sent again as something else: ${before.digest}, ${digest}`);
      return before.ack;
    }
    if (request && this.locked > 0) return this.locked--, refuse("$locked");
    if (/[:,[]-[4-9]\d{15}|\\u0000/.test(digest)) this.broken.push(`a temporary key was sent: ${digest}`);
    const [, verb, singular] = /(\w+?)_(.*)/.exec(event)!;
    const ack = this.#carryOut(verb!, plural.get(singular!)!, copy(payload));
    if (request) this.#requests.set(request, { digest, ack });
    this.connection?.down.push({ changes: true });
    return ack;
  }

  #carryOut(verb: string, collection: string, payload: Fields): any {
    const rows = this.rows.get(collection)!;
    const version = versionOf(collection);
    const { [version]: seen, ...fields } = payload;
    if (fields.name === "bad") return refuse("name");
    for (const column of columnsOf(collection)) {
      if (Object.hasOwn(fields, column) && fields[column] !== null) continue;
      if (verb !== "new" || !made[collection]) return refuse(column);
      fields[column] = this.#make(collection, column);
    }
    const key = keyText(collection, fields);
    const old = rows.get(key);
    if (verb === "new" ? old : !old) return refuse(verb === "new" ? columnsOf(collection)[0]! : "$not_found");
    if (verb === "delete") {
      if (names.some((name) => this.#referring(name, collection, old!).length)) return refuse("$in_use");
      rows.delete(key);
      this.log.push({ collection, key });
      return { ok: true, data: fields, errors: {} };
    }
    if (seen !== undefined && verb === "update" && seen !== old![version]) return { ok: false, data: old, errors: { $conflict: "no" } };
    for (const [column, target] of references[collection] ?? []) {
      if (fields[column] != null && !this.#find(target, fields[column])) return refuse(column);
    }
    // What is embedded is not the payload's.
    for (const field of Object.keys(collections[collection]!.nests)) delete fields[field];
    const row = { ...old, ...fields, [version]: `v${++this.#versions}` };
    rows.set(key, this.#embed(collection, row));
    this.log.push({ collection, key });
    for (const name of names) {
      for (const referring of this.#referring(name, collection, row)) {
        const key = keyText(name, referring);
        this.rows.get(name)!.set(key, this.#embed(name, referring));
        this.log.push({ collection: name, key });
      }
    }
    return { ok: true, data: rows.get(key), errors: {} };
  }

  #make(collection: string, column: string): number | string {
    if (made[collection] === "text") return `${Math.imul(++this.#count, 0x9e3779b1) >>> 0}-uuid`;
    return Math.max(0, ...[...this.rows.get(collection)!.values()].map((row) => row[column])) + 1;
  }

  #find = (collection: string, value: unknown) => this.rows.get(collection)!.get(JSON.stringify([value]));

  #referring(name: string, target: string, row: Fields): Fields[] {
    const columns = (references[name] ?? []).filter(([, collection]) => collection === target).map(([column]) => column);
    const value = row[columnsOf(target)[0]!];
    return [...this.rows.get(name)!.values()].filter((one) => columns.some((column) => one[column] === value));
  }

  #embed(collection: string, row: Fields): Fields {
    const embedded = Object.entries(collections[collection]!.nests).map(([field, { collection, by, fields }]) => {
      const found = row[by![0]!] == null ? undefined : this.#find(collection, row[by![0]!])!;
      return [field, found ? Object.fromEntries(fields.map((field) => [field, found[field]])) : null];
    });
    return { ...row, ...Object.fromEntries(embedded) };
  }
}

const refuse = (key: string): Refused => ({ ok: false, data: null, errors: { [key]: "no" } });

export function keyedPage(model = new KeyedModel(), options: ClientOptions = {}) {
  ModelSocket.model = model as any;
  const client = createClient<any>({ hash: "1", collections } as any, {
    ...{ url: "http://model", tokens: memoryTokens(), remoteEdits: remoteEdits(), ...options },
  }) as Client<any>;
  client.subscribe(() => {});
  const socket = ModelSocket.latest;
  const settle = async () => {
    for (let n = 0; n < 4; n++) {
      await ticks();
      while (model.connection && model.connection.up.length + model.connection.down.length > 0) {
        if (model.connection.up.length) model.up();
        else model.down();
        await ticks();
      }
      if (vi.isFakeTimers()) vi.advanceTimersByTime(40_000);
    }
  };
  const live = async () => {
    await ticks();
    if (!socket.connected) socket.up();
    await settle();
  };
  return { model, client, socket, settle, live };
}

export async function ticks(): Promise<void> {
  for (let n = 0; n < 8; n++) await Promise.resolve();
}
