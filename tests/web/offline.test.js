// Offline writes are stored, displayed as waiting, and sent exactly once after the reconnect.

import assert from "node:assert/strict";
import { retry } from "@rowcast/test-support";
import { interruptibleRelay } from "./support/relay.js";
import { story } from "./support/story.js";

const picture = "https://example.com/ada.png";

// What of each name there is on the server.
const times = (name) => ({ coaches }) => coaches.filter((coach) => coach.name === name).length;

async function unplugged(gym, t, path) {
  const relay = await interruptibleRelay(t, gym.url);
  const window = await gym.open({ url: relay.url });
  await window.go(path);
  window.unplugged = true;
  return { relay, window };
}

async function create(window, name, age) {
  await window.button("New coach").click();
  await window.fill({ Name: name, Age: age, Picture: picture });
  await window.button("Create coach").click();
  await window.sees(window.message("Kept on this device").last());
  await window.sees(window.row(name).getByText("Waits for a connection"));
}

story("offline writes are sent after the reconnect", {}, async (gym, t) => {
  const { relay, window } = await unplugged(gym, t, "/coaches");
  relay.cut();
  await window.status("Reconnecting…");
  await create(window, "Ada Byron", "36");
  await window.sees(window.text("1 waiting"));
  await create(window, "Grace Hopper", "40");
  await window.sees(window.text("2 waiting"));
  await window.row("Teo Okafor").click();
  await window.field("Age").fill("42");
  await window.button("Save changes").click();
  await window.sees(window.text("3 waiting"));
  await window.row("Ada Byron").click();
  await window.field("Age").fill("37");
  await window.button("Save changes").click();
  await window.sees(window.text("4 waiting"));
  assert.deepEqual((await gym.witness.request("list_coaches")).data.rows.map(({ age }) => age), [34, 41, 29, 52, 26]);

  relay.mend();
  await window.live();
  await window.misses(window.text(/\d waiting/));
  await gym.waitFor("all of it, once", (store) => times("Ada Byron")(store) === 1 && times("Grace Hopper")(store) === 1 && store.coaches[1].age === 42);
  const { rows } = (await gym.witness.request("list_coaches")).data;
  assert.deepEqual(rows.map(({ name, age }) => `${name} ${age}`).slice(5), ["Ada Byron 37", "Grace Hopper 40"]);
  // What is shown is what there is.
  await window.role("link", "Coaches").click();
  await window.sees(window.text("7 coaches"));
  const shown = await window.names(window.role("grid", "Coaches").getByRole("row"));
  assert.deepEqual(shown.toSorted(), rows.map(({ name }) => name).toSorted());
  await window.misses(window.text("Waits for a connection"));
});

story("queued writes survive a reload and are sent once", {}, async (gym, t) => {
  const { relay, window } = await unplugged(gym, t, "/coaches");
  relay.cut({ pages: true });
  await window.status("Reconnecting…");
  await create(window, "Ada Byron", "36");
  await window.page.reload();
  await window.sees(window.row("Ada Byron").getByText("Waits for a connection"));
  await window.sees(window.text("1 waiting"));
  await window.sees(window.row("Mara Lindqvist"));
  // Twice, for what is kept must stay so until it is acked.
  await window.page.reload();
  await window.sees(window.text("1 waiting"));
  assert.equal((await gym.witness.request("list_coaches")).data.rows.length, 5);

  relay.mend();
  await window.live();
  await window.sees(window.text("6 coaches"));
  await gym.waitFor("Ada", (store) => times("Ada Byron")(store) === 1);
  await window.page.reload();
  await window.live();
  await window.sees(window.text("6 coaches"));
  assert.equal(await window.row("Ada Byron").count(), 1);
  assert.equal((await gym.witness.request("list_coaches")).data.rows.length, 6);
});

story("a window set offline by the browser displays that and reconnects", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/");
  window.unplugged = true;
  await window.context.setOffline(true);
  await window.status("Offline");
  const { data } = await gym.socket().request("new_schedule", { day: "Sunday", hour: "600", coach: { id: 2 }, workout_plan: { id: 2 } });
  await window.context.setOffline(false);
  await window.live();
  await window.sees(window.link(/^Sunday 06:00, Strong base, Teo Okafor/));
  assert.equal(data.id, 37);
});

story("an offline move and an offline delete reach all clients after the reconnect", {}, async (gym, t) => {
  const { relay, window } = await unplugged(gym, t, "/");
  const other = await gym.open();
  await other.go("/");
  relay.cut();
  await window.status("Reconnecting…");
  await window.link(/^Monday 07:00/).dragTo(window.role("cell", "New class, Sunday 08:00"));
  await window.sees(window.link(/^Sunday 08:00/));
  await window.link(/^Tuesday 07:00/).click();
  await window.button("Delete").click();
  await window.button("Delete class").click();
  await window.misses(window.link(/^Tuesday 07:00/));
  await window.sees(window.text("2 waiting"));
  assert.equal(await other.link(/^Tuesday 07:00/).count(), 1);
  relay.mend();
  await window.live();
  await other.sees(other.link(/^Sunday 08:00/));
  await other.misses(other.link(/^Tuesday 07:00/));
  await gym.waitFor("both", ({ schedules }) => schedules.length === 35 && schedules[0].day === "Sunday");
  await retry(async () => assert.equal(await window.link(/^(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day \d/).count(), 35), "35 classes");
});
