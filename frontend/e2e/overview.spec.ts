import { expect, test } from "./world";

test("the checklist leads to the test message, and goes when all is done", async ({
  page,
  fresh: world,
}) => {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada", `/s/${guild.id}`);
  await expect(page.getByRole("heading", { name: "Ana's Corner" })).toBeVisible();
  const setup = page.getByRole("region", { name: "Set up announcements" });
  await expect(setup.getByText("3 of 4 done").first()).toBeVisible();
  await setup.getByRole("button", { name: "Send test" }).click();
  await expect(page.getByText("The test message was posted")).toBeVisible();
  await expect(setup).toHaveCount(0);
  const channel = guild.channels.find(({ name }) => name === "announcements");
  expect((await world.messages(channel?.id ?? "")).at(-1)?.content).toContain("Test");
  await page.getByRole("link", { name: "Details" }).click();
  await expect(page.getByText("The test message was posted in #announcements.")).toBeVisible();
});

test("a refused test says what is missing and how to grant it", async ({ page, world }) => {
  const guild = await world.guild("Quiet Library");
  await world.signIn(page, "ada", `/s/${guild.id}`);
  await expect(
    page.getByText("The bot cannot post in #announcements: Send Messages is missing"),
  ).toBeVisible();
  await page.getByRole("button", { name: "Send test" }).first().click();
  const alert = page
    .getByRole("alert")
    .filter({ hasText: "Discord did not take the test message" });
  await expect(alert.getByText("The bot lacks Send Messages in #announcements.")).toBeVisible();
  await expect(alert.getByText(/add the role StreamMaxing → allow Send Messages/)).toBeVisible();
  await expect(page.getByText("Test failed").first()).toBeVisible();
});

test("the page's first view takes one request beside the shell's", async ({ page, world }) => {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada");
  const asked: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/api/")) asked.push(pathname);
  });
  await page.goto(`${world.url}/s/${guild.id}`);
  await expect(page.getByRole("heading", { name: "Health" })).toBeVisible();
  // The shell's, with what is unread, and who else is here.
  const room = [`/api/rooms/${guild.id}`, `/api/guilds/${guild.id}/presence`];
  const shell = ["/api/auth/me", "/api/guilds", ...room];
  const own = asked.filter((path) => !shell.includes(path));
  expect(own).toEqual([`/api/guilds/${guild.id}/overview`]);
});

test("who has just added the bot is greeted once", async ({ page, world }) => {
  const guild = await world.guild("Ana's Corner");
  await world.signIn(page, "ada", `/s/${guild.id}?installed=1`);
  const greeting = page.getByRole("status").filter({ hasText: "The bot has joined" });
  await expect(greeting).toBeVisible();
  await greeting.getByRole("button", { name: "Close" }).click();
  await expect(greeting).toHaveCount(0);
  await expect(page).toHaveURL(`${world.url}/s/${guild.id}`);
});
