import { enter, isLive } from "./people";
import { expect, test, type Page } from "./world";

/** Pages look for news by themselves once in a minute: what is there sooner was told. */
const SOON = { timeout: 15_000 };

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
  await log.getByRole("button", { name: /new/ }).click(SOON);
  await expect(log.getByRole("row").filter({ hasText: "Elif" }).first()).toContainText(
    "Posted",
    SOON,
  );
  await world.endStream("elif");
  await expect(live).toContainText("0of 8 streamers", SOON);
  await same();
  await sameLog();
  await context.close();
});
