import { expect, type Page, type World } from "./world";

/** A line of the simulated chat. */
interface ChatLine {
  text: string;
  login: string | null;
}

/** Ben, whose channel on Twitch is Ana's, lets the bot in; the channel's id. */
export async function letIn(page: Page, world: World): Promise<string> {
  await world.signIn(page, "ben", "/me/bot");
  await page.getByRole("link", { name: "Let the bot in" }).click();
  await page.getByRole("button", { name: "Ana" }).first().click();
  await page.waitForURL(/\/me\/bot\/\d+\?linked=ana/);
  await expect(page.getByText("Hears your chat", { exact: true })).toBeVisible({ timeout: 30_000 });
  return channelOf(page);
}

/** The channel that the page is about. */
export const channelOf = (page: Page): string => /\/me\/bot\/(\d+)/.exec(page.url())?.[1] ?? "";

/** Somebody writes in Ana's chat. */
export const write = (world: World, user: string, text: string, role?: string) =>
  world.twitchControl("/_sim/twitch/chat/ana", { user, text, role });

/** What stands in Ana's chat, oldest first. */
async function chat(world: World): Promise<ChatLine[]> {
  const answer = await fetch(`${world.twitch}/_sim/twitch/chat/ana`);
  return ((await answer.json()) as { lines: ChatLine[] }).lines;
}

/** Waits until the bot has said something. */
export const says = (world: World, text: string, timeout = 20_000) =>
  expect
    .poll(
      async () =>
        (await chat(world)).filter(({ login }) => login === "maxbot").map((line) => line.text),
      { timeout },
    )
    .toContain(text);

/** A command, stored without a browser's help; its id. */
export async function addCommand(
  page: Page,
  world: World,
  channel: string,
  command: { name: string; responses?: string[]; category?: string; enabled?: boolean },
): Promise<string> {
  const body = { responses: [`This is ${command.name}.`], ...command };
  const made = await world.api(page, "POST", `/api/channels/${channel}/commands`, body);
  return (made as { id: string }).id;
}
