/** The places to fill in of every text of a language file, by the text's key. */
export function placesByKey(file: unknown): Record<string, string[]> {
  return Object.fromEntries(
    texts(file).map(([key, text]) => [key, (text.match(/\{\{\w+\}\}/g) ?? []).toSorted(byName)]),
  );
}

/** Every text of a language file with its key. */
export function texts(value: unknown, key = ""): [string, string][] {
  if (typeof value === "string") return [[key, value]];
  return Object.entries(Object(value)).flatMap(([name, inner]) => texts(inner, `${key}.${name}`));
}

function byName(a: string, b: string): number {
  return a.localeCompare(b);
}
