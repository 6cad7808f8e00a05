import { expect, test, type Page, type World } from "./world";

/** Counts what a person clicks. */
class Clicks {
  count = 0;

  constructor(readonly page: Page) {}

  async link(name: string | RegExp) {
    this.count += 1;
    await this.page.getByRole("link", { name }).first().click();
  }

  async button(name: string | RegExp) {
    this.count += 1;
    await this.page.getByRole("button", { name }).first().click();
  }

  /** Opens a list and picks from it: two clicks. */
  async pick(label: string | RegExp, option: string | RegExp) {
    this.count += 2;
    await this.page.getByRole("combobox", { name: label }).click();
    await this.page.getByRole("option", { name: option }).click();
  }
}

const CLICKS = 8;

test("a new admin comes from the landing page to a test message, and to a real one", async ({
  page,
  fresh: world,
}) => {
  test.setTimeout(120_000);
  const tavern = await world.guild("New Tavern");
  const general = tavern.channels.find(({ name }) => name === "general")?.id ?? "";
  const clicks = new Clicks(page);
  await page.goto(world.url);
  await clicks.link("Sign in with Discord");
  await clicks.button(/Ada/);
  await clicks.link("Add bot to New Tavern");
  await clicks.button(/Ada/);
  await expect(page.getByRole("heading", { name: "New Tavern" })).toBeVisible();
  await clicks.pick("Choose a channel", /general/);
  await expect(page.getByRole("combobox", { name: "Choose a channel" })).toHaveCount(0);
  await clicks.button("Send test");
  await expect(page.getByText("The test message was posted")).toBeVisible();
  expect(await world.messages(general)).toHaveLength(1);
  expect(clicks.count).toBeLessThanOrEqual(CLICKS);
  test.info().annotations.push({ type: "clicks", description: String(clicks.count) });

  await test.step("adds a streamer by name", async () => {
    await world.addStreamer("vera_plays", "Vera");
    await page.goto(`${world.url}/s/${tavern.id}/streamers?add=search`);
    const dialog = page.getByRole("dialog", { name: "Add streamers" });
    await dialog.getByLabel("Name or address").fill("vera_plays");
    await dialog.getByRole("button", { name: "Add Vera" }).click();
    await expect(dialog.getByText("Vera was added")).toBeVisible();
  });

  await test.step("writes a template of their own", async () => {
    await page.goto(`${world.url}/s/${tavern.id}/templates`);
    await page.getByRole("button", { name: "New template" }).click();
    await page.getByRole("dialog").getByRole("textbox", { name: "Name" }).fill("Tavern");
    await page.getByRole("radio", { name: "One line" }).check();
    await page.getByRole("button", { name: "Create" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Tavern" })).toBeVisible();
    const field = page.getByRole("textbox", { name: "Message" });
    await field.click();
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.type("Mugs up, {streamer} is live: {ur");
    await page.getByRole("option", { name: /^url/ }).click();
    await expect(page.getByRole("article").first()).toContainText(
      "Mugs up, Sample_Streamer is live",
    );
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("Template saved")).toBeVisible();
    await page.getByRole("button", { name: "Send test" }).click();
    await expect(page.getByText("The test message was posted")).toBeVisible();
    expect((await world.messages(general)).at(-1)?.content).toContain("Mugs up, Sample");
  });

  await test.step("makes it the server's default", async () => {
    await page.getByRole("link", { name: "Make it the server default" }).click();
    await page.getByRole("combobox", { name: "Default template" }).click();
    await page.getByRole("option", { name: "Tavern" }).click();
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("Unsaved changes")).toHaveCount(0);
  });

  await test.step("sees the stream announced, and why it arrived", async () => {
    await subscribed(world, "vera_plays");
    await world.goLive("vera_plays");
    await expect
      .poll(async () => (await world.messages(general)).at(-1)?.content)
      .toBe("Mugs up, Vera is live: https://www.twitch.tv/vera_plays");
    await page.goto(`${world.url}/s/${tavern.id}/deliveries`);
    await page.getByRole("link", { name: "Vera · Went live" }).first().click();
    const sentence = /The announcement was posted in #general, .* after Twitch/;
    await expect(page.getByText(sentence)).toBeVisible();
  });

  await test.step("sends it again", async () => {
    const before = (await world.messages(general)).length;
    await page.getByRole("button", { name: /Resend/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Send again" }).click();
    await expect.poll(async () => (await world.messages(general)).length).toBe(before + 1);
  });
});

/** Twitch has answered for the streamer's subscription. */
async function subscribed(world: World, login: string) {
  await expect.poll(() => world.isSubscribed(login), { timeout: 20_000 }).toBe(true);
}

test("what the browser renders is what the server renders", async ({ page, world }) => {
  await world.signIn(page, "ada");
  const guild = await world.guild("Ana's Corner");
  const made = (await world.api(page, "GET", `/api/guilds/${guild.id}/templates`)) as {
    default_message: object;
  };
  const path = `/api/guilds/${guild.id}/templates`;
  const message = {
    ...made.default_message,
    content: "{streamer}: {title|upper|truncate:12} <{url}>",
  };
  const { id } = (await world.api(page, "POST", path, { name: "Same", message })) as { id: string };
  const shown = (await world.api(page, "POST", `${path}/preview`, { message, sample: {} })) as {
    content: string;
    embeds: { title: string; fields: { value: string }[] }[];
  };
  await page.goto(`${world.url}/s/${guild.id}/templates/${id}`);
  const article = page.getByRole("article").first();
  const plain = shown.content.replace(/[\\<>]/g, "");
  await expect(article).toContainText(plain);
  await expect(article).toContainText(shown.embeds[0]?.title ?? "-");
  await expect(article).toContainText(shown.embeds[0]?.fields[0]?.value ?? "-");
});

test("a template that loses its mention says so when it is saved", async ({
  page,
  fresh: world,
}) => {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada");
  const ids = await world.seedForPages(page, guild.id);
  await page.goto(`${world.url}/s/${guild.id}/notifications`);
  await page.getByRole("combobox", { name: "Mention" }).click();
  await page.getByRole("option", { name: "@here" }).click();
  await page.getByRole("combobox", { name: "Default template" }).click();
  await page.getByRole("option", { name: /^Going live/ }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Unsaved changes")).toBeHidden();
  await page.goto(`${world.url}/s/${guild.id}/templates/${ids.template}`);
  await page.getByRole("textbox", { name: "Message" }).click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.type("Live now");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("would be posted, but ping no one")).toBeVisible();
});

test("a session that ends while somebody types costs nothing", async ({ page, context, world }) => {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada");
  const ids = await world.seedForPages(page, guild.id);
  await page.goto(`${world.url}/s/${guild.id}/templates/${ids.template}`);
  const name = page.getByRole("textbox", { name: "Name", exact: true }).first();
  await name.fill("Kept through it all");
  await context.clearCookies();
  await page.getByRole("button", { name: "Save" }).click();
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  const opened = context.waitForEvent("page");
  await dialog.getByRole("link", { name: "Sign in again" }).click();
  const other = await opened;
  await world.pickUser(other, "ada");
  await expect(dialog).toHaveCount(0);
  await expect(name).toHaveValue("Kept through it all");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Template saved")).toBeVisible();
});

test("a member who opts out is left out of the next announcement", async ({
  page,
  fresh: world,
}) => {
  const guild = await world.guild("Speedrun Guild");
  const channel = guild.channels[0]?.id ?? "";
  await world.signIn(page, "ben", "/me");
  const ben = (await world.api(page, "GET", "/api/auth/me")) as { id: string };
  const section = page.getByRole("region", { name: "Speedrun Guild" });
  await section.getByRole("button", { name: /Speedrun Guild/ }).click();
  const choice = section.getByRole("radiogroup", { name: "Pings for Gus" });
  await choice.getByText("No pings").click();
  await expect
    .poll(async () => {
      const path = `/api/users/me/preferences/${guild.id}?limit=100`;
      const list = (await world.api(page, "GET", path)) as {
        items: { login: string; wants_ping: boolean | null }[];
      };
      return list.items.find(({ login }) => login === "gus")?.wants_ping;
    })
    .toBe(false);
  await world.goLive("gus");
  const announced = async () => {
    const all = await world.messages(channel);
    return all.findLast(({ content }) => content.includes("**Gus**"))?.content;
  };
  await expect.poll(announced).toContain("is live");
  const content = (await announced()) ?? "";
  expect(content).not.toContain(ben.id);
  expect(content).toContain("<@");
});
