import { describe, expect, it } from "vitest";
import { checkMessage, emptyEmbed, readMessage, sourcesOf, type EmbedTemplate } from "./message";
import { embedLength, renderMessage } from "./render-message";
import type { Values } from "./render";

const VALUES: Values = {
  streamer: { text: "Ana" },
  title: { text: "Any% runs" },
  url: { url: "https://www.twitch.tv/ana" },
  preview_url: { url: "https://static-cdn.jtvnw.net/a.jpg" },
};
const startedAt = new Date("2026-05-04T20:14:00Z");

const withEmbed = (embed: Partial<EmbedTemplate>, content = "") => ({
  content,
  embed: { ...emptyEmbed(), ...embed },
});
const rendered = (embed: Partial<EmbedTemplate>, values = VALUES) =>
  renderMessage(withEmbed(embed), { values, startedAt });
const field = (name: string, value: string, inline = false) => ({ name, value, inline });

describe("checkMessage", () => {
  it("is content with a message that the API would save", () => {
    expect(checkMessage(withEmbed({ title: "{title}", color: 0xffffff }, "{mention}"))).toEqual([]);
  });

  it("names fields as the API does, in its order", () => {
    const bad = "{nope}";
    const message = withEmbed(
      {
        title: bad,
        url: bad,
        description: bad,
        color: 0x1000000,
        author: { name: bad, url: bad, icon_url: bad },
        fields: [field("a", bad), field(bad, "b")],
        thumbnail_url: bad,
        image_url: bad,
        footer: { text: bad },
      },
      bad,
    );
    expect(checkMessage(message).map((error) => error.field)).toEqual([
      "message.content",
      "message.embed.color",
      "message.embed.title",
      "message.embed.url",
      "message.embed.description",
      "message.embed.thumbnail_url",
      "message.embed.image_url",
      "message.embed.author.name",
      "message.embed.author.url",
      "message.embed.author.icon_url",
      "message.embed.footer.text",
      "message.embed.fields[0].value",
      "message.embed.fields[1].name",
    ]);
  });

  it("tells code, words and place", () => {
    expect(checkMessage({ content: "Hi {gmae}", embed: null })).toEqual([
      {
        field: "message.content",
        code: "unknown_variable",
        message: "there is no {gmae}: did you mean {game}?",
        span: { start: 4, end: 8, line: 1, column: 5 },
      },
    ]);
  });

  it.each([-1, 1.5, 0x1000000, Number.NaN])("refuses the colour %d", (color) => {
    expect(checkMessage(withEmbed({ color }))).toEqual([
      {
        field: "message.embed.color",
        code: "invalid",
        message: "must be between 0 and 16777215 (0xFFFFFF)",
      },
    ]);
  });

  it("refuses a 26th field", () => {
    const fields = Array.from({ length: 26 }, () => field("a", "b"));
    expect(checkMessage(withEmbed({ fields }))).toMatchObject([
      { field: "message.embed.fields", code: "invalid" },
    ]);
  });
});

