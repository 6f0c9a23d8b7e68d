// Coaches: from the first to the last thing that can be done with one.

import { story } from "./support/story.js";

const picture = "https://example.com/ada.png";

story("a coach is created, updated and deleted", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/coaches");
  await window.button("New coach").click();
  await window.focused(window.field("Name"));
  await window.fill({ Name: "Ada Byron", Age: "36", Picture: picture, Username: "ada" });
  await window.button("Create coach").click();
  await window.sees(window.message("Created the coach"));
  await window.sees(window.heading("Ada Byron"));
  await window.sees(window.row("Ada Byron"));
  await window.page.waitForURL(/\/coaches\/6$/);
  await gym.waitFor("Ada", ({ coaches }) => coaches.some(({ id, name, age, username }) => id === 6 && name === "Ada Byron" && age === 36 && username === "ada"));

  await window.fill({ Name: "Ada Lovelace", Age: "37" });
  await window.button("Save changes").click();
  await window.sees(window.message("Saved the coach"));
  await window.sees(window.heading("Ada Lovelace"));
  await window.misses(window.row("Ada Byron"));
  await gym.waitFor("the new name", ({ coaches }) => coaches.some(({ id, name, age, version }) => id === 6 && name === "Ada Lovelace" && age === 37 && version === 2));

  await window.button("Delete").click();
  await window.question("Delete this coach?").getByRole("button", { name: "Keep it" }).click();
  await window.focused(window.button("Delete"));
  await window.button("Delete").click();
  await window.button("Delete coach").click();
  await window.misses(window.row("Ada Lovelace"));
  await window.sees(window.text("5 coaches"));
  await window.page.waitForURL(/\/coaches$/);
  await gym.waitFor("five coaches", ({ coaches }) => coaches.length === 5);
});

story("deleting a coach with classes displays the reason", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/coaches/1");
  await window.button("Delete").click();
  await window.button("Delete coach").click();
  const refusal = window.question("Delete this coach?").getByRole("alert");
  await window.reads(refusal, "It cannot be deleted");
  const { errors } = await gym.witness.request("delete_coach", { id: 1 });
  await window.reads(refusal, errors.$in_use);
  await window.button("Keep it").click();
  await window.sees(window.row("Mara Lindqvist"));
  await gym.waitFor("five coaches", ({ coaches }) => coaches.length === 5);
});

story("coach search and sort order are kept in the address", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/coaches");
  await window.sees(window.row("Finn Gallagher"));
  await window.lists("Coaches", ["Finn Gallagher", "Mara Lindqvist", "Rosa Delgado", "Teo Okafor", "Yuki Tanabe"]);
  await window.choose("Sort by", /^Oldest/);
  await window.page.waitForURL(/sort=age-down/);
  await window.sees(window.row("Rosa Delgado"));
  await window.lists("Coaches", ["Rosa Delgado", "Teo Okafor", "Mara Lindqvist", "Yuki Tanabe", "Finn Gallagher"]);

  // By a username, too.
  await window.role("searchbox", "Search coaches").fill("YU");
  await window.sees(window.text("1 coach found"));
  await window.lists("Coaches", ["Yuki Tanabe"]);
  await window.page.reload();
  await window.sees(window.text("1 coach found"));
  await window.role("searchbox", "Search coaches").fill("nobody at all");
  await window.sees(window.text("Nothing found"));
  await window.button("Clear the search").click();
  await window.sees(window.text("5 coaches"));
});

story("a coach has an address, and a missing one displays not found", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/coaches/3");
  await window.sees(window.heading("Yuki Tanabe"));
  await window.holds("Age", "29");
  await window.link("7 classes this week").click();
  await window.sees(window.text("7 of 36 classes"));
  await window.page.goBack();
  await window.sees(window.heading("Yuki Tanabe"));
  await window.go("/coaches/999");
  await window.sees(window.text("There is no coach 999"));
  await window.button("All coaches").click();
  await window.page.waitForURL(/\/coaches$/);
  await window.go("/no/such/page");
  await window.sees(window.text("There is no page here"));
  await window.link("To the week").click();
  await window.sees(window.heading("Week"));
});
