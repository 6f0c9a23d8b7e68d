// The documented protocol in miniature, over a connection whose every step the test decides: what a server does that is
// never early, late or out of order unless it is told to be.

export interface Row {
  id: number;
  version: number;
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
const plural: Record<string, string> = { box: "boxes", label: "labels" };

type Ack = (ack: object) => void;
type Down = { kind: "event"; event: string; args: any[] } | { kind: "changes"; upto: number; always?: boolean; first?: number | undefined } | { kind: "ack"; to: Ack; ack: object };

export class Model {
  rows: Record<string, Map<number, Row>> = { boxes: new Map(), labels: new Map() };
  log: Entry[] = [];
  /** Cursors before this one are forgotten. */
  known = 0;
  /** What each request was acked with, and the row it made or changed. */
  requests = new Map<string, { digest: string; ack: any }>();
  broken: string[] = [];
  /** Versions that rows were given by others than the client. */
  theirs = new Map<string, number[]>();
  /** So many writes to come cannot be carried out just then. */
  unavailable = 0;
  connection: { up: any[][]; down: Down[]; at: number } | undefined;
  #next = 1;

  get seq(): number {
    return this.log.length;
  }

  // A client comes in.
  connect(since: string | undefined): void {
    const down: Down[] = [{ kind: "event", event: "connected", args: [{ data: "", sid: "", user: null }] }];
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
    const stays = (one: Down) => one.kind === "ack" || (one.kind === "event" && one.event === "connected");
    if (first === 0) this.connection!.down = down.filter(stays);
    for (const [n, collection] of collections.entries()) {
      if (n < first) continue;
      const rows = structuredClone([...this.rows[collection]!.values()]);
      const cursor = n === collections.length - 1 ? `${this.seq}` : `${this.seq}.${n + 1}`;
      this.connection!.down.push({ kind: "event", event: collection, args: [rows, { cursor }] });
    }
    if (first === 0) this.connection!.at = this.seq;
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
      // Whoever was cut off between two snapshots is sent the others behind this.
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
      return before.ack;
    }
    if (request && this.unavailable > 0) {
      this.unavailable--;
      return refuse("$unavailable");
    }
    const [verb, name] = event.split("_") as [string, string];
    const ack = this.#carryOut(verb, plural[name]!, payload);
    if (!request && ack.ok && verb === "update") {
      const row = `${plural[name]} ${ack.data.id}`;
      this.theirs.set(row, [...(this.theirs.get(row) ?? []), ack.data.version]);
    }
    if (request) this.requests.set(request, { digest, ack: structuredClone(ack) });
    if (this.connection) this.connection.down.push({ kind: "changes", upto: this.seq });
    return ack;
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
    if (fields.box) {
      const box = this.rows.boxes!.get(fields.box.id);
      if (!box) return refuse("box.id");
      fields.box = { id: box.id, name: box.name };
    }
    const old = rows.get(id);
    if (verb === "update" && version !== undefined && version !== old!.version) {
      return { ok: false, data: structuredClone(old), errors: { $conflict: "moved on" } };
    }
    const row = old ? { ...old, ...fields, version: old.version + 1 } : { ...fields, id: this.#next++, version: 1 };
    rows.set(row.id, row);
    this.#changed(collection, row.id);
    if (collection === "boxes" && old) {
      for (const label of this.rows.labels!.values()) {
        if (label.box.id !== row.id) continue;
        this.rows.labels!.set(label.id, { ...label, box: { id: row.id, name: row.name } });
        this.#changed("labels", label.id);
      }
    }
    return { ok: true, data: structuredClone(row), errors: {} };
  }

  #changed(collection: string, id: number): void {
    this.log.push({ seq: this.seq + 1, collection, id, row: structuredClone(this.rows[collection]!.get(id)) });
  }
}

const refuse = (key: string) => ({ ok: false, data: null, errors: { [key]: "no" } });
