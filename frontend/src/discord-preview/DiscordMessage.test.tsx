import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { createInstance } from "i18next";
import { I18nextProvider, initReactI18next } from "react-i18next";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Embed } from "~/template-language";
import { DiscordMessage, type DiscordMessageProps } from "./DiscordMessage";
import de from "./locale/de.json";
import en from "./locale/en.json";

const i18n = createInstance();
const now = new Date("2026-05-04T20:14:00Z");
const names = { users: { 5: "ana" }, roles: { 7: "Live Pings" }, channels: { 9: "live-now" } };

beforeAll(async () => {
  await i18n.use(initReactI18next).init({
    lng: "en",
    resources: { en: { preview: en }, de: { preview: de } },
    interpolation: { escapeValue: false },
  });
});

afterEach(cleanup);

function show(
  message: Partial<DiscordMessageProps["message"]>,
  props: Partial<DiscordMessageProps> = {},
) {
  return render(
    <I18nextProvider i18n={i18n}>
      <DiscordMessage
        message={{ content: "", embeds: [], ...message }}
        scheme="dark"
        names={names}
        now={now}
        timeZone="UTC"
        {...props}
      />
    </I18nextProvider>,
  );
}

const label = () => screen.getAllByRole("article")[0]?.getAttribute("aria-label");

const hidden = () => screen.queryByRole("button", { name: "Spoiler: show" });

const showEmbed = (embed: Embed) => {
  show({ embeds: [embed] });
  return within(screen.getByRole("article", { name: "Embed" }));
};

describe("the message", () => {
  it("has the bot's name, its tag and the time", () => {
    show({ content: "Hi" });
    expect(screen.getByText("StreamMaxing")).toBeVisible();
    expect(screen.getByText("APP")).toBeVisible();
    expect(screen.getByText(/^Today at 8:14\sPM$/)).toBeVisible();
  });

  it("says when it was posted yesterday or earlier", () => {
    const { unmount } = show({}, { sentAt: new Date("2026-05-03T23:59:00Z") });
    expect(screen.getByText(/^Yesterday at 11:59\sPM$/)).toBeVisible();
    unmount();
    show({}, { sentAt: new Date("2026-05-02T23:59:00Z") });
    expect(screen.getByText(/^5\/2\/26, 11:59\sPM$/)).toBeVisible();
  });

  it("counts days where the reader is", () => {
    show({}, { sentAt: new Date("2026-05-03T23:30:00Z"), timeZone: "Europe/Berlin" });
    expect(screen.getByText(/^Today at 1:30\sAM$/)).toBeVisible();
  });

  it("is marked as edited", () => {
    show({ content: "Hi" }, { edited: true });
    expect(screen.getByText("(edited)")).toBeVisible();
  });

  it("takes a name and a picture of its own", () => {
    const bot = { name: "Herald", avatarUrl: "/avatar.png" };
    const { container } = show({ content: "Hi" }, { bot });
    expect(screen.getByText("Herald")).toBeVisible();
    expect(container.querySelector("img")).toHaveAttribute("src", "/avatar.png");
  });

  it("loads nothing from anywhere by itself", () => {
    const { container } = show({ content: "Hi" });
    expect(container.querySelectorAll("img, iframe, script, link")).toHaveLength(0);
  });
});

describe("the text alternative", () => {
  it("tells text, embeds and buttons", () => {
    const buttons = [{ label: "Watch", url: "https://x.example" }];
    show({ content: "<@&7> **Ana** is live <t:1777925580:R>", embeds: [{ title: "x" }], buttons });
    expect(label()).toBe("Message: @Live Pings Ana is live 1 minute ago, 1 embed, 1 button");
  });

  it("counts in the plural", () => {
    const buttons = [1, 2, 3].map((n) => ({ label: `${n}`, url: "https://x.example" }));
    show({ embeds: [{ title: "a" }, { title: "b" }], buttons });
    expect(label()).toBe("Message without text, 2 embeds, 3 buttons");
  });

  it("keeps a spoiler hidden", () => {
    show({ content: "It is ||the butler||" });
    expect(label()).toBe("Message: It is spoiler");
  });

  it("puts lines, lists and code in one line, and ends somewhere", () => {
    show({ content: `# a\n- b\n- c\n\`\`\`d\`\`\`${"e".repeat(500)}` });
    expect(label()).toMatch(/^Message: a b c d e+…$/);
    expect(label()?.length).toBeLessThan(230);
  });

  it("speaks German", async () => {
    await i18n.changeLanguage("de");
    show({ content: "Hallo", embeds: [{ title: "x" }] });
    expect(label()).toBe("Nachricht: Hallo, 1 Embed");
    expect(screen.getByText("Heute um 20:14")).toBeVisible();
    await i18n.changeLanguage("en");
  });
});

