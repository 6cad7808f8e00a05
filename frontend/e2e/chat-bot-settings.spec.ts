import { addCommand, letIn, says, write } from "./bot";
import { faults } from "./faults";
import { settled } from "./pages";
import { expect, test, type Page, type World } from "./world";

test.use({ contextOptions: { reducedMotion: "reduce" } });
test.describe.configure({ timeout: 240_000 });

/** Variables that the field offers. */
const offered = (page: Page) =>
  page.getByRole("listbox", { name: "Variables" }).getByRole("option");
const save = (page: Page) => page.getByRole("button", { name: "Save", exact: true });
const saved = (page: Page) =>
  expect(page.getByText("Saved. It counts from the next line on.").first()).toBeVisible();

async function openSettings(page: Page, world: World): Promise<string> {
  const channel = await letIn(page, world);
  await page.goto(`${world.url}/me/bot/${channel}/settings`);
  await expect(page.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
  return channel;
}

/** A file as Nightbot gives it out: one command maps, one does not. */
const NIGHTBOT = JSON.stringify({
  _total: 2,
  status: 200,
  commands: [
    {
      _id: "1",
      name: "!socials",
      message: "Find me everywhere, $(touser)",
      coolDown: 5,
      count: 3,
      userLevel: "everyone",
      alias: null,
    },
    {
      _id: "2",
      name: "!calc",
      message: "$(eval 1 + 1)",
      coolDown: 5,
      count: 0,
      userLevel: "everyone",
      alias: null,
    },
  ],
});

test("prefix and texts of events are saved, and what is wrong is marked", async ({
  page,
  fresh: world,
}) => {
  const channel = await openSettings(page, world);
  await addCommand(page, world, channel, { name: "hi", responses: ["Hi {user}!"] });
  const prefix = page.getByRole("textbox", { name: "Prefix" });
  await prefix.fill("/");
  await save(page).click();
  await expect(prefix).toHaveAccessibleDescription(/Twitch keeps \/ and \. to itself/);
  await prefix.fill("?");
  await page.getByRole("switch", { name: "Raid" }).press("Space");
  const thanks = page.getByRole("textbox", { name: "Text: Raid" });
  await thanks.fill("Welcome {nobody}");
  await save(page).click();
  await expect(thanks).toHaveAttribute("aria-invalid", "true");
  await thanks.fill("Welcome {user}!");
  await save(page).click();
  await saved(page);
  // What is known of a channel is two seconds old at most.
  await expect(async () => {
    await write(world, "hana", "?hi");
    await says(world, "Hi Hana!", 4000);
  }).toPass();
  // What Twitch does not tell us of is said beside it.
  await page.getByRole("switch", { name: "New follower" }).press("Space");
  await expect(page.getByText("Twitch does not tell us of it yet.")).toBeVisible();
  await page.getByRole("switch", { name: "Links" }).press("Space");
  await expect(page.getByRole("combobox", { name: "Exempt from this level on" })).toHaveValue(
    "vip",
  );
  await save(page).click();
  await saved(page);
  // Who is no moderator deletes nothing: that is said, and how to change it.
  await expect(async () => {
    await write(world, "gus", "look at https://example.com", "viewer");
    await page.reload();
    await expect(page.getByText("Nothing is deleted now")).toBeVisible({ timeout: 2000 });
  }).toPass();
  await expect(page.getByText("/mod maxbot")).toBeVisible();
  await expect(page.getByRole("switch", { name: "Links" })).toBeChecked();
  await expect(thanks).toHaveValue("Welcome {user}!");
  await page.goto(`${world.url}/me/bot/${channel}/log`);
  const found = page.getByRole("list", { name: "Lines that filters have found" });
  await expect(found.getByRole("listitem").first()).toContainText("the bot is no moderator");
});

test("a program's token is shown once, used and revoked", async ({ page, fresh: world }) => {
  const channel = await openSettings(page, world);
  await addCommand(page, world, channel, { name: "hi", responses: ["Hi {touser}!"] });
  const section = page.getByRole("region", { name: "API tokens" });
  await section.getByRole("textbox", { name: "For what" }).fill("Stream deck");
  await section.getByRole("button", { name: "Make a token" }).click();
  const token = (await section.getByText(/^smx_/).textContent()) ?? "";
  const list = section.getByRole("list", { name: "API tokens" });
  await expect(list.getByRole("listitem")).toContainText("never used");
  const run = () =>
    fetch(`${world.url}/api/channels/${channel}/commands/hi/run`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ arguments: "@gus" }),
    });
  expect((await run()).status).toBe(202);
  await says(world, "Hi gus!");
  await page.reload();
  await expect(section.getByText(/^smx_/)).toHaveCount(0);
  await expect(list.getByRole("listitem")).toContainText("last used");
  await section.getByRole("button", { name: "Revoke Stream deck" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await expect(section.getByText("No program has a token.")).toBeVisible();
  expect((await run()).status).toBe(401);
});

