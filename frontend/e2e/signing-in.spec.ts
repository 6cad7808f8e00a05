import { expect, test } from "./world";

test("signing in leads to the servers, and out again", async ({ page, world }) => {
  await world.signIn(page, "ada");
  await expect(page).toHaveURL(`${world.url}/servers`);
  await page.getByRole("button", { name: "Account of Ada" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page).toHaveURL(`${world.url}/`);
  await page.goto(`${world.url}/servers`);
  await expect(page.getByRole("heading", { name: "Please sign in" })).toBeVisible();
});

test("a page asks for sign-in and comes back", async ({ page, world }) => {
  const guild = await world.guild("Ana's Corner");
  await page.goto(`${world.url}/s/${guild.id}/deliveries?status=failed`);
  await page.getByRole("link", { name: "Sign in with Discord" }).click();
  await world.pickUser(page, "ada");
  await expect(page).toHaveURL(`${world.url}/s/${guild.id}/deliveries?status=failed`);
});

test("who says no on Discord's page reads that, and can think again", async ({ page, world }) => {
  await page.goto(`${world.url}/me/sessions`);
  await page.getByRole("link", { name: "Sign in with Discord" }).click();
  await world.sayNo(page);
  await expect(page).toHaveURL(/\/login\?.*error=access_denied/);
  await expect(page.getByRole("alert")).toContainText("You chose not to sign in");
  await page.getByRole("link", { name: "Try again with Discord" }).click();
  await world.pickUser(page, "ada");
  await expect(page).toHaveURL(`${world.url}/me/sessions`);
});

test("an answer that was not asked for signs nobody in", async ({ page, world }) => {
  await page.goto(`${world.url}/api/auth/discord/callback?code=stolen&state=guessed`);
  await expect(page).toHaveURL(`${world.url}/login?error=state_mismatch`);
  await expect(page.getByRole("alert")).toBeVisible();
  await page.goto(`${world.url}/servers`);
  await expect(page.getByRole("heading", { name: "Please sign in" })).toBeVisible();
});

test("every answer forbids inline scripts and frames", async ({ request, world }) => {
  for (const path of ["/", "/servers", "/s/1/templates", "/favicon.svg"]) {
    const answer = await request.get(world.url + path);
    const policy = answer.headers()["content-security-policy"] ?? "";
    expect(policy, path).toContain("script-src 'self';");
    expect(policy, path).toContain("default-src 'none'");
    expect(policy, path).toContain("frame-ancestors 'none'");
  }
});
