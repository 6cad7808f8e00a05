import { faults } from "./faults";
import { settled } from "./pages";
import { another, cuttable, enter, field, isLive, said, say, sayByApi } from "./people";
import { expect, test, type Page } from "./world";

test.use({ contextOptions: { reducedMotion: "reduce" } });

async function choose(page: Page, text: string, action: string) {
  await said(page, text)
    .getByRole("button", { name: /^More for/ })
    .click();
  await page.getByRole("menuitem", { name: action }).click();
}

test("two people see what the other says, changes and deletes", async ({
  browser,
  page: ada,
  fresh: world,
}) => {
  await enter(ada, world, "ada");
  await expect(ada.getByRole("heading", { name: "Nothing has been said yet" })).toBeVisible();
  const ben = await another(browser, world, "ben");
  // A member has this page of the server, and no other.
  await expect(ben.getByRole("navigation", { name: "Server pages" }).getByRole("link")).toHaveText([
    "Team",
  ]);
  await isLive(ada);
  await isLive(ben);

  await say(ada, "hello Ben");
  await expect(said(ben, "hello Ben")).toContainText("Ada");
  await field(ben).fill("two");
  await field(ben).press("Shift+Enter");
  await field(ben).pressSequentially("lines for @Ada");
  await field(ben).press("Enter");
  await expect(said(ada, "lines for").locator("mark")).toHaveText("@Ada");
  await expect(said(ada, "two\nlines")).toBeVisible();
  await expect(said(ben, "two").locator("mark")).toHaveCount(0);

  // Arrow up brings the last one back.
  await field(ada).press("ArrowUp");
  const change = ada.getByRole("textbox", { name: "Change your message" });
  await expect(change).toBeFocused();
  await change.fill("hello dear Ben");
  await change.press("Enter");
  await expect(said(ben, "hello dear Ben")).toContainText("(edited)");
  await expect(field(ada)).toBeFocused();

  await choose(ben, "lines for", "Delete");
  await ben.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(said(ada, "lines for")).toHaveCount(0);
  await expect(said(ben, "lines for")).toHaveCount(0);
  await expect(field(ben)).toBeFocused();
  await ben.context().close();
});

test("a moderator deletes with a reason, mutes and lets write again", async ({
  browser,
  page: ada,
  fresh: world,
}) => {
  const guild = await enter(ada, world, "ada");
  const ben = await another(browser, world, "ben");
  await say(ben, "buy this");
  await choose(ada, "buy this", "Delete");
  const deletion = ada.getByRole("dialog", { name: "Delete the message of Ben?" });
  await deletion.getByRole("textbox", { name: "Reason" }).fill("spam");
  await deletion.getByRole("button", { name: "Delete" }).click();
  await expect(said(ben, "buy this")).toHaveCount(0);

  await say(ben, "buy that");
  await choose(ada, "buy that", "Mute");
  const mute = ada.getByRole("dialog", { name: "Mute Ben" });
  await mute.getByRole("textbox", { name: "Minutes" }).fill("5");
  await mute.getByRole("textbox", { name: "Reason" }).fill("spam again");
  await mute.getByRole("button", { name: "Mute" }).click();
  await expect(ben.getByText(/A moderator has muted you until/)).toBeVisible();
  await expect(field(ben)).toBeDisabled();
  // It is known after a reload too.
  await ben.reload();
  await expect(ben.getByText(/A moderator has muted you until/)).toBeVisible();

  await ada.getByRole("button", { name: "Muted people" }).click();
  const list = ada.getByRole("dialog", { name: "Muted people" });
  await expect(list.getByText("spam again")).toBeVisible();
  await list.getByRole("button", { name: "Unmute Ben" }).click();
  await expect(list.getByText("Nobody is muted.")).toBeVisible();
  await expect(field(ben)).toBeEnabled();
  await say(ben, "sorry");
  await expect(said(ada, "sorry")).toBeVisible();
  await ben.context().close();

  await ada.goto(`${world.url}/s/${guild.id}/audit`);
  await expect(ada.getByText("deleted a message in the team’s room").first()).toBeVisible();
  const muted = ada.getByRole("listitem").filter({ hasText: "muted somebody" }).first();
  await expect(muted).toContainText(/Until.*\d{1,2} \w+ \d{4}, \d{2}:\d{2}:\d{2}/);
});

