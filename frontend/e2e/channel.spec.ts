import { faults } from "./faults";
import { settled } from "./pages";
import { expect, test, type Page, type World } from "./world";

test.use({ contextOptions: { reducedMotion: "reduce" } });
// Several browsers at once take their time.
test.describe.configure({ timeout: 240_000 });

const grants = (page: Page) => page.getByRole("list", { name: "What the feed may show" });
const grant = (page: Page, name: string) =>
  grants(page).getByRole("listitem").filter({ hasText: name });

/** Ben, who is Ana on Twitch. */
async function own(page: Page, world: World) {
  await world.signIn(page, "ben", "/me/channel");
  await expect(page.getByRole("heading", { name: "No channel is linked yet" })).toBeVisible();
}

async function consentAs(page: Page, name: string) {
  await page.getByRole("button", { name }).first().click();
  await page.waitForURL(/\/me\/channel\?linked=/);
}

test("a streamer links their channel, grants, grants again and takes back", async ({
  page,
  fresh: world,
}) => {
  await own(page, world);
  await page.getByRole("checkbox", { name: "Cheers" }).check();
  await page.getByRole("link", { name: "Link with Twitch" }).click();
  await consentAs(page, "Ana");
  await expect(page.getByText("ana is linked.")).toBeVisible();
  await expect(grant(page, "Cheers")).toContainText("Granted");
  await expect(grant(page, "Cheers")).toContainText("bits:read");
  await expect(grant(page, "New followers")).toContainText("Not granted");

  // A further one leaves the first where it is.
  await page.getByRole("link", { name: "Grant: New followers" }).click();
  // Twitch is asked for both: one choice takes the place of the one before.
  expect(new URL(page.url()).searchParams.get("scope")?.split(" ").sort()).toEqual([
    "bits:read",
    "moderator:read:followers",
  ]);
  await consentAs(page, "Ana");
  await expect(grant(page, "New followers")).toContainText("Granted");
  await expect(grant(page, "Cheers").getByText("Granted", { exact: true })).toBeVisible();

  // Who says no on Twitch has changed nothing.
  await page.getByRole("link", { name: "Grant: Subscriptions and gifts" }).click();
  await world.sayNo(page);
  await expect(page.getByRole("alert")).toContainText("You left Twitch’s page");
  await expect(grant(page, "New followers").getByText("Granted", { exact: true })).toBeVisible();
  await page.getByRole("alert").getByRole("button", { name: "Close" }).click();
  await expect(page).toHaveURL(/\/me\/channel$/);

  await page.getByRole("button", { name: "Remove: New followers" }).click();
  await expect(grant(page, "New followers")).toContainText("Not granted");
  await expect(page.getByText("New followers: the feed does not show it any more.")).toBeVisible();

  // Twitch withdraws what was granted.
  await world.twitchControl("/_sim/twitch/users/ana/revoke", {
    status: "authorization_revoked",
  });
  await expect(async () => {
    await page.reload();
    await expect(grant(page, "Cheers")).toContainText("Withdrawn by Twitch", { timeout: 1000 });
  }).toPass({ timeout: 20_000 });
  await page.getByRole("link", { name: "Grant again: Cheers" }).click();
  await consentAs(page, "Ana");
  await expect(grant(page, "Cheers").getByText("Granted", { exact: true })).toBeVisible();

  await page.getByRole("button", { name: "Unlink Ana" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Unlink" }).click();
  await expect(page.getByRole("heading", { name: "No channel is linked yet" })).toBeVisible();
});

test("what cannot be taken back is said", async ({ page, fresh: world }) => {
  await own(page, world);
  await page.getByRole("checkbox", { name: "Cheers" }).check();
  await page.getByRole("link", { name: "Link with Twitch" }).click();
  await consentAs(page, "Ana");
  await page.route("**/api/users/me/channel/*", (route) =>
    route.fulfill({ status: 503, json: { code: "unavailable", title: "x", status: 503 } }),
  );
  await page.getByRole("button", { name: "Remove: Cheers" }).click();
  await expect(grant(page, "Cheers").getByRole("alert")).toContainText("not available right now");
  await expect(grant(page, "Cheers").getByText("Granted", { exact: true })).toBeVisible();
  // The list itself.
  await page.route("**/api/users/me/channel", (route) =>
    route.fulfill({ status: 503, json: { code: "unavailable", title: "x", status: 503 } }),
  );
  await page.reload();
  await expect(page.getByRole("alert").first()).toContainText("not available right now");
  await page.unrouteAll();
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(grant(page, "Cheers")).toBeVisible();
});

test("an invited streamer chooses before they go to Twitch", async ({ page, fresh: world }) => {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada", "/servers");
  const invite = (await world.api(page, "POST", `/api/guilds/${guild.id}/invites`, {})) as {
    code: string;
  };
  await page.goto(`${world.url}/invite/${invite.code}`);
  const link = page.getByRole("link", { name: "Link with Twitch" });
  await expect(link).toHaveAttribute("href", `/api/invites/${invite.code}/link`);
  await page.getByRole("checkbox", { name: "New followers" }).check();
  await page.getByRole("checkbox", { name: "Cheers" }).check();
  await expect(link).toHaveAttribute(
    "href",
    `/api/invites/${invite.code}/link?feed=follows,cheers`,
  );
  await page.getByRole("checkbox", { name: "New followers" }).uncheck();
  await link.click();
  await page.getByRole("button", { name: "Ana" }).first().click();
  await page.waitForURL(/linked=ana/);
  await expect(page.getByRole("heading", { name: "Your channel is linked" })).toBeVisible();
});

test("an admin chooses what members see, and the log says it", async ({ page, fresh: world }) => {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada", `/s/${guild.id}/notifications`);
  const feed = page.getByRole("region", { name: "Live feed" });
  await expect(feed.getByText("members see no feed in this server")).toBeVisible();
  await feed.getByRole("checkbox", { name: "Raid" }).check();
  await feed.getByRole("checkbox", { name: "Start" }).check();
  // Ticked and unticked again is no change of its own.
  await feed.getByRole("checkbox", { name: "Cheer" }).check();
  await feed.getByRole("checkbox", { name: "Cheer" }).uncheck();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved").first()).toBeVisible();
  await page.reload();
  await expect(feed.getByRole("checkbox", { name: "Raid" })).toBeChecked();
  await expect(feed.getByRole("checkbox", { name: "Follow" })).not.toBeChecked();
  const saved = (await world.api(page, "GET", `/api/guilds/${guild.id}/config`)) as {
    feed_kinds: string[];
  };
  expect(saved.feed_kinds).toEqual(["online", "raid"]);
  await page.goto(`${world.url}/s/${guild.id}/audit`);
  const entry = page.getByRole("listitem").first();
  await expect(entry).toContainText("What members see in the live feed");
  await expect(entry).toContainText("start, raid");
});

for (const language of ["en", "de"]) {
  test(`the channel's page is accessible in ${language}`, async ({ page, fresh: world }) => {
    await page.addInitScript(
      (value) => localStorage.setItem("streammaxing-language", value),
      language,
    );
    await world.signIn(page, "ben", "/me/channel?error=access_denied");
    await settled(page);
    expect(await faults(page)).toEqual([]);
    await page.goto(`${world.url}/api/users/me/channel/link?feed=cheers`);
    await consentAs(page, "Ana");
    await settled(page);
    expect(await faults(page)).toEqual([]);
  });
}
