// Every page, dialog and state that the planner has, and how to come to it.

import { interruptibleRelay } from "./relay.js";

const question = async (window, name) => {
  await window.button("Delete").click();
  await window.sees(window.question(name));
};

export const pages = {
  week: async (window) => {
    await window.go("/?day=Monday");
    await window.sees(window.link(/^Monday 07:00/));
  },
  coaches: async (window) => {
    await window.go("/coaches");
    await window.sees(window.row("Mara Lindqvist"));
  },
  plans: async (window) => {
    await window.go("/plans");
    await window.sees(window.row("Strong base"));
  },
  moves: async (window) => {
    await window.go("/moves");
    await window.sees(window.row("Push-up"));
  },
  coach: async (window) => {
    await window.go("/coaches/1");
    await window.sees(window.heading("Mara Lindqvist"));
  },
  plan: async (window) => {
    await window.go("/plans/2");
    await window.sees(window.heading("Strong base"));
  },
  move: async (window) => {
    await window.go("/moves/1");
    await window.sees(window.heading("Goblet squat"));
  },
};

export const dialogs = {
  class: async (window) => {
    await window.go("/classes/1?day=Monday");
    await window.sees(window.dialog("Edit class"));
  },
  "new class": async (window) => {
    await window.go("/classes/new?on=Sunday");
    await window.sees(window.dialog("New class"));
  },
  "new coach": async (window) => {
    await window.go("/coaches/new");
    await window.sees(window.heading("New coach"));
  },
  "new plan": async (window) => {
    await window.go("/plans/new");
    await window.sees(window.heading("New workout plan"));
  },
  "sign in": async (window) => {
    await window.go("/coaches");
    await window.button("Account: not signed in").click();
    await window.role("menuitem", "Sign in").click();
    await window.sees(window.dialog("Sign in"));
  },
  "account menu": async (window) => {
    await window.go("/coaches");
    await window.sees(window.row("Mara Lindqvist"));
    await window.button("Account: not signed in").click();
    await window.sees(window.role("menuitem", "Sign in"));
  },
  "choices of a form": async (window) => {
    await window.go("/classes/new?on=Sunday");
    await window.role("combobox", "Coach").fill("a");
    await window.sees(window.role("option", /^Mara/));
  },
  "a question": async (window) => {
    await window.go("/plans/1");
    await question(window, "Delete this workout plan?");
  },
};

export const errors = {
  "errors of a form": async (window) => {
    await window.go("/coaches/new");
    await window.fill({ Name: "A", Age: "12", Picture: "nowhere" });
    await window.button("Create coach").click();
    await window.focused(window.field("Name"));
  },
  "errors of a class": async (window) => {
    await window.go("/classes/new");
    await window.button("Create class").click();
    await window.focused(window.button(/Day$/));
  },
  refused: async (window) => {
    await window.go("/coaches/1");
    await question(window, "Delete this coach?");
    await window.button("Delete coach").click();
    await window.sees(window.question("Delete this coach?").getByRole("alert"));
  },
  "nothing found": async (window) => {
    await window.go("/coaches?q=nobody");
    await window.sees(window.text("Nothing found"));
  },
  "unknown row": async (window) => {
    await window.go("/coaches/999");
    await window.sees(window.text("There is no coach 999"));
  },
  "unknown page": async (window) => {
    await window.go("/no/such/page");
    await window.sees(window.text("There is no page here"));
  },
  "unsaved changes": async (window) => {
    await window.go("/moves/1");
    await window.field("Focus").fill("Back");
    await window.role("link", "Coaches").click();
    await window.sees(window.question("Leave without saving?"));
  },
};

// States that need a second client or a relay.
export async function conflict(window, gym) {
  await window.go("/coaches/2");
  await window.fill({ Name: "Teo the Elder" });
  await gym.socket().request("update_coach", { id: 2, name: "Teo the Younger", age: 44 });
  await window.sees(window.text(/changed this while you were editing/));
}

export async function offline(gym, test, options) {
  const relay = await interruptibleRelay(test, gym.url);
  const window = await gym.open({ url: relay.url, ...options });
  await window.go("/coaches/2");
  window.unplugged = true;
  relay.cut({ pages: true });
  await window.status("Reconnecting…");
  await window.field("Age").fill("42");
  await window.button("Save changes").click();
  await window.sees(window.text("1 waiting"));
  return { window, relay };
}

// Reconnects into a conflict with another client's change.
export async function returned({ window, relay }, gym) {
  const [, teo] = (await gym.socket().request("list_coaches")).data.rows;
  await gym.socket().request("update_coach", { id: 2, name: "Teo O.", age: teo.age + 10 });
  relay.mend();
  await window.live();
  await window.sees(window.button("Compare"));
}
