import { join, resolve } from "node:path";
import { addCommand, letIn } from "./bot";
import { another, said, say } from "./people";
import { expect, test } from "./world";

const DOCS = resolve(import.meta.dirname, "../../docs/screenshots");

// They change tracked files: `make screenshots` asks for them.
test.skip(!process.env.SCREENSHOTS, "only on request");

test("the main screens, for the documentation", async ({ page, fresh: world }) => {
  test.setTimeout(120_000);
  const corner = await world.guild("Ana's Corner");
  const library = await world.guild("Quiet Library");
  const shoot = (name: string) => page.screenshot({ path: join(DOCS, `${name}.png`) });
  await page.goto(world.url);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await shoot("landing");
  await world.signIn(page, "ada", `/s/${corner.id}`);
  const { template } = await world.seedForPages(page, corner.id);
  const path = `/api/guilds/${corner.id}/templates`;
  const list = (await world.api(page, "GET", path)) as { default_message: object };
  const message = list.default_message;
  const body = { name: "Going live", message };
  const made = (await world.api(page, "POST", path, body)) as { id: string };
  await world.api(page, "DELETE", `${path}/${template}`);
  for (const login of ["ana", "elif", "gus"]) await world.goLive(login);
  await page.goto(`${world.url}/s/${library.id}/deliveries`);
  await expect(page.getByText("lacks Send Messages").first()).toBeVisible({ timeout: 30_000 });
  await page.goto(`${world.url}/s/${corner.id}`);
  await expect(page.getByText("Posted").first()).toBeVisible();
  await shoot("overview");
  await page.goto(`${world.url}/s/${corner.id}/templates/${made.id}`);
  await expect(page.getByRole("textbox", { name: "Message" })).toBeVisible();
  await shoot("template");
  await page.goto(`${world.url}/s/${library.id}/deliveries`);
  await page.getByRole("link", { name: /Ana/ }).first().click();
  await expect(page.getByText(/^The bot lacks Send Messages in #announcements/)).toBeVisible();
  await shoot("delivery");
  await page.goto(`${world.url}/s/${corner.id}/streamers`);
  await expect(page.getByText("Ready").first()).toBeVisible();
  await shoot("streamers");
  await page.goto(`${world.url}/api/users/me/channel/link?feed=follows,subscriptions,cheers`);
  await page.getByRole("button", { name: "(ana)" }).click();
  for (const kind of ["raid", "subscribe", "follow", "subscription.gift", "cheer"])
    await expect
      .poll(() => world.isSubscribed("ana", `channel.${kind}`), { timeout: 20_000 })
      .toBe(true);
  for (const what of ["raid", "subscribe", "follow", "gift", "cheer", "follow"])
    await world.twitchControl(`/_sim/twitch/users/ana/trigger/${what}`);
  const channels = await world.api(page, "GET", `/api/guilds/${corner.id}/streamers?limit=4`);
  const streamer_ids = (channels as { items: { id: string }[] }).items.map(({ id }) => id);
  await world.api(page, "PUT", "/api/users/me/favorites", { streamer_ids });
  await page.goto(`${world.url}/live/ana`);
  await expect(page.getByText("cheers with 100 bits")).toBeVisible();
  await shoot("watch");
});

test("the team's page, with who is here", async ({ browser, page, fresh: world }) => {
  test.setTimeout(120_000);
  const guild = await world.guild("Speedrun Guild");
  await world.signIn(page, "ada", `/s/${guild.id}/team`);
  const cleo = await another(browser, world, "cleo", `/s/${guild.id}/team`);
  const ben = await another(browser, world, "ben", `/s/${guild.id}/team`);
  await say(ben, "Ana starts at eight tonight. Is the template ready?");
  await say(cleo, "Nearly: I am trying the new embed.");
  await say(page, "Great, @cleo. I will test it in #live-now.");
  await cleo.getByRole("link", { name: "Templates" }).click();
  const people = page.getByRole("region", { name: "Who is here" });
  await expect(people.getByRole("link", { name: "Templates" })).toBeVisible();
  await expect(said(page, "I will test it")).toHaveCount(1);
  await page.screenshot({ path: join(DOCS, "team.png") });
  await page.goto(`${world.url}/me/channel`);
  await page.getByRole("checkbox", { name: "Cheers" }).check();
  await page.getByRole("link", { name: "Link with Twitch" }).click();
  await page.getByRole("button", { name: "Ana" }).first().click();
  await expect(page.getByText("ana is linked.")).toBeVisible();
  await page.screenshot({ path: join(DOCS, "channel.png") });
  await ben.context().close();
  await cleo.context().close();
});

test("the chat bot's commands", async ({ page, fresh: world }) => {
  const channel = await letIn(page, world);
  for (const [name, response, category] of [
    ["discord-rules", "{touser}, please read {discord} first.", "help"],
    ["hydrate", "Have a sip, {user}. That makes {count}.", "fun"],
    ["pb", "Personal best: 26:41, on {date Europe/Berlin}.", "runs"],
    ["wr", "The record is {fetch}.", "runs"],
  ] as const)
    await addCommand(page, world, channel, {
      name,
      category,
      responses: [response.replace("{fetch}", "25:58")],
    });
  await page.goto(`${world.url}/me/bot/${channel}/commands`);
  await page.getByRole("textbox", { name: "Line" }).fill("!hydrate");
  await page.getByRole("button", { name: "Try it" }).click();
  await expect(page.getByText("Have a sip, Viewer. That makes 1.")).toBeVisible();
  await page.screenshot({ path: join(DOCS, "bot.png") });
});
