import { expect, test } from "vitest";
import { checkMessage, renderMessage, SAMPLE_KINDS, sampleValues } from "~/template-language";
import { PRESETS, presets } from "./presets";

test.each(PRESETS)("%s is a message that can be saved", (preset) => {
  expect(checkMessage(presets[preset])).toEqual([]);
});

test.each(PRESETS)("%s says something for every kind of stream", (preset) => {
  for (const kind of SAMPLE_KINDS) {
    const sample = sampleValues(kind, { now: new Date("2026-11-21T12:00:00Z") });
    const { content, embeds } = renderMessage(presets[preset], sample);
    const text = content + (embeds[0]?.title ?? "");
    expect([kind, text.includes(kind === "ended" ? "was live" : "is live")]).toEqual([kind, true]);
  }
});
