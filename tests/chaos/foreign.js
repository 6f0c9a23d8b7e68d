// Other programs on the same database. They know nothing of versions, of the log, or of us: they run SQL.
//
// Each notes what it did in a table of its own, in the same transaction, so what has become of a transaction that was
// cut off is known in the end.

import { note, tables } from "./notes.js";
import { names } from "./operations.js";

const patient = 10;
const link = "https://example.com/foreign";

export class Foreign {
  #database;
  #writeLog;
  #faultLog;
  #count = 0;
  // Rows that are changed behind all triggers, and by nothing else.
  #silent = [];
  #imported = 0;

  constructor({ database, writeLog, faultLog }) {
    [this.#database, this.#writeLog, this.#faultLog] = [database, writeLog, faultLog];
  }

  begin() {
    return this.#database.execute([tables[this.#database.kind]]);
  }

  // A row that is there, or a new one, as any program would.
  async write(chance) {
    const kind = chance.weighted({ insert: 2, update: 6, link: 2, delete: 1 });
    await this[kind](chance, []);
  }

  // As a logical subscription applies what it is sent, where only triggers fire that always do.
  async replicate(chance) {
    await this[chance.pick(["insert", "update"])](chance, ["set local session_replication_role = replica"]);
  }

  // As `pg_restore --disable-triggers` loads a table. What no trigger sees has no version yet, so these rows are its
  // own.
  async load(chance) {
    const [off, on] = ["disable", "enable"].map((word) => `alter table coaches ${word} trigger all`);
    const id = this.#silent.length > 3 ? chance.pick(this.#silent) : undefined;
    if (id === undefined) {
      const known = await this.insert(chance, [off], [on, always]);
      if (known) this.#silent.push(known);
    } else {
      const marker = this.#marker();
      const change = `update coaches set age = ${chance.between(18, 120)}, name = '${marker}' where id = ${id}`;
      await this.#run(marker, "silent", "coaches", id, [off, change], [on, always]);
    }
  }

  // With ids of its own, beyond those that have been given out: all of the next ones that would be. These rows stay as
  // they are, since an id that is free again would be given out once more.
  async import(chance) {
    const given = {
      postgres: "select last_value as last from coaches_id_seq",
      sqlite: "select coalesce(max(seq), 0) as last from sqlite_sequence where name = 'coaches'",
    };
    // An id that has been given out since may have had a row that is gone by now.
    const free = (id) => `(${given[this.#database.kind].replace(" as last", "")}) < ${id}`;
    const [{ last }] = (await this.#try(() => this.#database.select(given[this.#database.kind]))) ?? [{}];
    if (last === undefined) return;
    const from = Math.max(last, this.#imported);
    const ids = Array.from({ length: chance.between(1, 25) }, (_, at) => from + 1 + at);
    const statements = ids.flatMap((id) => {
      const marker = this.#marker();
      const values = `${id}, '${marker}', ${chance.between(18, 120)}, '${link}'`;
      const insert = `insert into coaches (id, name, age, picture) select ${values} where ${free(id)}`;
      return [insert, this.#note(marker, "insert", "coaches", `(select id from coaches where name = '${marker}')`)];
    });
    // Whether it was done or not is in the notes.
    this.#imported = from + ids.length;
    await this.#try(() => this.#database.execute(statements));
  }

  // Holds a row for so many seconds, or the file where rows cannot be held.
  async hold(chance, seconds) {
    const [collection, id] = this.#pick(chance, Object.keys(names)) ?? [];
    if (!id) return;
    this.#faultLog.fault("held", `${collection} ${id} for ${seconds} s`);
    const [busy, before] = [this.#writeLog.unanswered.length > 0, this.#writeLog.answered];
    const held = await this.#try(() => this.#database.hold(`select 1 from ${collection} where id = ${id} for update`, seconds));
    this.#faultLog.fault("released", `${collection} ${id}`);
    // So long that nothing else explains it. A file that is held is held for all.
    const long = held && seconds >= patient && this.#database.kind === "postgres";
    if (long && busy && this.#writeLog.answered === before) this.#faultLog.violation("a row that was held made all writes wait", { collection, id });
  }

  async insert(chance, before, after = []) {
    const [marker, silent] = [this.#marker(), after.length > 0];
    const insert = `insert into coaches (name, age, picture) values ('${marker}', ${chance.between(18, 120)}, '${link}')`;
    const found = `(select id from coaches where name = '${marker}')`;
    const done = await this.#run(marker, silent ? "silent" : "insert", "coaches", found, [...before, insert], after);
    if (done && !silent) this.#writeLog.board.coaches.set(done.id, done.row.version);
    return done?.id;
  }

  async update(chance, before) {
    const [collection, id] = this.#pick(chance, Object.keys(names)) ?? [];
    if (!id) return;
    const marker = this.#marker();
    const more = {
      coaches: `age = ${chance.between(18, 120)}`,
      exercise_moves: `focus = '${chance.pick(["Arms", "Feet"])}'`,
      workout_plans: `difficulty = '${chance.pick(["Odd", "Even"])}'`,
    };
    const update = `update ${collection} set name = '${marker}', ${more[collection]} where id = ${id}`;
    await this.#run(marker, "update", collection, id, [...before, update]);
  }

  // What a plan shows is in a table beside it.
  async link(chance) {
    const [, id] = this.#pick(chance, ["workout_plans"]) ?? [];
    const [, move] = this.#pick(chance, ["exercise_moves"]) ?? [];
    if (!id || !move) return;
    const where = `workout_plan_id = ${id} and position = (select min(position) from workout_plan_moves where workout_plan_id = ${id})`;
    const change = `update workout_plan_moves set exercise_move_id = ${move} where ${where} and exercise_move_id <> ${move}`;
    await this.#run(this.#marker(), "update", "workout_plans", id, [change]);
  }

  async delete(chance) {
    const [collection, id] = this.#pick(chance, ["coaches"]) ?? [];
    if (!id) return;
    this.#writeLog.doomed.add(`${collection} ${id}`);
    this.#writeLog.board[collection].delete(id);
    const marker = this.#marker();
    const note = this.#note(marker, "delete", collection, id);
    await this.#try(() => this.#database.execute([note, `delete from ${collection} where id = ${id}`]));
  }

  // Writes to a backup until its log has so many entries.
  async grow(chance, entries) {
    const of = { backup: true };
    const [{ now }] = await this.#database.select("select coalesce(max(seq), 0) as now from rowcast_change_log", of);
    const statements = [];
    for (let left = entries - now; left > 0; left -= 1) {
      const marker = this.#marker();
      statements.push(`insert into coaches (name, age, picture) values ('${marker}', ${chance.between(18, 120)}, '${link}')`);
      statements.push(this.#note(marker, "insert", "coaches", `(select id from coaches where name = '${marker}')`));
    }
    await this.#database.execute(statements, of);
  }

  // What is there is what there is to be changed.
  async known() {
    const there = await this.#database.select("select id, version from coaches");
    this.#writeLog.board.coaches = new Map(there.map(({ id, version }) => [id, version]));
  }

  // What it has done, in the order of its notes.
  async done() {
    const found = await this.#database.select("select * from chaos_notes order by n");
    return found.map((note) => ({ ...note, row: JSON.parse(note.row) }));
  }

  #marker() {
    return `f ${(this.#count += 1)}`;
  }

  #pick(chance, collections) {
    const collection = chance.pick(collections);
    const ids = [...this.#writeLog.board[collection].keys()];
    return ids.length > 0 ? [collection, chance.pick(ids)] : undefined;
  }

  // The change, and the row as it is then; what the row was before is another write's.
  async #run(marker, kind, collection, id, change, after = []) {
    const note = this.#note(marker, kind, collection, id);
    const done = await this.#try(() => this.#database.execute([...change, note, ...after]));
    if (!done) return undefined;
    const [found] = await this.#try(() => this.#database.select(`select * from chaos_notes where marker = '${marker}'`)) || [];
    const known = found && { ...found, row: JSON.parse(found.row) };
    const board = this.#writeLog.board[collection];
    if (kind === "update" && known && board.has(known.id)) board.set(known.id, Math.max(board.get(known.id), known.row.version));
    return known;
  }

  #note(marker, kind, collection, id) {
    return note(this.#database.kind, { marker, kind, collection, id });
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
const always = `do $$ declare one record; begin
  for one in select * from pg_trigger where tgrelid = 'coaches'::regclass and not tgisinternal loop
    execute format('alter table coaches enable always trigger %I', one.tgname);
  end loop;
end $$`;
