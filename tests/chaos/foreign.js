// Other programs on the same database. They know nothing of versions, of the log, or of us: they run SQL.
//
// Each notes what it did in a table of its own, in the same transaction, so what has become of a transaction that was
// cut off is known in the end.

import { literal, where } from "./keys.js";
import { note, order, parsed, tables } from "./notes.js";

const patient = 10;

export class Foreign {
  #product;
  #database;
  #writeLog;
  #faultLog;
  #count = 0;
  // Rows that are changed behind all triggers, and by nothing else.
  #silent = [];
  #imported = 0;

  constructor({ product, database, writeLog, faultLog }) {
    [this.#product, this.#database, this.#writeLog, this.#faultLog] = [product, database, writeLog, faultLog];
  }

  begin() {
    return this.#database.execute([tables[this.#database.kind]]);
  }

  // A row that is there, or a new one, as any program would.
  async write(chance) {
    const kind = chance.weighted(this.#product.foreign.weights);
    if (kind in this.#product.foreign.others) await this.#other(kind, chance);
    else await this[kind](chance, []);
  }

  // As a logical subscription applies what it is sent, where only triggers fire that always do.
  async replicate(chance) {
    await this[chance.pick(["insert", "update"])](chance, ["set local session_replication_role = replica"]);
  }

  // As `pg_restore --disable-triggers` loads a table. What no trigger sees has no version yet, so these rows are its
  // own.
  async load(chance) {
    const { loaded: collection, assignments } = this.#product.foreign;
    const [off, on] = ["disable", "enable"].map((word) => `alter table ${collection} ${word} trigger all`);
    const after = [on, always(collection)];
    const key = this.#silent.length > 3 ? chance.pick(this.#silent) : undefined;
    if (!key) {
      const known = await this.insert(chance, [off], after);
      if (known) this.#silent.push(known.key);
    } else {
      const [marker, which] = [this.#marker(), where(key)];
      const change = `update ${collection} set ${assignments[collection](chance)}, name = '${marker}' where ${which}`;
      await this.#run({ marker, kind: "silent", collection, which }, [off, change], after);
    }
  }

  // With ids of its own, beyond those that have been given out: all of the next ones that would be. These rows stay as
  // they are, since an id that is free again would be given out once more.
  async import(chance) {
    const { collection, last: given, which, sql } = this.#product.foreign.imports;
    const [{ last }] = (await this.#try(() => this.#database.select(given[this.#database.kind]))) ?? [{}];
    if (last === undefined) return;
    const from = Math.max(last, this.#imported);
    const ids = Array.from({ length: chance.between(1, 25) }, (_, at) => from + 1 + at);
    const statements = ids.flatMap((id) => {
      const marker = this.#marker();
      // An id that has been given out since may have had a row that is gone by now.
      const isFree = `(${given[this.#database.kind]}) < ${id}`;
      const insert = `${sql(id, chance, marker)} where ${isFree}`;
      return [insert, this.#note({ marker, kind: "insert", collection, which: which(id, marker) })];
    });
    // Whether it was done or not is in the notes.
    this.#imported = from + ids.length;
    await this.#try(() => this.#database.execute(statements));
  }

  // Holds a row for so many seconds, or the file where rows cannot be held.
  async hold(chance, seconds) {
    const collection = chance.pick(this.#product.written);
    const key = this.#pick(chance, collection);
    if (!key) return;
    const row = `${collection} ${where(key)}`;
    this.#faultLog.fault("held", `${row} for ${seconds} s`);
    const [busy, before] = [this.#writeLog.unanswered.length > 0, this.#writeLog.answered];
    const held = await this.#try(() => this.#database.hold(`select 1 from ${collection} where ${where(key)} for update`, seconds));
    this.#faultLog.fault("released", row);
    // So long that nothing else explains it. A file that is held is held for all.
    const long = held && seconds >= patient && this.#database.kind === "postgres";
    if (long && busy && this.#writeLog.answered === before) this.#faultLog.violation("a row that was held made all writes wait", { row });
  }

  async insert(chance, before, after = []) {
    const [marker, silent] = [this.#marker(), after.length > 0];
    const { collection, which, sql } = this.#product.foreign.insert(chance, marker);
    const done = await this.#run({ marker, kind: silent ? "silent" : "insert", collection, which }, [...before, sql], after);
    if (done && !silent) this.#writeLog.put(collection, done.row);
    return done && { key: Object.fromEntries(this.#product.keys[collection].map((column) => [column, done.row[column]])) };
  }

  async update(chance, before) {
    const collection = chance.pick(this.#product.written);
    const key = this.#pick(chance, collection);
    if (!key) return;
    const [marker, which] = [this.#marker(), where(key)];
    const update = `update ${collection} set name = '${marker}', ${this.#product.foreign.assignments[collection](chance)} where ${which}`;
    await this.#run({ marker, kind: "update", collection, which }, [...before, update]);
  }

  async #other(kind, chance) {
    const marker = this.#marker();
    const other = this.#product.foreign.others[kind](chance, marker, (collection) => this.#pick(chance, collection));
    if (!other) return;
    const { gone, sql, ...change } = other;
    // A row that gets another key goes, and comes.
    const before = gone ? [this.#note({ marker, kind: "delete", collection: change.collection, which: gone })] : [];
    await this.#run({ marker, ...change }, [...before, sql]);
  }

  async delete(chance) {
    const collection = chance.pick(this.#product.foreign.deletes);
    const key = this.#pick(chance, collection);
    if (!key) return;
    this.#writeLog.doom(collection, key);
    this.#writeLog.remove(collection, key);
    const [marker, which] = [this.#marker(), where(key)];
    const note = this.#note({ marker, kind: "delete", collection, which });
    await this.#try(() => this.#database.execute([note, `delete from ${collection} where ${which}`]));
  }

  // Writes to a backup until its log has so many entries.
  async grow(chance, entries) {
    const of = { backup: true };
    const [{ now }] = await this.#database.select("select coalesce(max(seq), 0) as now from rowcast_change_log", of);
    const statements = [];
    for (let left = entries - now; left > 0; left -= 1) {
      const marker = this.#marker();
      const { collection, which, sql } = this.#product.foreign.insert(chance, marker);
      statements.push(sql, this.#note({ marker, kind: "insert", collection, which }));
    }
    await this.#database.execute(statements, of);
  }

  // What is there is what there is to be changed.
  async known() {
    const rows = await this.#product.read(this.#database);
    for (const collection of this.#product.written) {
      this.#writeLog.board[collection].clear();
      for (const row of rows[collection]) this.#writeLog.put(collection, row);
    }
  }

  // What it has done, in the order of its notes.
  async done() {
    return parsed(await this.#database.select(`select * from chaos_notes order by ${order[this.#database.kind]}`), this.#product);
  }

  #marker() {
    return `f ${(this.#count += 1)}`;
  }

  #pick(chance, collection) {
    const rows = [...this.#writeLog.board[collection].values()];
    return rows.length > 0 ? chance.pick(rows).key : undefined;
  }

  // The change, and the row as it is then; what the row was before is another write's.
  async #run(change, statements, after = []) {
    const done = await this.#try(() => this.#database.execute([...statements, this.#note(change), ...after]));
    if (!done) return undefined;
    const noted = `select * from chaos_notes where marker = ${literal(change.marker)} and kind = ${literal(change.kind)}`;
    const [known] = parsed((await this.#try(() => this.#database.select(noted))) || [], this.#product);
    if (change.kind === "update" && known) this.#writeLog.changed(change.collection, known.row);
    return known;
  }

  #note(change) {
    return note(this.#database, this.#product, change);
  }

  // The database may be gone, or the row locked: that is the other program's trouble.
  async #try(work) {
    try {
      return (await work()) ?? true;
    } catch {
      this.#faultLog.count("refused to another program");
      return undefined;
    }
  }
}

// `enable trigger all`, with which pg_restore ends, leaves triggers that ordinary sessions alone fire. Where there are subscriptions
// that is set back, as here.
const always = (table) => `do $$ declare one record; begin
  for one in select * from pg_trigger where tgrelid = '${table}'::regclass and not tgisinternal loop
    execute format('alter table ${table} enable always trigger %I', one.tgname);
  end loop;
end $$`;