describe("markdown", () => {
  it("becomes elements, never HTML of the text", () => {
    const { container } = show({
      content: "**a** *b* __c__ ~~d~~ `e` <img src=x onerror=alert(1)>",
    });
    expect(container.querySelector("strong")).toHaveTextContent("a");
    expect(container.querySelector("em")).toHaveTextContent("b");
    expect(container.querySelector("u")).toHaveTextContent("c");
    expect(container.querySelector("s")).toHaveTextContent("d");
    expect(container.querySelector("code")).toHaveTextContent("e");
    expect(container.querySelector("img")).toBeNull();
    expect(screen.getByText(/<img src=x onerror=alert\(1\)>/)).toBeVisible();
  });

  it("resolves mentions by name", () => {
    show({ content: "<@5> <@&7> <#9> @everyone @here </live:1> <id:customize>" });
    for (const text of ["@ana", "@Live Pings", "#live-now", "@everyone", "@here", "/live"]) {
      expect(screen.getByText(text)).toBeVisible();
    }
    expect(screen.getByText("Channels & Roles")).toBeVisible();
  });

  it("says that a mention is unknown", () => {
    show({ content: "<@1> <@&2> <#3>" });
    for (const text of ["@unknown-user", "@unknown-role", "#unknown"]) {
      expect(screen.getByText(text)).toBeVisible();
    }
  });

  it("opens links elsewhere, and tells them nothing", () => {
    show({ content: '[Watch](https://x.example/a "T") [bad](javascript:alert(1))' });
    const link = screen.getByRole("link");
    expect(link).toHaveAttribute("href", "https://x.example/a");
    expect(link).toHaveAttribute("target", "_blank");
    expect(link).toHaveAttribute("rel", "noopener noreferrer");
    expect(link).toHaveAttribute("title", "T");
  });

  it("shows custom emojis from Discord only, and their names if they cannot be loaded", () => {
    show({ content: "hi <:kappa:123456789012345678> <a:dance:123456789012345679>" });
    const emoji = screen.getByAltText(":kappa:");
    expect(emoji).toHaveAttribute(
      "src",
      "https://cdn.discordapp.com/emojis/123456789012345678.webp?size=48",
    );
    expect(emoji).toHaveAttribute("referrerpolicy", "no-referrer");
    expect(screen.getByAltText(":dance:").getAttribute("src")).toContain(".gif");
    fireEvent.error(emoji);
    expect(screen.getByText(":kappa:")).toBeVisible();
  });

  it("numbers lists from where they begin", () => {
    show({ content: "7. a\n8. b" });
    expect(screen.getByRole("list")).toHaveAttribute("start", "7");
    expect(screen.getAllByRole("listitem")).toHaveLength(2);
  });

  it("adds no headings to those of the page", () => {
    show({ content: "# Big" });
    expect(screen.getByText("Big")).toBeVisible();
    expect(screen.queryByRole("heading")).toBeNull();
  });

  it("tells the whole time of a timestamp", () => {
    show({ content: "<t:1777925580:R>" });
    const time = screen.getByText("1 minute ago");
    expect(time).toHaveAttribute("datetime", "2026-05-04T20:13:00.000Z");
    expect(time.title).toMatch(/^Monday, May 4, 2026 at 8:13\sPM$/);
  });

  it("enlarges emojis that stand alone", () => {
    const { container } = show({ content: "🎮 👩‍💻 <:kappa:123456789012345678>" });
    expect(container.querySelector('[class*="jumbo"]')).not.toBeNull();
  });

  it.each(["🎮 a", "123", "#", ""])("does not enlarge %j", (content) => {
    const { container } = show({ content });
    expect(container.querySelector('[class*="jumbo"]')).toBeNull();
  });
});

