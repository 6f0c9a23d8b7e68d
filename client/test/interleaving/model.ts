// A model of the documented protocol, over a connection whose every step the test decides: a server that is early, late
// or out of order only on request.

export type Version = number | string;

export interface Row {
  id: number;
  version: Version;
  [field: string]: any;
}

interface Entry {
  seq: number;
  collection: string;
  id: number;
  row: Row | undefined;
}

export const collections = ["boxes", "labels"];
export const schema = {
  hash: "1",
  collections: {
    boxes: { name: "box", hash: "b", sent: true, nests: {} },
    labels: { name: "label", hash: "l", sent: true, nests: { box: { collection: "boxes", many: false, fields: ["id", "name"] } } },
  },
};
// A request is known for so long, in milliseconds.
const DAY = 24 * 60 * 60 * 1000;
const plural: Record<string, string> = { box: "boxes", label: "labels" };

type Ack = (ack: object) => void;
type Down = { kind: "event"; event: string; args: any[] } | { kind: "changes"; upto: number; always?: boolean; first?: number | undefined } | { kind: "ack"; to: Ack; ack: object };

export class Model {
  rows: Record<string, Map<number, Row>> = { boxes: new Map(), labels: new Map() };
  log: Entry[] = [];
  /** Cursors before this one are forgotten. */
  known = 0;
  /** What each request was acked with, and the row it made or changed. */
  requests = new Map<string, { digest: string; ack: any; at: number; turn: number }>();
  broken: string[] = [];
  /** Versions that rows were given by others than the client. */
  theirs = new Map<string, Version[]>();
  /** When a request left a client for the first time. */
  first = new Map<string, number>();
  /** When a row was given a version, of all that was carried out: versions have no order themselves. */
  turns = new Map<string, number>();
  /** So many writes to come cannot be carried out just then, or their row is locked. */
  unavailable = 0;
  locked = 0;
  /** A row that another program holds, as in `boxes 1`. */
  held: string | undefined;
  /** So many are answered without an end, be they carried out or not. */
  unknown = 0;
  carriedOut = false;
  /** What a trigger makes of a name. */
  rewrite = (name: string): string => name;
  /** How long the devices of the clients have slept, in milliseconds. */
  slept = 0;
  connection: { up: any[][]; down: Down[]; at: number } | undefined;
  #next = 1;
  #turn = 0;
  #made = 0;
  #counts: boolean;
  #parts: boolean;
  // Whether this client asks for its picture in parts.
  #chunks: boolean | undefined;

