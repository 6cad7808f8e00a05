import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ADDRESS_PROBLEMS, webAddress } from "./address";
import { checkMessage, emptyEmbed } from "./message";

interface Vector {
  text: string;
  address?: string;
  problem?: string;
}

const file = readFileSync("../testdata/address-vectors.json", "utf8");
const { cases }: { cases: Vector[] } = JSON.parse(file);

describe("addresses", () => {
  it("are all there", () => expect(cases.length).toBeGreaterThan(20));

  it.each(cases)("$text", ({ text, address, problem }) => {
    expect(webAddress(text)).toEqual(problem ? { problem } : { address });
  });

  it("have the server's words for what is wrong", () => {
    const rust = readFileSync("../crates/types/src/address.rs", "utf8");
    for (const words of Object.values(ADDRESS_PROBLEMS)) expect(rust).toContain(`"${words}"`);
  });
});

/** The fields that are refused in an embed. */
const refusedIn = (change: object) =>
  checkMessage({ content: "", embed: { ...emptyEmbed(), ...change } }).map(({ field }) => field);

it("an address that no stream could make right is refused", () => {
  const fine = ["", "{avatar_url}", "{#if ended}{vod_url}{/if}", "example.com/{login}.png"];
  for (const image_url of fine) expect(refusedIn({ image_url })).toEqual([]);
  const refused = ["https://cdn_1.example.com/a.png", "{title}", "ftp://example.com/{login}"];
  for (const image_url of refused)
    expect(refusedIn({ image_url })).toEqual(["message.embed.image_url"]);
  const author = { name: "Ana", url: "https://[::1", icon_url: "https:///a.png" };
  expect(refusedIn({ author })).toEqual([
    "message.embed.author.url",
    "message.embed.author.icon_url",
  ]);
});
