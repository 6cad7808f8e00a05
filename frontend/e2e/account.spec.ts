import { readFile } from "node:fs/promises";
import { expect, test } from "./world";

test("a streamer is turned off, and on again with Undo", async ({ page, world }) => {
  const guild = await world.guild("Speedrun Guild");
  await world.signIn(page, "ben", `/me?server=${guild.id}`);
  const section = page.getByRole("region", { name: "Speedrun Guild" });
  const choice = section.getByRole("radiogroup", { name: "Pings for Ana" });
  await choice.getByText("No pings").click();
  await expect(section.getByText("1 turned off")).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(choice.getByRole("radio", { name: /Like server/ })).toBeChecked();
  await expect(section.getByText("1 turned off")).toHaveCount(0);
  await page.reload();
  await expect(choice.getByRole("radio", { name: /Like server/ })).toBeChecked();
});

test("what Discord cannot heed is said plainly", async ({ page, world }) => {
  await world.signIn(page, "ben", "/me");
  const section = page.getByRole("region", { name: "Ana's Corner" });
  const server = section.getByRole("switch", { name: "Ping me in Ana's Corner" });
  await server.press("Space");
  await expect(server).toBeChecked();
  await server.press("Space");
  await expect(section.getByText("ping you whatever you choose")).toBeVisible();
  await section.getByRole("button", { name: /Ana's Corner/ }).click();
  await expect(section.getByText("Pings a role, whatever you choose").first()).toBeVisible();
});

test("a choice that cannot be stored goes back", async ({ page, world }) => {
  await world.signIn(page, "cleo", "/me");
  const server = page.getByRole("switch", { name: "Ping me in Speedrun Guild" });
  await expect(server).not.toBeChecked();
  await page.route("**/api/users/me/preferences/*", (route) => route.abort());
  await server.press("Space");
  await expect(page.getByText("The server cannot be reached")).toBeVisible();
  await expect(server).not.toBeChecked();
});

test("another session is signed out", async ({ page, world, browser }) => {
  const other = await browser.newContext({
    userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Version/26.0 Safari/604.1",
  });
  const phone = await other.newPage();
  await world.signIn(phone, "cleo");
  await world.signIn(page, "cleo", "/me/sessions");
  await page.getByRole("button", { name: "Sign out Safari on iPhone" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Sign out Safari on iPhone?");
  await dialog.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByText("Safari on iPhone")).toHaveCount(0);
  await phone.goto(`${world.url}/servers`);
  await expect(phone.getByRole("heading", { name: "Please sign in" })).toBeVisible();
  await other.close();
});

test("signing out everywhere leaves the dashboard", async ({ page, world }) => {
  await world.signIn(page, "cleo", "/me/sessions");
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(page).toHaveURL(`${world.url}/`);
  await expect(page.getByRole("link", { name: "Add to Discord" })).toBeVisible();
});

test("one's data comes as a file", async ({ page, world }) => {
  await world.signIn(page, "ada", "/me/privacy");
  const started = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download my data" }).click();
  const file = await started;
  expect(file.suggestedFilename()).toBe("streammaxing-export.json");
  const data = JSON.parse(await readFile(await file.path(), "utf8")) as { user: object };
  expect(data.user).toMatchObject({ username: "ada" });
});

test("an account is deleted only with its name", async ({ page, world }) => {
  await world.discordControl("/_sim/discord/users", { username: "dora", global_name: "Dora" });
  await world.signIn(page, "dora", "/me/privacy");
  await page.getByRole("button", { name: "Delete my account" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").fill("ada");
  await dialog.getByRole("button", { name: "Delete for good" }).click();
  await expect(dialog.getByText("That is not the name")).toBeVisible();
  await dialog.getByRole("textbox").fill("@Dora ");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Your account is deleted")).toBeVisible();
  await page.goto(`${world.url}/me`);
  await expect(page.getByRole("heading", { name: "Please sign in" })).toBeVisible();
});

test("colours, language and keys change at once and stay", async ({ page, world }) => {
  await world.signIn(page, "ada", "/me/appearance");
  const html = page.locator("html");
  await page.getByRole("radio", { name: "Dark" }).press("ArrowRight");
  await expect(html).toHaveAttribute("data-mantine-color-scheme", "light");
  await page.getByRole("switch", { name: "Keyboard shortcuts" }).press("Space");
  await page.getByRole("radio", { name: "English" }).press("ArrowRight");
  await expect(page.getByRole("heading", { name: "Darstellung" })).toBeVisible();
  await page.reload();
  await expect(html).toHaveAttribute("data-mantine-color-scheme", "light");
  await expect(page.getByRole("heading", { name: "Darstellung" })).toBeVisible();
  await page.goto(`${world.url}/servers`);
  await expect(page.getByRole("link", { name: /Ana's Corner/ })).toBeVisible();
  await page.keyboard.press("/");
  await expect(page.getByRole("textbox", { name: "Server filtern" })).not.toBeFocused();
});

test("signing in again in another tab goes on where one was", async ({ page, world }) => {
  await world.signIn(page, "ada", "/me/sessions");
  await expect(page.getByText("this one")).toBeVisible();
  await page.context().clearCookies();
  await page.getByRole("link", { name: "My notifications" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Your session has ended");
  const opened = page.waitForEvent("popup");
  await dialog.getByRole("link", { name: "Sign in again" }).click();
  await world.pickUser(await opened, "ada");
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole("region", { name: "Ana's Corner" })).toBeVisible();
});
