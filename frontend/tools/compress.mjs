// Writes a Brotli twin of each text file in dist/, for servers that hand out files as they are, and which
// content each was made of: a twin of another build is never handed out.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const TEXT = /\.(js|css|svg|json|html)$/;
const DIST = new URL("../dist", import.meta.url).pathname;

const hash = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 32);
const twins = {};
for (const file of readdirSync(DIST, { recursive: true })) {
  if (!TEXT.test(file)) continue;
  const path = join(DIST, file);
  const text = readFileSync(path);
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: text.length };
  const twin = brotliCompressSync(text, { params });
  writeFileSync(`${path}.br`, twin);
  twins[file] = [hash(text), hash(twin)];
}
writeFileSync(join(DIST, "twins.json"), JSON.stringify(twins));