test("what is said while a socket is cut comes once, and in order", async ({
  browser,
  page: ada,
  fresh: world,
}) => {
  test.setTimeout(120_000);
  const wires = await cuttable(ada);
  const guild = await enter(ada, world, "ada");
  const ben = await another(browser, world, "ben");
  await isLive(ada);
  const texts: string[] = [];
  const bens = async (text: string) => {
    texts.push(text);
    await sayByApi(ben, world, guild.id, text);
  };
  await bens("before");
  await wires.cut();
  await bens("during one");
  await bens("during two");
  // One's own goes out when the connection is back.
  await field(ada).fill("from the dark");
  await field(ada).press("Enter");
  await expect(said(ada, "from the dark")).toBeVisible();
  await isLive(ada);
  await expect(said(ada, "Sending")).toHaveCount(0);
  texts.push("from the dark");
  // The server stops its sockets, the network breaks, the reader is too slow.
  for (const code of [1012, 1006, 1013]) {
    await wires.cut(code === 1006 ? 3000 : code);
    await bens(`after ${code}`);
  }
  await isLive(ada);
  await bens("the end");
  await expect(said(ada, "the end")).toBeVisible();
  const shown = await ada.getByRole("log").locator("[dir=auto]").allTextContents();
  expect(shown).toEqual(texts);
  await ada.reload();
  await expect(said(ada, "the end")).toBeVisible();
  expect(await ada.getByRole("log").locator("[dir=auto]").allTextContents()).toEqual(texts);
  await ben.context().close();
});

test("where no socket is to be had, messages come and go by HTTP", async ({
  browser,
  page: ada,
  fresh: world,
}) => {
  test.setTimeout(120_000);
  const wires = await cuttable(ada);
  wires.network.down = true;
  await enter(ada, world, "ada");
  const ben = await another(browser, world, "ben");
  await expect(ada.getByText("No live connection: new messages come")).toBeVisible({
    timeout: 20_000,
  });
  await say(ada, "by HTTP");
  await expect(said(ben, "by HTTP")).toHaveCount(1);
  await say(ben, "heard you");
  await expect(said(ada, "heard you")).toHaveCount(1, { timeout: 20_000 });
  // Who comes back to the page has a socket tried at once.
  wires.network.down = false;
  await expect(async () => {
    await ada.evaluate(() => dispatchEvent(new Event("online")));
    await expect(ada.getByText("What happens is shown at once.")).toBeAttached({ timeout: 2000 });
  }).toPass({ timeout: 30_000 });
  await say(ben, "live again");
  await expect(said(ada, "live again")).toHaveCount(1);
  await expect(said(ada, "by HTTP")).toHaveCount(1);
  await ben.context().close();
});

test("who writes too fast sees what was not sent, and sends it later or not at all", async ({
  page,
  fresh: world,
}) => {
  await enter(page, world, "ada");
  await isLive(page);
  for (let n = 1; n <= 10; n += 1) await say(page, `quick ${n}!`);
  const failed = page.getByRole("log").getByRole("listitem").filter({ hasText: "Not sent" });
  await expect(said(page, "Sending")).toHaveCount(0);
  const count = await failed.count();
  expect(count).toBeGreaterThan(1);
  await expect(failed.first()).toContainText("You are writing too fast.");
  const text = (row: typeof failed) => row.locator("[dir=auto]").innerText();
  const [later, never] = [await text(failed.first()), await text(failed.last())];
  await failed.last().getByRole("button", { name: "Discard" }).click();
  await expect(said(page, never)).toHaveCount(0);
  await failed.first().getByRole("button", { name: "Try again", exact: true }).click();
  await expect(failed).toHaveCount(count - 2);
  await page.reload();
  await expect(said(page, later)).toHaveCount(1);
  await expect(said(page, never)).toHaveCount(0);
});

test("hostile texts are texts", async ({ browser, page: ada, fresh: world }) => {
  const guild = await enter(ada, world, "ada");
  const ben = await another(browser, world, "ben");
  const texts = [
    `<img src=x onerror="document.title='owned'">`,
    "javascript:alert(1) https://user:pass@twitch.tv",
    "look: https://example.com/a_(b)?c=<b>.",
    "\u202Egnp.exe",
    "😀".repeat(500),
  ];
  for (const text of texts) await sayByApi(ben, world, guild.id, text);
  await expect(said(ada, "onerror")).toBeVisible();
  await expect(said(ada, "😀😀😀")).toBeVisible();
  expect(await ada.getByRole("log").locator("img[src=x], b").count()).toBe(0);
  const links = ada.getByRole("log").getByRole("link");
  await expect(links).toHaveCount(1);
  await expect(links).toHaveAttribute("href", "https://example.com/a_(b)?c=");
  await expect(links).toHaveAttribute("rel", "noopener noreferrer nofollow");
  await expect(said(ada, "gnp.exe").locator("[dir=auto]")).toHaveText("gnp.exe");
  expect(await ada.title()).toContain("Team");

  // One more than fits is not sent, and the text is kept.
  await field(ada).fill("😀".repeat(501));
  await expect(ada.getByText("501 of 500 characters")).toBeVisible();
  await field(ada).press("Enter");
  await expect(field(ada)).toHaveValue("😀".repeat(501));
  await field(ada).fill("😀".repeat(500));
  await field(ada).press("Enter");
  await expect(said(ben, "😀😀😀")).toHaveCount(2);
  // A word that an input method has not finished stays.
  await field(ada).fill("にほ");
  await field(ada).evaluate((element) => {
    const init = { key: "Enter", keyCode: 229, bubbles: true, cancelable: true };
    element.dispatchEvent(new KeyboardEvent("keydown", init));
  });
  await expect(field(ada)).toHaveValue("にほ");
  await ben.context().close();
});

