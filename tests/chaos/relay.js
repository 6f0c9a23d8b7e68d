// The address of all clients. Each connection is relayed to a running server, until a fault hits it.

import { startRelay } from "@rowcast/test-support";
import { Link } from "./link.js";

export async function startFaultyRelay(test, { nodes, faultLog, random }) {
  const choice = random("relay");
  // `calm` ends all faults.
  const state = { calm: false, faultLog };
  let links = 0;
  const target = () => {
    const running = nodes.filter((node) => node.up);
    return running.length > 0 && choice.pick(running).url;
  };
  const relay = await startRelay(test, target, { attach: (link) => new Link(state, link, random(`link ${(links += 1)}`)) });
  return Object.assign(state, { url: relay.url });
}
