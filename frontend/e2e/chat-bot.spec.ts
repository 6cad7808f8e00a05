import { addCommand, letIn, says, write } from "./bot";
import { faults } from "./faults";
import { settled } from "./pages";
import { expect, test, type Page } from "./world";

test.use({ contextOptions: { reducedMotion: "reduce" } });
test.describe.configure({ timeout: 240_000 });

const pages = (page: Page) => page.getByRole("navigation", { name: "The bot’s pages" });
const table = (page: Page) => page.getByRole("list", { name: "Commands", exact: true });
const row = (page: Page, name: string) =>
  table(page)
    .getByRole("listitem")
    .filter({ has: page.getByRole("link", { name, exact: true }) });
const log = (page: Page) => page.getByRole("list", { name: "Log" });
/** Variables that the field offers. */
const offered = (page: Page) =>
  page.getByRole("listbox", { name: "Variables" }).getByRole("option");
const save = (page: Page) => page.getByRole("button", { name: "Save", exact: true });

test("a streamer lets the bot in, a moderator adds a command, a viewer uses it", async ({
  page,
  fresh: world,
}) => {
  await world.signIn(page, "ben", "/me/channel");
  await page.getByRole("link", { name: "Chat bot" }).click();
  await expect(page.getByRole("heading", { name: "Let the bot into your channel" })).toBeVisible();

  // Who says no on Twitch has changed nothing.
  await page.getByRole("link", { name: "Let the bot in" }).click();
  await world.sayNo(page);
  await expect(page.getByRole("alert")).toContainText("You left Twitch’s page");
  await page.getByRole("alert").getByRole("button", { name: "Close" }).click();
  await expect(page).toHaveURL(/\/me\/bot$/);

  await page.getByRole("link", { name: "Let the bot in" }).click();
  await page.getByRole("button", { name: "Ana" }).first().click();
  await expect(page.getByText("The bot is on its way to ana.")).toBeVisible();
  await expect(page.getByText("Hears your chat", { exact: true })).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText("It speaks as maxbot.")).toBeVisible();
  await expect(page.getByText("/mod maxbot")).toBeVisible();

  await write(world, "gus", "!command add hello Hello {touser}!", "moderator");
  await pages(page).getByRole("link", { name: "Log" }).click();
  await expect(log(page).getByRole("listitem")).toHaveCount(1, { timeout: 30_000 });
  // What is known of a channel is two seconds old at most.
  await expect(async () => {
    await write(world, "hana", "!hello @elif", "viewer");
    await says(world, "Hello elif!", 4000);
  }).toPass();
  // The page looks for itself.
  const answer = log(page).getByRole("listitem").filter({ hasText: "Hello elif!" });
  await expect(answer.first()).toContainText("answers a line", { timeout: 15_000 });
  await expect(answer.first().getByText("Said", { exact: true })).toBeVisible({ timeout: 15_000 });

  await pages(page).getByRole("link", { name: "Commands" }).click();
  await expect(row(page, "hello")).toContainText("used once");
  await expect(row(page, "hello")).toContainText("Everyone");

  // Sent away, it answers no more; what was set up is kept.
  await pages(page).getByRole("link", { name: "State" }).click();
  await page.getByRole("button", { name: "Send the bot away" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Send it away" }).click();
  await expect(page.getByText("You have sent it away.")).toBeVisible();
  await pages(page).getByRole("link", { name: "Commands" }).click();
  await expect(row(page, "hello")).toBeVisible();
});

test("a command is written, tried out, edited and deleted", async ({ page, fresh: world }) => {
  const channel = await letIn(page, world);
  await pages(page).getByRole("link", { name: "Commands" }).click();
  await expect(page.getByRole("heading", { name: "No commands of your own yet" })).toBeVisible();
  await page.getByRole("link", { name: "Add a command" }).click();

  // What is wrong stands at its field.
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("uptime");
  const text = page.getByRole("textbox", { name: "Text", exact: true });
  await text.fill("Welcome {nobody}");
  await page.getByRole("button", { name: "Add command" }).click();
  await expect(text).toHaveAttribute("aria-invalid", "true");
  await expect(text).toHaveAccessibleDescription(/nobody/);

  // A brace offers variables; keys choose one.
  await text.fill("Welcome ");
  await text.pressSequentially("{tou");
  await expect(offered(page)).toHaveCount(1);
  await page.keyboard.press("Enter");
  await expect(text).toHaveValue("Welcome {touser}");
  await expect(text).toBeFocused();
  await page.keyboard.type("!");
  await expect(text).toHaveValue("Welcome {touser}!");
  await page.keyboard.press("Control+Space");
  await expect(offered(page).first()).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(offered(page)).toHaveCount(0);
  await page.keyboard.press("Control+Space");
  await expect(offered(page).first()).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(offered(page)).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Insert a variable: Text" })).toBeFocused();

  await page.getByRole("button", { name: "Add command" }).click();
  await expect(page.getByText("The built-in command uptime has this name.")).toBeVisible();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("welcome");
  await page.getByRole("button", { name: "Add command" }).click();
  await expect(page.getByRole("heading", { name: "welcome", level: 1 })).toBeVisible();

  // Tried out, nothing is sent.
  const trial = page.getByRole("region", { name: "Try it out" });
  const result = trial.getByRole("status", { name: "What would happen" });
  await expect(trial.getByRole("textbox", { name: "Line" })).toHaveValue("!welcome");
  await trial.getByRole("textbox", { name: "Line" }).fill("!welcome @gus");
  await trial.getByRole("button", { name: "Try it" }).click();
  await expect(result).toContainText("Calls the command welcome.");
  await expect(result).toContainText("Welcome gus!");

  await page.getByRole("combobox", { name: "Level" }).selectOption("Moderators");
  await expect(page.getByText("Unsaved changes")).toBeVisible();
  await save(page).click();
  await expect(page.getByText("Unsaved changes")).toBeHidden();
  await trial.getByRole("button", { name: "Try it" }).click();
  await expect(result).toContainText("Nothing: it takes more than that.");
  await expect(result).toContainText("Moderators");
  await trial.getByRole("combobox", { name: "Written by" }).selectOption("Moderators");
  await trial.getByRole("button", { name: "Try it" }).click();
  await expect(result).toContainText("Welcome gus!");
  await trial.getByRole("textbox", { name: "Line" }).fill("just a line");
  await trial.getByRole("button", { name: "Try it" }).click();
  await expect(result).toContainText("the line calls no command");
  const lines = await world.api(page, "GET", `/api/channels/${channel}/bot/lines`);
  expect((lines as { items: unknown[] }).items).toEqual([]);

  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("heading", { name: "No commands of your own yet" })).toBeVisible();
});

