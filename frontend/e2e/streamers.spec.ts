import { expect, test, type Page } from "./world";

const row = (page: Page, name: string) =>
  page.getByRole("listitem").filter({ has: page.getByRole("link", { name, exact: true }) });

test("a streamer is searched for, added and announced", async ({ page, world }) => {
  await world.addStreamer("nova_plays", "Nova Plays");
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada", `/s/${guild.id}/streamers`);
  await expect(row(page, "Ana")).toBeVisible();

  await page.keyboard.press("n");
  const dialog = page.getByRole("dialog", { name: "Add streamers" });
  await dialog.getByLabel("Name or address").fill("nova");
  await dialog.getByRole("button", { name: "Add Nova Plays" }).click();
  await expect(dialog.getByText("Nova Plays was added")).toBeVisible();
  await expect(dialog.getByLabel("Name or address")).toBeFocused();
  await dialog.getByLabel("Name or address").fill("https://www.twitch.tv/ana?x=1");
  await expect(dialog.getByText("Already added")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(row(page, "Nova Plays")).toBeVisible();

  // The list asks again by itself while Twitch is verifying.
  await expect(row(page, "Nova Plays").getByText("Ready")).toBeVisible({ timeout: 30_000 });
  await world.goLive("nova_plays");
  const [channel] = guild.channels;
  await expect
    .poll(async () =>
      (await world.messages(channel?.id ?? "")).map(({ content }) => content).join(),
    )
    .toContain("Nova Plays");
  await page.reload();
  await expect(row(page, "Nova Plays").getByText("Live", { exact: true })).toBeVisible();
});

test("a pasted list has a result for each, and keeps what was wrong", async ({ page, world }) => {
  await world.addStreamer("pasted_one", "PastedOne");
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada", `/s/${guild.id}/streamers?add=list`);
  const dialog = page.getByRole("dialog", { name: "Add streamers" });
  await dialog.getByRole("button", { name: "Add 0 streamers" }).click();
  await expect(dialog.getByText("Paste at least one name.")).toBeVisible();
  const names = dialog.getByLabel("Names or addresses");
  await names.fill("ana, https://twitch.tv/pasted_one\nnobody_has_this; wh@t?!");
  await dialog.getByRole("button", { name: "Add 4 streamers" }).click();
  await expect(dialog.getByText("1 added, 1 was there already, 2 not")).toBeVisible();
  await expect(dialog.getByRole("listitem")).toHaveText([
    /Already added.*ana/,
    /Added.*pasted_one/,
    /Not on Twitch.*nobody_has_this/,
    /Not a channel.*wh@t/,
  ]);
  await expect(names).toHaveValue("nobody_has_this\nwh@t?!");
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(row(page, "PastedOne")).toBeVisible();
});

test("an invite link is made and revoked", async ({ page, world }) => {
  const guild = await world.guild("Quiet Library");
  await world.signIn(page, "ada", `/s/${guild.id}/streamers?add=invite`);
  const dialog = page.getByRole("dialog", { name: "Add streamers" });
  await expect(dialog.getByText("None yet.")).toBeVisible();
  await dialog.getByRole("button", { name: "Make a link" }).click();
  await expect(dialog.getByText(/\/invite\//)).toBeVisible();
  await expect(dialog.getByText("0 of 1 used")).toBeVisible();
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await expect(dialog.getByText("It stops working at once.")).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(dialog.getByText("None yet.")).toBeVisible();
});

test("one's own channel is linked on Twitch", async ({ page, world }) => {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada", `/s/${guild.id}/streamers?add=invite`);
  await page.getByRole("dialog").getByRole("link", { name: "Link your own channel" }).click();
  await page.getByRole("button", { name: /gus/i }).first().click();
  await expect(page.getByText("gus is linked")).toBeVisible();
  await expect(row(page, "Gus").getByText("Linked")).toBeVisible();
  await page.getByRole("button", { name: "Close" }).click();
  await expect(page).toHaveURL(`${world.url}/s/${guild.id}/streamers`);

  await page.goto(`${world.url}/s/${guild.id}/streamers?add=invite`);
  await page.getByRole("dialog").getByRole("link", { name: "Link your own channel" }).click();
  await world.sayNo(page);
  await expect(page.getByText("You pressed Cancel on Twitch.")).toBeVisible();
});

test("a switch takes effect at once and can be taken back", async ({ page, world }) => {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada", `/s/${guild.id}/streamers`);
  const announce = page.getByRole("switch", { name: "Announce Elif" });
  await announce.press("Space");
  await expect(announce).not.toBeChecked();
  const takenBack = page.waitForResponse(
    (answer) => answer.request().method() === "PUT" && answer.request().postDataJSON().enabled,
  );
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(announce).toBeChecked();
  await takenBack;
  await page.reload();
  await expect(announce).toBeChecked();
});

test("a switch goes back when it cannot be saved", async ({ page, world }) => {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada", `/s/${guild.id}/streamers`);
  const announce = page.getByRole("switch", { name: "Announce Dmitri" });
  await expect(announce).toBeChecked();
  await page.route("**/api/guilds/*/streamers/*", (route) => route.abort());
  await announce.press("Space");
  await expect(page.getByText("Dmitri could not be switched off")).toBeVisible();
  await expect(announce).toBeChecked();
});

test("who is removed can be brought back with all settings", async ({ page, world }) => {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada", `/s/${guild.id}/streamers`);
  await expect(row(page, "Ana").getByText("2 channels")).toBeVisible();
  await page.getByRole("button", { name: "More for Ana" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  const dialog = page.getByRole("dialog", { name: "Remove Ana?" });
  await expect(dialog.getByText("2 channels")).toBeVisible();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await expect(row(page, "Ana")).toHaveCount(0);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(row(page, "Ana").getByText("2 channels")).toBeVisible();
});

test("a streamer whom Twitch has refused is tried again on request", async ({
  page,
  fresh: world,
}) => {
  // The product lets a minute pass between two tries.
  test.setTimeout(180_000);
  await world.addStreamer("refused_once", "RefusedOnce");
  const creating = "POST eventsub/subscriptions";
  // After several tries the next one of its own accord is minutes away, and this is the only one.
  await world.twitchControl("/_sim/twitch/faults", { path: creating, status: 429, times: 6 });
  await world.twitchControl("/_sim/twitch/faults", { path: creating, status: 403, times: 99 });
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada", `/s/${guild.id}/streamers?q=refused`);
  await world.api(page, "POST", `/api/guilds/${guild.id}/streamers`, { names: ["refused_once"] });
  const refused = row(page, "RefusedOnce");
  const again = refused.getByRole("button", { name: "Try again to connect RefusedOnce" });
  await expect(async () => {
    await page.reload();
    await expect(again).toBeVisible({ timeout: 3_000 });
  }).toPass();
  await expect(refused.getByText("Not connected")).toBeVisible();
  await expect(refused.getByText("Twitch does not allow it")).toBeVisible();

  await again.click();
  const toast = page.getByRole("alert");
  await expect(toast).toContainText("RefusedOnce could not be tried again");
  await expect(toast).toContainText("Wait a minute before the next try");

  await world.twitchControl("/_sim/twitch/faults", undefined, "DELETE");
  await expect(async () => {
    await again.click();
    await expect(toast.getByText("Twitch is asked again")).toBeVisible({ timeout: 3_000 });
  }).toPass({ intervals: [10_000], timeout: 90_000 });
  await expect(refused.getByText("Ready")).toBeVisible({ timeout: 30_000 });
  await expect(again).toHaveCount(0);
  expect(await world.isSubscribed("refused_once")).toBe(true);
});

test("the filter stands in the address", async ({ page, world }) => {
  const guild = await world.guild("Speedrun Guild");
  await world.signIn(page, "ada", `/s/${guild.id}/streamers`);
  await page.getByLabel("Filter streamers").fill("chi");
  await expect(page.getByRole("listitem")).toHaveCount(1);
  await expect(page).toHaveURL(/\?q=chi/);
  await page.reload();
  await expect(page.getByRole("listitem")).toHaveCount(1);
  await page.getByLabel("Filter streamers").fill("nobody");
  await page.getByRole("button", { name: "Clear filter" }).click();
  await expect(page.getByRole("listitem")).toHaveCount(8);
});

test("channels of a streamer are set one by one", async ({ page, world }) => {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada", `/s/${guild.id}/streamers?q=farah`);
  await row(page, "Farah").getByRole("link", { name: "Farah" }).click();
  await expect(page.getByRole("heading", { name: "Farah" })).toBeVisible();
  const first = page.getByRole("region", { name: "Channel 1" });
  await expect(first.getByRole("combobox", { name: "Channel" })).toHaveValue(/#announcements/);

  // The same channel twice is refused, at its field.
  await page.getByRole("button", { name: "Add a channel" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  const second = page.getByRole("region", { name: "Channel 2" });
  await expect(second.getByText("each only once")).toBeVisible();
  await second.getByRole("combobox", { name: "Channel" }).click();
  await page.getByRole("option", { name: /speedruns/ }).click();
  await expect(second.getByText("each only once")).toBeHidden();

  await second.getByRole("button", { name: "Filters and pause" }).click();
  await second.getByLabel("Only when the title contains").fill("any%");
  await second.getByLabel("Pause between").fill("30");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Unsaved changes")).toBeHidden();
  await page.reload();
  await expect(second.getByLabel("Only when the title contains")).toHaveValue("any%");
  await expect(second.getByLabel("Pause between")).toHaveValue("30 min");

  await second.getByRole("button", { name: "Send a test" }).click();
  await expect(second.getByText("The test message was posted")).toBeVisible();
  const speedruns = guild.channels.find(({ name }) => name === "speedruns");
  await expect
    .poll(async () => (await world.messages(speedruns?.id ?? "")).length)
    .toBeGreaterThan(0);

  await page.getByRole("button", { name: "Remove channel 1" }).click();
  await expect(second).toHaveCount(0);
  await page.getByRole("button", { name: "Discard" }).click();
  await expect(second).toBeVisible();
});

test("settings are copied from another streamer", async ({ page, world }) => {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada", `/s/${guild.id}/streamers?q=hana`);
  await row(page, "Hana").getByRole("link", { name: "Hana" }).click();
  await page.getByRole("button", { name: "Copy settings from" }).click();
  const dialog = page.getByRole("dialog", { name: "Copy settings" });
  await dialog.getByRole("button", { name: "Take over" }).click();
  await expect(dialog.getByText("Choose a streamer first.")).toBeVisible();
  await dialog.getByRole("combobox", { name: "Streamer" }).fill("Ana");
  await page.getByRole("option", { name: "Ana", exact: true }).click();
  await dialog.getByRole("button", { name: "Take over" }).click();
  await expect(page.getByRole("region", { name: "Channel 2" })).toBeVisible();
  await page.keyboard.press("Control+s");
  await expect(page.getByText("Unsaved changes")).toBeHidden();
});

test("a channel where the bot may not post says so, and what to do", async ({ page, world }) => {
  const guild = await world.guild("Quiet Library");
  await world.signIn(page, "ada", `/s/${guild.id}/streamers`);
  await row(page, "Bruno").getByRole("link", { name: "Bruno" }).click();
  await expect(page.getByText("The bot lacks: Send Messages.")).toBeVisible();
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByText("The bot lacks Send Messages in #announcements.")).toBeVisible();
  await expect(page.getByText("One channel has to stay.")).toBeHidden();
  await page.getByRole("button", { name: "Remove channel 1" }).hover();
  await expect(page.getByRole("tooltip")).toHaveText(/One channel has to stay/);
});
