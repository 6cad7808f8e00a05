import { expect, test } from "./world";

test("the landing page asks the API for nothing", async ({ page, world }) => {
  const asked: string[] = [];
  page.on("request", (request) => {
    if (new URL(request.url()).pathname.startsWith("/api/")) asked.push(request.url());
  });
  await page.goto(world.url);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.getByRole("button", { name: "Go live" }).click();
  await expect(page.getByRole("img", { name: /Example of an announcement/ })).toBeVisible();
  await expect(page.getByRole("link", { name: "Add to Discord" })).toBeVisible();
  expect(asked).toEqual([]);
});

test("the landing page leads back to the dashboard who is signed in", async ({ page, world }) => {
  await world.signIn(page, "ada");
  await expect(page.getByRole("heading", { name: "Servers" })).toBeVisible();
  await page.goto(world.url);
  await page.getByRole("main").getByRole("link", { name: "Open dashboard" }).click();
  await expect(page).toHaveURL(`${world.url}/servers`);
});

test("a session that is over is no news on the landing page", async ({ page, world }) => {
  await world.signIn(page, "ada");
  await expect(page.getByRole("heading", { name: "Servers" })).toBeVisible();
  await page.context().clearCookies();
  const asked = page.waitForResponse("**/api/auth/me");
  await page.goto(world.url);
  expect((await asked).status()).toBe(401);
  await expect(page.getByRole("link", { name: "Add to Discord" })).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("the language changes at once and stays", async ({ page, world }) => {
  await page.goto(world.url);
  await page.getByRole("button", { name: "Deutsch" }).click();
  await expect(page.getByRole("link", { name: "Zu Discord hinzufügen" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("link", { name: "Zu Discord hinzufügen" })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
});

test("a code that nobody knows is quoted, not believed", async ({ page, world }) => {
  await page.goto(`${world.url}/login?error=%3Cb%3Eboo`);
  await expect(page.getByRole("alert")).toContainText("Code: <b>boo");
});
