import { pagesOfAServer, PUBLIC, settled, SIGNED_IN } from "./pages";
import { expect, test, type Page } from "./world";

/** What a page may ask the API for before somebody does something; one request is the navigation's, for what is unread. */
const REQUESTS = 7;

/** What a page asks the API for, loaded as by who has typed its address. */
async function asked(page: Page, address: string): Promise<string[]> {
  // Whatever the page before had under way is over.
  await page.goto("about:blank");
  const requests: string[] = [];
  const note = (request: { method(): string; url(): string }) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/api/")) requests.push(`${request.method()} ${pathname}`);
  };
  page.on("request", note);
  await page.goto(address);
  await settled(page);
  await page.waitForLoadState("networkidle");
  page.off("request", note);
  return requests;
}

async function expectFewRequests(page: Page, pattern: string, address: string) {
  const requests = await asked(page, address);
  expect.soft(requests.length, `${pattern}:\n${requests.join("\n")}`).toBeLessThanOrEqual(REQUESTS);
  test.info().annotations.push({ type: pattern, description: String(requests.length) });
}

test("the first view of a public page takes few requests", async ({ page, world }) => {
  for (const path of PUBLIC) await expectFewRequests(page, path, world.url + path);
});

test("the first view of a page takes few requests", async ({ page, world }) => {
  test.setTimeout(120_000);
  const address = await pagesOfAServer(page, world);
  for (const pattern of SIGNED_IN) {
    await expectFewRequests(page, pattern, world.url + address(pattern));
  }
});
