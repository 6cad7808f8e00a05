import { readFile } from "node:fs/promises";
import { faults } from "./faults";
import { expect, test, type Page } from "./world";

/** Other tests work on other servers. */
async function open(page: Page, world: { url: string }, guildId: string) {
  await page.goto(`${world.url}/s/${guildId}/notifications`);
  await expect(page.getByRole("combobox", { name: "Default channel" })).not.toHaveValue("");
}

test("settings are saved and stay", async ({ page, world }) => {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada");
  await open(page, world, guild.id);
  await page.getByLabel("Delete the message").check();
  await page.getByLabel("Quick restart").fill("25");
  await page.getByLabel("Rerun").check();
  await page.getByRole("combobox", { name: "Mention" }).click();
  await page.getByRole("option", { name: "@here" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Unsaved changes")).toBeHidden();
  await page.reload();
  await expect(page.getByLabel("Delete the message")).toBeChecked();
  await expect(page.getByLabel("Quick restart")).toHaveValue("25 min");
  await expect(page.getByLabel("Rerun")).toBeChecked();
  await expect(page.getByRole("combobox", { name: "Mention" })).toHaveValue("@here");
});

test("quiet hours are said in words", async ({ page, world }) => {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada");
  await open(page, world, guild.id);
  await page.getByLabel("Announce nothing at certain hours").click();
  await page.getByLabel("From", { exact: true }).fill("23:15");
  await page.getByLabel("Until", { exact: true }).fill("06:45");
  await expect(page.getByText("from 23:15 until 06:45 the next morning")).toBeVisible();
  await page.getByRole("button", { name: "Use yours: Europe/Berlin" }).click();
  await expect(page.getByRole("combobox", { name: "Time zone" })).toHaveValue("Europe/Berlin");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Unsaved changes")).toBeHidden();
  await page.reload();
  await expect(page.getByText("from 23:15 until 06:45 the next morning")).toBeVisible();

  await page.getByLabel("Until", { exact: true }).fill("23:15");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("it has to differ from the beginning").first()).toBeVisible();
  await page.getByLabel("Until", { exact: true }).fill("");
  await expect(page.getByText("Fill in both times.")).toBeVisible();
  await page.getByRole("button", { name: "Discard" }).click();
  await expect(page.getByText("from 23:15 until 06:45 the next morning")).toBeVisible();
});

test("a test tells what the bot lacks", async ({ page, world }) => {
  const guild = await world.guild("Quiet Library");
  await world.signIn(page, "ada");
  await open(page, world, guild.id);
  await expect(page.getByText("The bot lacks: Send Messages.")).toBeVisible();
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByText("Discord did not take the test message")).toBeVisible();
  await expect(page.getByText("The bot lacks Send Messages in #announcements.")).toBeVisible();
  await page.getByRole("link", { name: "Details" }).click();
  await expect(page).toHaveURL(/\/deliveries\//);
});

test("two people change different things, and both stand", async ({ page, world }) => {
  const guild = await world.guild("Speedrun Guild");
  await world.signIn(page, "ada");
  await open(page, world, guild.id);
  const other = await page.context().newPage();
  await open(other, world, guild.id);
  await other.getByLabel("Quick restart").fill("15");
  await other.getByRole("button", { name: "Save" }).click();
  await expect(other.getByText("Unsaved changes")).toBeHidden();

  await page.getByLabel("Premiere").check();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Unsaved changes")).toBeHidden();
  await expect(page.getByLabel("Quick restart")).toHaveValue("15 min");
  await expect(page.getByLabel("Premiere")).toBeChecked();
});

test("two people change the same thing, and one decides", async ({ page, world }) => {
  const guild = await world.guild("Speedrun Guild");
  await world.signIn(page, "ada");
  await open(page, world, guild.id);
  const other = await page.context().newPage();
  await open(other, world, guild.id);
  // First: what is saved elsewhere is shown at once where nothing was changed.
  await page.bringToFront();
  await page.getByLabel("Delete the message").check();
  await other.bringToFront();
  await other.getByLabel("Leave the message as it is").check();
  await other.getByRole("button", { name: "Save" }).click();
  await expect(other.getByText("Unsaved changes")).toBeHidden();
  await page.bringToFront();
  const dialog = page.getByRole("dialog", { name: "Somebody else has saved meanwhile" });
  await page.keyboard.press("Control+s");
  await expect(dialog.getByText("Delete the message")).toBeVisible();
  await dialog.getByLabel("Leave the message as it is").check();
  await dialog.getByRole("button", { name: "Take over" }).click();
  await expect(page.getByLabel("Leave the message as it is")).toBeChecked();
  await expect(page.getByText("Unsaved changes")).toBeHidden();
});

test("an expired session loses nothing", async ({ page, world, context }) => {
  const guild = await world.guild("Quiet Library");
  await world.signIn(page, "ada");
  await open(page, world, guild.id);
  await page.getByLabel("Quick restart").fill("45");
  await context.clearCookies();
  await page.getByRole("button", { name: "Save" }).click();
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  const opened = context.waitForEvent("page");
  await dialog.getByRole("link", { name: "Sign in again" }).click();
  await world.pickUser(await opened, "ada");
  await expect(dialog).toBeHidden();
  await expect(page.getByLabel("Quick restart")).toHaveValue("45 min");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Unsaved changes")).toBeHidden();
});

test("leaving with unsaved changes asks, and a reload brings them back", async ({
  page,
  world,
}) => {
  const guild = await world.guild("Quiet Library");
  await world.signIn(page, "ada");
  await open(page, world, guild.id);
  await page.getByLabel("Watch party").check();
  await page.reload();
  await expect(page.getByText("Unsaved changes from your last visit")).toBeVisible();
  await expect(page.getByLabel("Watch party")).toBeChecked();
  await page.getByRole("link", { name: "Streamers" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Discard and leave" }).click();
  await expect(page).toHaveURL(/\/streamers$/);
  await page.getByRole("link", { name: "Notifications" }).click();
  await expect(page.getByLabel("Watch party")).not.toBeChecked();
});

test("without the server nothing that was typed is lost", async ({ page, world }) => {
  const guild = await world.guild("Quiet Library");
  await world.signIn(page, "ada");
  await open(page, world, guild.id);
  await page.getByLabel("Playlist").check();
  await page.route("**/api/guilds/*/config", (route) => route.abort());
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("The server cannot be reached")).toBeVisible();
  await page.unroute("**/api/guilds/*/config");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Unsaved changes")).toBeHidden();
  await expect(page.getByLabel("Playlist")).toBeChecked();
});

test("an admin exports the configuration, edits it, reads what would change, and applies it", async ({
  page,
  world,
}) => {
  const guild = await world.guild("Speedrun Guild");
  await world.signIn(page, "ada");
  await open(page, world, guild.id);
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Export" }).click();
  const exported = await readFile(await (await download).path(), "utf8");
  expect(exported).toContain("format: streammaxing-server");

  const choose = (text: string) =>
    page
      .locator("input[type=file]")
      .setInputFiles({ name: "server.yaml", mimeType: "text/yaml", buffer: Buffer.from(text) });
  await page.getByRole("button", { name: "Import" }).click();
  await choose("settings: [");
  await expect(page.getByRole("alert")).toContainText("Nothing was changed");
  await choose(exported.replace(/merge_window_seconds: \d+/, "merge_window_seconds: 2520"));
  await expect(page.getByRole("status").filter({ hasText: "1 change:" })).toBeVisible();
  await expect(page.getByRole("list", { name: "Changes" })).toContainText("→ 2520");
  expect(await faults(page)).toEqual([]);
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByText("1 change applied.")).toBeVisible();
  await expect(page.getByLabel("Quick restart")).toHaveValue("42 min");
});
