import { expect, test, type Page, type World } from "./world";

/** An invite link of Ana's Corner that works once, made as its owner. */
async function invite(page: Page, world: World): Promise<string> {
  const { id } = await world.guild("Ana's Corner");
  await world.signIn(page, "ada");
  const answer = await page.request.post(`${world.url}/api/guilds/${id}/invites`, {
    headers: { origin: world.url },
    data: { hours: 1, max_uses: 1 },
  });
  expect(answer.status()).toBe(201);
  const { code } = (await answer.json()) as { code: string };
  await page.context().clearCookies();
  return code;
}

test("a streamer links their channel without an account here", async ({ page, world }) => {
  await world.addStreamer("mira", "Mira");
  const code = await invite(page, world);
  await page.goto(`${world.url}/invite/${code}`);
  await expect(page.getByRole("heading", { name: /Ana's Corner wants to announce/ })).toBeVisible();
  await page.getByRole("link", { name: "Link with Twitch" }).click();
  await world.pickUser(page, "mira");
  await expect(page.getByRole("heading", { name: "Your channel is linked" })).toBeVisible();
  await expect(page.getByRole("status")).toContainText("mira is linked");
  // It worked once.
  await page.goto(`${world.url}/invite/${code}`);
  await expect(
    page.getByRole("heading", { name: "This link does not work any more" }),
  ).toBeVisible();
});

test("who says no on Twitch's page can still say yes", async ({ page, world }) => {
  await world.addStreamer("late_to_agree", "LateToAgree");
  const code = await invite(page, world);
  await page.goto(`${world.url}/invite/${code}`);
  await page.getByRole("link", { name: "Link with Twitch" }).click();
  await world.sayNo(page);
  await expect(page).toHaveURL(`${world.url}/invite/${code}?error=access_denied`);
  await expect(page.getByRole("alert")).toContainText("Your channel was not linked");
  await page.getByRole("link", { name: "Link with Twitch" }).click();
  await world.pickUser(page, "late_to_agree");
  await expect(page.getByRole("heading", { name: "Your channel is linked" })).toBeVisible();
});

test("a link that was mistyped is explained", async ({ page, world }) => {
  await page.goto(`${world.url}/invite/nonsense`);
  await expect(page.getByText("Ask whoever sent it for a new one")).toBeVisible();
});
