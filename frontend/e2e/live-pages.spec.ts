import { another, enter, field, isLive, said, say, sayByApi } from "./people";
import { Server } from "./restart";
import { expect, test, type Page } from "./world";

// Several browsers at once take their time.
test.describe.configure({ timeout: 240_000 });

/** Pages look for news by themselves once in a minute: what is there sooner was told. */
const SOON = { timeout: 15_000 };

const shown = (page: Page) => page.getByRole("log").locator("[dir=auto]").allTextContents();

/** Fails when the page is loaded anew. */
async function stays(page: Page) {
  await page.evaluate(() => Object.assign(window, { stayed: true }));
  return async () =>
    expect(await page.evaluate(() => "stayed" in window), "it was not reloaded").toBe(true);
}

test("a go-live appears in the overview and in the log without a reload", async ({
  page,
  browser,
  fresh: world,
}) => {
  const guild = await enter(page, world, "ada");
  await page.getByRole("link", { name: "Overview" }).click();
  await isLive(page);
  const same = await stays(page);
  const live = page.getByRole("region", { name: "Live now" });
  const last = page.getByRole("region", { name: "Last deliveries" });
  await expect(live).toContainText("0of 8 streamers");
  const context = await browser.newContext({ locale: "en-GB" });
  const log = await context.newPage();
  await world.signIn(log, "ada", `/s/${guild.id}/deliveries`);
  await isLive(log);
  const sameLog = await stays(log);

  await world.goLive("elif");
  await expect(live).toContainText("1of 8 streamers", SOON);
  await expect(last.getByRole("listitem").filter({ hasText: "Elif" })).toContainText(
    "Posted",
    SOON,
  );
  // An empty log fills itself; in one that is read, rows do not jump.
  await expect(log.getByRole("row").filter({ hasText: "Elif" })).toContainText("Posted", SOON);
  await world.goLive("gus");
  await log.getByRole("button", { name: "1 new" }).click(SOON);
  await expect(log.getByRole("row").filter({ hasText: "Gus" })).toContainText("Posted", SOON);
  await world.endStream("elif");
  await expect(live).toContainText("1of 8 streamers", SOON);
  await same();
  await sameLog();
  await context.close();
});

test("a server that is restarted in between leaves no gap", async ({ browser, page }) => {
  const server = await Server.start();
  const { world, url } = server;
  const guild = await world.guild("Ana's Corner");
  await page.goto(`${url}/api/auth/discord/login?return_to=/s/${guild.id}/team`);
  await world.pickUser(page, "ada");
  await expect(field(page)).toBeVisible();
  await isLive(page);
  // Ben is at a process that goes on.
  const ben = await another(browser, world, "ben");
  const people = page.getByRole("region", { name: "Who is here" });
  await expect(people.getByRole("listitem")).toHaveCount(2);
  await say(ben, "before");
  await expect(said(page, "before")).toBeVisible();
  const texts = ["before"];
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    await server.down(signal);
    for (const text of [`first during ${signal}`, `second during ${signal}`]) {
      await sayByApi(ben, world, guild.id, text);
      texts.push(text);
    }
    await server.up();
    await isLive(page);
    await expect(said(page, `second during ${signal}`)).toBeVisible({ timeout: 40_000 });
    await say(page, `after ${signal}`);
    texts.push(`after ${signal}`);
    await expect(said(ben, `after ${signal}`)).toBeVisible();
  }
  expect(await shown(page)).toEqual(texts);
  expect(await shown(ben)).toEqual(texts);
  await expect(people.getByRole("listitem")).toHaveCount(2);
  await ben.context().close();
  await server.stop();
});
