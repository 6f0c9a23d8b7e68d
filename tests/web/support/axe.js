// Accessibility checks with axe-core.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { axePath } from "@rowcast/test-support/browser";

const source = await readFile(axePath, "utf8");

const all = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
// About the page as a whole, which a dialog hides while it is open.
const ofPages = ["landmark-one-main", "page-has-heading-one", "region"];

// Collects the violations of several places, so that one run reports all of them.
export function audit() {
  const found = [];
  return {
    // `only` names rules where all others have been looked at already.
    async check(window, place, only) {
      if (!(await window.page.evaluate("typeof axe === 'object'"))) await window.page.evaluate(source);
      const dialog = (await window.dialog(/./).or(window.question(/./)).count()) > 0;
      const rules = Object.fromEntries((dialog ? ofPages : []).map((rule) => [rule, { enabled: false }]));
      const options = only ? { runOnly: only } : { runOnly: all, rules };
      const { violations } = await window.page.evaluate((options) => axe.run({ ...options, resultTypes: ["violations"] }), options);
      for (const { id, help, nodes } of violations) {
        const where = nodes.slice(0, 3).map(({ target, failureSummary }) => `${target.join(" ")} ${failureSummary.replaceAll(/\s+/g, " ")}`);
        found.push(`${place}: ${id}: ${help} (${nodes.length} times: ${where.join(" | ")})`);
      }
    },
    done: () => assert.deepEqual(found, [], "nothing is in anybody's way"),
  };
}
