// Two people change one row: both versions are shown, and one of them is chosen.

import { interruptibleRelay } from "./support/relay.js";
import { signIn } from "./support/signing.js";
import { story } from "./support/story.js";

const title = "This coach was changed meanwhile";
const stands = (wanted) => ({ coaches: [, teo] }) => Object.entries(wanted).every(([field, value]) => teo[field] === value);

// Both versions of a field, side by side.
const compares = (window, field, mine, theirs) =>
  window.sees(window.question(title).getByRole("row", { name: `${field} ${mine} ${theirs}`, exact: true }));

// A window that has reconnected after an offline update of Teo's age, which another client has changed meanwhile.
async function returned(gym, t, path = "/coaches/2") {
  const relay = await interruptibleRelay(t, gym.url);
  const [window, mara] = [await gym.open({ url: relay.url }), await gym.open()];
  await Promise.all([window.go("/coaches/2"), mara.go("/coaches/2")]);
  await signIn(mara, "mara");
  window.unplugged = true;
  relay.cut({ pages: true });
  await window.status("Reconnecting…");
  await window.field("Age").fill("42");
  await window.button("Save changes").click();
  await window.sees(window.text("1 waiting"));
  if (path !== "/coaches/2") await window.link(path).click();
  await mara.fill({ Name: "Teo O.", Age: "43" });
  await mara.button("Save changes").click();
  await mara.sees(mara.message("Saved the coach"));
  relay.mend();
  await window.live();
  return { window, mara };
}

for (const choice of ["mine", "theirs"]) {
  story(`an offline update conflicts with a newer one: ${choice}`, {}, async (gym, t) => {
    const { window } = await returned(gym, t);
    await window.sees(window.text(/Your change of the coach “Teo O.” met a newer version/));
    // The server's row stays until the conflict is resolved.
    await gym.waitFor("theirs", stands({ name: "Teo O.", age: 43, version: 2 }));
    await window.sees(window.row("Teo O."));
    await window.button("Compare").click();
    await compares(window, "Age", "42", "43");
    await window.button(`Keep ${choice}`).click();
    await window.misses(window.question(title));
    await window.misses(window.text(/met a newer version/));
    const age = choice === "mine" ? 42 : 43;
    await window.holds("Age", String(age));
    await window.holds("Name", "Teo O.");
    await gym.waitFor(choice, stands({ name: "Teo O.", age, version: choice === "mine" ? 3 : 2 }));
  });
}

story("a conflict is displayed on every page until it is resolved", {}, async (gym, t) => {
  const { window } = await returned(gym, t, "Exercise moves");
  await window.sees(window.heading("Exercise moves"));
  await window.button("Compare").click();
  await compares(window, "Age", "42", "43");
  await window.button("Decide later").click();
  await window.misses(window.question(title));
  await window.button("Compare").click();
  await window.button("Keep mine").click();
  await window.misses(window.text(/met a newer version/));
  await gym.waitFor("mine", stands({ name: "Teo O.", age: 42, version: 3 }));
});

for (const choice of ["Keep mine", "Keep theirs", "Back to editing"]) {
  story(`concurrent saves of a form conflict: ${choice}`, {}, async (gym, t) => {
    const relay = await interruptibleRelay(t, gym.url);
    const [window, other] = [await gym.open({ url: relay.url }), gym.socket()];
    await window.go("/coaches/2");
    await window.field("Name").fill("Teo the Elder");
    // Their change is on its way to this window, and held up.
    const held = relay.hold();
    await other.request("update_coach", { id: 2, version: 1, name: "Teo the Younger", age: 44 });
    await held;
    const said = relay.nextUpload();
    await window.button("Save changes").click();
    await said;
    relay.release();
    await compares(window, "Name", "Teo the Elder", "Teo the Younger");
    await window.button(choice).click();
    await window.misses(window.question(title));
    if (choice === "Keep mine") await gym.waitFor("mine", stands({ name: "Teo the Elder", age: 44, version: 3 }));
    if (choice === "Keep theirs") await window.holds("Name", "Teo the Younger");
    if (choice === "Back to editing") {
      await window.holds("Name", "Teo the Elder");
      await window.button("Save changes").click();
      await window.sees(window.message("Saved the coach"));
      await gym.waitFor("mine in the end", stands({ name: "Teo the Elder", version: 3 }));
    }
    if (choice === "Keep theirs") await gym.waitFor("theirs", stands({ name: "Teo the Younger", age: 44, version: 2 }));
  });
}
