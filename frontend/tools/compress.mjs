// Writes a Brotli twin of each text file in dist/, for servers that hand out files as they are.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const TEXT = /\.(js|css|svg|json|html)$/;
const DIST = new URL("../dist", import.meta.url).pathname;

for (const file of readdirSync(DIST, { recursive: true })) {
  if (!TEXT.test(file)) continue;
  const path = join(DIST, file);
  const text = readFileSync(path);
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: text.length };
  writeFileSync(`${path}.br`, brotliCompressSync(text, { params }));
}
