// @vitest-environment happy-dom
// Columns that are shown as what JSON has not.

import { act, cleanup, render } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { asBigInt, asDate, createClient } from "../../src/codecs.ts";
import { memoryTokens } from "../../src/index.ts";
import { createHooks } from "../../src/react.ts";
import { MemoryPersistence } from "../interleaving/memory-persistence.ts";
import { ModelSocket } from "../interleaving/socket.ts";
import { KeyedModel, collections, ticks } from "../keys/model.ts";

vi.mock("socket.io-client", () => ({ io: (_: string, options: any) => new ModelSocket(options) }));
afterEach(cleanup);

interface Collections {
  boxes: {
    row: { id: number; total: string | null; at: string | null; name: string; version: string };
    new: { total?: string | null; at?: string | null; name?: string };
    update: { id: number; total?: string | null; at?: string | null; name?: string; version?: string };
  };
}
const schema = { hash: "1", collections: { ...collections, boxes: { ...collections.boxes!, numbers: ["total"] } } } as any;
const codecs = { boxes: { total: asBigInt, at: asDate } };

function page(model = new KeyedModel(), options: object = {}) {
  ModelSocket.model = model as any;
  const client = createClient<Collections, {}, typeof codecs>(schema, { url: "http://model", tokens: memoryTokens(), codecs, ...options });
  client.subscribe(() => {});
  const socket = ModelSocket.latest;
  const settle = async () => {
    for (let n = 0; n < 4; n++) {
      await ticks();
      while (model.connection && model.connection.up.length + model.connection.down.length) {
        if (model.connection.up.length) model.up();
        else model.down();
        await ticks();
      }
    }
  };
  const live = async () => {
    await ticks();
    socket.up();
    await settle();
  };
  return { client, model, socket, settle, live };
}

test("rows are decoded, once each, and null stays null", async () => {
  const { client, model, live, settle } = page();
  model.write("new_box", { total: "9007199254740993", at: "2026-12-01T02:00:00.123456Z", name: "a" });
  model.write("new_box", { total: null, at: null, name: "b" });
  await live();
  const rows = client.rows("boxes");
  expect(rows).toMatchObject([{ total: 9007199254740993n, at: new Date("2026-12-01T02:00:00.123Z"), name: "a" }, { total: null, at: null }]);
  expect(client.rows("boxes")).toBe(rows);
  expect(client.row("boxes", 1)).toBe(rows[0]);
  model.write("update_box", { id: 2, total: "5" });
  await settle();
  expect(client.rows("boxes")[0]).toBe(rows[0]);
  expect(client.row("boxes", 2)).toMatchObject({ total: 5n, at: null });
  expect(client.decode("boxes", { id: 3, total: "1", at: null, name: "listed", version: "v" })).toMatchObject({ total: 1n });
});

test("payloads are encoded, and what was shown is sent back exactly", async () => {
  const { client, model, live, settle, socket } = page();
  model.write("new_box", { total: "1", at: "2026-12-01T02:00:00.123456Z", name: "a" });
  await live();
  const shown = client.row("boxes", 1)!;
  socket.down();
  const write = client.create("boxes", { total: 2n ** 64n, at: new Date("2026-12-02T00:00:00Z") });
  void client.update("boxes", { ...shown, name: "b" });
  expect(client.row("boxes", write.id)).toMatchObject({ total: 18446744073709551616n, at: new Date("2026-12-02T00:00:00Z") });
  await live();
  await settle();
  expect(model.list("boxes")).toMatchObject([
    { total: "1", at: "2026-12-01T02:00:00.123456Z", name: "b" },
    { total: "18446744073709551616", at: "2026-12-02T00:00:00.000Z" },
  ]);
  const ack = await write;
  expect(ack.ok && ack.data).toEqual(client.row("boxes", 2));
  expect(() => client.create("boxes", { total: "1.5" as never })).toThrow();
  expect(() => client.create("boxes", { at: new Date("never") })).toThrow();
  expect(asDate.encode(asDate.decode("infinity"))).toBe("infinity");
});

test("conflicts are decoded, and what is kept is encoded", async () => {
  const { client, model, live, settle } = page();
  model.write("new_box", { total: "1", name: "a" });
  await live();
  const { version } = client.row("boxes", 1)!;
  model.write("update_box", { id: 1, total: "2" });
  const ack = client.update("boxes", { id: 1, version, total: 3n });
  await settle();
  expect((await ack).conflict).toMatchObject({ mine: { total: 3n }, theirs: { total: 2n }, changes: { total: 3n } });
  expect(client.conflicts()).toBe(client.conflicts());
  const kept = client.conflicts()[0]!.keepMine();
  await settle();
  const last = await kept;
  expect(last.ok && last.data.total).toBe(3n);
  expect(model.list("boxes")[0]).toMatchObject({ total: "3" });
});

test("rows and writes are stored as they are sent", async () => {
  const memory = new MemoryPersistence();
  const model = new KeyedModel();
  model.write("new_box", { total: "1", at: "2026-12-01T02:00:00.123456Z" });
  const first = page(model, { persistence: memory });
  await first.live();
  first.socket.down();
  void first.client.create("boxes", { total: 2n });
  await ticks();
  first.client.close();
  expect(memory.snapshot!.rows.boxes!.upserted).toMatchObject([{ total: "1", at: "2026-12-01T02:00:00.123456Z" }]);
  const told: any[] = [];
  const { client, live } = page(model, { persistence: memory, onRestoredWriteSettled: (write: any, ack: any) => told.push(write.values.total, ack.data.total) });
  await ticks();
  expect(client.rows("boxes")).toMatchObject([{ total: 1n }, { total: 2n }]);
  await live();
  expect(told).toEqual([2n, 2n]);
});

test("hooks select and sort by what is shown", async () => {
  const { client, model, live, settle } = page();
  for (const [n, total] of ["10", "9", null, "9007199254740993"].entries()) model.write("new_box", { total, at: total && `2026-12-0${9 - n}T00:00:00Z`, name: `${n}` });
  const { useCollection } = createHooks(client);
  let renders = 0;
  const List = () => {
    renders++;
    const day = useCollection("boxes", { where: { at: new Date("2026-12-08T00:00:00Z") } }).rows;
    const nine = useCollection("boxes", { where: { total: 9n } }).rows;
    const show = (rows: readonly { name: string }[]) => rows.map((row) => row.name).join("");
    return <p>{[show(useCollection("boxes", { sort: "total" }).rows), show(useCollection("boxes", { sort: "-at" }).rows), show(day), show(nine)].join(" ")}</p>;
  };
  const { container } = render(<List />);
  await act(live);
  expect(container.textContent).toBe("2103 0132 1 1");
  const before = renders;
  await act(async () => {
    model.write("update_box", { id: 1, at: "2026-12-01T00:00:00Z" });
    await settle();
  });
  expect(container.textContent).toBe("2103 1302 1 1");
  expect(renders).toBeGreaterThan(before);
});

test("a codec of a key, of a version or of nothing is refused", () => {
  const make = (codecs: any) => () => createClient({ ...schema, collections: { ...schema.collections, boxes: { ...schema.collections.boxes, times: ["at"] } } }, { codecs });
  expect(make({ boxes: { id: asBigInt } })).toThrow("id of boxes is part of its key");
  expect(make({ constructor: { $version: asBigInt } })).toThrow("$version of constructor");
  expect(make({ chairs: {} })).toThrow("there is no collection chairs");
  expect(make({ boxes: { name: asDate } })).toThrow("the text of name of boxes is no instant");
});
