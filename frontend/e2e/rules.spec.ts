import { faults } from "./faults";
import { expect, test } from "./world";

test("an admin makes a rule, reads the dry run, saves, and the next go-live is skipped by it", async ({
  page,
  world,
}) => {
  test.setTimeout(120_000);
  const guild = await world.guild("Ana's Corner");
  await world.goLive("ana");
  await world.signIn(page, "ada", `/s/${guild.id}/notifications`);
  await page.getByRole("combobox", { name: "Never these categories" }).fill("software");
  await page.getByRole("option", { name: "Software and Game Development" }).click();
  await page.getByRole("combobox", { name: "Only these categories" }).fill("tetr");
  await page.getByRole("option", { name: "Tetris" }).click();
  await page.getByRole("combobox", { name: "Streamer", exact: true }).click();
  await page.getByRole("option", { name: "Ana", exact: true }).click();
  await page.getByRole("button", { name: "Try it out" }).click();
  const result = page.getByRole("status", { name: "Result of the dry run" });
  await expect(result).toHaveText("Would have pinged once in 30 days, now 0 times.");
  const streams = page.getByRole("list", { name: "Streams, the latest first" });
  await expect(
    streams.getByText(/^The category was “.*”, and only others .* \(Tetris\)\.$/).first(),
  ).toBeVisible();
  expect(await faults(page)).toEqual([]);

  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Unsaved changes")).toBeHidden();
  await world.endStream("ana");
  await world.goLive("ana");
  await page.goto(`${world.url}/s/${guild.id}/deliveries?kind=online&status=skipped`);
  await expect(page.getByText("category filter").first()).toBeVisible();
  await page.getByRole("link", { name: "Ana · Went live" }).first().click();
  await expect(page.getByText(/only others are announced here \(Tetris\)/)).toBeVisible();
  await page.getByRole("link", { name: /notification settings/i }).click();
  await expect(page).toHaveURL(/\/notifications$/);
  await expect(page.getByText("Tetris", { exact: true })).toBeVisible();
});

test("a mistake in a pattern is told beside it, by the dry run and by the save", async ({
  page,
  world,
}) => {
  const guild = await world.guild("Speedrun Guild");
  await world.signIn(page, "ada", `/s/${guild.id}/notifications`);
  await page.getByLabel("The title fits the pattern").fill("(any");
  await page.getByRole("button", { name: "Try it out" }).click();
  await expect(page.getByText(/This is no regular expression: unclosed group\./)).toBeVisible();
  await page.getByRole("button", { name: "Save" }).click();
  const field = page.getByLabel("The title fits the pattern");
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await field.fill("any");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Unsaved changes")).toBeHidden();
});

test("a channel has rules of its own, and a dry run of its own", async ({ page, world }) => {
  const guild = await world.guild("Quiet Library");
  await world.signIn(page, "ada", `/s/${guild.id}/streamers`);
  await page.getByRole("link", { name: "Farah" }).first().click();
  await page.getByRole("button", { name: /Filters and pause/ }).click();
  await page.getByRole("switch", { name: "Rules of its own" }).click();
  await page.getByRole("textbox", { name: "Viewers at least" }).fill("50");
  await page.getByRole("button", { name: "Try it out" }).click();
  const result = page.getByRole("status", { name: "Result of the dry run" });
  await expect(result).toContainText("Farah has not streamed in the last 30 days");
  expect(await faults(page)).toEqual([]);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Unsaved changes")).toBeHidden();
  await page.reload();
  await expect(page.getByRole("textbox", { name: "Viewers at least" })).toHaveValue("50");
});