test("somebody else's changes are put together with one's own", async ({ page, fresh: world }) => {
  const channel = await letIn(page, world);
  const id = await addCommand(page, world, channel, { name: "hi" });
  await page.goto(`${world.url}/me/bot/${channel}/commands/${id}`);
  const category = page.getByRole("combobox", { name: "Category" });
  await category.fill("mine");
  await world.api(page, "GET", `/api/channels/${channel}/commands/${id}`);
  const answer = await page.request.put(`${world.url}/api/channels/${channel}/commands/${id}`, {
    headers: { origin: world.url, "if-match": '"1"' },
    data: { name: "hi", responses: ["From elsewhere."], category: "theirs" },
  });
  expect(answer.status()).toBe(200);
  await save(page).click();
  const dialog = page.getByRole("dialog", { name: "Somebody else has saved meanwhile" });
  await expect(dialog).toBeVisible();
  await dialog.getByRole("radio", { name: /Category, Theirs/ }).check();
  await dialog.getByRole("button", { name: "Take over" }).click();
  await expect(category).toHaveValue("theirs");
  await expect(page.getByRole("textbox", { name: "Text", exact: true })).toHaveValue(
    "From elsewhere.",
  );
});

test("commands are searched and switched, many at once", async ({ page, fresh: world }) => {
  const channel = await letIn(page, world);
  for (const name of ["apple", "banana", "cherry"])
    // One after the other, as somebody does.
    await addCommand(page, world, channel, { name, category: name === "cherry" ? "" : "fruit" });
  await page.goto(`${world.url}/me/bot/${channel}/commands`);
  await page.getByRole("searchbox").fill("ANA");
  await expect(table(page).getByRole("listitem")).toHaveCount(1);
  await expect(page).toHaveURL(/q=ANA/);
  await page.getByRole("searchbox").fill("durian");
  await page.getByRole("button", { name: "Show all" }).click();
  await page.getByRole("combobox", { name: "Category" }).selectOption("fruit");
  await expect(table(page).getByRole("listitem")).toHaveCount(2);

  await page.getByRole("checkbox", { name: "Select all that are shown" }).check();
  await page.getByRole("button", { name: "Switch off" }).click();
  await expect(page.getByText("2 commands switched off.")).toBeVisible();
  const stored = async () => {
    const list = await world.api(page, "GET", `/api/channels/${channel}/commands`);
    return (list as { commands: { name: string; enabled: boolean }[] }).commands
      .filter(({ enabled }) => enabled)
      .map(({ name }) => name);
  };
  await expect.poll(stored).toEqual(["cherry"]);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(stored).toEqual(["apple", "banana", "cherry"]);
  await page.getByRole("switch", { name: "apple answers" }).press("Space");
  await expect.poll(stored).toEqual(["banana", "cherry"]);
});