describe("renderMessage", () => {
  it("fills every part", () => {
    const message = withEmbed(
      {
        title: "{title}",
        url: "{url}",
        description: "by {streamer}",
        color: 0x9146ff,
        author: { name: "{streamer}", url: "{url}", icon_url: "https://x.example/{streamer}" },
        fields: [field("Title", "{title}", true)],
        thumbnail_url: "{preview_url}",
        image_url: "{preview_url}",
        footer: { text: "Twitch" },
        timestamp: true,
      },
      "**{streamer}**",
    );
    expect(renderMessage(message, { values: VALUES, startedAt })).toEqual({
      content: "**Ana**",
      embeds: [
        {
          title: "Any% runs",
          url: "https://www.twitch.tv/ana",
          description: "by Ana",
          color: 0x9146ff,
          author: {
            name: "Ana",
            url: "https://www.twitch.tv/ana",
            icon_url: "https://x.example/Ana",
          },
          fields: [{ name: "Title", value: "Any% runs", inline: true }],
          thumbnail: { url: "https://static-cdn.jtvnw.net/a.jpg" },
          image: { url: "https://static-cdn.jtvnw.net/a.jpg" },
          footer: { text: "Twitch" },
          timestamp: "2026-05-04T20:14:00Z",
        },
      ],
    });
  });

  it("leaves out a field whose name or value comes to nothing", () => {
    const fields = [field("Game", "{game}"), field("{game}", "x"), field("Title", "{title}")];
    expect(rendered({ fields }).embeds[0]?.fields).toEqual([field("Title", "Any% runs")]);
  });

  it("leaves out an author without a name and a footer without a text", () => {
    const author = { name: "{game}", url: "{url}", icon_url: "" };
    const [embed] = rendered({ title: "x", author, footer: { text: "{game}" } }).embeds;
    expect(embed).toEqual({ title: "x" });
  });

  it("leaves out an embed that shows nothing, and then says the least there is to say", () => {
    expect(rendered({ url: "{url}", color: 1, timestamp: true })).toEqual({
      content: "Ana is live: https://www.twitch.tv/ana",
      embeds: [],
    });
  });

  it("speaks of the past once the stream has ended", () => {
    const values = { ended: { markup: "<t:1:R>" }, url: { url: "https://x.example" } };
    expect(renderMessage({ content: "", embed: null }, { values }).content).toBe(
      "The stream was live: https://x.example",
    );
  });

  it.each(["ftp://x.example", "javascript:alert(1)", "https://x_1.example/a", "x", "{title}"])(
    "leaves out the address %s",
    (url) => {
      expect(rendered({ title: "x", url, image_url: url }).embeds).toEqual([{ title: "x" }]);
    },
  );

  it("leaves out an address that is too long", () => {
    const [long, longer] = [2048, 2049].map((length) => "https://x.example/".padEnd(length, "a"));
    expect(rendered({ title: "x", url: long }).embeds[0]?.url).toBe(long);
    expect(rendered({ title: "x", url: longer }).embeds[0]?.url).toBeUndefined();
  });

  it("keeps within 6,000 characters: the description gives way, then fields", () => {
    const fields = Array.from({ length: 5 }, () => field("n".repeat(100), "v".repeat(1000)));
    const shorter = rendered({ description: "d".repeat(3900), fields }).embeds[0] ?? {};
    expect(embedLength(shorter)).toBe(6000);
    expect(shorter.description).toHaveLength(500);

    const many = rendered({ description: "d", fields: [...fields, ...fields] }).embeds[0] ?? {};
    expect(many.description).toBeUndefined();
    expect(many.fields).toHaveLength(5);
  });

  it("shows what does not parse as it is written", () => {
    expect(
      renderMessage({ content: "{gmae} {streamer}", embed: null }, { values: VALUES }),
    ).toEqual({
      content: "{gmae} Ana",
      embeds: [],
    });
  });
});

describe("readMessage", () => {
  it("fills in what is missing", () => {
    expect(readMessage({ content: "x", embed: { fields: [{ name: "a" }] } })).toEqual({
      content: "x",
      embed: { ...emptyEmbed(), fields: [field("a", "")] },
    });
    expect(readMessage(null)).toEqual({ content: "", embed: null });
  });

  it("keeps everything that is there", () => {
    const message = withEmbed({
      color: 7,
      author: { name: "a", url: "b", icon_url: "c" },
      footer: { text: "d" },
      fields: [field("e", "f", true)],
      timestamp: true,
    });
    expect(readMessage(JSON.parse(JSON.stringify(message)))).toEqual(message);
  });
});

it("lists the sources with the kind of their field", () => {
  const sources = sourcesOf(withEmbed({ footer: { text: "f" } }, "c"));
  expect(sources.map(({ field: name, kind }) => `${name} ${kind}`)).toEqual([
    "message.content content",
    "message.embed.title title",
    "message.embed.url url",
    "message.embed.description description",
    "message.embed.thumbnail_url url",
    "message.embed.image_url url",
    "message.embed.footer.text footer",
  ]);
});
