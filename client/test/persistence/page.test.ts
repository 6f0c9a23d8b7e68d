// What outlives the page: the last picture, and the writes that wait.

import { describe, expect, test } from "vitest";
import { memoryTokens, type ClientOptions } from "../../src/index.ts";
import { indexedDb } from "../../src/indexeddb.ts";
import { browser } from "../support/browser.ts";
import { relay } from "../support/relay.ts";
import { open, serve, type Gym } from "../support/server.ts";
import { live, until, within } from "../support/until.ts";

const ada = { name: "Ada Byron", age: 36, picture: "https://example.com/ada.png" };

// A page that can be left: what it has written is on the disk by then.
function page(url: string, options: ClientOptions = {}) {
  const inner = indexedDb("gym");
  let closed: Promise<void> | undefined;
  const persistence: typeof inner = {
    async open(about, adopt) {
      const keeper = await inner.open(about, adopt);
      const close = keeper.close.bind(keeper);
      keeper.close = () => (closed = close());
      return keeper;
    },
  };
  const gym = open(url, { persistence, ...options });
  const leave = async () => {
    gym.close();
    await within(closed!, "the page to be left");
  };
  return { gym, leave };
}
const kept = (gym: Gym) => until(gym, () => gym.connection().ready, "what was kept");

describe.each([["with Web Locks", true], ["without", false]])("%s", (_, locks) => {
  browser({ locks });

  test("the last picture is there before the network is, and is brought up to date by what changed", async () => {
    const server = await serve();
    const between = await relay(server);
    const first = page(between.url);
    await live(first.gym);
    await first.gym.update("coaches", { id: 1, name: "Mara L." });
    const before = { coaches: first.gym.rows("coaches"), schedules: first.gym.rows("schedules") };
    await first.leave();
    between.cut();

    const { gym } = page(between.url);
    await kept(gym);
    expect(gym.connection().state).not.toBe("live");
    expect(gym.rows("coaches")).toEqual(before.coaches);
    expect(gym.rows("schedules")).toEqual(before.schedules);

    const other = server.open();
    await live(other);
    await other.update("coaches", { id: 2, name: "Teo O." });
    await other.delete("schedules", 1);
    const untouched = gym.row("coaches", 3);
    between.mend();
    gym.reconnect();
    await live(gym);
    expect(gym.rows("coaches")).toEqual(other.rows("coaches"));
    expect(gym.rows("schedules")).toEqual(other.rows("schedules"));
    // Snapshots would have done it too; that it was the changes shows in what did not come again.
    expect(gym.row("coaches", 3)).toBe(untouched);
  });

  test("writes that were made without a network are sent by the next page, each once", async () => {
    const server = await serve();
    const between = await relay(server);
    const first = page(between.url);
    await live(first.gym);
    between.cut();
    await until(first.gym, () => first.gym.connection().state !== "live", "the connection to be gone");
    const coach = first.gym.create("coaches", ada);
    void first.gym.create("schedules", { day: "Monday", hour: "600", coach: { id: coach.id }, workout_plan: { id: 1 } });
    void first.gym.update("coaches", { id: coach.id, version: 0, age: 37 });
    await first.leave();

    const { gym } = page(between.url);
    await until(gym, () => gym.connection().waiting === 3, "the writes");
    expect(gym.row("coaches", coach.id)).toMatchObject({ name: "Ada Byron", age: 37 });
    expect(gym.pending("coaches", coach.id)).toBe("create");
    between.mend();
    gym.reconnect();
    await until(gym, () => gym.connection().waiting === 0, "the writes to be sent");
    expect(gym.rows("coaches").slice(5)).toMatchObject([{ id: 6, name: "Ada Byron", age: 37, version: 2 }]);
    expect(gym.rows("schedules").filter((row) => row.coach.id === 6)).toHaveLength(1);
  });

  test("a page that is gone between a commit and its ack: the next one shows the row once", async () => {
    const server = await serve();
    const between = await relay(server);
    const [first, other] = [page(between.url), server.open()];
    await Promise.all([live(first.gym), live(other)]);
    const cut = between.cutNextAck();
    void first.gym.create("coaches", ada);
    await within(cut, "the ack to be cut off");
    between.cut();
    await until(other, () => other.row("coaches", 6), "it to be committed");
    await first.leave();

    const { gym } = page(between.url);
    const seen = new Set<number>();
    gym.subscribe(() => seen.add(gym.rows("coaches").filter((row) => row.name === ada.name).length));
    await until(gym, () => gym.connection().waiting === 1, "the write");
    between.mend();
    gym.reconnect();
    await until(gym, () => gym.connection().waiting === 0, "its ack");
    expect(gym.rows("coaches")).toEqual(other.rows("coaches"));
    expect(Math.max(...seen)).toBe(1);
  });

  test("what was kept for other types, or from another server, is not shown", async () => {
    const [one, two] = [await serve(), await serve([], "never")];
    const first = page(one.url);
    await live(first.gym);
    await first.leave();
    const second = page(two.url);
    await live(second.gym);
    expect(second.gym.rows("coaches")).toEqual([]);
  });
});

describe("several pages", () => {
  browser();

  test("one of them keeps the picture, and the next one does when it is gone", async () => {
    const server = await serve();
    const [one, two] = [page(server.url), page(server.url)];
    await Promise.all([live(one.gym), live(two.gym)]);
    await one.gym.update("coaches", { id: 1, name: "Mara L." });
    await one.leave();
    await two.gym.update("coaches", { id: 2, name: "Teo O." });
    const rows = two.gym.rows("coaches");
    await two.leave();
    await server.stop();
    const { gym } = page(server.url);
    await kept(gym);
    expect(gym.rows("coaches")).toEqual(rows);
  });

  test("a page takes over the writes of one that is gone, not of one that is there", async () => {
    const server = await serve();
    const between = await relay(server);
    const one = page(between.url);
    await live(one.gym);
    between.cut();
    await until(one.gym, () => one.gym.connection().state !== "live", "the connection to be gone");
    void one.gym.create("coaches", ada);
    const two = page(server.url, { url: between.url });
    await kept(two.gym);
    expect(two.gym.connection().waiting).toBe(0);
    await one.leave();
    // It had been waiting for the picture, and looks for writes when it gets it.
    await until(two.gym, () => two.gym.connection().waiting === 1, "the write");
    between.mend();
    two.gym.reconnect();
    await until(two.gym, () => two.gym.connection().waiting === 0, "it to be sent");
    expect(two.gym.rows("coaches").filter((row) => row.name === ada.name)).toHaveLength(1);
  });
});

describe("when nothing can be kept", () => {
  test("all else works", async () => {
    const server = await serve();
    const { gym } = page(server.url, { tokens: memoryTokens() });
    await live(gym);
    expect(await gym.create("coaches", ada)).toMatchObject({ ok: true });
  });
});
