import { faults } from "./faults";
import { settled } from "./pages";
import { another, cuttable, enter, field, isLive, said, say, sayByApi } from "./people";
import { expect, test as base, World, type Page } from "./world";

/** A world whose operator has opened the room. */
const test = base.extend<{ open: World }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern
  open: async ({}, run) => {
    const world = await World.start({ PUBLIC_ROOM: "true" });
    await run(world);
    await world.stop();
  },
});

test.use({ contextOptions: { reducedMotion: "reduce" } });
// Several browsers at once take their time.
test.describe.configure({ timeout: 240_000 });

const pages = (page: Page) => page.getByRole("navigation", { name: "Server pages" });
const teamLink = (page: Page) => pages(page).getByRole("link", { name: /^Team/ });
const publicLink = (page: Page) => pages(page).getByRole("link", { name: /^Public room/ });

test("people of different servers talk in the public room", async ({
  browser,
  page: ada,
  open: world,
}) => {
  const guild = await enter(ada, world, "ada");
  const cleo = await another(browser, world, "cleo", "/room");
  await publicLink(ada).click();
  await expect(ada.getByRole("heading", { level: 1, name: "Public room" })).toBeVisible();
  await isLive(ada);
  await say(ada, "hello everybody");
  await expect(said(cleo, "hello everybody")).toContainText("Ada");
  await say(cleo, "hello @Ada");
  await expect(said(ada, "hello @Ada").locator("mark")).toHaveText("@Ada");
  // It is a room of its own: the server's has heard nothing.
  await ada.goto(`${world.url}/s/${guild.id}/team`);
  await expect(ada.getByRole("heading", { name: "Nothing has been said yet" })).toBeVisible();
  await ada.goto(`${world.url}/servers`);
  await ada.getByRole("button", { name: "Account of Ada" }).click();
  await ada.getByRole("menuitem", { name: "Public room" }).click();
  await expect(said(ada, "hello everybody")).toBeVisible();
  await cleo.context().close();
});

test("where it is not opened, the page says so and nothing leads there", async ({
  page,
  fresh: world,
}) => {
  await enter(page, world, "ada");
  await expect(teamLink(page)).toBeVisible();
  await expect(publicLink(page)).toHaveCount(0);
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(`${world.url}/room`);
  await expect(page.getByRole("heading", { name: "There is no public room here" })).toBeVisible();
  await expect(field(page)).toHaveCount(0);
  expect(asked.filter((url) => url.includes("/rooms/public"))).toEqual([]);
  await page.getByRole("link", { name: "To your servers" }).click();
  await page.waitForURL(/\/servers$/);
});

test("what is unread is counted in the navigation and the tab, until it is read anywhere", async ({
  browser,
  page: ada,
  open: world,
}) => {
  const guild = await enter(ada, world, "ada");
  await isLive(ada);
  const ben = await another(browser, world, "ben");
  await say(ben, "first");
  // Who reads along has nothing unread.
  await expect(said(ada, "first")).toBeVisible();
  await expect(ada).toHaveTitle("Team · StreamMaxing");
  await pages(ada).getByRole("link", { name: "Templates" }).click();
  await say(ben, "second");
  await expect(teamLink(ada)).toHaveAccessibleName("Team 1 unread message");
  await expect(ada).toHaveTitle("(1) Templates · StreamMaxing");
  // One's own, an edit and a deletion are no news.
  await sayByApi(ada, world, guild.id, "mine");
  await say(ben, "third");
  await expect(teamLink(ada)).toHaveAccessibleName("Team 2 unread messages");
  await said(ben, "second").getByRole("button").click();
  await ben.getByRole("menuitem", { name: "Delete" }).click();
  await ben.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(teamLink(ada)).toHaveAccessibleName("Team 1 unread message");
  for (let n = 1; n <= 10; n += 1) await sayByApi(ben, world, guild.id, `many ${n}`);
  await expect(teamLink(ada)).toHaveAccessibleName("Team more than 9 unread messages");
  await expect(teamLink(ada)).toContainText("9+");
  await expect(ada).toHaveTitle("(9+) Templates · StreamMaxing");
  // A reload counts the same.
  await ada.reload();
  await expect(ada).toHaveTitle("(9+) Templates · StreamMaxing");

  // Reading in one tab is reading in all.
  const second = await ada.context().newPage();
  const marked = second.waitForRequest(
    (request) => request.method() === "PUT" && request.url().endsWith("/mark"),
  );
  await second.goto(`${world.url}/s/${guild.id}/team`);
  await expect(said(second, "many 10")).toBeVisible();
  await expect(ada).toHaveTitle("Templates · StreamMaxing");
  await expect(teamLink(ada)).toHaveAccessibleName("Team");
  await marked;
  await second.close();
  await ada.reload();
  await expect(teamLink(ada)).toHaveAccessibleName("Team");

  // Not counted, where somebody does not want it.
  await teamLink(ada).click();
  await ada.getByRole("button", { name: "No unread count" }).click();
  await pages(ada).getByRole("link", { name: "Templates" }).click();
  await sayByApi(ben, world, guild.id, "quietly");
  await sayByApi(ben, world, "public", "to everybody");
  await expect(teamLink(ada)).toHaveAccessibleName("Team");
  // Who was never in the public room has left nothing unread there.
  await expect(publicLink(ada)).toHaveAccessibleName("Public room");
  const publicMarked = ada.waitForRequest((request) => request.url().endsWith("/public/mark"));
  await publicLink(ada).click();
  await expect(said(ada, "to everybody")).toBeVisible();
  await publicMarked;
  await ada.goto(`${world.url}/s/${guild.id}/templates`);
  await isLive(ada);
  await sayByApi(ben, world, "public", "and again");
  await expect(publicLink(ada)).toHaveAccessibleName("Public room 1 unread message");
  await expect(ada).toHaveTitle("(1) Templates · StreamMaxing");
  await ben.context().close();
});

test("what is said while the socket is cut is counted once", async ({
  browser,
  page: ada,
  open: world,
}) => {
  const wires = await cuttable(ada);
  const guild = await enter(ada, world, "ada");
  const ben = await another(browser, world, "ben");
  await pages(ada).getByRole("link", { name: "Templates" }).click();
  await isLive(ada);
  for (const code of [1012, 1013, 3000]) {
    await wires.cut(code);
    await sayByApi(ben, world, guild.id, `while cut by ${code}`);
  }
  await isLive(ada);
  await expect(teamLink(ada)).toHaveAccessibleName("Team 3 unread messages");
  await ben.context().close();
});

for (const language of ["en", "de"]) {
  test(`the public room is accessible in ${language}`, async ({ browser, page, open: world }) => {
    await page.addInitScript(
      (value) => localStorage.setItem("streammaxing-language", value),
      language,
    );
    await world.signIn(page, "ada", "/room");
    const ben = await another(browser, world, "ben", "/room");
    await say(ben, "look: https://example.com");
    await expect(said(page, "look")).toHaveCount(1);
    await settled(page);
    expect(await faults(page)).toEqual([]);
    await ben.context().close();
  });
}
