import { expect, test, type Page, type World } from "./world";

/** Opens a page of a server as its owner. */
async function open(page: Page, world: World, guild: string, path = "") {
  const { id } = await world.guild(guild);
  await world.signIn(page, "ada", `/s/${id}${path}`);
  return id;
}

const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });

test("a delivery tells its way from Twitch to Discord", async ({ page, world }) => {
  await world.goLive("ana");
  await open(page, world, "Ana's Corner", "/deliveries?kind=online");
  const posted = row(page, "#speedruns").filter({ hasText: "Ana" });
  await expect(posted.getByText("Posted")).toBeVisible();
  await posted.getByRole("link", { name: "Ana · Went live" }).click();
  await expect(
    page.getByText(/The announcement was posted in #speedruns, .* after Twitch/),
  ).toBeVisible();
  for (const hop of ["The stream began", "Twitch's webhook came", "Attempt 1 began", "Settled"]) {
    await expect(page.getByText(hop)).toBeVisible();
  }
  await expect(page.getByRole("link", { name: /Open in Discord/ })).toHaveAttribute(
    "href",
    /^https:\/\/discord\.com\/channels\/\d+\/\d+\/\d+$/,
  );
  await expect(page.getByRole("row", { name: /^1 .* accepted 200/ })).toBeVisible();
});

test("a failure names the missing permission and the steps", async ({ page, world }) => {
  await world.goLive("bruno_plays");
  await open(page, world, "Quiet Library", "/deliveries?status=failed");
  const failed = row(page, "Bruno");
  await expect(failed.getByText("lacks Send Messages")).toBeVisible({ timeout: 30_000 });
  await failed.getByRole("link").first().click();
  await expect(
    page.getByText("The bot lacks Send Messages in #announcements: the channel's own permissions"),
  ).toBeVisible();
  await expect(page.getByText(/Edit Channel → Permissions .* allow Send Messages/)).toBeVisible();
  await expect(page.getByText("missing permission").first()).toBeVisible();
  await expect(page.getByRole("link", { name: "50013" })).toBeVisible();
});

test("news is counted, and moves nothing until it is asked for", async ({ page, world }) => {
  await world.goLive("farah");
  await open(page, world, "Speedrun Guild", "/deliveries?kind=online");
  await expect(page.getByRole("row").nth(1)).toContainText("Farah");
  const chip = page.getByRole("button", { name: /^\d+ new$/ });
  await world.goLive("chiyo");
  await expect(chip).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole("row").nth(1)).toContainText("Farah");
  await chip.click();
  await expect(page.getByRole("row").nth(1)).toContainText("千代");
  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText("Live updates paused")).toBeVisible();
});

test("sending again asks first, and says what it will do", async ({ page, world }) => {
  await world.goLive("elif");
  const id = await open(page, world, "Ana's Corner", "/deliveries?kind=online");
  await row(page, "Elif").getByRole("link").first().click();
  await page.getByRole("button", { name: "Resend" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("A new message is posted in #announcements")).toBeVisible();
  await expect(dialog.getByText("It was posted already")).toBeVisible();
  await expect(dialog.getByRole("switch", { name: "Ping @Live pings" })).toBeChecked();
  await dialog.getByRole("switch").click();
  await dialog.getByRole("button", { name: "Send again" }).click();
  await expect(page.getByText("The message will ping nobody.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Resend" })).toBeFocused();
  const channel = (await world.guild("Ana's Corner")).channels.find(
    (each) => each.name === "announcements",
  );
  await expect
    .poll(async () => {
      const messages = await world.messages(channel?.id ?? "");
      return messages.filter((message) => JSON.stringify(message).includes("Elif")).length;
    })
    .toBe(2);
  await page.goto(`${world.url}/s/${id}/audit`);
  await expect(page.getByText("Ada sent again a delivery")).toBeVisible();
});

