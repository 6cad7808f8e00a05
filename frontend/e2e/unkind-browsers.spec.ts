import { pagesOfAServer, settled } from "./pages";
import { expect, test, type Page, type World } from "./world";

/** Does to the page what a browser's translator does, now and whenever it changes. */
async function translate(page: Page) {
  await page.evaluate(() => {
    // The browser runs it: nothing outside is there.
    // oxlint-disable-next-line unicorn/consistent-function-scoping
    const kept = (node: Node) =>
      node.parentElement?.closest("font, script, style, [translate=no], .notranslate");
    const wrap = (root: Node) => {
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
      const texts: Node[] = [];
      while (walker.nextNode()) texts.push(walker.currentNode);
      if (root.nodeType === Node.TEXT_NODE) texts.push(root);
      for (const text of texts) {
        if (!text.nodeValue?.trim() || !text.parentNode || kept(text)) continue;
        const [outer, inner] = [document.createElement("font"), document.createElement("font")];
        text.parentNode.replaceChild(outer, text);
        inner.textContent = text.nodeValue;
        outer.append(inner);
      }
    };
    wrap(document.body);
    new MutationObserver((changes) => {
      for (const change of changes) for (const node of change.addedNodes) wrap(node);
    }).observe(document.body, { childList: true, subtree: true });
  });
}

test("a translated page goes on working", async ({ page, world }) => {
  const address = await pagesOfAServer(page, world);
  await page.goto(world.url + address("/s/G/templates/T"));
  await settled(page);
  await translate(page);
  const text = page.getByRole("textbox", { name: /^(Message|Text|Content)/ }).first();
  await text.click();
  await page.keyboard.press("ControlOrMeta+End");
  for (const words of [
    " **bold** and",
    " ~~gone~~ {game}",
    " `code` {oops",
    "}",
    " <t:1:R> plain",
  ]) {
    await page.keyboard.type(words);
  }
  for (let n = 0; n < 40; n += 1) await page.keyboard.press("Backspace");
  await page.keyboard.type("after all");
  await expect(page.getByRole("article").first()).toContainText("after all");
  await expect(page.getByText("could not be shown")).toHaveCount(0);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("button", { name: "Save" })).toHaveCount(0);
});

/** How an element looks: what differs between these is seen. */
const look = (page: Page, selector: string) =>
  page
    .locator(selector)
    .first()
    .evaluate((element) => {
      const { backgroundColor, borderTopWidth, borderBottomColor, outlineStyle, outlineColor } =
        getComputedStyle(element);
      return { backgroundColor, borderTopWidth, borderBottomColor, outlineStyle, outlineColor };
    });

test.describe("in the reader's own colours", () => {
  test.use({ contextOptions: { forcedColors: "active" } });

  test("what is on, chosen or open can be told from the rest", async ({ page, world }) => {
    const address = await pagesOfAServer(page, world);
    await page.goto(world.url + address("/s/G/streamers"));
    await settled(page);
    const [track, thumb] = [".mantine-Switch-track", ".mantine-Switch-thumb"];
    expect((await look(page, track)).borderTopWidth).not.toBe("0px");
    expect((await look(page, thumb)).backgroundColor).not.toBe(
      (await look(page, track)).backgroundColor,
    );
    const chosen = await look(page, ".mantine-SegmentedControl-label[data-active]");
    const other = await look(page, ".mantine-SegmentedControl-label:not([data-active])");
    expect(chosen.backgroundColor).not.toBe(other.backgroundColor);
    const here = await look(page, ".mantine-NavLink-root[data-active]");
    expect(here.outlineStyle).toBe("solid");
    expect((await look(page, ".mantine-NavLink-root:not([data-active])")).outlineStyle).toBe(
      "none",
    );
    await page.goto(`${world.url}/me`);
    await settled(page);
    const tab = await look(page, "a[aria-current=page]");
    const others = await look(page, "nav a:not([aria-current])");
    expect(tab.borderBottomColor).not.toBe(others.borderBottomColor);
  });
});

test("at 400 % the page is not covered by what stays in place", async ({ page, world }) => {
  const address = await pagesOfAServer(page, world);
  await page.setViewportSize({ width: 320, height: 256 });
  await page.goto(world.url + address("/s/G/templates/T"));
  await settled(page);
  const name = page.getByRole("textbox", { name: "Name" });
  await name.fill("Another name");
  await name.scrollIntoViewIfNeeded();
  await expect(page.getByRole("button", { name: "Save" })).toBeAttached();
  const covered = await page.evaluate(() => {
    scrollTo(0, 300);
    const fixed = Array.from(document.body.querySelectorAll("*")).filter((element) =>
      ["fixed", "sticky"].includes(getComputedStyle(element).position),
    );
    return fixed
      .map((element) => element.getBoundingClientRect())
      .filter(
        ({ top, bottom, left, right, width }) =>
          width > 100 && bottom > 0 && top < innerHeight && right > 0 && left < innerWidth,
      )
      .reduce((sum, { top, bottom }) => sum + Math.min(bottom, innerHeight) - Math.max(top, 0), 0);
  });
  expect(covered).toBeLessThan(64);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wide, "the page scrolls sideways").toBeLessThanOrEqual(0);
});

/** A page of an older release: from the first chunk that is missing until the next document. */
function loseChunks(page: Page, forGood: boolean) {
  const state = { lost: true, documents: 0 };
  void page.route("**/*", (route) => {
    const request = route.request();
    if (request.resourceType() === "document") {
      state.documents += 1;
      state.lost &&= forGood;
    }
    const isChunk = /\/assets\/(?!start|rolldown)[^/]*\.(js|css)$/.test(request.url());
    return isChunk && state.lost ? route.fulfill({ status: 404 }) : route.fallback();
  });
  return state;
}

/** A page of a server in a tab of its own: what it throws on the way is expected. */
async function openTab(first: Page, world: World) {
  const address = await pagesOfAServer(first, world);
  const page = await first.context().newPage();
  await page.goto(world.url + address("/s/G/notifications"));
  await settled(page);
  return page;
}

test("an open page whose files are gone loads the new release by itself", async ({
  page: first,
  world,
}) => {
  const page = await openTab(first, world);
  const state = loseChunks(page, false);
  await page.getByRole("link", { name: "Templates" }).first().click();
  await expect(page.getByRole("heading", { name: "Templates", level: 1 })).toBeVisible();
  expect(state.documents).toBe(1);
});

test("a file that stays away is said, and Try again loads it once it is back", async ({
  page: first,
  world,
}) => {
  const page = await openTab(first, world);
  const state = loseChunks(page, true);
  await page.getByRole("link", { name: "Templates" }).first().click();
  await expect(page.getByText("This page could not be shown")).toBeVisible();
  const { documents } = state;
  expect(documents, "it does not reload for ever").toBeLessThanOrEqual(2);
  state.lost = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "Templates", level: 1 })).toBeVisible();
});

test("over plain http the sign-in says that https is what is missing", async ({ page, world }) => {
  // `localhost` counts as safe; any other name does not, and leads to the same place here.
  await page.route("http://alerts.test/**", async (route) => {
    const url = route.request().url().replace("http://alerts.test", world.url);
    await route.fulfill({ response: await route.fetch({ url }) });
  });
  await page.goto("http://alerts.test/login?error=state_mismatch");
  await expect(page.getByRole("alert")).toContainText("This address is not secure");
  await page.goto(`${world.url}/login?error=state_mismatch`);
  await expect(page.getByRole("alert")).toContainText("took too long");
});
