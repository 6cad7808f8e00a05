import { expect, test } from "./world";

test("the control page starts streams, breaks things and fits a phone", async ({ page, world }) => {
  await page.goto(`${world.url}/dev`);
  const streamer = page.locator(".streamer").filter({ hasText: "Ana" });
  await streamer.getByRole("button", { name: "Go live" }).first().click();
  const picture = page.getByAltText("preview of ana").first();
  await expect(picture).toBeVisible();
  // It was drawn, too.
  await expect(picture).toHaveJSProperty("complete", true);
  await expect(picture).not.toHaveJSProperty("naturalWidth", 0);

  await page.getByLabel("Twitch does something odd to").selectOption("gus");
  const picker = (name: string) => page.getByRole("combobox", { name, exact: true });
  await picker("Request").selectOption("POST channels/*/messages");
  await picker("Answer").selectOption("200-empty");
  await picker("How often").selectOption("until faults are lifted");
  await page.getByRole("button", { name: "Answer so" }).click();
  await expect(page.getByRole("status")).toHaveText("Accepted, with an empty body");
  await page.getByRole("button", { name: "Lift all faults" }).click();
  await expect(page.getByRole("status")).toHaveText("From now on both answer as usual.");
  await page.getByRole("button", { name: "Delete the channel speedruns" }).click();
  await expect(page.getByRole("status")).toContainText("The channel is deleted");
  await expect(page.getByRole("heading", { name: "# speedruns" })).toBeHidden();

  await page.setViewportSize({ width: 360, height: 740 });
  const tooWide = await page
    .locator("html")
    .evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
  expect(tooWide).toBe(0);
});
