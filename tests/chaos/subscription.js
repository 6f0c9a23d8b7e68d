// A logical subscription: another database of the cluster is where some coaches come from, and applies its changes to
// ours.

import { setTimeout as pause } from "node:timers/promises";
import { TIMEOUT } from "@rowcast/test-support";

const from = "chaos_publisher";
// Far from all ids that are given out here.
const first = 1_000_000;

export class Subscription {
  #database;
  #faultLog;
  #count = 0;

  constructor({ database, faultLog }) {
    [this.#database, this.#faultLog] = [database, faultLog];
  }

  // Its own table is like ours, and its slot is made by itself, since both are in one cluster. What it applies is kept
  // before it is seen, or else a crash would take it back.
  async begin() {
    const { execute } = this.#database;
    await execute([`create database ${from}`], { alone: true });
    const of = { database: from };
    await execute(["create table coaches (id bigint primary key, name text not null, age bigint not null, picture text not null)"], of);
    await execute(["create publication chaos for table coaches"], of);
    await execute(["select pg_create_logical_replication_slot('chaos', 'pgoutput')"], of);
    const { port } = new URL(this.#database.direct);
    const connection = `host=127.0.0.1 port=${port} user=postgres dbname=${from}`;
    await execute([`create subscription chaos connection '${connection}' publication chaos with (create_slot = false, slot_name = chaos, copy_data = false, synchronous_commit = 'on')`], { alone: true });
  }

  async write(chance) {
    const number = this.#count > 3 && chance.chance(0.6) ? chance.between(1, this.#count) : (this.#count += 1);
    const values = `${first + number}, 's ${number}', ${chance.between(18, 120)}, 'https://example.com/far'`;
    const change = `insert into coaches values (${values}) on conflict (id) do update set age = excluded.age`;
    try {
      await this.#database.execute([change], { database: from });
      this.#faultLog.fault("applied", `coach ${first + number}`);
    } catch {
      this.#faultLog.count("refused to another program");
    }
  }

  // Once it has been applied all that there is.
  async arrived() {
    for (const end = Date.now() + TIMEOUT; Date.now() < end; await pause(100)) {
      const [theirs, ours] = await Promise.all([this.published(), this.#database.select(`select id, name, age, picture from coaches where id > ${first} order by id`)]);
      if (JSON.stringify(theirs) === JSON.stringify(ours)) return;
    }
    this.#faultLog.violation("the subscription does not get through");
  }

  // The rows that ours must come to have.
  published() {
    return this.#database.select("select * from coaches order by id", { database: from });
  }
}

// By the key as text.
export const isPublished = (id) => JSON.parse(id)[0] > first;
