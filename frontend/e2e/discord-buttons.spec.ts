import { faults } from "./faults";
import { expect, test, type Page } from "./world";

/** A break is a new stream: the next announcement is a message of its own. */
async function countEveryBreak(page: Page, guildId: string) {
  const status = await page.evaluate(async (path) => {
    const loaded = await fetch(path);
    const body = { ...(await loaded.json()), merge_window_seconds: 0 };
    const headers = {
      "content-type": "application/json",
      "if-match": loaded.headers.get("etag") ?? "",
    };
    return (await fetch(path, { method: "PUT", headers, body: JSON.stringify(body) })).status;
  }, `/api/guilds/${guildId}/config`);
  expect(status).toBe(200);
}

test("a member mutes a streamer by the button under a message", async ({
  page,
  world,
  browser,
}) => {
  const guild = await world.guild("Speedrun Guild");
  const channel = guild.channels[0]?.id ?? "";
  await world.signIn(page, "ada", `/s/${guild.id}/streamers?q=elif`);
  await countEveryBreak(page, guild.id);
  await page.getByRole("link", { name: "Elif" }).click();
  await page.getByRole("switch", { name: "Buttons under the message" }).press("Space");
  expect(await faults(page)).toEqual([]);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Unsaved changes")).toBeHidden();

  const context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce" });
  const member = await context.newPage();
  await world.signIn(member, "ben", `/me?server=${guild.id}`);
  const choice = member
    .getByRole("region", { name: "Speedrun Guild" })
    .getByRole("radiogroup", { name: "Pings for Elif" });
  await expect(choice.getByRole("radio", { name: /Like server/ })).toBeChecked();

  await world.goLive("elif");
  const contents = async () =>
    (await world.messages(channel))
      .filter(({ content }) => content.includes("Elif"))
      .map(({ content }) => content.match(/<@\d+>/g)?.length ?? 0);
  await expect.poll(contents).toEqual([2]);

  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(`${world.url}/dev`);
  await page.getByLabel("Who presses buttons below messages").selectOption({ label: "Ben" });
  const place = page.locator(".channel").filter({ hasText: "# live-now" });
  await place.getByRole("button", { name: "Mute" }).click();
  await expect(page.getByRole("status")).toContainText("will not ping you any more");

  // Whoever comes back to the dashboard from Discord sees it without asking.
  await member.evaluate(() =>
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true })),
  );
  await expect(choice.getByRole("radio", { name: "No pings" })).toBeChecked();
  await context.close();

  await world.endStream("elif");
  await world.goLive("elif");
  await expect.poll(contents).toEqual([2, 1]);
});
