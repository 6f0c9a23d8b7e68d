// What a front end may write with the types of tables; lines with a mark do not compile.

import { rules, schema, type Collections, type Json, type NewName, type ServerToClientEvents, type Total } from "./schema.js";
import type { Settings } from "./types.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const yes = <_ extends true>() => {};

type Customer = Collections["customers"]["row"];
yes<Same<Collections["customers"]["key"], string>>();
yes<Same<Collections["Order Details"]["key"], { order_id: number; product: string }>>();
yes<Same<Collections["classes"]["key"], number>>();
yes<Same<Collections["names"]["key"], string>>();
yes<Same<Collections["tasks"]["update"], never>>();
yes<Same<Collections["__proto__"]["key"], number>>();
// @ts-expect-error the key is the integer column `id`
yes<Same<Collections["tasks"]["key"], number>>();
// @ts-expect-error rows without a key are in no collection
yes<Same<Collections["totals by year"]["row"], Total>>();

yes<Same<Customer["level"], "gold" | "si|ver" | 'a "b"' | null>>();
yes<Same<Customer["nothing"], never>>();
yes<Same<Customer["grid"], (number | null)[][]>>();
yes<Same<Customer["places"], ({ x: number } | null)[]>>();
yes<Same<Customer["moods"], ("sad" | "glad")[] | null>>();
yes<Same<Customer["extra"], Json>>();
yes<Same<Customer["settings"], Settings>>();
yes<Same<NewName["__proto__"], string>>();
yes<Same<NewName["line\nbreak\u2028"], string>>();

const any: Json = { a: [1, "b", null, { c: true }] };
// @ts-expect-error no JSON
const none: Json = { a: undefined };

type Argument<K extends keyof ServerToClientEvents> = Parameters<ServerToClientEvents[K]>[0];
yes<Same<NonNullable<Argument<"changes">["Order Details"]>["deleted"], { order_id: number; product: string }[]>>();
yes<Same<NonNullable<Argument<"changes">["customers"]>["deleted"], string[]>>();
yes<Same<Argument<"schema">["collections"], Record<string, string>>>();
yes<Same<Argument<"authored">["id"], string | number | { order_id: number; product: string }>>();
yes<Same<Argument<"authored">["version"], string | number | null>>();

yes<Same<(typeof rules.customers.discount)["exclusiveMaximum"], 1>>();
yes<Same<(typeof rules.names)["__proto__"]["required"], true>>();
console.log(any, none, schema.collections["Order Details"].nests["customer"]?.by);
