import { expect, test as base, type Page, World } from "./world";

const test = base.extend<{ limited: World }>({
  /** A world in which a person may ask for something every ten seconds, after the first six. */
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern
  limited: async ({}, run) => {
    const world = await World.start({ USER_REQUESTS_PER_MINUTE: "6" });
    await run(world);
    await world.stop();
  },
});

/** Asks, as who is signed in on the page, until the next answer is some seconds away. */
async function exhaust(page: Page, world: World) {
  const wait = async () => {
    const answer = await page.request.get(`${world.url}/api/auth/me`);
    return Number(answer.headers()["retry-after"] ?? 0);
  };
  await expect.poll(wait, { intervals: [100], timeout: 30_000 }).toBeGreaterThan(7);
}

const limit = (page: Page) => page.getByRole("alert").filter({ hasText: "Too many requests" });

test("what was to be saved waits, and is saved by itself", async ({ page, limited: world }) => {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada", `/s/${guild.id}/notifications`);
  const restart = page.getByLabel("Quick restart");
  await restart.fill("25");
  await exhaust(page, world);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(limit(page).getByText(/Trying again in \d+ s/)).toBeVisible();
  await expect(restart).toHaveValue("25 min");
  await expect(page.getByText("Unsaved changes")).toHaveCount(0, { timeout: 30_000 });
  await expect(limit(page)).toHaveCount(0);
  await expect(restart).toHaveValue("25 min");
});

test("a button says when to press it again", async ({ page, limited: world }) => {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada", `/s/${guild.id}`);
  const send = page.getByRole("button", { name: "Send test" }).first();
  await expect(page.getByRole("heading", { name: "Health" })).toBeVisible();
  await exhaust(page, world);
  await send.click();
  await expect(limit(page)).toContainText(/Try again in \d+ s\./);
  await expect(limit(page)).toContainText("You can try again now.", { timeout: 30_000 });
  await send.click();
  await expect(page.getByText("The test message was posted")).toBeVisible();
});

test("a page waits and comes by itself", async ({ page, limited: world }) => {
  test.setTimeout(120_000);
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada", `/s/${guild.id}`);
  await expect(page.getByRole("heading", { name: "Health" })).toBeVisible();
  await exhaust(page, world);
  await page.reload();
  await expect(limit(page).getByText(/Trying again in \d+ s/)).toBeVisible();
  await expect(page.getByRole("heading", { name: "Health" })).toBeVisible({ timeout: 60_000 });
  await expect(limit(page)).toHaveCount(0);
});
