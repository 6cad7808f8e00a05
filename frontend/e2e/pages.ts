import { expect, type Page, type World } from "./world";

/** Pages that need nobody signed in, by address. */
export const PUBLIC = [
  "/",
  "/login?error=access_denied",
  "/signed-in",
  "/invite/unknown",
  "/invite/unknown?linked=mira",
  "/nowhere",
];

/** The others; `G` stands for the server, `T`, `S` and `D` for a template, a streamer, a delivery. */
export const SIGNED_IN = [
  "/servers",
  "/live",
  "/live/ana",
  "/live/nobody_at_all",
  "/me",
  "/me?server=G",
  "/me/sessions",
  "/me/channel",
  "/me/bot",
  "/me/privacy",
  "/me/appearance",
  "/s/G",
  "/s/G/streamers",
  "/s/G/streamers/S",
  "/s/G/notifications",
  "/s/G/templates",
  "/s/G/templates/T",
  "/s/G/deliveries",
  "/s/G/deliveries/D",
  "/s/G/team",
  "/s/G/audit",
  "/room",
];

/** Signs in and finds something for each page to show; turns a pattern into an address. */
export async function pagesOfAServer(page: Page, world: World) {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada");
  const ids = await world.seedForPages(page, guild.id);
  return (pattern: string) =>
    pattern
      .replace(/(?<=[/=])G/, guild.id)
      .replace(/\/T$/, `/${ids.template}`)
      .replace(/\/S$/, `/${ids.streamer}`)
      .replace(/\/D$/, `/${ids.delivery}`);
}

/** The page has what it was going to show: nothing is loading any more. */
export async function settled(page: Page) {
  await expect(page.getByRole("heading")).not.toHaveCount(0);
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
}