  /**
   * One that does not count gives rows versions that say nothing at all; one without parts is from before there were
   * any.
   */
  constructor({ counts = true, parts = true } = {}) {
    [this.#counts, this.#parts] = [counts, parts];
  }

  /** What the server's clock says, whatever that of a client does. */
  get time(): number {
    return 1.9e12 + performance.now() + this.slept;
  }

  get seq(): number {
    return this.log.length;
  }

  // A client comes in.
  connect({ since, chunks }: { since?: string; chunks?: boolean }): void {
    this.#chunks = chunks;
    const down: Down[] = [{ kind: "event", event: "connected", args: [{ data: "", sid: "", user: null, time: this.time }] }];
    const [at, first] = (since ?? "").split(".").map((part) => (part ? Number(part) : undefined));
    this.connection = { up: [], down, at: at ?? this.seq };
    if (at === undefined || at < this.known) this.snapshots(0);
    else {
      // Always one, be it empty.
      down.push({ kind: "changes", upto: this.seq, always: true, first });
      if (first !== undefined) this.snapshots(first);
    }
  }

  snapshots(first: number): void {
    const { down } = this.connection!;
    // All snapshots take the place of changes and snapshots that have not left.
    const greeting = down.filter((one) => one.kind === "event" && one.event === "connected");
    const acks = down.filter((one) => one.kind === "ack");
    if (first === 0) this.connection!.down = greeting;
    if (first === 0 && this.#chunks && this.#parts) return this.#inParts(acks);
    for (const [n, collection] of collections.entries()) {
      if (n < first) continue;
      const rows = structuredClone([...this.rows[collection]!.values()]);
      const cursor = n === collections.length - 1 ? `${this.seq}` : `${this.seq}.${n + 1}`;
      this.connection!.down.push({ kind: "event", event: collection, args: [rows, { cursor }] });
    }
    if (first > 0) return;
    this.connection!.at = this.seq;
    // The changes of a write are never sent after its ack.
    this.connection!.down.push(...acks);
  }

  // One row at a time; what is acked meanwhile may come between.
  #inParts(acks: Down[]): void {
    const cut = (collection: string) => {
      const rows = structuredClone([...this.rows[collection]!.values()]);
      return (rows.length ? rows.map((row) => [row]) : [[]]).map((rows) => ({ collection, rows }));
    };
    const all = collections.flatMap(cut);
    const part = (one: object, n: number): Down => {
      const last = n + 1 === all.length && { cursor: `${this.seq}` };
      return { kind: "event", event: "part", args: [{ n: n + 1, of: all.length, ...one, ...last }] };
    };
    const [head, ...tail] = all.map(part);
    this.connection!.down.push(head!, ...acks, ...tail);
    this.connection!.at = this.seq;
  }

  // One event of the client is carried out and acked.
  up(): void {
    const [event, payload, options, ack] = this.connection!.up.shift()!;
    const answer = this.write(event, payload, options.request_id);
    this.connection!.down.push({ kind: "ack", to: ack, ack: structuredClone(answer) });
  }

  // One thing reaches the client; changes may bring what has been committed since.
  down(deliver: (event: string, ...args: any[]) => void, folded: boolean): void {
    const { connection } = this;
    const next = connection!.down.shift()!;
    if (next.kind === "ack") return next.to(next.ack);
    if (next.kind === "event") return deliver(next.event, ...next.args);
    // Never newer than a snapshot that is still to come.
    const last = connection!.down.every((one) => one.kind !== "event");
    const upto = folded && last ? this.seq : next.upto;
    if (upto <= connection!.at && !next.always) return;
    const changes: Record<string, { upserted: Row[]; deleted: number[] }> = {};
    const latest = new Map<string, Entry>();
    for (const entry of this.log.slice(connection!.at, upto)) latest.set(`${entry.collection} ${entry.id}`, entry);
    for (const { collection, id, row } of latest.values()) {
      // A client cut off between two snapshots is sent the others after this.
      if (collections.indexOf(collection) >= (next.first ?? Infinity)) continue;
      const of = (changes[collection] ??= { upserted: [], deleted: [] });
      if (row) of.upserted.push(structuredClone(row));
      else of.deleted.push(id);
    }
    connection!.at = upto;
    deliver("changes", { cursor: next.first ? `${upto}.${next.first}` : `${upto}`, ...changes });
  }

  write(event: string, payload: any, request?: string): any {
    const digest = event + JSON.stringify(payload);
    const before = request && this.requests.get(request);
    if (before) {
      if (before.digest !== digest) this.broken.push(`sent again as something else: ${before.digest}, ${digest}`);
      if (this.time - before.at > DAY) this.broken.push(`sent again when it had been forgotten: ${digest}`);
      return this.unknown > 0 ? this.#unknown() : before.ack;
    }
    const [verb, name] = event.split("_") as [string, string];
    const not = request && this.#not(`${plural[name]} ${payload.id}`);
    if (not) return refuse(not);
    const ack = this.#carryOut(verb, plural[name]!, payload);
    if (ack.ok && ack.data.version) this.#given(plural[name]!, ack.data.id, ack.data.version, !request);
    if (request) this.requests.set(request, { digest, ack: structuredClone(ack), at: this.time, turn: ++this.#turn });
    if (this.connection) this.connection.down.push({ kind: "changes", upto: this.seq });
    return request && this.unknown > 0 ? this.#unknown() : ack;
  }

  #unknown(): any {
    this.unknown--;
    return refuse("$unknown_outcome");
  }

  /** Another program changes a row, and leaves it with a version of any kind. */
  foreign(collection: string, id: number, fields: object): void {
    const version = this.#opaque();
    this.rows[collection]!.set(id, { ...this.rows[collection]!.get(id)!, ...fields, version });
    this.#given(collection, id, version, true);
    this.#changed(collection, id);
    if (collection === "boxes") this.#nested(this.rows.boxes!.get(id)!);
    if (this.connection) this.connection.down.push({ kind: "changes", upto: this.seq });
  }

  // Why a write cannot be carried out just then, if it cannot.
  #not(row: string): string | undefined {
    if (row === this.held) return "$locked";
    if (this.unavailable > 0) return this.unavailable--, "$unavailable";
    if (this.locked > 0) return this.locked--, "$locked";
    if (this.unknown > 0 && !this.carriedOut) return this.unknown--, "$unknown_outcome";
    return undefined;
  }

  #given(collection: string, id: number, version: Version, byOthers: boolean): void {
    const row = `${collection} ${id}`;
    this.turns.set(`${row} ${version}`, ++this.#turn);
    if (byOthers) this.theirs.set(row, [...(this.theirs.get(row) ?? []), version]);
  }

  // No two are alike, and their order says nothing.
  #opaque(): string {
    return `v${(Math.imul(++this.#made, 0x9e3779b1) >>> 0).toString(36)}`;
  }

  #version(old: Row | undefined): Version {
    if (!this.#counts || typeof old?.version === "string") return this.#opaque();
    return old ? (old.version as number) + 1 : 1;
  }

  #carryOut(verb: string, collection: string, { id, version, ...fields }: any): any {
    if (JSON.stringify(fields).match(/-\d/) || id < 0) this.broken.push(`a temporary id was sent: ${JSON.stringify({ id, ...fields })}`);
    const rows = this.rows[collection]!;
    if (verb !== "new" && !rows.has(id)) return refuse("$not_found");
    if (verb === "delete") {
      if (collection === "boxes" && [...this.rows.labels!.values()].some((label) => label.box.id === id)) return refuse("$in_use");
      rows.delete(id);
      this.#changed(collection, id);
      return { ok: true, data: { id }, errors: {} };
    }
    if (fields.name === "bad") return refuse("name");
    if (fields.name !== undefined) fields.name = this.rewrite(fields.name);
    if (fields.box) {
      const box = this.rows.boxes!.get(fields.box.id);
      if (!box) return refuse("box.id");
      fields.box = { id: box.id, name: box.name };
    }
    const old = rows.get(id);
    if (verb === "update" && version !== undefined && version !== old!.version) {
      return { ok: false, data: structuredClone(old), errors: { $conflict: "moved on" } };
    }
    const row = { ...old, ...fields, id: old?.id ?? this.#next++, version: this.#version(old) };
    rows.set(row.id, row);
    this.#changed(collection, row.id);
    if (collection === "boxes" && old) this.#nested(row);
    return { ok: true, data: structuredClone(row), errors: {} };
  }

  #nested({ id, name }: Row): void {
    for (const label of this.rows.labels!.values()) {
      if (label.box.id !== id) continue;
      this.rows.labels!.set(label.id, { ...label, box: { id, name } });
      this.#changed("labels", label.id);
    }
  }

  #changed(collection: string, id: number): void {
    this.log.push({ seq: this.seq + 1, collection, id, row: structuredClone(this.rows[collection]!.get(id)) });
  }
}

const refuse = (key: string) => ({ ok: false, data: null, errors: { [key]: "no" } });
