import { AxeBuilder } from "@axe-core/playwright";
import { expect, test, type Page } from "./world";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const SIZES = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 360, height: 740 },
};

/** Pages by address; `G` stands for the server, `T`, `S` and `D` for a template, a streamer, a delivery. */
const PUBLIC = [
  "/",
  "/login?error=access_denied",
  "/signed-in",
  "/invite/unknown",
  "/invite/unknown?linked=mira",
  "/nowhere",
];
const SIGNED_IN = [
  "/servers",
  "/me",
  "/me?server=G",
  "/me/sessions",
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
  "/s/G/audit",
];

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

/** The page has what it was going to show: nothing is loading any more. */
async function settled(page: Page) {
  await expect(page.getByRole("heading")).not.toHaveCount(0);
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
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
      const guild = await world.guild("Ana's Corner");
      await world.signIn(page, "ada");
      const ids = await world.seedForPages(page, guild.id);
      const path = pattern
        .replace(/(?<=[/=])G/, guild.id)
        .replace(/\/T$/, `/${ids.template}`)
        .replace(/\/S$/, `/${ids.streamer}`)
        .replace(/\/D$/, `/${ids.delivery}`);
      await page.goto(world.url + path);
      await settled(page);
      expect(await faults(page)).toEqual([]);
    });
  }
});
