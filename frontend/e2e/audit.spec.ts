import { expect, test } from "./world";

test("what was changed stands in the audit log, before and after", async ({
  page,
  fresh: world,
}) => {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada", `/s/${guild.id}/audit`);
  await expect(page.getByRole("heading", { name: "Nothing has been changed yet" })).toBeVisible();
  await page.evaluate(async (id) => {
    const path = `/api/guilds/${id}/config`;
    const answer = await fetch(path);
    const body = JSON.stringify({ ...(await answer.json()), timezone: "Europe/Berlin" });
    const headers = {
      "content-type": "application/json",
      "if-match": answer.headers.get("etag") ?? "",
    };
    await fetch(path, { method: "PUT", headers, body });
  }, guild.id);
  await page.reload();
  const entry = page
    .getByRole("listitem")
    .filter({ hasText: "Ada changed the notification settings" });
  await expect(entry.getByText("Time zone")).toBeVisible();
  await expect(entry.getByRole("deletion")).toContainText("UTC");
  await expect(entry.getByRole("insertion")).toContainText("Europe/Berlin");
});

test("what somebody was denied is marked", async ({ browser, page, world }) => {
  const guild = await world.guild("Ana's Corner");
  const other = await browser.newPage();
  await world.signIn(other, "ben");
  await other.evaluate((id) => fetch(`/api/guilds/${id}/config`), guild.id);
  await other.close();
  await world.signIn(page, "ada", `/s/${guild.id}/audit`);
  const entry = page.getByRole("listitem").filter({ hasText: "Ben tried to see" });
  await expect(entry.getByText("Denied")).toBeVisible();
});
