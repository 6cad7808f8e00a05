// What the product is made of: a CycloneDX SBOM, a licence report, and what of an audit needs no network.
//
//   node tools/sbom.mjs [folder]    writes sbom.cdx.json and licences.md; fails where deny.toml does not allow a
//                                   licence or a crate, or where something has no checksum or is from elsewhere
//                                   than the registries. Known vulnerabilities: `make audit`.
//
// Counts what is shipped: the dependencies of the binaries, without those of tests, and of the dashboard.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const BINARIES = ["sm-cli", "sm-lambda"];
const out = process.argv[2] ?? "target/sbom";

/** Crates that the binaries are built of. */
function crates() {
  const json = execFileSync("cargo", ["metadata", "--format-version", "1", "--locked"], {
    maxBuffer: 1 << 28,
  });
  const { packages, resolve } = JSON.parse(json);
  const byId = new Map(packages.map((p) => [p.id, p]));
  const nodes = new Map(resolve.nodes.map((n) => [n.id, n]));
  const seen = new Set();
  const visit = (id) => {
    if (seen.has(id)) return;
    seen.add(id);
    for (const dep of nodes.get(id).deps) {
      if (dep.dep_kinds.some(({ kind }) => kind !== "dev")) visit(dep.pkg);
    }
  };
  for (const p of packages) if (BINARIES.includes(p.name) && !p.source) visit(p.id);
  const lock = readFileSync("Cargo.lock", "utf8");
  const hash = (p) =>
    lock.match(new RegExp(`name = "${p.name}"\nversion = "${p.version.replaceAll("+", "\\+")}"\nsource = .*\nchecksum = "(\\w+)"`))?.[1];
  return [...seen]
    .map((id) => byId.get(id))
    .filter((p) => p.source)
    .map((p) => ({
      kind: "cargo",
      name: p.name,
      version: p.version,
      licence: p.license,
      fromRegistry: p.source.startsWith("registry+"),
      hash: hash(p) && { alg: "SHA-256", content: hash(p) },
    }));
}

/** Packages that end up in the dashboard. */
function packages() {
  const lock = JSON.parse(readFileSync("frontend/package-lock.json", "utf8"));
  return Object.entries(lock.packages)
    .filter(([path, p]) => path && !p.dev && !p.link)
    .map(([path, p]) => {
      const [algorithm, base64] = (p.integrity ?? "").split("-");
      const content = base64 && Buffer.from(base64, "base64").toString("hex");
      return {
        kind: "npm",
        name: path.slice(path.lastIndexOf("node_modules/") + 13),
        version: p.version,
        licence: p.license,
        // Nothing but `resolved: …` names another origin; the lock file names none for the registry.
        fromRegistry: !/^(git|file|http:)/.test(p.resolved ?? ""),
        hash: content && { alg: algorithm.replace("sha", "SHA-"), content },
      };
    });
}

/** A list of deny.toml: the `allow`ed licences, the crates to `deny`. */
function listed(key) {
  const list = readFileSync("deny.toml", "utf8").match(new RegExp(`^${key} = \\[([^\\]]*)\\]`, "m"))[1];
  return new Set([...list.matchAll(/"([^"]+)"/g)].map((m) => m[1]));
}

/** Whether an SPDX expression can be met with these licences. `/` is how old crates write OR. */
function meets(expression, ok) {
  const tokens = (expression ?? "").replaceAll("/", " OR ").match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const any = () => {
    let met = all();
    while (tokens[at] === "OR") (at++, (met = all() || met));
    return met;
  };
  const all = () => {
    let met = one();
    while (tokens[at] === "AND") (at++, (met = one() && met));
    return met;
  };
  const one = () => {
    if (tokens[at] === "(") {
      at++;
      const met = any();
      at++;
      return met;
    }
    let name = tokens[at++];
    if (tokens[at] === "WITH") ((name += ` WITH ${tokens[at + 1]}`), (at += 2));
    return ok.has(name);
  };
  return tokens.length > 0 && any();
}

const purl = (c) => `pkg:${c.kind}/${c.name.replace("@", "%40")}@${c.version}`;
const component = (c) => ({
  type: "library",
  "bom-ref": purl(c),
  name: c.name,
  version: c.version,
  purl: purl(c),
  ...(c.licence && { licenses: [{ expression: c.licence.replaceAll("/", " OR ") }] }),
  ...(c.hash && { hashes: [c.hash] }),
});

const version = readFileSync("Cargo.toml", "utf8").match(/^version = "(.*)"/m)[1];
const all = [...crates(), ...packages()].sort((a, b) => (purl(a) < purl(b) ? -1 : 1));
const components = all.map(component);
// The same content has the same number, so that two builds can be compared.
const digest = createHash("sha256").update(JSON.stringify(components)).digest("hex");
const uuid = digest.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-5$3-8$4-$5");
const bom = {
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  serialNumber: `urn:uuid:${uuid}`,
  version: 1,
  metadata: {
    component: { type: "application", name: "streammaxing", version, licenses: [{ license: { id: "Apache-2.0" } }] },
  },
  components,
};

const groups = new Map();
for (const c of all) groups.set(c.licence ?? "none", [...(groups.get(c.licence ?? "none") ?? []), c]);
const byCount = [...groups].sort(([, a], [, b]) => b.length - a.length);
const report = byCount.map(
  ([licence, list]) => `## ${licence} (${list.length})\n\n${list.map((c) => `${c.name} ${c.version}`).join(", ")}\n`,
);
mkdirSync(out, { recursive: true });
writeFileSync(join(out, "sbom.cdx.json"), `${JSON.stringify(bom, null, 2)}\n`);
writeFileSync(join(out, "licences.md"), `# Licences of what StreamMaxing ${version} is made of\n\n${report.join("\n")}`);

const licences = listed("allow");
const denied = listed("deny");
const faults = all.flatMap((c) => {
  const found = [];
  if (!meets(c.licence, licences)) found.push(`deny.toml does not allow "${c.licence ?? "no licence"}"`);
  if (c.kind === "cargo" && denied.has(c.name)) found.push("deny.toml denies this crate");
  if (!c.fromRegistry) found.push("is not from a registry");
  if (!c.hash) found.push("the lock file has no checksum for it");
  return found.map((fault) => `${c.name} ${c.version}: ${fault}`);
});
for (const fault of faults) console.error(fault);
console.log(`${out}: ${all.length} components, ${groups.size} licence expressions`);
process.exitCode = faults.length > 0 ? 1 : 0;