test("filters live in the address, and garbage does no harm", async ({ page, world }) => {
  await world.goLive("dmitri_live");
  await open(page, world, "Ana's Corner", "/deliveries?status=nonsense&range=24h&kind=test");
  await expect(page.getByRole("heading", { name: "Nothing matches" })).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).first().click();
  await expect(row(page, "Dmitri").first()).toBeVisible();
  await page.getByRole("combobox", { name: "Streamer" }).click();
  await page.getByRole("option", { name: "Dmitri" }).click();
  await expect(page).toHaveURL(/streamer_id=/);
  await expect(row(page, "Dmitri").first()).toBeVisible();
  await page.reload();
  await expect(page.getByRole("combobox", { name: "Streamer" })).toHaveValue("Dmitri");
  await expect(row(page, "Went live").first()).toContainText("Dmitri");
});

test("the log works by keyboard", async ({ page, world }) => {
  await world.goLive("hana");
  await open(page, world, "Ana's Corner", "/deliveries?kind=online");
  await expect(row(page, "Hana").first()).toBeVisible();
  await page.keyboard.press("j");
  await expect(page.getByRole("row").nth(1).getByRole("link").first()).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/deliveries\/[0-9a-f-]{36}$/);
});

test("a delivery that waits says until when", async ({ page, world }) => {
  const { channels } = await world.guild("Ana's Corner");
  const channel = channels.find((each) => each.name === "announcements");
  await world.discordControl("/_sim/discord/faults", {
    kind: "rate_limit",
    scope: "user",
    retry_after: 20,
    header: null,
    times: 1,
    path: `channels/${channel?.id}/messages`,
  });
  await world.goLive("gus");
  await open(page, world, "Ana's Corner", "/deliveries?kind=online");
  await expect(row(page, "Gus").getByText(/Retrying in \d+ s/)).toBeVisible({ timeout: 20_000 });
  await expect(row(page, "Gus").getByText("Discord asks to wait")).toBeVisible();
});

test("what was missed is sent again in one go", async ({ page, fresh: world }) => {
  const { id, channels } = await world.guild("Ana's Corner");
  const channel = channels.find((each) => each.name === "announcements")?.id ?? "";
  const path = `channels/${channel}/messages`;
  const refuse = { kind: "refuse", status: 400, code: 200000, times: 20, path };
  await world.discordControl("/_sim/discord/faults", refuse);
  for (const login of ["chiyo", "elif", "gus"]) await world.goLive(login);
  await world.signIn(page, "ada", `/s/${id}/deliveries?kind=online&status=failed`);
  await expect(page.getByRole("row").filter({ hasText: "AutoMod" })).toHaveCount(3, {
    timeout: 30_000,
  });
  await world.discordControl("/_sim/discord/faults", undefined, "DELETE");
  await world.endStream("gus");

  await page.getByRole("checkbox", { name: "Select all that were missed" }).check();
  const bar = page.getByRole("region", { name: "Selected deliveries" });
  await expect(bar).toContainText("3 selected");
  await page.getByRole("checkbox", { name: /Select Elif · Went live in #announcements/ }).uncheck();
  await expect(bar).toContainText("2 selected");
  await bar.getByRole("button", { name: "Send again" }).click();

  const dialog = page.getByRole("dialog", { name: "Send 2 announcements again?" });
  await expect(dialog.getByRole("listitem")).toHaveText([/Gus/, /千代/]);
  await dialog.getByRole("button", { name: "Send again" }).click();
  await expect(dialog.getByRole("listitem").filter({ hasText: "千代" })).toContainText(
    "On its way",
  );
  await expect(dialog.getByRole("listitem").filter({ hasText: "Gus" })).toContainText(
    "The stream has ended",
  );
  await expect(dialog.getByRole("status")).toHaveText("1 of 2 on their way");
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await expect(bar).toHaveCount(0);
  await expect
    .poll(async () => (await world.messages(channel)).map(({ content }) => content).join())
    .toContain("千代");
  expect((await world.messages(channel)).map(({ content }) => content).join()).not.toContain(
    "Elif",
  );
});