describe("a spoiler", () => {
  it("is revealed by a click", async () => {
    show({ content: "||secret||" });
    await userEvent.click(screen.getByRole("button", { name: "Spoiler: show" }));
    expect(hidden()).toBeNull();
    expect(screen.getByText("secret")).toBeVisible();
  });

  it.each(["{Enter}", " "])("is revealed by the key %j", async (key) => {
    show({ content: "||secret||" });
    await userEvent.tab();
    expect(hidden()).toHaveFocus();
    await userEvent.keyboard(key);
    expect(hidden()).toBeNull();
    expect(screen.getByText("secret").parentElement).toHaveFocus();
  });

  it("keeps what it hides from the keyboard and from screen readers", () => {
    show({ content: "||[Watch](https://x.example)||" });
    expect(hidden()?.firstElementChild).toHaveAttribute("inert");
  });
});

describe("an embed", () => {
  it("shows every part in its place", () => {
    const embed = showEmbed({
      title: "Any% *runs*",
      url: "https://x.example/t",
      description: "by <@5>",
      color: 0x0146ff,
      author: {
        name: "**Ana**",
        url: "https://x.example/a",
        icon_url: "https://cdn.discordapp.com/i.png",
      },
      fields: [{ name: "Game", value: "**Celeste**", inline: true }],
      image: { url: "https://static-cdn.jtvnw.net/i.jpg" },
      thumbnail: { url: "https://static-cdn.jtvnw.net/t.jpg" },
      footer: { text: "Twitch *plain*" },
      timestamp: "2026-05-04T20:00:00Z",
    });
    expect(embed.getByRole("link", { name: /^Any%\s*runs$/ })).toHaveAttribute(
      "href",
      "https://x.example/t",
    );
    expect(embed.getByRole("link", { name: "**Ana**" })).toHaveAttribute(
      "href",
      "https://x.example/a",
    );
    expect(embed.getByText("@ana")).toBeVisible();
    expect(embed.getByText("Celeste").closest("strong")).toBeVisible();
    expect(embed.getByAltText("Picture of the embed")).toHaveAttribute("loading", "lazy");
    expect(embed.getByAltText("Small picture of the embed")).toBeVisible();
    expect(embed.getByText(/Twitch \*plain\*/)).toBeVisible();
    expect(embed.getByText(/^Today at 8:00\sPM$/)).toBeVisible();
    expect(screen.getByRole("article", { name: "Embed" })).toHaveStyle({
      borderInlineStartColor: "#0146ff",
    });
  });

  it("gives the bar no colour when none is set", () => {
    showEmbed({ title: "x", color: 0 });
    expect(screen.getByRole("article", { name: "Embed" })).not.toHaveAttribute("style");
  });

  it("loads pictures from known hosts only", () => {
    const { container } = show({ embeds: [{ image: { url: "https://elsewhere.example/i.png" } }] });
    expect(container.querySelector("img")).toBeNull();
    expect(screen.getByText("Picture from elsewhere.example")).toBeVisible();
  });

  it("loads the simulated Twitch's pictures beside a dashboard on the same machine", () => {
    const url = "http://127.0.0.1:4000/_sim/twitch/pictures/avatar-ana.svg";
    show({ embeds: [{ image: { url } }] });
    expect(screen.getByRole("img")).toHaveAttribute("src", url);
  });

  it("says so when a picture cannot be loaded", () => {
    const embed = showEmbed({ image: { url: "https://static-cdn.jtvnw.net/i.jpg" } });
    fireEvent.error(embed.getByRole("img"));
    expect(embed.getByText("Picture from static-cdn.jtvnw.net")).toBeVisible();
  });

  it("takes other hosts when told so", () => {
    const imageHosts = ["pictures.example"];
    show({ embeds: [{ image: { url: "https://pictures.example/i.png" } }] }, { imageHosts });
    expect(screen.getByRole("img")).toHaveAttribute("src", "https://pictures.example/i.png");
  });
});

describe("buttons", () => {
  it("are links with their label", () => {
    show({ buttons: [{ label: "Watch", url: "https://x.example", emoji: "📺" }] });
    const link = screen.getByRole("link", { name: "Watch" });
    expect(link).toHaveAttribute("rel", "noopener noreferrer");
  });
});
