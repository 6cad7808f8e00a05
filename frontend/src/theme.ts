import { createTheme, DEFAULT_THEME, type MantineColorsTuple } from "@mantine/core";

/** Greys with a little blue, as the page's ground has. */
const dark: MantineColorsTuple = [
  "#d3d6df",
  "#b4b9c6",
  "#7f8596",
  "#666c7c",
  "#3f4453",
  "#363a47",
  "#2a2e38",
  "#1f222a",
  "#191b22",
  "#121318",
];

const [r0, r1, r2, r3, r4, r5, r6, r7, , r9] = DEFAULT_THEME.colors.red;
/** Dark enough at its button's shade for white words. */
const red: MantineColorsTuple = [r0, r1, r2, r3, r4, r5, r6, r7, "#cb2d2d", r9];

/** Contrasts of at least 4.5 in both schemes, together with `theme.css`. */
export const theme = createTheme({
  colors: { dark, red },
  primaryColor: "violet",
  primaryShade: 8,
  autoContrast: true,
  luminanceThreshold: 0.179,
  defaultRadius: "md",
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  headings: { fontFamily: "'Inter Variable', system-ui, sans-serif", fontWeight: "650" },
  respectReducedMotion: true,
  cursorType: "pointer",
  components: {
    // By name: what is imported here would have to be loaded before the first page.
    // Mantine's header would be a second banner of the page.
    Modal: { defaultProps: { attributes: { header: { role: "presentation" } } } },
    Tooltip: {
      defaultProps: { withArrow: true, events: { hover: true, focus: true, touch: true } },
    },
  },
});
