// The server dies under an open form, or its ack does: nothing typed is lost, and nothing is written twice.

import assert from "node:assert/strict";
import { interruptibleRelay } from "./support/relay.js";
import { story } from "./support/story.js";

const picture = "https://example.com/ada.png";

story("a form keeps its input across a server restart", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/coaches/new");
  window.unplugged = true;
  await window.fill({ Name: "Ada Byron", Age: "36" });
  await gym.kill();
  await window.status("Reconnecting…");
  await window.sees(window.text(/what you save is kept here/));
  await window.holds("Name", "Ada Byron");
  await window.fill({ Picture: picture });
  await gym.start();
  await window.live();
  await window.holds("Name", "Ada Byron");
  await window.holds("Picture", picture);
  await window.button("Create coach").click();
  await window.sees(window.heading("Ada Byron"));
  await gym.waitFor("Ada once", ({ coaches }) => coaches.length === 6 && coaches[5].name === "Ada Byron");
});

story("a form saved while the server is down is sent after its restart", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/coaches/2");
  window.unplugged = true;
  await window.field("Name").fill("Teo Okafor Junior");
  await gym.kill();
  await window.status("Reconnecting…");
  await window.button("Save changes").click();
  await window.sees(window.text("1 waiting"));
  await gym.start();
  await window.live();
  await window.sees(window.heading("Teo Okafor Junior"));
  await gym.waitFor("one change", ({ coaches }) => coaches[1].name === "Teo Okafor Junior" && coaches[1].version === 2);
  await window.misses(window.text("1 waiting"));
});

for (const pages of [false, true]) {
  story(`a lost ack${pages ? " followed by a reload" : ""} results in one row`, {}, async (gym, t) => {
    const relay = await interruptibleRelay(t, gym.url);
    const window = await gym.open({ url: relay.url });
    await window.go("/coaches/new");
    window.unplugged = true;
    await window.fill({ Name: "Ada Byron", Age: "36", Picture: picture });
    const lost = relay.cutBeforeAck();
    await window.button("Create coach").click();
    await lost;
    // The row is written, and no window has received it.
    await gym.waitFor("Ada", ({ coaches }) => coaches.length === 6);
    await window.status("Reconnecting…");
    if (pages) {
      relay.cut({ pages });
      window.page.on("dialog", (dialog) => dialog.accept());
      await window.page.goto("/coaches");
      await window.sees(window.text("1 waiting"));
    }
    relay.mend();
    await window.live();
    await window.sees(pages ? window.row("Ada Byron") : window.heading("Ada Byron"));
    await window.misses(window.text("1 waiting"));
    assert.equal(await window.row("Ada Byron").count(), 1);
    const { rows } = (await gym.witness.request("list_coaches")).data;
    assert.deepEqual(rows.map(({ name, version }) => `${name} ${version}`).slice(4), ["Finn Gallagher 1", "Ada Byron 1"]);
  });
}
