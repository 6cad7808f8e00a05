import { join, resolve } from "node:path";
import { expect, test } from "./world";

const DOCS = resolve(import.meta.dirname, "../../docs/screenshots");

// They change tracked files: `make screenshots` asks for them.
test.skip(!process.env.SCREENSHOTS, "only on request");

test("the main screens, for the documentation", async ({ page, fresh: world }) => {
  test.setTimeout(120_000);
  const corner = await world.guild("Ana's Corner");
  const library = await world.guild("Quiet Library");
  const shoot = (name: string) => page.screenshot({ path: join(DOCS, `${name}.png`) });
  await page.goto(world.url);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await shoot("landing");
  await world.signIn(page, "ada", `/s/${corner.id}`);
  const { template } = await world.seedForPages(page, corner.id);
  const path = `/api/guilds/${corner.id}/templates`;
  const list = (await world.api(page, "GET", path)) as { default_message: object };
  const message = list.default_message;
  const body = { name: "Going live", message };
  const made = (await world.api(page, "POST", path, body)) as { id: string };
  await world.api(page, "DELETE", `${path}/${template}`);
  for (const login of ["ana", "elif", "gus"]) await world.goLive(login);
  await page.goto(`${world.url}/s/${library.id}/deliveries`);
  await expect(page.getByText("lacks Send Messages").first()).toBeVisible({ timeout: 30_000 });
  await page.goto(`${world.url}/s/${corner.id}`);
  await expect(page.getByText("Posted").first()).toBeVisible();
  await shoot("overview");
  await page.goto(`${world.url}/s/${corner.id}/templates/${made.id}`);
  await expect(page.getByRole("textbox", { name: "Message" })).toBeVisible();
  await shoot("template");
  await page.goto(`${world.url}/s/${library.id}/deliveries`);
  await page.getByRole("link", { name: /Ana/ }).first().click();
  await expect(page.getByText("The bot lacks Send Messages in #announcements.")).toBeVisible();
  await shoot("delivery");
  await page.goto(`${world.url}/s/${corner.id}/streamers`);
  await expect(page.getByText("Ready").first()).toBeVisible();
  await shoot("streamers");
});
