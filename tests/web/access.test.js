// The access modes open, read and members.

import assert from "node:assert/strict";
import { retry } from "@rowcast/test-support";
import { enter, signIn } from "./support/signing.js";
import { story } from "./support/story.js";

const members = { settings: ["--access", "members"] };
const read = { settings: ["--access", "read"] };
const page = (window) => window.role("region", "Sign in");
const names = /Mara|Teo|Yuki|Rosa|Finn/;

async function asMember(gym, username) {
  const window = await gym.open();
  await window.page.goto("/coaches");
  await enter(window, page(window), username, `${username}_password`);
  await window.sees(window.row("Mara Lindqvist"));
  return window;
}

story("access mode members: rows are displayed only while signed in", members, async (gym) => {
  const window = await gym.open();
  const frames = [];
  window.page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => frames.push(String(payload))));
  await window.page.goto("/coaches");
  await window.sees(page(window));
  await enter(window, page(window), "mara", "wrong");
  const { errors } = await gym.witness.request("login", { username: "mara", password: "wrong" });
  await window.sees(window.field("Username").and(window.role("textbox", "Username", { description: errors.username })));
  await window.focused(window.field("Username"));
  await window.holds("Username", "mara");
  await enter(window, page(window), "", "");
  const blank = (await gym.witness.request("login", { username: "", password: "" })).errors;
  await window.sees(window.text(new RegExp(blank.password, "i")));
  // Neither shown nor sent.
  assert.equal(await window.text(names).count(), 0);
  assert.ok(frames.length > 0 && !frames.some((payload) => names.test(payload)), "no rows were sent");

  await enter(window, page(window), "mara", "mara_password");
  await window.sees(window.row("Teo Okafor"));
  await window.sees(window.button("Account: Mara Lindqvist"));
  await window.row("Teo Okafor").click();
  await window.field("Age").fill("42");
  await window.button("Save changes").click();
  await window.sees(window.message("Saved the coach"));

  await window.page.reload();
  await window.sees(window.button("Account: Mara Lindqvist"));
  await window.sees(window.heading("Teo Okafor"));
  await window.holds("Age", "42");
  await retry(async () => assert.match(await window.kept(), names), "rows to be kept for the next time");

  await window.field("Age").fill("77");
  await window.button("Account: Mara Lindqvist").click();
  await window.role("menuitem", "Sign out").click();
  await window.sees(window.question("Sign out without saving?"));
  await window.button("Keep editing").click();
  await window.holds("Age", "77");
  await window.button("Account: Mara Lindqvist").click();
  await window.role("menuitem", "Sign out").click();
  await window.button("Sign out").click();
  await window.sees(page(window));
  assert.equal(await window.text(names).count(), 0);
  await retry(async () => assert.doesNotMatch(await window.kept(), names), "the device to forget");
  await window.page.reload();
  await window.sees(page(window));
  assert.equal(await window.text(names).count(), 0);
});

story("a changed password signs its user out", members, async (gym) => {
  const window = await asMember(gym, "teo");
  await gym.run(["user", "set-password", "teo"], "another password\n");
  await window.sees(page(window));
  await window.sees(window.text(/sign in again|signed out/i));
  assert.equal(await window.row(names).count(), 0);
  await enter(window, page(window), "teo", "teo_password");
  await window.focused(window.field("Username"));
  await enter(window, page(window), "teo", "another password");
  await window.sees(window.row("Mara Lindqvist"));
});

story("a password changed while the window is closed signs its user out", members, async (gym) => {
  const window = await asMember(gym, "teo");
  await window.page.goto("about:blank");
  await gym.run(["user", "set-password", "teo"], "another password\n");
  await window.page.goto("/coaches");
  await window.sees(page(window));
  assert.equal(await window.row(names).count(), 0);
});

story("a member's writes are displayed to another with the author's name", members, async (gym) => {
  const [mara, teo] = [await asMember(gym, "mara"), await asMember(gym, "teo")];
  await mara.row("Rosa Delgado").click();
  await mara.field("Age").fill("53");
  const seen = teo.sees(teo.row("Rosa Delgado").getByText("Mara Lindqvist changed this just now"));
  await mara.button("Save changes").click();
  await seen;
  // A window opened later displays no earlier edit.
  assert.equal(await mara.text(/just now/).count(), 0);
});

story("access mode read: changes require a sign-in first", read, async (gym) => {
  const window = await gym.open();
  await window.go("/coaches/1");
  await window.sees(window.text(/Sign in to change anything/));
  await window.sees(window.heading("Mara Lindqvist"));
  assert.equal(await window.field("Age").isEditable(), false);
  await window.button("Sign in to edit").click();
  await enter(window, window.dialog("Sign in"), "rosa", "rosa_password");
  await window.field("Age").fill("35");
  await window.button("Save changes").click();
  await window.sees(window.message("Saved the coach"));
  await gym.waitFor("the change", ({ coaches: [mara] }) => mara.age === 35);
  assert.ok((await gym.witness.request("update_coach", { id: 1, age: 40 })).errors.$unauthorized);
});

story("access mode read: a new row is started after the sign-in", read, async (gym) => {
  const window = await gym.open();
  await window.go("/moves");
  await window.button("New move").click();
  await enter(window, window.dialog("Sign in"), "finn", "finn_password");
  await window.sees(window.heading("New move"));
  await window.focused(window.field("Name"));
});

story("access mode open: a sign-in only adds the author's name", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/coaches");
  await signIn(window, "yuki");
  await window.sees(window.button("Account: Yuki Tanabe"));
  await window.button("Account: Yuki Tanabe").click();
  await window.role("menuitem", "Sign out").click();
  await window.sees(window.button("Account: not signed in"));
  await window.sees(window.row("Yuki Tanabe"));
});

story("the tabs of a browser sign in and out together", members, async (gym) => {
  const window = await gym.open();
  await window.page.goto("/coaches");
  await window.sees(page(window));
  const other = await window.context.newPage();
  await other.goto("/coaches");
  await other.getByRole("region", { name: "Sign in" }).waitFor();
  await enter(window, page(window), "mara", "mara_password");
  await other.getByRole("button", { name: "Account: Mara Lindqvist" }).click();
  await other.getByRole("row", { name: "Teo Okafor" }).waitFor();
  await other.getByRole("menuitem", { name: "Sign out" }).click();
  await window.sees(page(window));
  assert.equal(await window.text(names).count(), 0);
});
