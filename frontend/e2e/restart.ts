import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { BINARY, DASHBOARD, expect, World } from "./world";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

async function ended(child: ChildProcess) {
  if (child.exitCode === null && child.signalCode === null)
    await new Promise((done) => child.once("exit", done));
}

/** A database that outlives who uses it. */
async function startDatabase() {
  // It is there for as long as its input is.
  const script = 'echo "$DATABASE_URL"; exec cat';
  const child = spawn(BINARY, ["with-postgres", "--", "sh", "-c", script], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const lines = createInterface({ input: child.stdout });
  const url = await new Promise<string>((found) => lines.once("line", found));
  const stop = async () => {
    child.stdin.end();
    await ended(child);
  };
  return { url, stop };
}

/** A process of the product beside a world, of the same database and remotes, that can be started anew. */
export class Server {
  private child: ChildProcess | undefined;

  private constructor(
    readonly world: World,
    readonly url: string,
    private readonly settings: Record<string, string>,
    private readonly stopDatabase: () => Promise<void>,
  ) {}

  static async start(): Promise<Server> {
    const database = await startDatabase();
    const world = await World.start({ DATABASE_URL: database.url });
    const url = `http://127.0.0.1:${await freePort()}`;
    // As in crates/cli/src/dev.rs.
    const settings = {
      DATABASE_URL: database.url,
      PUBLIC_BASE_URL: url,
      TWITCH_CLIENT_ID: "development",
      TWITCH_CLIENT_SECRET: "development-client-secret",
      TWITCH_EVENTSUB_SECRET: "development-secret-0123456789abcdef",
      TWITCH_API_URL: `${world.twitch}/helix`,
      TWITCH_AUTH_URL: `${world.twitch}/oauth2`,
      DISCORD_API_URL: `${world.discord}/api/v10`,
      DISCORD_BOT_TOKEN: "development-bot-token",
      DISCORD_CLIENT_ID: "1100000000000000001",
      DISCORD_CLIENT_SECRET: "discord-client-secret",
      DISCORD_PUBLIC_KEY: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      SESSION_SECRET: "development-session-secret-0123456789",
      LOCAL_ENCRYPTION_KEY: "ZGV2ZWxvcG1lbnQta2V5LW9mLTMyLWJ5dGVzLS0tLS0=",
      SOURCE_REQUESTS_PER_SECOND: "0",
      USER_REQUESTS_PER_MINUTE: "100000",
    };
    const server = new Server(world, url, settings, database.stop);
    await server.up();
    return server;
  }

  async up() {
    const listen = new URL(this.url).host;
    this.child = spawn(BINARY, ["serve", `--listen=${listen}`, `--dashboard=${DASHBOARD}`], {
      cwd: mkdtempSync(join(tmpdir(), "streammaxing-e2e-")),
      env: { ...process.env, ...this.settings },
      stdio: "ignore",
    });
    await expect(async () => {
      expect((await fetch(`${this.url}/api/health`)).ok).toBe(true);
    }).toPass({ timeout: 30_000 });
  }

  /** Ends the process as a service manager does, or as a crash would. */
  async down(signal: "SIGTERM" | "SIGKILL") {
    const { child } = this;
    if (!child) return;
    child.kill(signal);
    await ended(child);
  }

  async stop() {
    await this.down("SIGTERM");
    await this.world.stop();
    await this.stopDatabase();
  }
}
