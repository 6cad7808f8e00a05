import type { Browser } from "@playwright/test";
import { faults } from "./faults";
import { settled } from "./pages";
import { cuttable, isLive } from "./people";
import { drawPictures, expect, test, type Page, type World } from "./world";

test.use({ contextOptions: { reducedMotion: "reduce" } });
// Several browsers at once take their time.
test.describe.configure({ timeout: 240_000 });

const people = (page: Page) => page.getByRole("region", { name: "Who is here" });
const person = (page: Page, name: string) =>
  people(page).getByRole("listitem").filter({ hasText: name });
const invisible = (page: Page) => page.getByRole("switch", { name: "Invisible" });

async function open(page: Page, world: World, user: string, path: string) {
  const guild = await world.guild("Speedrun Guild");
  await world.signIn(page, user, `/s/${guild.id}${path}`);
  await settled(page);
  return guild;
}

/** Somebody else, in a browser of their own. */
async function joined(browser: Browser, world: World, user: string, path: string) {
  const context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce" });
  await drawPictures(context);
  const page = await context.newPage();
  await open(page, world, user, path);
  return page;
}

test("three people see each other come, turn to pages, vanish and leave", async ({
  browser,
  page: ada,
  fresh: world,
}) => {
  const guild = await open(ada, world, "ada", "/team");
  await expect(people(ada).getByText("Nobody else is here right now.")).toBeVisible();
  await expect(person(ada, "Ada (you)")).toContainText("Team");
  const ben = await joined(browser, world, "ben", "/team");
  await expect(person(ada, "Ben")).toBeVisible();
  const cleo = await joined(browser, world, "cleo", "/templates?from=a-secret");
  const link = person(ada, "cleo").getByRole("link", { name: "Templates" });
  await expect(link).toHaveAttribute("href", `/s/${guild.id}/templates`);
  await expect(people(ada).getByText("3 people")).toBeVisible();
  // A member sees where others are, and has no links to what they may not open.
  await expect(person(ben, "cleo")).toContainText("Templates");
  await expect(person(ben, "cleo").getByRole("link")).toHaveCount(0);
  // In little room, where one comes in.
  await cleo.getByRole("link", { name: "Overview" }).click();
  await expect(
    cleo.getByRole("link", { name: "2 other people are here: to the list" }),
  ).toBeVisible();

  await cleo.getByRole("link", { name: "Deliveries", exact: true }).click();
  await expect(person(ada, "cleo").getByRole("link", { name: "Deliveries" })).toBeVisible();
  // What is not the server's is nobody's business.
  await cleo.getByRole("button", { name: "Account of cleo" }).click();
  await cleo.getByRole("menuitem", { name: "Privacy" }).click();
  await expect(person(ada, "cleo")).toContainText("on another page");

  await expect(cleo.getByText("Members of your servers see that you are here")).toBeVisible();
  await invisible(cleo).click();
  await expect(cleo.getByText("For others it is as if you were not here")).toBeVisible();
  await expect(person(ada, "cleo")).toHaveCount(0, { timeout: 5000 });
  await expect(person(ben, "cleo")).toHaveCount(0, { timeout: 5000 });
  await expect(people(ada).getByText("2 people")).toBeVisible();
  // Nor is it told by a new page.
  await cleo.goto(`${world.url}/s/${guild.id}/team`);
  await expect(invisible(cleo)).toBeChecked();
  await expect(person(cleo, "Ada")).toBeVisible();
  await expect(person(cleo, "cleo")).toHaveCount(0);
  await expect(people(cleo).getByText("2 people")).toBeVisible();
  await ada.reload();
  await expect(person(ada, "Ben")).toBeVisible();
  await expect(person(ada, "cleo")).toHaveCount(0);
  await invisible(cleo).click();
  await expect(person(ada, "cleo")).toContainText("Team");

  await cleo.context().close();
  // A server that has just begun declares nobody gone in its first 75 seconds.
  await expect(person(ada, "cleo")).toHaveCount(0, { timeout: 110_000 });
  await expect(person(ada, "Ben")).toBeVisible();
  await ben.context().close();
});

