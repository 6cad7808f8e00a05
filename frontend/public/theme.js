// Before the first paint: the colour scheme and the language that were chosen last time.
try {
  var scheme = localStorage.getItem("mantine-color-scheme-value") || "dark";
  if (scheme === "auto") {
    scheme = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  }
  document.documentElement.setAttribute("data-mantine-color-scheme", scheme);
} catch (_) {
  // Without storage the page stays dark.
}
