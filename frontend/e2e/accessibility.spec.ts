import { faults } from "./faults";
import { pagesOfAServer, PUBLIC, settled, SIGNED_IN } from "./pages";
import { expect, test } from "./world";

// Colours on their way from one scheme to the other are nobody's.
test.use({ contextOptions: { reducedMotion: "reduce" } });

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