test("who closes one of three tabs is still there; an invisible one is so in all", async ({
  browser,
  page: ada,
  fresh: world,
}) => {
  const guild = await open(ada, world, "ada", "/team");
  const first = await joined(browser, world, "cleo", "/team");
  const second = await first.context().newPage();
  await second.goto(`${world.url}/s/${guild.id}/streamers`);
  await expect(person(ada, "cleo").getByRole("link", { name: "Streamers" })).toBeVisible();
  const third = await first.context().newPage();
  await third.goto(`${world.url}/s/${guild.id}/templates`);
  await expect(person(ada, "cleo").getByRole("link", { name: "Templates" })).toBeVisible();
  await expect(person(ada, "cleo")).toHaveCount(1);
  await third.close();
  // The page is another tab's as soon as the leave is known.
  await expect(person(ada, "cleo").getByRole("link", { name: "Templates" })).toHaveCount(0, {
    timeout: 40_000,
  });
  await expect(person(ada, "cleo")).toHaveCount(1);
  await second.goto(`${world.url}/me/privacy`);
  await invisible(second).click();
  await expect(invisible(first)).toBeChecked();
  await expect(person(ada, "cleo")).toHaveCount(0, { timeout: 5000 });
  // Who clicks fast has what was clicked last.
  for (let clicks = 0; clicks < 5; clicks += 1) await invisible(first).click();
  await expect(invisible(first)).not.toBeChecked();
  await expect(invisible(second)).not.toBeChecked();
  await expect(person(ada, "cleo")).toHaveCount(1);
  await first.context().close();
});

test("without a socket somebody is there by HTTP, and sees who is", async ({
  browser,
  page: ada,
  fresh: world,
}) => {
  await open(ada, world, "ada", "/team");
  const context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce" });
  await drawPictures(context);
  const ben = await context.newPage();
  const wires = await cuttable(ben);
  await open(ben, world, "ben", "/team");
  await expect(person(ada, "Ben")).toContainText("Team");
  wires.network.down = true;
  const beat = ben.waitForRequest(
    (request) => request.method() === "PUT" && request.url().endsWith("/api/presence"),
    { timeout: 60_000 },
  );
  await wires.cut();
  const told = (await beat).postDataJSON() as { path: string; title: string };
  expect(told.path).toMatch(/^\/s\/\d+\/team$/);
  expect(told.title).toBe("Team");
  await expect(people(ben).getByText("the list is renewed every 20 seconds")).toBeVisible();
  // Longer than it takes until a tab whose socket was closed is told to have left.
  await ada.waitForTimeout(35_000);
  await expect(person(ada, "Ben")).toHaveCount(1);
  const cleo = await joined(browser, world, "cleo", "/streamers");
  await expect(person(ben, "cleo")).toBeVisible({ timeout: 30_000 });
  wires.network.down = false;
  await expect(async () => {
    await ben.evaluate(() => dispatchEvent(new Event("online")));
    await expect(ben.getByText("What happens is shown at once.")).toBeAttached({ timeout: 2000 });
  }).toPass({ timeout: 30_000 });
  await cleo.getByRole("link", { name: "Templates" }).click();
  await expect(person(ben, "cleo")).toContainText("Templates");
  await context.close();
  await cleo.context().close();
});

test("a choice that cannot be stored is taken back, and said", async ({ page, fresh: world }) => {
  await open(page, world, "ada", "/team");
  await expect(invisible(page)).not.toBeChecked();
  await page.route("**/api/presence/visibility", (route) =>
    route.request().method() === "PUT"
      ? route.fulfill({ status: 503, json: { code: "unavailable", title: "x", status: 503 } })
      : route.continue(),
  );
  await invisible(page).click();
  await expect(people(page).getByRole("alert")).toContainText("not available right now");
  await expect(invisible(page)).not.toBeChecked();
  await page.unroute("**/api/presence/visibility");
  await invisible(page).focus();
  await page.keyboard.press("Space");
  await expect(invisible(page)).toBeChecked();
  await expect(people(page).getByRole("alert")).toHaveCount(0);
});

for (const language of ["en", "de"]) {
  test(`the list is accessible in ${language}`, async ({ browser, page, fresh: world }) => {
    await page.addInitScript(
      (value) => localStorage.setItem("streammaxing-language", value),
      language,
    );
    await open(page, world, "ada", "/team");
    const cleo = await joined(browser, world, "cleo", "/streamers");
    const list = page.getByRole("region", {
      name: language === "en" ? "Who is here" : "Wer ist da",
    });
    await expect(list.getByRole("link", { name: "Streamer" })).toBeVisible();
    await isLiveIn(page, language);
    expect(await faults(page)).toEqual([]);
    await page.goto(`${world.url}/me/privacy`);
    await settled(page);
    await expect(page.getByRole("switch")).toBeVisible();
    expect(await faults(page)).toEqual([]);
    await cleo.context().close();
  });
}

const isLiveIn = (page: Page, language: string) =>
  language === "en" ? isLive(page) : expect(page.getByText("Live", { exact: true })).toBeVisible();
