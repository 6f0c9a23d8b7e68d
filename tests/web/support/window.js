// One window of the planner. Elements are found by role and name.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { TIMEOUT, retry } from "@rowcast/test-support";

export const desktop = { width: 1440, height: 900 };
export const phone = { width: 390, height: 844 };
export const pictures = fileURLToPath(new URL("../../../target/screenshots/", import.meta.url));

// Chromium's own messages when the server is unreachable.
const unreachable =
  /net::ERR_(CONNECTION_|EMPTY_RESPONSE|INTERNET_DISCONNECTED|SOCKET_NOT_CONNECTED|NETWORK_CHANGED|ABORTED)|before receiving a handshake response/;

// The client goes on by polling if a WebSocket does not open in time, as on a busy machine.
const givenUp = /WebSocket is closed before the connection is established/;

export async function openWindow(browser, { url, size = desktop, scheme = "light", motion = "reduce", touch = size === phone } = {}) {
  const context = await browser.newContext({
    baseURL: url,
    viewport: size,
    colorScheme: scheme,
    reducedMotion: motion,
    hasTouch: touch,
    locale: "en-GB",
    timezoneId: "Europe/Oslo",
  });
  context.setDefaultTimeout(TIMEOUT);
  // Portraits are somewhere on the web, where tests do not go.
  await context.route(/^https:/, (route) => route.fulfill({ contentType: "image/svg+xml", body: portrait(route.request().url()) }));
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      console.error(`against the policy: ${violatedDirective} ${blockedURI}`);
    });
  });
  const page = await context.newPage();
  return new Window(context, page);
}

class Window {
  #said = [];
  // Whether the network of this window is meant to fail.
  unplugged = false;

  constructor(context, page) {
    Object.assign(this, { context, page });
    page.on("console", (message) => this.#onMessage(message.type(), message.text()));
    page.on("pageerror", (error) => this.#onMessage("error", error.stack));
  }

  #onMessage(kind, text) {
    if (!["error", "warning", "assert"].includes(kind)) return;
    if (givenUp.test(text) || (this.unplugged && unreachable.test(text))) return;
    this.#said.push(`${kind}: ${text}`);
  }

  isQuiet() {
    assert.deepEqual(this.#said, [], "the console is empty");
  }

  // Reports the state of the window after a failure.
  async reportFailure(test, name) {
    await mkdir(pictures, { recursive: true });
    const path = `${pictures}failed ${name.replaceAll(/[^\w ]/g, "")} ${this.context.browser().contexts().indexOf(this.context)}.png`;
    const shown = await this.page.locator("body").ariaSnapshot({ timeout: 5000 }).catch(String);
    await this.page.screenshot({ path, timeout: 5000 }).catch(() => {});
    test.diagnostic(`${path}\n${this.page.url()}\n${this.#said.join("\n")}\n${shown}`);
  }

  async go(path) {
    await this.page.goto(path);
    await this.live();
  }

  live = () => this.status("Live");

  // Waits until the connection is said to be so.
  status = (text) => this.sees(this.page.getByRole("status", { name: "Connection" }).getByText(text, { exact: true }));

  role = (role, name, options = {}) => this.page.getByRole(role, { name, exact: typeof name === "string", ...options });
  button = (name) => this.role("button", name);
  link = (name) => this.role("link", name);
  field = (name) => this.role("textbox", name);
  heading = (name) => this.role("heading", name);
  row = (name) => this.role("row", name);
  dialog = (name) => this.role("dialog", name);
  question = (name) => this.role("alertdialog", name);
  text = (text) => this.page.getByText(text, { exact: typeof text === "string" });
  // A short message at the foot of the page.
  message = (text) => this.role("region", /^Messages|notification/i).getByText(text, { exact: typeof text === "string" });

  sees = (locator) => locator.first().waitFor();
  misses = (locator) => locator.first().waitFor({ state: "hidden" });
  reads = (locator, text) => this.sees(locator.filter({ hasText: text }));

  // Fills in the fields of a form by their labels.
  async fill(values) {
    for (const [name, value] of Object.entries(values)) await this.field(name).fill(value);
  }

  // One of many, found by typing.
  async pick(label, name) {
    await this.role("combobox", label).fill(name);
    await this.role("option", new RegExp(`^${name}`)).click();
  }

  // One of a few.
  async choose(label, name) {
    await this.button(new RegExp(`${label}$`)).click();
    await this.role("option", name).click();
  }

  async holds(field, value) {
    await retry(async () => assert.equal(await this.field(field).inputValue(), value), `${field} to hold ${value}`);
  }

  // Until fonts and portraits are there and nothing moves that would come to rest.
  settled = () =>
    this.page.evaluate(async () => {
      await document.fonts.ready;
      await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      const ending = () => document.getAnimations().filter(({ effect }) => effect.getComputedTiming().endTime < Infinity);
      // What is inherited begins to move when what it comes from has come to rest.
      for (let still = 0; still < 3; still = ending().length > 0 ? 0 : still + 1) {
        await Promise.all(ending().map(({ finished }) => finished.catch(() => {})));
        await frame();
      }
    });

  // All that this window's pages keep on the device.
  kept = () =>
    this.page.evaluate(async () => {
      const done = (request) => new Promise((resolve, reject) => Object.assign(request, { onsuccess: () => resolve(request.result), onerror: () => reject(request.error) }));
      const all = Object.entries(localStorage);
      for (const { name } of await indexedDB.databases()) {
        const database = await done(indexedDB.open(name));
        for (const store of database.objectStoreNames) all.push(await done(database.transaction(store).objectStore(store).getAll()));
        database.close();
      }
      return JSON.stringify(all);
    });

  // Where the keyboard is.
  async focused(locator) {
    const elsewhere = (element) => (element === document.activeElement ? "" : document.activeElement.cloneNode().outerHTML);
    await retry(async () => assert.equal(await locator.evaluate(elsewhere), ""), `focus on ${locator}`);
  }

  // The rows of a grid, in this order.
  lists = (grid, wanted) =>
    retry(async () => assert.deepEqual(await this.names(this.role("grid", grid).getByRole("row")), wanted), `${grid} to be in order`);

  async names(locator) {
    return (await locator.all()).length === 0 ? [] : locator.evaluateAll((elements) => elements.map((element) => element.getAttribute("aria-label") ?? element.textContent));
  }
}

// A portrait that depends on the address only.
function portrait(url) {
  const hue = [...url].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"><rect width="400" height="400" fill="hsl(${hue} 45% 72%)"/>
    <circle cx="200" cy="160" r="70" fill="hsl(${hue} 40% 35%)"/><path d="M60 400a140 140 0 0 1 280 0" fill="hsl(${hue} 40% 35%)"/></svg>`;
}
