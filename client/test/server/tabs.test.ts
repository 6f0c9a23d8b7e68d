// @vitest-environment happy-dom
// Pages of one origin share the token: they follow each other's sign-in, and forget only the token that was theirs.

import { beforeEach, expect, test } from "vitest";
import { localTokens, memoryTokens, type TokenStore } from "../../src/index.ts";
import { openClient, startServer, type Gym } from "../support/server.ts";
import { waitUntilLive, waitForClient } from "../support/wait.ts";

const mara = { username: "mara", password: "mara_password" };
const teo = { username: "teo", password: "teo_password" };
const signIn = (gym: Gym) => waitForClient(gym, () => gym.connection().needsSignIn && gym.connection().state === "live", "the sign-in");
const is = (gym: Gym, name: string | undefined) =>
  waitForClient(gym, () => gym.connection().user?.username === name && gym.connection().state === "live", `${name} to be signed in`);

beforeEach(() => localStorage.clear());

// The storage event of a browser. One tab at a time is the source, so all of them receive it here.
function tab(): TokenStore {
  const tokens = localTokens();
  return {
    ...tokens,
    set(token) {
      tokens.set(token);
      dispatchEvent(new Event("storage"));
    },
  };
}

test.each(["members", "read", "open"])("sign-in, change of user and sign-out are followed by another tab, with access %s", async (access) => {
  const server = await startServer(["--access", access]);
  const [one, two] = [server.open({ tokens: tab() }), server.open({ tokens: tab() })];
  const out = access === "members" ? signIn : waitUntilLive;
  await Promise.all([out(one), out(two)]);
  await one.login(mara);
  await is(two, "mara");
  expect(two.rows("coaches")).toEqual(one.rows("coaches"));
  await two.login(teo);
  await is(one, "teo");
  await one.logout();
  await is(two, undefined);
  await out(two);
  if (access === "members") expect(two.rows("coaches")).toEqual([]);
  expect(localStorage.length).toBe(0);
});

test("a late sign-out keeps a newer token, and reconnects with it", async () => {
  const server = await startServer(["--access", "members"]);
  // It receives no event about the other tab's sign-in.
  const shared = memoryTokens();
  const gym = server.open({ tokens: shared });
  await signIn(gym);
  await gym.login(mara);
  const theirs = shared.get()!;
  const elsewhere = server.open({ tokens: memoryTokens() });
  await signIn(elsewhere);
  const next = (await elsewhere.login(teo)).data!.token;
  shared.set(next);
  // Another page of Mara's ends her sign-in.
  const other = server.open({ tokens: { get: () => theirs, set: () => {} } });
  await is(other, "mara");
  await other.logout();
  await is(gym, "teo");
  expect(shared.get()).toBe(next);
  expect(gym.rows("coaches")).toHaveLength(5);
});

test("a rejected token is removed, a newer one is kept", async () => {
  const server = await startServer(["--access", "members"]);
  const maker = server.open();
  await signIn(maker);
  const good = (await maker.login(mara)).data!.token;
  let token: string | null = "0".repeat(64);
  let asked = 0;
  // Another page signs in while this one is being refused.
  const tokens: TokenStore = {
    get: () => (asked++ === 1 ? (token = good) : token),
    set: (next) => void (token = next),
  };
  const gym = openClient(server.url, { tokens });
  await is(gym, "mara");
  expect(token).toBe(good);
});

test("a closed client ignores other tabs", async () => {
  const server = await startServer();
  const gym = server.open({ tokens: tab() });
  await waitUntilLive(gym);
  gym.close();
  localTokens().set("0".repeat(64));
  dispatchEvent(new Event("storage"));
  expect(gym.connection().state).toBe("offline");
});
