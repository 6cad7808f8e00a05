/** A browser and what it runs on, as far as it says so itself. */
export interface Device {
  /** Null: it does not say. */
  browser: string | null;
  system: string | null;
  handheld: boolean;
}

/** In this order: many browsers call themselves Chrome and Safari, too. */
const BROWSERS: [RegExp, string][] = [
  [/\bEdgA?\/|\bEdgiOS\//, "Edge"],
  [/\bOPR\/|\bOpera\//, "Opera"],
  [/\bVivaldi\//, "Vivaldi"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bFirefox\/|\bFxiOS\//, "Firefox"],
  [/Chrom(e|ium)\/|\bCriOS\//, "Chrome"],
  [/\bVersion\/.*\bSafari\//, "Safari"],
  [/^curl\//, "curl"],
];

const SYSTEMS: [RegExp, string][] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bLinux\b|\bX11\b/, "Linux"],
];

const HANDHELD = new Set(["iPhone", "iPad", "Android"]);

/** Reads what a browser has sent as its `User-Agent`. */
export function deviceOf(userAgent: string): Device {
  const first = (list: [RegExp, string][]) =>
    list.find(([pattern]) => pattern.test(userAgent))?.[1] ?? null;
  const system = first(SYSTEMS);
  return { browser: first(BROWSERS), system, handheld: system !== null && HANDHELD.has(system) };
}
