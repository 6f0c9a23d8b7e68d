// Screenshots (in target/screenshots/) and accessibility checks of every page, dialog and state in one size, light and
// dark. The clock is fixed, so that the week looks the same each day.

import { mkdir } from "node:fs/promises";
import { audit } from "./axe.js";
import { conflict, dialogs, errors, offline, pages, returned } from "./places.js";
import { story } from "./story.js";
import { pictures } from "./window.js";

const now = new Date("2026-11-24T10:20:00+01:00");

export function looks(size) {
  const said = `${size.width}×${size.height}`;

  async function look(found, window, place) {
    await window.settled();
    await found.check(window, place);
    await shoot(window, `${place} ${size.width} light`);
    // The same in other colours, so only they are looked at again.
    await window.page.emulateMedia({ colorScheme: "dark" });
    await window.settled();
    await found.check(window, `${place}, dark`, ["color-contrast"]);
    await shoot(window, `${place} ${size.width} dark`);
    await window.page.emulateMedia({ colorScheme: "light" });
  }

  const tour = (name, places) =>
    story(`${name}, ${said}`, { long: true }, async (gym) => {
      const found = audit();
      const window = await gym.open({ size });
      await window.page.clock.setFixedTime(now);
      // Leaving a form that is not saved, for the next place.
      window.page.on("dialog", (dialog) => dialog.accept());
      for (const [place, come] of Object.entries(places)) {
        await come(window, gym);
        await look(found, window, place);
      }
      found.done();
    });

  tour("pages", pages);
  tour("dialogs", dialogs);
  tour("errors", { ...errors, "changed meanwhile": conflict });

  story(`no connection, and a conflict, ${said}`, {}, async (gym, t) => {
    const found = audit();
    const away = await offline(gym, t, { size });
    await look(found, away.window, "offline");
    await returned(away, gym);
    await look(found, away.window, "notice of a conflict");
    await away.window.button("Compare").click();
    await away.window.sees(away.window.question("This coach was changed meanwhile"));
    await look(found, away.window, "conflict");
    found.done();
  });

  story(`for members only, ${said}`, { settings: ["--access", "members"] }, async (gym) => {
    const found = audit();
    const window = await gym.open({ size });
    await window.page.goto("/");
    await window.sees(window.heading("Sign in"));
    await look(found, window, "sign-in");
    await window.button("Sign in").click();
    await window.focused(window.field("Username"));
    await look(found, window, "refused sign-in");
    found.done();
  });

  story(`an empty gym, ${said}`, { sample: "never" }, async (gym) => {
    const found = audit();
    const window = await gym.open({ size });
    await window.page.clock.setFixedTime(now);
    for (const [place, path] of [["empty week", "/"], ["empty coaches", "/coaches"], ["empty plans", "/plans"], ["empty moves", "/moves"]]) {
      await window.go(path);
      await look(found, window, place);
    }
    found.done();
  });
}

async function shoot(window, name) {
  await mkdir(pictures, { recursive: true });
  await window.page.screenshot({ path: `${pictures}${name}.png`, caret: "hide", animations: "disabled" });
}
