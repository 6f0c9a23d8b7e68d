// The order of values.

import fc from "fast-check";
import { expect, test } from "vitest";
import { equal } from "../../src/equal.ts";
import { createKeys } from "../../src/keys.ts";
import { compareNumbers, compareText } from "../../src/order.ts";

const sorted = (texts: unknown[]) => [...texts].sort(compareNumbers);

test("numbers sort exactly, by value, with NaN last", () => {
  expect(sorted(["NaN", "10.50", "9", "-3", "Infinity", "-Infinity", "1e3", "10.5001", "0"])).toEqual(["-Infinity", "-3", "0", "9", "10.50", "10.5001", "1e3", "Infinity", "NaN"]);
  expect(sorted(["9007199254740993", "9007199254740992", "9007199254740992.5"])).toEqual(["9007199254740992", "9007199254740992.5", "9007199254740993"]);
  expect(sorted(["0.10000000000000000000000002", "0.1", "0.10000000000000000000000001"])).toEqual(["0.1", "0.10000000000000000000000001", "0.10000000000000000000000002"]);
  expect(sorted(["-0.2000000000000000000001", "-0.2", ".5", "+0.5", "-.25"])).toEqual(["-.25", "-0.2000000000000000000001", "-0.2", ".5", "+0.5"]);
  const huge = `1${"0".repeat(400)}`;
  expect(sorted(["Infinity", `${huge}1`, huge, "-Infinity", `-${huge}`])).toEqual(["-Infinity", `-${huge}`, huge, `${huge}1`, "Infinity"]);
  expect(compareNumbers("10.50", "10.5")).toBe(0);
  expect(compareNumbers(5n, 4n)).toBeGreaterThan(0);
  expect(compareNumbers(5, "NaN")).toBeLessThan(0);
});

test("any decimals sort as their digits do", () => {
  const decimal = fc.tuple(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.integer({ min: 0, max: 25 }));
  const text = ([digits, places]: [bigint, number]) => {
    const plain = `${digits < 0n ? -digits : digits}`.padStart(places + 1, "0");
    return (digits < 0n ? "-" : "") + plain.slice(0, plain.length - places) + (places ? `.${plain.slice(plain.length - places)}` : "");
  };
  const scaled = ([digits, places]: [bigint, number]) => digits * 10n ** BigInt(25 - places);
  fc.assert(
    fc.property(decimal, decimal, (one, other) => {
      const [left, right] = [scaled(one), scaled(other)];
      expect(Math.sign(compareNumbers(text(one), text(other)))).toBe(left < right ? -1 : +(left > right));
    }),
  );
});

test("text sorts by code point, as its UTF-8 does", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("\uffff", "\u{10000}", "\ue000", ""));
  fc.assert(
    fc.property(text, text, (one, other) => {
      expect(Math.sign(compareText(one, other))).toBe(Math.sign(Buffer.compare(Buffer.from(one), Buffer.from(other))));
    }),
  );
});

test("a token is the same for a row, a payload and a key, whatever the order of the columns", () => {
  const { token, key, fields, compare } = createKeys({ key: ["a", "constructor"] });
  expect(token({ constructor: "x", other: 1, a: 2 })).toBe(token({ a: 2, constructor: "x" }));
  expect(token({ a: 2, constructor: "x" })).not.toBe(token({ a: "2", constructor: "x" }));
  expect(key(token({ a: 2, constructor: "x" }))).toEqual({ a: 2, constructor: "x" });
  expect(compare({ a: 2, constructor: "x" }, [2, "x"])).toBe(0);
  expect(Object.keys(fields(token({ a: 2 })))).toEqual(["a", "constructor"]);
  const text = createKeys({ key: ["code"] });
  expect([text.token("1"), text.token(1), text.token({ code: "1" })]).toEqual(["1", 1, "1"]);
  const number = createKeys({});
  expect([number.token("1"), number.token({ id: "1" }), number.key(1)]).toEqual([1, 1, 1]);
});

test("dates are equal by their time, and objects by their own fields", () => {
  expect(equal({ at: new Date(1) }, { at: new Date(1) })).toBe(true);
  expect(equal({ at: new Date(1) }, { at: new Date(2) })).toBe(false);
  expect(equal(JSON.parse('{"__proto__": {}}'), { a: 1 })).toBe(false);
  expect(equal(JSON.parse('{"__proto__": {"b": 1}}'), JSON.parse('{"__proto__": {"b": 1}}'))).toBe(true);
});