test("what was unread is marked, and history comes as somebody scrolls up", async ({
  browser,
  page: ada,
  fresh: world,
}) => {
  test.setTimeout(120_000);
  await ada.setViewportSize({ width: 360, height: 560 });
  // Pages of five, so that a few messages make a long history.
  await ada.route(/\/messages\?/, (route) =>
    route.continue({ url: route.request().url().replace("limit=50", "limit=5") }),
  );
  const guild = await enter(ada, world, "ada");
  const ben = await another(browser, world, "ben");
  for (let n = 1; n <= 3; n += 1) await say(ben, `old ${n}`);
  await expect(said(ada, "old 3")).toBeVisible();
  const mark = ada.waitForRequest(
    (request) => request.method() === "PUT" && request.url().endsWith("/mark"),
  );
  await mark;
  await ada.goto(`${world.url}/me`);
  for (let n = 1; n <= 9; n += 1) await sayByApi(ben, world, guild.id, `new ${n}\n\nand more`);
  await ada.goto(`${world.url}/s/${guild.id}/team`);
  await expect(said(ada, "new 9")).toBeInViewport();
  await expect(said(ada, "new 1")).toHaveCount(0);

  const scroller = ada.getByRole("group", { name: "Messages, the newest at the bottom" });
  await scroller.evaluate((list) => list.scrollTo({ top: 0 }));
  await expect(said(ada, "new 1")).toHaveCount(1);
  await scroller.evaluate((list) => list.scrollTo({ top: 0 }));
  await expect(said(ada, "old 1")).toHaveCount(1);
  await expect(ada.getByRole("button", { name: "Older messages" })).toHaveCount(0);
  const rows = await ada.getByRole("log").getByRole("listitem").allTextContents();
  expect(rows.findIndex((row) => row === "New")).toBe(
    rows.findIndex((row) => /new 1/.test(row)) - 1,
  );

  // Nothing pulls a reader down; a button leads there.
  await sayByApi(ben, world, guild.id, "just now");
  await expect(said(ada, "just now")).toHaveCount(1);
  await expect(said(ada, "just now")).not.toBeInViewport();
  await ada.getByRole("button", { name: "New messages" }).click();
  await expect(said(ada, "just now")).toBeInViewport();
  await ben.context().close();
});

test("a session that ends elsewhere ends the live connection", async ({ page, fresh: world }) => {
  await enter(page, world, "ada");
  await isLive(page);
  await world.api(page, "POST", "/api/auth/logout");
  await expect(page.getByRole("dialog", { name: /session has ended/i })).toBeVisible();
  await expect(page.getByText("What happens is shown at once.")).toHaveCount(0);
});

for (const [language, label] of [
  ["en", "Write a message"],
  ["de", "Nachricht schreiben"],
] as const) {
  test(`the room is accessible in ${language}`, async ({ browser, page, fresh: world }) => {
    await page.addInitScript(
      (value) => localStorage.setItem("streammaxing-language", value),
      language,
    );
    const guild = await world.guild("Ana's Corner");
    await world.signIn(page, "ada", `/s/${guild.id}/team`);
    const ben = await another(browser, world, "ben");
    await say(ben, "look, @Ada: https://example.com");
    const input = page.getByRole("textbox", { name: label });
    await input.fill("hi @Ben");
    await input.press("Enter");
    await expect(said(page, "hi @Ben")).toHaveCount(1);
    await settled(page);
    expect(await faults(page)).toEqual([]);
    await page
      .getByRole("button", { name: language === "en" ? /^More for.*Ben/ : /^Mehr zur.*Ben/ })
      .click();
    await page.getByRole("menuitem", { name: language === "en" ? /^Mute/ : /^Stumm/ }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    expect(await faults(page)).toEqual([]);
    await ben.context().close();
  });
}
