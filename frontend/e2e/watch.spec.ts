import type { Browser } from "@playwright/test";
import { faults } from "./faults";
import { settled } from "./pages";
import { expect, test, type Page, type World } from "./world";

test.use({ contextOptions: { reducedMotion: "reduce" } });
test.setTimeout(120_000);

const FRAME = `<!doctype html><html lang="en"><title>Twitch</title><body>Twitch's own page</body></html>`;

/** Stands for Twitch's own pages, and notes what is asked of them. */
async function twitchPages(page: Page, answer = true) {
  const asked: string[] = [];
  await page.context().route(/^https:\/\/([a-z]+\.)?twitch\.tv\//, async (route) => {
    asked.push(route.request().url());
    if (answer) await route.fulfill({ contentType: "text/html", body: FRAME });
  });
  return asked;
}

/** Somebody else, in a browser of their own. */
async function another(browser: Browser, world: World, user: string, path: string) {
  const context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce" });
  const page = await context.newPage();
  await twitchPages(page);
  await world.signIn(page, user, path);
  return page;
}

/** Who is signed in on the page links a channel of Twitch's, and Twitch tells of it from then on. */
async function link(
  page: Page,
  world: World,
  login: string,
  feed = "follows,subscriptions,cheers",
) {
  await page.goto(`${world.url}/api/users/me/channel/link?feed=${feed}`);
  await page.getByRole("button", { name: `(${login})` }).click();
  await page.waitForURL((url) => url.search.includes(`linked=${login}`));
  const granted = {
    follows: "channel.follow",
    subscriptions: "channel.subscription.gift",
    cheers: "channel.cheer",
  };
  const kinds = feed.split(",").map((grant) => granted[grant as keyof typeof granted]);
  for (const kind of ["channel.raid", ...kinds])
    await expect.poll(() => world.isSubscribed(login, kind), { timeout: 30_000 }).toBe(true);
}

/** What members of a server may see of feeds, by its admin. */
async function show(admin: Page, world: World, guildId: string, kinds: string[]) {
  const path = `${world.url}/api/guilds/${guildId}/config`;
  const loaded = await admin.request.get(path);
  const answer = await admin.request.put(path, {
    data: { ...((await loaded.json()) as object), feed_kinds: kinds },
    headers: { origin: world.url, "if-match": loaded.headers()["etag"] ?? "" },
  });
  expect(answer.status()).toBe(200);
}

const happens = (world: World, login: string, what: string) =>
  world.twitchControl(`/_sim/twitch/users/${login}/trigger/${what}`);
const rows = (page: Page) =>
  page.getByRole("group", { name: /^What happened/ }).getByRole("listitem");
const isLive = (page: Page) =>
  expect(page.getByText("What happens is shown at once.")).toBeAttached({ timeout: 20_000 });

