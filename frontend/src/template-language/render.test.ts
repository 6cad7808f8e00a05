import { describe, expect, it } from "vitest";
import { parseLeniently } from "./parse";
import { measure, render, type Values } from "./render";

const show = (source: string, values: Values, limit?: number) =>
  render(parseLeniently(source), values, "content", limit);

describe("measure", () => {
  it("counts what would be there if nothing were shortened", () => {
    const template = parseLeniently("{title}!");
    expect(measure(template, { title: { text: "*".repeat(3000) } }, "content")).toBe(6001);
    expect(measure(template, { title: { text: "🎮" } }, "plain")).toBe(2);
    expect(measure(template, {}, "content")).toBe(1);
  });
});

describe("render", () => {
  it("survives half a surrogate pair", () => {
    const values = { title: { text: "a\uD83D b" } };
    expect(render(parseLeniently("{title}"), values, "url")).toBe("a%EF%BF%BD%20b");
  });

  it("drops byte order marks, which are no white space", () => {
    expect(show("{title}", { title: { text: "\uFEFFa" } })).toBe("a");
  });

  it("keeps an empty mention from counting as set", () => {
    expect(show("{#if role}x{:else}y{/if}", { role: { markup: "" } })).toBe("y");
  });

  it("shortens no address and no number", () => {
    const values = { url: { url: "https://x.example" }, viewers: { number: 12345 } };
    expect(show("{viewers}{url}", values, 4)).toBe("");
    expect(show("{viewers}{url}", values, 5)).toBe("12345");
  });

  it("passes a long text through every limit without exceeding it", () => {
    const values = { title: { text: "a*b_👩‍💻@c ".repeat(20) }, role: { markup: "<@&7>" } };
    for (let limit = 0; limit < 300; limit += 1) {
      const text = show("{role} \\* <t:1:R> {title|upper} {title}", values, limit);
      expect(Array.from(text).length).toBeLessThanOrEqual(limit);
    }
  });
});
