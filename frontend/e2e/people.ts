import type { Browser, WebSocketRoute } from "@playwright/test";
import { drawPictures, expect, type Page, type World } from "./world";

/** Where a message is written. */
export const field = (page: Page) => page.getByRole("textbox", { name: "Write a message" });
/** Messages with a text. */
export const said = (page: Page, text: string) =>
  page.getByRole("log").getByRole("listitem").filter({ hasText: text });

/** Signs somebody in to a server's room. */
export async function enter(page: Page, world: World, user: string) {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, user, `/s/${guild.id}/team`);
  await expect(field(page)).toBeVisible();
  return guild;
}

/** Somebody else, in a browser of their own. */
export async function another(browser: Browser, world: World, user: string, path?: string) {
  const context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce" });
  await drawPictures(context);
  const page = await context.newPage();
  if (path === undefined) await enter(page, world, user);
  else await world.signIn(page, user, path);
  await expect(field(page)).toBeVisible();
  return page;
}

/** Says something as who sits at the page. */
export async function say(page: Page, text: string) {
  await field(page).fill(text);
  await field(page).press("Enter");
  await expect(field(page)).toHaveValue("");
}

/** Says something without a browser; limits do not count, since it waits for them. */
export async function sayByApi(page: Page, world: World, guildId: string, text: string) {
  const path = `/api/rooms/${guildId}/messages`;
  await expect(async () => {
    await world.api(page, "POST", path, { client_id: crypto.randomUUID(), text });
  }).toPass({ timeout: 20_000 });
}

/** Lets a test cut the page's sockets, and keep them from being opened. */
export async function cuttable(page: Page) {
  const open = new Set<WebSocketRoute>();
  const network = { down: false };
  await page.routeWebSocket(/\/ws$/, (route) => {
    if (network.down) {
      void route.close({ code: 1011 });
      return;
    }
    route.connectToServer();
    open.add(route);
  });
  const cut = async (code = 1012) => {
    await Promise.all(Array.from(open, (route) => route.close({ code })));
    open.clear();
  };
  return { network, cut };
}

/** Waits until the page is told what happens. */
export const isLive = (page: Page) =>
  expect(page.getByText("What happens is shown at once.")).toBeAttached({ timeout: 20_000 });
