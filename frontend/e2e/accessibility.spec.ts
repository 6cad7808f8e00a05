import { AxeBuilder } from "@axe-core/playwright";
import { pagesOfAServer, PUBLIC, settled, SIGNED_IN } from "./pages";
import { expect, test, type Page } from "./world";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const SIZES = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 360, height: 740 },
};

// Colours on their way from one scheme to the other are nobody's.
test.use({ contextOptions: { reducedMotion: "reduce" } });

/** What axe finds on the page as it stands, in both colour schemes and both sizes. */
async function faults(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const scheme of ["dark", "light"]) {
      await page.evaluate(
        (value) => document.documentElement.setAttribute("data-mantine-color-scheme", value),
        scheme,
      );
      const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
      for (const { id, nodes } of violations) {
        found.push(...nodes.map(({ html }) => `${size} ${scheme} ${id}: ${html.slice(0, 200)}`));
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      if (wide) found.push(`${size} ${scheme}: the page scrolls sideways`);
    }
  }
  return found;
}

for (const path of PUBLIC) {
  test(`${path} is accessible`, async ({ page, world }) => {
    await page.goto(world.url + path);
    await settled(page);
    expect(await faults(page)).toEqual([]);
  });
}

test.describe("signed in", () => {
  test.describe.configure({ mode: "parallel" });

  for (const pattern of SIGNED_IN) {
    test(`${pattern} is accessible`, async ({ page, world }) => {
      const address = await pagesOfAServer(page, world);
      await page.goto(world.url + address(pattern));
      await settled(page);
      expect(await faults(page)).toEqual([]);
    });
  }
});
