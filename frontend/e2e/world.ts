import { test as base, expect, type BrowserContext, type Page } from "@playwright/test";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

export { expect, type Page };

const ROOT = resolve(import.meta.dirname, "../..");
export const BINARY = process.env.STREAMMAXING_BIN ?? join(ROOT, "target/debug/streammaxing");
export const DASHBOARD = join(ROOT, "frontend/dist");
/** An avatar, a preview: any picture will do where no network is. */
const PICTURE = `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" fill="#6741d9"/><circle cx="32" cy="26" r="12" fill="#fff"/><path d="M10 64a22 22 0 0 1 44 0z" fill="#fff"/></svg>`;

const SCENE = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="360"><rect width="640" height="360" fill="#2b1b5a"/><circle cx="480" cy="110" r="46" fill="#ffd79a"/><path d="M0 360V230l200-110 190 150 130-90 120 100v80z" fill="#120c2c"/></svg>`;

interface Guild {
  id: string;
  name: string;
  channels: { id: string; name: string }[];
  roles: { id: string; name: string }[];
}

interface Message {
  id: string;
  guild_id?: string;
  channel_id: string;
  content: string;
  embeds: { title?: string; description?: string }[];
  deleted?: boolean;
}

interface Subscription {
  type: string;
  status: string;
  condition: { broadcaster_user_id?: string; to_broadcaster_user_id?: string };
}

/** The whole product with a simulated Twitch and Discord, for one file of tests. */
export class World {
  private constructor(
    private readonly child: ChildProcess,
    /** The app's address. */
    readonly url: string,
    readonly twitch: string,
    readonly discord: string,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<World> {
    const child = spawn(
      BINARY,
      // Port 0 lets the system choose: worlds do not get into each other's way.
      ["dev", "--port-app=0", "--port-twitch=0", "--port-discord=0"].concat(
        `--dashboard=${DASHBOARD}`,
      ),
      {
        cwd: mkdtempSync(join(tmpdir(), "streammaxing-e2e-")),
        // Many pages are looked at in one minute; the limit has a test of its own.
        env: { ...process.env, USER_REQUESTS_PER_MINUTE: "100000", ...settings },
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    const found = new Map<string, string>();
    const tail: string[] = [];
    const lines = createInterface({ input: child.stderr });
    await new Promise<void>((ready, failed) => {
      child.once("exit", (code) =>
        failed(new Error(`streammaxing dev ended with ${code}:\n${tail.join("\n")}`)),
      );
      child.once("error", failed);
      lines.on("line", (line) => {
        tail.push(line);
        if (tail.length > 30) tail.shift();
        const match = /(ready:|simulated Twitch|simulated Discord|Ctrl-C)\s*(http\S+)?/.exec(line);
        if (match?.[1] && match[2]) found.set(match[1], match[2]);
        if (match?.[1] === "Ctrl-C") ready();
      });
    });
    const at = (name: string) => {
      const address = found.get(name);
      if (!address) throw new Error(`streammaxing dev did not say where ${name} is`);
      return address;
    };
    return new World(child, at("ready:"), at("simulated Twitch"), at("simulated Discord"));
  }

  async stop() {
    const ended = new Promise((done) => this.child.once("exit", done));
    this.child.kill("SIGINT");
    await ended;
  }

  /** Signs in on Discord's page as one of its users: `ada`, `ben`, `cleo`. */
  async signIn(page: Page, user: string, returnTo = "/servers") {
    await page.goto(`${this.url}/api/auth/discord/login?return_to=${encodeURIComponent(returnTo)}`);
    await this.pickUser(page, user);
    await page.waitForURL((url) => url.href.startsWith(`${this.url}/`));
  }

  /** Chooses an account on Discord's sign-in page. */
  async pickUser(page: Page, user: string) {
    await page.getByRole("button", { name: user, exact: false }).first().click();
  }

  /** Says no on the page where Discord or Twitch asks. */
  async sayNo(page: Page) {
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.waitForURL((url) => url.href.startsWith(`${this.url}/`));
  }

  /** A server of the simulated Discord. */
  async guild(name: string): Promise<Guild> {
    const { guilds } = (await this.get(this.discord, "/_sim/discord/world")) as {
      guilds: Guild[];
    };
    const guild = guilds.find((each) => each.name === name);
    if (!guild) throw new Error(`there is no server called ${name}`);
    return guild;
  }

  /** What stands in a channel now, oldest first. */
  async messages(channelId: string): Promise<Message[]> {
    const { messages } = (await this.get(this.discord, "/_sim/discord/messages?since=0")) as {
      messages: Message[];
    };
    return messages.filter((message) => message.channel_id === channelId && !message.deleted);
  }

  /** A streamer goes live on the simulated Twitch. */
  async goLive(login: string) {
    await this.post(this.twitch, `/_sim/twitch/users/${login}/live`);
  }

  async endStream(login: string) {
    await this.post(this.twitch, `/_sim/twitch/users/${login}/end`);
  }

  /** A new account on Twitch. */
  async addStreamer(login: string, displayName: string) {
    await this.post(this.twitch, "/_sim/twitch/users", { login, name: displayName });
  }

  /** A request to the API as who is signed in on the page. */
  async api(page: Page, method: string, path: string, data?: unknown): Promise<unknown> {
    const headers = { origin: this.url };
    const answer = await page.request.fetch(this.url + path, { method, data, headers });
    if (!answer.ok())
      throw new Error(`${method} ${path}: ${answer.status()} ${await answer.text()}`);
    const text = await answer.text();
    return text === "" ? null : JSON.parse(text);
  }

  /** Something for each page of a server to show: a template, a streamer, a delivery. */
  async seedForPages(page: Page, guildId: string) {
    const root = `/api/guilds/${guildId}`;
    const message = { content: "{mention} **{streamer}** is live: {url}", embed: null };
    const name = `Going live ${Date.now()}`;
    const template = (await this.api(page, "POST", `${root}/templates`, { name, message })) as {
      id: string;
    };
    const streamers = (await this.api(page, "GET", `${root}/streamers?limit=1`)) as {
      items: { id: string }[];
    };
    const test = (await this.api(page, "POST", `${root}/test-send`, { sample: {} })) as {
      delivery_id: string;
    };
    return {
      template: template.id,
      streamer: streamers.items[0]?.id ?? "",
      delivery: test.delivery_id,
    };
  }

  /** Whether Twitch tells us when this streamer goes live, or of another kind of event. */
  async isSubscribed(login: string, kind = "stream.online"): Promise<boolean> {
    const users = (await this.get(this.twitch, "/_sim/twitch/users")) as {
      id: string;
      login: string;
    }[];
    const id = users.find((user) => user.login === login)?.id;
    const all = (await this.get(this.twitch, "/_sim/twitch/subscriptions")) as Subscription[];
    const own = ({ type, status, condition }: Subscription) =>
      type === kind &&
      status === "enabled" &&
      (condition.broadcaster_user_id ?? condition.to_broadcaster_user_id) === id;
    return all.some(own);
  }

  /** Control of the simulated Discord: `/_sim/discord/…`. */
  discordControl = (path: string, body?: unknown, method = "POST") =>
    this.post(this.discord, path, body, method);

  /** Control of the simulated Twitch: `/_sim/twitch/…`. */
  twitchControl = (path: string, body?: unknown, method = "POST") =>
    this.post(this.twitch, path, body, method);

  private async get(origin: string, path: string): Promise<unknown> {
    const answer = await fetch(origin + path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  private async post(origin: string, path: string, body?: unknown, method = "POST") {
    const answer = await fetch(origin + path, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    const text = await answer.text();
    return text === "" ? null : (JSON.parse(text) as unknown);
  }
}

/** Pictures come from Discord's and Twitch's servers, which a test has no business with. */
export async function drawPictures(context: BrowserContext) {
  await context.route(/^https:\/\/(cdn\.discordapp\.com|static-cdn\.jtvnw\.net)\//, (route) =>
    route.fulfill({
      contentType: "image/svg+xml",
      body: route.request().url().includes("/previews-ttv/") ? SCENE : PICTURE,
    }),
  );
}

/** Lines of the browser's console that say that something is wrong. */
function complaints(page: Page): string[] {
  const lines: string[] = [];
  page.on("console", (message) => {
    // Chromium itself reports each answer of 400 and up; the pages show those.
    if (message.type() !== "error" || message.text().startsWith("Failed to load resource")) return;
    // A page that outlives its server looks for it.
    if (/^WebSocket .* net::ERR_CONNECTION_REFUSED/.test(message.text())) return;
    lines.push(message.text());
  });
  page.on("pageerror", (error) => lines.push(String(error)));
  return lines;
}

/** The world of the file whose tests run; no file sees what another one has done. */
class Worlds {
  private file?: string;
  private world?: World;

  async of(file: string): Promise<World> {
    if (!this.world || this.file !== file) {
      await this.stop();
      this.world = await World.start();
      this.file = file;
    }
    return this.world;
  }

  async stop() {
    await this.world?.stop();
    this.world = undefined;
  }
}

export const test = base.extend<{ quiet: void; fresh: World; world: World }, { worlds: Worlds }>({
  /** A world that nothing has happened in yet; costs a few seconds. */
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern
  fresh: async ({}, run) => {
    const world = await World.start();
    await run(world);
    await world.stop();
  },
  /** One for all tests of a file, one after the other: what one leaves, the next one finds. */
  world: async ({ worlds }, run, { file }) => {
    await run(await worlds.of(file));
  },
  worlds: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern
    async ({}, run) => {
      const worlds = new Worlds();
      await run(worlds);
      await worlds.stop();
    },
    { scope: "worker" },
  ],
  context: async ({ context }, run) => {
    await drawPictures(context);
    await run(context);
  },
  /** Every test fails when its page writes an error to the console: a broken rule of the CSP, say. */
  quiet: [
    async ({ page }, run) => {
      const lines = complaints(page);
      await run();
      expect(lines, "errors in the browser's console").toEqual([]);
    },
    { auto: true },
  ],
});