test("a built-in command is switched off, and leaves its name", async ({ page, fresh: world }) => {
  const channel = await letIn(page, world);
  await page.goto(`${world.url}/me/bot/${channel}/commands`);
  await page.getByRole("switch", { name: "Built-in quote answers" }).press("Space");
  await save(page).click();
  await expect(page.getByText("Saved. It counts from the next line on.")).toBeVisible();
  await addCommand(page, world, channel, { name: "quote" });
  await page.reload();
  await page.getByRole("switch", { name: "Built-in quote answers" }).press("Space");
  await save(page).click();
  await expect(
    page.getByRole("list", { name: "Built-in commands" }).getByRole("alert"),
  ).toContainText("The command quote has this name");
});

test("who does not own a channel sees nothing of its bot", async ({
  page,
  browser,
  fresh: world,
}) => {
  const channel = await letIn(page, world);
  const context = await browser.newContext({ locale: "en-GB" });
  const other = await context.newPage();
  await world.signIn(other, "cleo", `/me/bot/${channel}/commands`);
  await expect(
    other.getByRole("heading", { name: "You have no bot in this channel" }),
  ).toBeVisible();
  await other.getByRole("link", { name: "To your channels" }).click();
  await expect(other.getByRole("heading", { name: "Let the bot into your channel" })).toBeVisible();
  await context.close();
});

test("who has several channels chooses one, and as whom the bot speaks there", async ({
  page,
  fresh: world,
}) => {
  await letIn(page, world);
  await page.getByRole("link", { name: "Let the bot in" }).click();
  await page.getByRole("button", { name: "Bruno" }).first().click();
  await page.waitForURL(/linked=bruno_plays/);
  await page.getByRole("link", { name: "Another channel" }).click();
  const channels = page.getByRole("list", { name: "Your channels" });
  await expect(channels.getByRole("listitem")).toHaveCount(2);
  await channels.getByRole("link", { name: "Ana" }).click();
  const account = page.getByRole("region", { name: "As whom does it speak?" });
  await account.getByRole("textbox", { name: "An account of your own" }).fill("@gus");
  await account.getByRole("button", { name: "Link with Twitch" }).click();
  await page.getByRole("button", { name: "Hana" }).first().click();
  await expect(page.getByRole("alert")).toContainText(
    "Another account than the one that you named",
  );
  await page
    .getByRole("list", { name: "Your channels" })
    .getByRole("link", { name: "Ana" })
    .click();
  await account.getByRole("textbox", { name: "An account of your own" }).fill("@gus");
  await account.getByRole("button", { name: "Link with Twitch" }).click();
  await page.getByRole("button", { name: "Gus" }).first().click();
  await expect(page.getByText("From now on the bot speaks as gus.")).toBeVisible();
  await expect(account).toContainText("As gus, an account of yours.");
  await account.getByRole("button", { name: "Speak as the service’s account again" }).click();
  await expect(account).toContainText("As maxbot, the account of this service.");
});

