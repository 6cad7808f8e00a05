import { expect, test } from "./world";

test("servers stand in the group that says what to do next", async ({ page, world }) => {
  await world.signIn(page, "ada");
  const ready = page.getByRole("region", { name: /^Ready/ });
  await expect(ready.getByRole("link")).toHaveCount(3);
  await expect(ready.getByRole("link", { name: /Quiet Library/ })).toBeVisible();
  const addable = page.getByRole("region", { name: /^Add bot/ });
  await expect(addable.getByText("New Tavern")).toBeVisible();
});

test("a member is told whom to ask", async ({ page, world }) => {
  await world.signIn(page, "ben");
  const barred = page.getByRole("region", { name: /^Needs someone else/ });
  await expect(barred.getByText("Speedrun Guild")).toBeVisible();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await barred.getByRole("button", { name: "Copy request" }).first().click();
  await expect(barred.getByRole("button", { name: "Copied" })).toBeVisible();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  expect(text).toContain(`${world.url}/servers`);
});

test("the keyboard filters, finds and opens a server", async ({ page, world }) => {
  await world.signIn(page, "ada");
  await expect(page.getByRole("link", { name: /Ana's Corner/ })).toBeVisible();
  await page.keyboard.press("/");
  await expect(page.getByRole("textbox", { name: "Filter servers" })).toBeFocused();
  await page.keyboard.type("speed");
  await expect(page.getByRole("status").filter({ hasText: "1 server" })).toBeVisible();
  await expect(page).toHaveURL(/q=speed/);
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("link", { name: /Speedrun Guild/ })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/s\/\d+$/);
  await page.goBack();
  await expect(page.getByRole("textbox", { name: "Filter servers" })).toHaveValue("speed");
});

test("a filter that fits nothing says so and can be cleared", async ({ page, world }) => {
  await world.signIn(page, "ada", "/servers?q=12345678901234567890");
  await expect(page.getByText("No server matches “12345678901234567890”")).toBeVisible();
  await page.getByRole("button", { name: "Clear filter" }).click();
  await expect(page.getByRole("link", { name: /Ana's Corner/ })).toBeVisible();
});

test("who cancels on Discord's page adds no bot, and can think again", async ({
  page,
  fresh: world,
}) => {
  await world.signIn(page, "ada");
  const tavern = await world.guild("New Tavern");
  await page.getByRole("link", { name: "Add bot to New Tavern" }).click();
  await world.sayNo(page);
  await expect(page).toHaveURL(`${world.url}/servers?error=access_denied`);
  await expect(page.getByRole("alert")).toContainText("The bot was not added");
  await page.getByRole("link", { name: "Add bot to New Tavern" }).click();
  await world.pickUser(page, "ada");
  await expect(page).toHaveURL(`${world.url}/s/${tavern.id}?installed=1`);
  await expect(page.getByText("The bot has joined")).toBeVisible();
  await page.goto(`${world.url}/servers`);
  const ready = page.getByRole("region", { name: /^Ready/ });
  await expect(ready.getByRole("link", { name: /New Tavern/ })).toBeVisible();
});

test("why the bot was not added can be read and closed", async ({ page, world }) => {
  await world.signIn(page, "ada", "/servers?error=other_account");
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("Another Discord account has agreed");
  await alert.getByRole("button", { name: "Close" }).click();
  await expect(alert).toHaveCount(0);
  await expect(page).toHaveURL(`${world.url}/servers`);
});

test("a link for adding the bot works only for who may", async ({ page, world }) => {
  const { id } = await world.guild("Speedrun Guild");
  const install = `${world.url}/api/guilds/${id}/install`;
  await page.goto(install);
  await expect(page).toHaveURL(`${world.url}/login?error=unauthenticated`);
  await expect(page.getByRole("alert")).toBeVisible();
  await world.signIn(page, "ben");
  await page.goto(install);
  await expect(page).toHaveURL(`${world.url}/servers?error=not_an_admin`);
  await expect(page.getByRole("alert")).toContainText("You cannot add the bot there");
});

test("refreshing twice in a minute says why the list is not newer", async ({ page, world }) => {
  await world.signIn(page, "cleo");
  await page.getByRole("button", { name: "Refresh" }).click();
  await expect(page.getByText("Discord was asked less than a minute ago")).toBeVisible();
});
