import type { Locator } from "@playwright/test";
import { expect, test, type Page } from "./world";

/** Goes with Tab to something that is to be used, as who has no mouse; it can be seen then. */
async function tabTo(page: Page, target: Locator) {
  await expect(target).toBeVisible();
  const focused = () => target.evaluate((element) => element === document.activeElement);
  const stops = await page.locator("a, button, input, [tabindex]").count();
  for (let stop = 0; stop <= stops && !(await focused()); stop += 1)
    await page.keyboard.press("Tab");
  await expect(target).toBeFocused();
  await expect(target).toBeInViewport();
}

async function press(page: Page, target: Locator, key = "Enter") {
  await tabTo(page, target);
  await page.keyboard.press(key);
}

test("the keyboard alone leads from the landing page to a test message", async ({
  page,
  fresh: world,
}) => {
  test.setTimeout(120_000);
  const tavern = await world.guild("New Tavern");
  await page.goto(world.url);
  await press(page, page.getByRole("link", { name: "Sign in with Discord" }).first());
  await world.pickUser(page, "ada");
  await press(page, page.getByRole("link", { name: "Add bot to New Tavern" }));
  await world.pickUser(page, "ada");
  await expect(page.getByRole("heading", { name: "New Tavern" })).toBeVisible();

  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();

  const channel = page.getByRole("combobox", { name: "Choose a channel" });
  await press(page, channel, "ArrowDown");
  await expect(page.getByRole("option", { name: /general/ })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(channel).toHaveCount(0);

  await press(
    page,
    page
      .getByRole("region", { name: "Set up announcements" })
      .getByRole("button", { name: "Send test" }),
  );
  await expect(page.getByText("The test message was posted")).toBeVisible();
  expect(await world.messages(tavern.channels[0]?.id ?? "")).toHaveLength(1);
});

test("the keyboard alone saves a setting, and gets back from every dialog", async ({
  page,
  fresh: world,
}) => {
  test.setTimeout(120_000);
  const guild = await world.guild("Speedrun Guild");
  await world.signIn(page, "ada", `/s/${guild.id}/notifications`);
  const restart = page.getByLabel("Quick restart");
  await tabTo(page, restart);
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.type("35");
  await press(page, page.getByRole("link", { name: "Streamers" }));
  const leaving = page.getByRole("dialog", { name: "Leave without saving?" });
  await expect(leaving.getByRole("button", { name: "Save and leave" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(leaving).toHaveCount(0);
  await expect(restart).toHaveValue("35 min");
  await press(page, page.getByRole("button", { name: "Save" }));
  await expect(page.getByText("Unsaved changes")).toHaveCount(0);

  await press(page, page.getByRole("link", { name: "Streamers" }));
  const more = page.getByRole("button", { name: "More for Gus" });
  await press(page, more);
  const remove = page.getByRole("menuitem", { name: "Remove" });
  await expect(async () => {
    await page.keyboard.press("ArrowDown");
    await expect(remove).toBeFocused({ timeout: 100 });
  }).toPass();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog").getByRole("button", { name: "Cancel" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(more).toBeFocused();
});
