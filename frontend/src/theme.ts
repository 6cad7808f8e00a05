import { createTheme, Modal, Tooltip } from "@mantine/core";

/** Contrasts of at least 4.5 in both schemes, together with `theme.css`. */
export const theme = createTheme({
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
    // Mantine's header would be a second banner of the page.
    Modal: Modal.extend({ defaultProps: { attributes: { header: { role: "presentation" } } } }),
    Tooltip: Tooltip.extend({
      defaultProps: { withArrow: true, events: { hover: true, focus: true, touch: true } },
    }),
  },
});