test("a secret is stored and never shown again", async ({ page, fresh: world }) => {
  await openSettings(page, world);
  const section = page.getByRole("region", { name: "Secrets" });
  await section.getByRole("textbox", { name: "Name" }).fill("key one");
  await section.getByLabel("Value").fill("hush-hush");
  await section.getByRole("button", { name: "Store" }).click();
  await expect(section.getByRole("textbox", { name: "Name" })).toHaveAttribute(
    "aria-invalid",
    "true",
  );
  await section.getByRole("textbox", { name: "Name" }).fill("key");
  await section.getByRole("button", { name: "Store" }).click();
  await expect(section.getByRole("listitem")).toContainText("key");
  await expect(section.getByLabel("Value")).toHaveValue("");
  await page.reload();
  await expect(section.getByRole("listitem")).toContainText("key");
  expect(await page.content()).not.toContain("hush-hush");
  await section.getByRole("button", { name: "Delete the secret key" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(section.getByText("No secret is stored.")).toBeVisible();
});

/** A file as it is chosen. */
const fileOf = (name: string, text: string) => ({
  name,
  mimeType: "application/json",
  buffer: Buffer.from(text),
});

test("commands come from another bot's file, and go into one", async ({ page, fresh: world }) => {
  const channel = await openSettings(page, world);
  await page.getByRole("button", { name: "Import" }).click();
  const dialog = page.getByRole("dialog", { name: "Import commands" });
  const file = dialog.locator("input[type=file]");
  await file.setInputFiles(fileOf("odd.json", `{"what": "ever"}`));
  await expect(dialog.getByRole("alert")).toContainText("This is no export of Nightbot");
  await file.setInputFiles(fileOf("nightbot.json", NIGHTBOT));
  await expect(dialog.getByRole("status")).toContainText(
    "Would be added: 1, added and switched off: 1, skipped: 0.",
  );
  const report = dialog.getByRole("list", { name: "Report" });
  await expect(report.getByRole("listitem").filter({ hasText: "calc" })).toContainText(
    "Switched off",
  );
  // Nothing has happened until then.
  const count = async () => {
    const list = await world.api(page, "GET", `/api/channels/${channel}/commands`);
    return (list as { total: number }).total;
  };
  expect(await count()).toBe(0);
  await dialog.getByRole("button", { name: "Import 2" }).click();
  await expect(dialog.getByRole("status")).toContainText("Added: 1");
  expect(await count()).toBe(2);
  await dialog.getByRole("button", { name: "Close" }).last().click();

  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Export (YAML)" }).click();
  expect((await download).suggestedFilename()).toBe("commands.yaml");
  await page.goto(`${world.url}/me/bot/${channel}/commands`);
  await expect(page.getByRole("list", { name: "Commands", exact: true })).toContainText("socials");
  await expect(page.getByRole("switch", { name: "calc answers" })).not.toBeChecked();
});

test("a timer is added, edited, switched and deleted", async ({ page, fresh: world }) => {
  const channel = await letIn(page, world);
  await page.goto(`${world.url}/me/bot/${channel}/timers`);
  await expect(page.getByRole("heading", { name: "No timers yet" })).toBeVisible();
  await page.getByRole("button", { name: "Add a timer" }).click();
  const dialog = page.getByRole("dialog");
  const text = dialog.getByRole("textbox", { name: "Text", exact: true });
  await text.fill("Hello {user}");
  await dialog.getByRole("textbox", { name: "Name" }).fill("Reminder");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(text).toHaveAccessibleDescription(/Nobody has called a command here/);
  await text.fill("Drink something.");
  // Escape closes the list of variables alone.
  await text.press("Control+Space");
  await expect(offered(page).first()).toBeVisible();
  await text.press("Escape");
  await expect(offered(page)).toHaveCount(0);
  await expect(dialog).toBeVisible();
  await dialog.getByRole("button", { name: "Save" }).click();
  const item = page.getByRole("list", { name: "Timers" }).getByRole("listitem");
  await expect(item).toContainText("every 15 minutes");
  await item.getByRole("button", { name: "Edit Reminder" }).click();
  await dialog.getByRole("textbox", { name: "Every how many minutes" }).fill("30");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(item).toContainText("every 30 minutes");
  await item.getByRole("switch", { name: "Reminder speaks" }).press("Space");
  await expect(item.getByRole("switch")).not.toBeChecked();
  await item.getByRole("button", { name: "Delete Reminder" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("heading", { name: "No timers yet" })).toBeVisible();
});

for (const language of ["en", "de"]) {
  test(`what opens on the bot's pages is accessible in ${language}`, async ({
    page,
    fresh: world,
  }) => {
    const channel = await letIn(page, world);
    await page.evaluate((value) => localStorage.setItem("streammaxing-language", value), language);
    const root = `${world.url}/me/bot/${channel}`;
    await page.goto(`${root}/settings`);
    await settled(page);
    for (const each of await page.getByRole("switch").all()) await each.press("Space");
    await page.locator("textarea").first().press("Control+Space");
    await expect(page.getByRole("listbox").first()).toBeVisible();
    expect(await faults(page), "everything switched on").toEqual([]);
    await page.locator("textarea").first().press("Escape");

    await page.goto(`${root}/timers`);
    await settled(page);
    await page.keyboard.press("n");
    await expect(page.getByRole("dialog")).toBeVisible();
    await page.getByRole("dialog").locator("textarea").first().press("Control+Space");
    await expect(page.getByRole("listbox")).toBeVisible();
    expect(await faults(page), "a timer").toEqual([]);

    await page.goto(`${root}/commands/new`);
    await settled(page);
    await page.locator("button[type=submit]").last().click();
    await expect(page.locator("[aria-invalid=true]").first()).toBeVisible();
    expect(await faults(page), "a command with faults").toEqual([]);

    await page.goto(`${root}/commands`);
    await settled(page);
    await page.getByRole("button", { name: /Import/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.locator("input[type=file]").setInputFiles(fileOf("nightbot.json", NIGHTBOT));
    await expect(dialog.getByRole("listitem")).toHaveCount(2);
    expect(await faults(page), "an import").toEqual([]);
  });
}