/** A line of the log, later the higher its number. */
const line = (n: number) => ({
  line_id: `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`,
  cause: "timer:1:1",
  part: 0,
  text: `Line ${n}`,
  state: "sent",
  queued_at: new Date().toISOString(),
  seen: true,
});

test("what was not said has its reason, and earlier lines are loaded", async ({
  page,
  fresh: world,
}) => {
  const channel = await letIn(page, world);
  await world.twitchControl("/_sim/twitch/chat/ana/drop", { code: "msg_rejected" });
  await write(world, "hana", "!commands", "viewer");
  await pages(page).getByRole("link", { name: "Log" }).click();
  const items = log(page).getByRole("listitem");
  await expect(items.first()).toContainText("Not said", { timeout: 20_000 });
  await expect(items.first()).toContainText("AutoMod holds it back");

  const all = Array.from({ length: 70 }, (_, n) => line(70 - n));
  await page.route(`**/api/channels/${channel}/bot/lines?*`, (route) => {
    const before = new URL(route.request().url()).searchParams.get("before");
    const left = before === null ? all : all.filter(({ line_id }) => line_id < before);
    const found = left.slice(0, 50);
    const next = left.length > 50 ? found.at(-1)?.line_id : null;
    return route.fulfill({ json: { items: found, next } });
  });
  await page.reload();
  await expect(items).toHaveCount(50);
  await page.getByRole("button", { name: "Load earlier" }).click();
  await expect(items).toHaveCount(70);
  await expect(page.getByText("70 lines; these are all.")).toBeVisible();
  // What comes meanwhile goes on top, and nothing that was loaded is lost.
  all.unshift(line(71));
  await expect(items.first()).toContainText("Line 71");
  await expect(items).toHaveCount(71);
});

test("what cannot be had is said, and tried again", async ({ page, fresh: world }) => {
  const channel = await letIn(page, world);
  const broken = { status: 503, json: { code: "unavailable", title: "x", status: 503 } };
  await page.route("**/api/channels/*/commands", (route) => route.fulfill(broken));
  await page.goto(`${world.url}/me/bot/${channel}/commands`);
  await expect(page.getByRole("alert")).toContainText("not available right now");
  await page.unrouteAll();
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "No commands of your own yet" })).toBeVisible();
});

for (const language of ["en", "de"]) {
  test(`the bot's pages are accessible in ${language}`, async ({ page, fresh: world }) => {
    const channel = await letIn(page, world);
    await page.evaluate((value) => localStorage.setItem("streammaxing-language", value), language);
    await write(world, "hana", "!commands");
    const id = await addCommand(page, world, channel, {
      name: "hello",
      responses: ["Hello {touser}!", "Welcome {touser}!"],
      category: "greetings",
    });
    await world.api(page, "POST", `/api/channels/${channel}/timers`, {
      name: "Discord",
      responses: ["Come to our Discord: {discord}"],
      every_minutes: 15,
    });
    await world.api(page, "POST", `/api/channels/${channel}/tokens`, {
      name: "Deck",
      scopes: ["run"],
    });
    const root = `${world.url}/me/bot`;
    for (const path of [
      "?error=access_denied",
      `/${channel}`,
      `/${channel}/commands`,
      `/${channel}/commands/new`,
      `/${channel}/commands/${id}`,
      `/${channel}/timers`,
      `/${channel}/log`,
      `/${channel}/settings`,
      "/1",
    ]) {
      // One page after the other.
      await page.goto(root + path);
      await settled(page);
      expect(await faults(page), path).toEqual([]);
    }
  });
}
