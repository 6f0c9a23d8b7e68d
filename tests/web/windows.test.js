// Two windows: changes in one are displayed in the other with their author.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { signIn } from "./support/signing.js";
import { story } from "./support/story.js";

const picture = "https://example.com/ada.png";

story("creates, updates and deletes are displayed in another window with their author", {}, async (gym) => {
  const [mara, other] = [await gym.open(), await gym.open()];
  await Promise.all([mara.go("/coaches/new"), other.go("/coaches")]);
  await signIn(mara, "mara");
  await mara.fill({ Name: "Ada Byron", Age: "36", Picture: picture });
  const seen = other.sees(other.row("Ada Byron").getByText("Mara Lindqvist added this just now"));
  await mara.button("Create coach").click();
  await seen;
  await other.sees(other.text("6 coaches"));

  await mara.sees(mara.heading("Ada Byron"));
  await mara.fill({ Name: "Ada Lovelace" });
  const changed = other.sees(other.row("Ada Lovelace").getByText("Mara Lindqvist changed this just now"));
  await mara.button("Save changes").click();
  await changed;
  // It is marked as new in other windows only, and announced to screen readers.
  assert.equal(await mara.text(/just now/).count(), 0);
  await other.reads(other.role("log", "Changes by others"), /Mara Lindqvist (created|updated|added|changed) .*Ada Lovelace/);

  await mara.button("Delete").click();
  await mara.button("Delete coach").click();
  await other.misses(other.row("Ada Lovelace"));
  await other.sees(other.text("5 coaches"));
  await gym.waitFor("five coaches", ({ coaches }) => coaches.length === 5);
});

story("a moved class moves in another window", {}, async (gym) => {
  const [teo, other] = [await gym.open(), await gym.open()];
  await Promise.all([teo.go("/"), other.go("/")]);
  await signIn(teo, "teo");
  const seen = other.sees(other.role("listitem").filter({ has: other.link(/^Sunday 08:00, First steps/) }).getByTitle("Teo Okafor changed this just now"));
  await teo.link(/^Monday 07:00, First steps/).dragTo(teo.role("cell", "New class, Sunday 08:00"));
  await seen;
  await other.misses(other.link(/^Monday 07:00/));
  await gym.waitFor("the class on Sunday", ({ schedules: [first] }) => first.day === "Sunday" && first.hour === "800");
});

story("remote edits leave a form's focus and input unchanged", {}, async (gym) => {
  const [window, other] = [await gym.open(), await gym.open()];
  await Promise.all([window.go("/coaches/1"), other.go("/coaches/1")]);
  await window.field("Username").fill("mara.l");
  await window.focused(window.field("Username"));

  // Another row, and another field of the same row.
  await gym.witness.request("new_coach", { name: "Zoe", age: 20, picture });
  await other.field("Age").fill("35");
  await other.button("Save changes").click();
  await other.sees(other.message("Saved the coach"));
  await window.sees(window.row("Zoe"));
  const notice = window.role("status", "").filter({ hasText: "changed this while you were editing" });
  await window.reads(notice, /Age/);
  await window.focused(window.field("Username"));
  await window.page.keyboard.type("indqvist");
  await window.holds("Username", "mara.lindqvist");
  await window.holds("Age", "34");

  await window.button("Take theirs").click();
  await window.misses(notice);
  await window.holds("Age", "35");
  await window.holds("Username", "mara.lindqvist");
  await window.button("Save changes").click();
  await window.sees(window.message("Saved the coach"));
  await gym.waitFor("both changes", ({ coaches: [mara] }) => mara.age === 35 && mara.username === "mara.lindqvist" && mara.version === 3);
  // A form without input displays the new values.
  await other.holds("Username", "mara.lindqvist");
});

story("a row deleted while its form is open can be created again", {}, async (gym) => {
  const window = await gym.open();
  const { data } = await gym.witness.request("new_coach", { name: "Ada", age: 36, picture });
  await window.go(`/coaches/${data.id}`);
  await window.field("Name").fill("Ada Byron");
  await gym.witness.request("delete_coach", { id: data.id });
  await window.sees(window.text("This coach has been deleted"));
  await window.holds("Name", "Ada Byron");
  await window.button("Create it again").click();
  await window.sees(window.row("Ada Byron"));
  await gym.waitFor("Ada once", ({ coaches }) => coaches.filter(({ name }) => name === "Ada Byron").length === 1);
});

story("writes of other programs are displayed", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/coaches");
  // One statement of SQL in the database's file, from a program that knows nothing of us.
  const sql = "update coaches set name = 'Yuki Watanabe', version = version + 1 where id = 3";
  const seen = window.sees(window.row("Yuki Watanabe").getByText("Somebody changed this just now"));
  await promisify(execFile)("python3", ["-c", "import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); d.execute(sys.argv[2]); d.commit()", gym.file, sql]);
  await seen;
  await window.misses(window.row("Yuki Tanabe"));
  // On the board as well, where her name is a part of classes.
  await window.link("Week").click();
  await window.sees(window.link(/Yuki Watanabe/));
  assert.equal(await window.link(/Yuki Tanabe/).count(), 0);

  const added = window.sees(window.link(/^Sunday 12:00, First steps, Mara Lindqvist/));
  await gym.witness.request("new_schedule", { day: "Sunday", hour: "1200", coach: { id: 1 }, workout_plan: { id: 1 } });
  await added;
});
