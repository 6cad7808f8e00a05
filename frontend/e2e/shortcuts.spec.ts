import { expect, test, type Page, type World } from "./world";

async function open(page: Page, world: World, path = "") {
  const { id } = await world.guild("Ana's Corner");
  await world.signIn(page, "ada", `/s/${id}${path}`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  return `${world.url}/s/${id}`;
}

test("the list of keys names every one", async ({ page, world }) => {
  await open(page, world, "/deliveries");
  const dialog = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(async () => {
    await page.keyboard.press("?");
    await expect(dialog).toBeVisible({ timeout: 1_000 });
  }).toPass();
  const keys = (where: string) => dialog.getByRole("table", { name: where }).getByRole("row");
  await expect(keys("Everywhere")).toHaveCount(7);
  await expect(keys("Within a server")).toHaveText([
    /^go.*Overview$/,
    /^gs.*Streamers$/,
    /^gn.*Notifications$/,
    /^gt.*Templates$/,
    /^gd.*Deliveries$/,
    /^gc.*Team$/,
    /^ga.*Audit log$/,
  ]);
  await expect(keys("Deliveries and audit log")).toHaveText([
    /^j.*Next row$/,
    /^k.*Previous row$/,
    /^Enter.*Open the row/,
  ]);
  await expect(keys("Streamers")).toHaveText(/^n.*Add a streamer$/);
  await expect(keys("Watch")).toHaveText(/^p.*Pause the feed/);
  await expect(keys("Servers").first()).toHaveText(/^\/.*Filter the list$/);
  await expect(keys("Template editor")).toHaveCount(5);
  await dialog.getByRole("button", { name: "Close" }).press("Enter");
  await expect(dialog).toHaveCount(0);
});

test("keys lead through the pages and their lists", async ({ page, world }) => {
  const root = await open(page, world);
  await expect(page.getByRole("heading", { name: "Health" })).toBeVisible();
  for (const [key, path] of [
    ["s", "/streamers"],
    ["n", "/notifications"],
    ["t", "/templates"],
    ["c", "/team"],
    ["a", "/audit"],
    ["d", "/deliveries"],
    ["o", ""],
  ] as const) {
    await expect(async () => {
      await page.keyboard.press("g");
      await page.keyboard.press(key);
      await expect(page).toHaveURL(root + path, { timeout: 2_000 });
    }).toPass();
  }
});

test("who types is left alone", async ({ page, world }) => {
  const root = await open(page, world, "/streamers");
  const filter = page.getByRole("searchbox", { name: "Filter streamers" });
  await filter.focus();
  await page.keyboard.type("gd n? jk /");
  await expect(filter).toHaveValue("gd n? jk /");
  await expect(page).toHaveURL(/\/streamers\?q=/);
  await expect(page.getByRole("dialog")).toHaveCount(0);

  await page.goto(`${root}/templates`);
  await page.getByRole("button", { name: "New template" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Name" }).fill("Typed");
  await dialog.getByRole("button", { name: "Create" }).click();
  const message = page.getByRole("textbox", { name: "Message" });
  await message.click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.type("gd?gs");
  await expect(message).toHaveText("gd?gs");
  await expect(page).toHaveURL(/\/templates\/[0-9a-f-]{36}$/);
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("who has turned them off presses keys for nothing", async ({ page, world }) => {
  const root = await open(page, world, "/streamers");
  await page.goto(`${world.url}/me/appearance`);
  await page.getByRole("switch", { name: "Keyboard shortcuts" }).press("Space");
  await page.goto(`${root}/streamers`);
  await expect(page.getByRole("button", { name: "Add streamer" })).toHaveText("Add streamer");
  for (const key of ["?", "n", "g", "d"]) await page.keyboard.press(key);
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page).toHaveURL(`${root}/streamers`);
});