test("the owner sees a follow at once, and a stranger sees why they do not", async ({
  browser,
  page: owner,
  fresh: world,
}) => {
  const guild = await world.guild("Ana's Corner");
  await twitchPages(owner);
  await world.signIn(owner, "cleo");
  await link(owner, world, "ana");
  await owner.goto(`${world.url}/live/ana`);
  await expect(owner.getByText("Nothing has happened yet.")).toBeVisible();
  await isLive(owner);

  const ben = await another(browser, world, "ben", "/live/ana");
  await expect(ben.getByRole("heading", { name: "You cannot see the feed of Ana" })).toBeVisible();
  await expect(ben.getByText(/Ana's Corner.* without showing the feed/)).toBeVisible();
  await expect(ben.getByRole("link", { name: "Link my channel" })).toBeVisible();

  await happens(world, "ana", "follow");
  await expect(rows(owner)).toHaveCount(1);
  await expect(rows(owner)).toContainText(/Viewer_\d+.* follows/);
  await expect(owner.getByRole("status").filter({ hasText: "follows" })).toHaveCount(1);
  await expect(rows(ben)).toHaveCount(0);
  await expect(ben.getByText(/Viewer_/)).toHaveCount(0);

  // Once the server shows it, its members see what was and what comes; and never what it does not show.
  const ada = await another(browser, world, "ada", "/servers");
  await show(ada, world, guild.id, ["follow"]);
  await ben.reload();
  await expect(rows(ben)).toHaveCount(1);
  await isLive(ben);
  await happens(world, "ana", "cheer");
  await expect(rows(owner)).toHaveCount(2);
  await happens(world, "ana", "follow");
  await expect(rows(ben)).toHaveCount(2);
  await expect(rows(owner)).toHaveCount(3);
  await expect(rows(ben).filter({ hasText: "cheers" })).toHaveCount(0);
  await expect(ben.getByRole("button", { name: "Try out" })).toHaveCount(0);
  await ben.context().close();
  await ada.context().close();
});

test("a streamer without any server has a feed, tries it out, and sees when they are live", async ({
  page,
  fresh: world,
}) => {
  await twitchPages(page);
  await world.addStreamer("solo", "Solo");
  await world.signIn(page, "cleo");
  await link(page, world, "solo", "follows");
  await page.goto(`${world.url}/live/solo`);
  await expect(page.getByRole("heading", { name: "Solo is offline" })).toBeVisible();
  await isLive(page);
  await page.getByRole("button", { name: "Try out" }).click();
  await page.getByRole("menuitem", { name: "Raids" }).click();
  await expect(rows(page)).toHaveText([/^Test.*Test_Viewer.* raids with 42 viewers/]);
  await expect(page.getByText("Test sent: Raids")).toBeVisible();
  // A test does not make anybody live; going live does.
  await page.getByRole("button", { name: "Try out" }).click();
  await page.getByRole("menuitem", { name: "Stream begins" }).click();
  await expect(rows(page)).toHaveCount(2);
  await expect(page.getByRole("heading", { name: "Solo is offline" })).toBeVisible();
  await world.goLive("solo");
  await expect(rows(page).filter({ hasText: "The stream has begun" })).toHaveCount(2);
  await expect(page.getByRole("heading", { name: "Show Solo here?" })).toBeVisible();
  await expect(page.getByText(/^for /)).toBeVisible();
  // What Twitch has not been asked for can be allowed from here.
  const allow = page.getByRole("link", { name: "Allow it on Twitch" });
  await expect(allow).toHaveAttribute("href", /feed=follows,subscriptions,cheers$/);
});

test("nothing is asked of Twitch before somebody agrees, nor after they take it back", async ({
  page,
  fresh: world,
}) => {
  const asked = await twitchPages(page);
  await world.goLive("ana");
  await world.signIn(page, "ben", "/live/ana");
  const player = page.locator('iframe[title^="Player"]');
  const chat = page.locator('iframe[title^="Chat"]');
  await expect(page.getByRole("heading", { name: "Show Ana here?" })).toBeVisible();
  await page.getByRole("tab", { name: "Chat" }).click();
  await expect(page.getByRole("heading", { name: "Show Ana here?" })).toHaveCount(2);
  await settled(page);
  await expect(page.locator("iframe")).toHaveCount(0);
  expect(asked).toEqual([]);

  await page.getByRole("button", { name: "Load from Twitch" }).first().click();
  await expect(player).toHaveAttribute(
    "src",
    "https://player.twitch.tv/?channel=ana&parent=localhost&muted=true&autoplay=false",
  );
  await expect(player).toHaveAttribute("referrerpolicy", "strict-origin-when-cross-origin");
  await expect(chat).toHaveAttribute(
    "src",
    /^https:\/\/www\.twitch\.tv\/embed\/ana\/chat\?parent=localhost(&darkpopout)?$/,
  );
  await expect(
    page.frameLocator('iframe[title^="Player"]').getByText("Twitch's own"),
  ).toBeVisible();
  await expect(page.frameLocator('iframe[title^="Chat"]').getByText("Twitch's own")).toBeVisible();
  const box = await player.boundingBox();
  expect(box?.width).toBeGreaterThanOrEqual(400);
  expect(box?.height).toBeGreaterThanOrEqual(300);
  expect(asked).toHaveLength(2);

  // It is remembered, and so is the tab.
  await page.reload();
  await expect(player).toBeVisible();
  await expect(chat).toBeVisible();
  await page.getByRole("button", { name: "Load nothing from Twitch any more" }).click();
  await expect(page.locator("iframe")).toHaveCount(0);
  const before = asked.length;
  await page.reload();
  await expect(page.getByRole("heading", { name: "Show Ana here?" })).toHaveCount(2);
  expect(asked).toHaveLength(before);
});

test("the player begins by itself where nobody wants less motion", async ({
  browser,
  fresh: world,
}) => {
  const context = await browser.newContext({ locale: "en-GB", reducedMotion: "no-preference" });
  const page = await context.newPage();
  await twitchPages(page);
  await world.goLive("ana");
  await world.signIn(page, "ben", "/live/ana");
  await page.getByRole("button", { name: "Load from Twitch" }).click();
  await expect(page.locator('iframe[title^="Player"]')).toHaveAttribute(
    "src",
    /muted=true&autoplay=true$/,
  );
  // Where it is too small for Twitch there is a link, and the chat all the same.
  await page.setViewportSize({ width: 360, height: 740 });
  await expect(page.locator('iframe[title^="Player"]')).toHaveCount(0);
  await expect(page.getByText("needs more room")).toBeVisible();
  await expect(page.getByRole("link", { name: "Open on Twitch", exact: true })).toHaveAttribute(
    "href",
    "https://www.twitch.tv/ana",
  );
  await page.getByRole("tab", { name: "Chat" }).click();
  await expect(page.frameLocator('iframe[title^="Chat"]').getByText("Twitch's own")).toBeVisible();
  await context.close();
});

test("a player that does not come gives way to a link", async ({ page, fresh: world }) => {
  await page.clock.install();
  const asked = await twitchPages(page, false);
  await world.goLive("ana");
  await world.signIn(page, "ben", "/live/ana");
  await page.getByRole("button", { name: "Load from Twitch" }).click();
  await expect.poll(() => asked.length).toBe(1);
  await page.clock.fastForward(16_000);
  await expect(page.getByText("The player did not load.")).toBeVisible();
  await expect(page.locator("iframe")).toHaveCount(0);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect.poll(() => asked.length).toBe(2);
});

test("channels are found, kept in one's order, removed and brought back", async ({
  browser,
  page,
  fresh: world,
}) => {
  const guild = await world.guild("Ana's Corner");
  const ada = await another(browser, world, "ada", "/servers");
  await show(ada, world, guild.id, ["online", "offline"]);
  await ada.context().close();
  await world.signIn(page, "ben", "/live");
  await expect(page.getByText("No channel yet.")).toBeVisible();
  const mine = page.getByRole("list", { name: "Your channels" }).getByRole("listitem");
  const found = page.getByRole("list", { name: "Channels found" }).getByRole("listitem");
  const search = page.getByRole("textbox", { name: "Find a channel" });
  for (const [typed, name, why] of [
    ["elif", "Elif", "Exactly this name"],
    ["gu", "Gus", "Begins with “gu”"],
    ["dmtri_live", "Dmitri", "Similar to “dmtri_live”"],
  ] as const) {
    await search.fill(typed);
    await expect(found.first()).toContainText(why);
    await expect(page).toHaveURL(new RegExp(`q=${typed}`));
    await found
      .first()
      .getByRole("button", { name: `Keep ${name}` })
      .click();
    await expect(mine.filter({ hasText: name })).toHaveCount(1);
  }
  await search.press("Escape");
  await expect(search).toHaveValue("");
  await page
    .getByRole("list", { name: "Feeds that you can see" })
    .getByRole("button", { name: "Keep Ana among" })
    .click();
  await expect(mine).toHaveText([/Elif/, /Gus/, /Dmitri/, /Ana/]);

  // By buttons, which keep the focus, and by keys; many clicks end where they should.
  const up = page.getByRole("button", { name: "Move Ana up" });
  for (let n = 0; n < 3; n += 1) await up.click();
  await expect(mine).toHaveText([/Ana/, /Elif/, /Gus/, /Dmitri/]);
  await expect(page.getByRole("button", { name: "Move Ana down" })).toBeFocused();
  await expect(page.getByText("Ana is now 1 of 4")).toBeAttached();
  await page.getByRole("link", { name: "Gus" }).press("Alt+ArrowUp");
  await expect(mine).toHaveText([/Ana/, /Gus/, /Elif/, /Dmitri/]);
  await page.getByRole("button", { name: "Remove Gus" }).click();
  await expect(mine).toHaveCount(3);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(mine).toHaveText([/Ana/, /Gus/, /Elif/, /Dmitri/]);
  await expect
    .poll(async () =>
      ((await world.api(page, "GET", "/api/users/me/favorites")) as { login: string }[]).map(
        ({ login }) => login,
      ),
    )
    .toEqual(["ana", "gus", "elif", "dmitri_live"]);
  await page.reload();
  await expect(mine).toHaveText([/Ana/, /Gus/, /Elif/, /Dmitri/]);

  // A dot is as current as the feed.
  await expect(mine.first()).toContainText("Offline");
  await isLive(page);
  await world.goLive("ana");
  await expect(mine.first()).toContainText("Live");
  await world.endStream("ana");
  await expect(mine.first()).toContainText("Offline");
});

test("a change that cannot be saved is taken back, and said", async ({ page, world }) => {
  await world.signIn(page, "cleo", "/live?q=ana");
  const put = /\/api\/users\/me\/favorites$/;
  await page.route(put, (route) =>
    route.request().method() === "PUT" ? route.fulfill({ status: 503 }) : route.continue(),
  );
  const keep = page
    .getByRole("list", { name: "Channels found" })
    .getByRole("button", { name: "Keep Ana among" });
  await keep.click();
  await expect(page.getByRole("alert").filter({ hasText: "could not be changed" })).toBeVisible();
  await expect(keep).toHaveAttribute("aria-pressed", "false");
  await expect(page.getByText("No channel yet.")).toBeVisible();
});

test("a feed is paused, narrowed, seen again and read back to its beginning", async ({
  page,
  fresh: world,
}) => {
  await twitchPages(page);
  await world.signIn(page, "cleo");
  await link(page, world, "ana");
  for (let n = 0; n < 4; n += 1) await happens(world, "ana", "follow");
  await happens(world, "ana", "cheer");
  // Pages of three, so that a few events make a long history.
  await page.route(/\/api\/feeds\/\d+\?/, (route) =>
    route.continue({ url: route.request().url().replace("limit=50", "limit=3") }),
  );
  await page.goto(`${world.url}/live/ana`);
  await expect(rows(page)).toHaveCount(3);
  await expect(rows(page).first()).toContainText("cheers with 100 bits");
  await page.getByRole("button", { name: "Load earlier" }).click();
  await expect(rows(page)).toHaveCount(5);
  await expect(page.getByRole("button", { name: "Load earlier" })).toHaveCount(0);
  await isLive(page);

  // What comes meanwhile is counted, each once, and shown afterwards.
  await page.keyboard.press("p");
  await expect(page.getByRole("button", { name: "Resume (0 new)" })).toBeVisible();
  await happens(world, "ana", "raid");
  await expect(page.getByRole("button", { name: "Resume (1 new)" })).toBeVisible();
  await happens(world, "ana", "gift");
  const resume = page.getByRole("button", { name: "Resume (2 new)" });
  await expect(resume).toBeVisible();
  await expect(rows(page)).toHaveCount(5);
  await resume.click();
  await expect(rows(page)).toHaveCount(7);
  await expect(rows(page).first()).toContainText("gives 5 subscriptions");
  await expect(rows(page).first().getByRole("time")).toHaveAttribute("title", /2\d{3}.*\d\d:\d\d/);

  // From an event on, step by step.
  await page.getByRole("button", { name: /^Show again: .*cheers/ }).click();
  const again = page.getByRole("region", { name: "Shown again" });
  await expect(again).toBeFocused();
  await expect(again).toContainText("5 of 7");
  await page.keyboard.press("ArrowRight");
  await expect(again.getByRole("status")).toContainText("raids");
  await again.getByRole("button", { name: "What came after" }).click();
  await expect(again.getByRole("status")).toContainText("gives 5");
  await expect(again.getByRole("button", { name: "What came after" })).toBeDisabled();
  await again.getByRole("button", { name: "Close" }).click();
  await expect(page.getByRole("button", { name: /^Show again: .*gives 5/ })).toBeFocused();

  // Kinds are remembered.
  await page.getByRole("button", { name: "Kinds" }).click();
  for (const kind of ["Follows", "Gifted subscriptions"])
    await page.getByRole("checkbox", { name: kind }).uncheck();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Kinds (2 hidden)" })).toBeFocused();
  await expect(rows(page)).toHaveText([/raids/, /cheers/]);
  await page.reload();
  await expect(rows(page)).toHaveText([/raids/, /cheers/]);
  await isLive(page);
  await happens(world, "ana", "follow");
  await happens(world, "ana", "subscribe");
  await expect(rows(page)).toHaveText([/has subscribed/, /raids/, /cheers/]);
});

test("a lost connection is made up for", async ({ page, fresh: world }) => {
  await twitchPages(page);
  await world.signIn(page, "cleo");
  await link(page, world, "ana");
  let down = true;
  await page.routeWebSocket(/\/ws$/, (route) => {
    if (down) void route.close({ code: 1011 });
    else route.connectToServer();
  });
  await page.goto(`${world.url}/live/ana`);
  await expect(page.getByText("comes with some delay")).toBeVisible({ timeout: 30_000 });
  await happens(world, "ana", "follow");
  await expect(rows(page)).toHaveCount(1, { timeout: 20_000 });
  down = false;
  // Not more often than every few seconds, whatever the browser says.
  await expect(async () => {
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await expect(page.getByText("What happens is shown at once.")).toBeAttached({ timeout: 2_000 });
  }).toPass({ timeout: 60_000 });
  await happens(world, "ana", "raid");
  await expect(rows(page)).toHaveText([/raids/, /follows/]);
});

test("an offline channel shows what there was, and who pings", async ({ page, fresh: world }) => {
  await twitchPages(page);
  await world.goLive("ana");
  await world.endStream("ana");
  await world.signIn(page, "ben", "/live/ana");
  await expect(page.getByRole("heading", { name: "Ana is offline" })).toBeVisible();
  await expect(page.getByText("Last stream:")).toContainText("Any% runs until I drop");
  await page.getByRole("button", { name: "Ping me in Ana's Corner" }).click();
  await expect(page.getByText(/It is noted\. Ana's Corner mentions a role/)).toBeVisible();
  await page.getByRole("button", { name: "Load the player all the same" }).click();
  await expect(page.getByRole("heading", { name: "Show Ana here?" })).toBeVisible();
});

test("an unknown channel, and a server that fails, are said and got over", async ({
  page,
  world,
}) => {
  await world.signIn(page, "ben", "/live/nobody_at_all");
  await expect(
    page.getByRole("heading", { name: "Nobody on Twitch is called nobody_at_all" }),
  ).toBeVisible();
  await page.getByRole("link", { name: "Find a channel" }).click();
  await expect(page).toHaveURL(`${world.url}/live`);
  let broken = true;
  await page.route(/\/api\/(channels|feeds)\//, (route) =>
    broken ? route.fulfill({ status: 503 }) : route.continue(),
  );
  await page.goto(`${world.url}/live/ana`);
  const failed = page.getByRole("alert").filter({ hasText: "not available right now" });
  await expect(failed).toHaveCount(1, { timeout: 30_000 });
  broken = false;
  await failed.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "You cannot see the feed of Ana" })).toBeVisible();
});

test("the way there: header, palette and keys", async ({ page, world }) => {
  await world.signIn(page, "ada", "/servers");
  await page.getByRole("link", { name: "Watch" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Watch" })).toBeVisible();
  await page.goto(`${world.url}/me`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(async () => {
    await page.keyboard.press("g");
    await page.keyboard.press("w");
    await expect(page).toHaveURL(`${world.url}/live`, { timeout: 2_000 });
  }).toPass();
});

for (const [language, words] of [
  [
    "en",
    { chat: "Chat", load: "Load from Twitch", kinds: "Kinds", again: /^Show again: .*cheers/ },
  ],
  ["de", { chat: "Chat", load: "Von Twitch laden", kinds: "Arten", again: /^Noch einmal.*jubelt/ }],
] as const) {
  test(`the channel's page is accessible in ${language}`, async ({ page, fresh: world }) => {
    // Not in Twitch's frames, which have no storage here.
    await page.addInitScript((value) => {
      if (window === window.top) localStorage.setItem("streammaxing-language", value);
    }, language);
    await twitchPages(page);
    await world.signIn(page, "cleo");
    await link(page, world, "ana", "cheers,subscriptions");
    for (const what of ["online", "raid", "subscribe", "gift", "cheer"])
      await happens(world, "ana", what);
    await world.api(page, "PUT", "/api/users/me/favorites", {
      streamer_ids: (
        (await world.api(page, "GET", "/api/feeds")) as { items: { streamer_id: string }[] }
      ).items.map(({ streamer_id }) => streamer_id),
    });
    await page.goto(`${world.url}/live/ana`);
    await settled(page);
    await page.getByRole("button", { name: words.again }).click();
    expect(await faults(page)).toEqual([]);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.getByRole("button", { name: words.load }).click();
    await page.getByRole("tab", { name: words.chat }).click();
    await expect(page.locator("iframe")).toHaveCount(2);
    expect(await faults(page)).toEqual([]);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.getByRole("tab", { name: "Feed" }).click();
    await page.getByRole("button", { name: words.kinds }).click();
    await expect(page.getByRole("checkbox").first()).toBeVisible();
    expect(await faults(page)).toEqual([]);
    await page.goto(`${world.url}/live?q=an`);
    await settled(page);
    expect(await faults(page)).toEqual([]);
  });
}
