const COLUMNS = 12;
const MAX_PER_ROW = 3;

/** The first and last grid line of each field: up to three inline fields share a row of twelve. */
export function fieldColumns(fields: readonly { inline: boolean }[]): [number, number][] {
  const columns: [number, number][] = [];
  for (let at = 0; at < fields.length;) {
    let count = 0;
    while (count < MAX_PER_ROW && fields[at + count]?.inline) count += 1;
    const width = COLUMNS / Math.max(count, 1);
    for (let n = 0; n < Math.max(count, 1); n += 1)
      columns.push([1 + n * width, 1 + (n + 1) * width]);
    at += Math.max(count, 1);
  }
  return columns;
}
