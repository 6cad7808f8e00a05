import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "./world";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const SIZES = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 360, height: 740 },
};

/** What axe finds on the page as it stands, in both colour schemes and both sizes. */
export async function faults(page: Page): Promise<string[]> {
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
