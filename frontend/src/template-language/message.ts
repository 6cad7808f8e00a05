import { ADDRESS_PROBLEMS, webAddress, type AddressProblem } from "./address";
import { describeError, type Span, type TemplateError } from "./errors";
import type { Context } from "./escape";
import { parseLeniently, parseTemplate } from "./parse";
import { render, type Values } from "./render";
import { VARIABLES, type Variable } from "./variables";

/** A message template as admins write it; every text is a template source. */
export interface MessageTemplate {
  /** The text above the embed; only here a mention pings. */
  content: string;
  embed: EmbedTemplate | null;
}

/** An embed's template; an empty text leaves its part out. */
export interface EmbedTemplate {
  title: string;
  url: string;
  description: string;
  /** 0 to 0xFFFFFF. */
  color: number | null;
  author: { name: string; url: string; icon_url: string } | null;
  fields: { name: string; value: string; inline: boolean }[];
  thumbnail_url: string;
  image_url: string;
  footer: { text: string } | null;
  /** Whether the stream's start is shown below. */
  timestamp: boolean;
}

/** What is wrong with one field, as in the API's problem documents. */
export interface FieldError {
  /** Which, as in `message.embed.fields[0].value`. */
  field: string;
  code: string;
  message: string;
  span?: Span;
}

/** The kinds of fields that hold a template. */
export type FieldKind =
  "content" | "title" | "description" | "author" | "fieldName" | "fieldValue" | "footer" | "url";

/** Where each kind of field stands, and the most characters that Discord takes there. */
export const FIELD_RULES: Record<FieldKind, { context: Context; limit: number }> = {
  content: { context: "content", limit: 2000 },
  title: { context: "embed", limit: 256 },
  description: { context: "embed", limit: 4096 },
  author: { context: "plain", limit: 256 },
  fieldName: { context: "embed", limit: 256 },
  fieldValue: { context: "embed", limit: 1024 },
  footer: { context: "plain", limit: 2048 },
  url: { context: "url", limit: 2048 },
};

/** The most fields of an embed. */
export const MAX_FIELDS = 25;
const MAX_COLOR = 0xffffff;
/** A field that holds a template source. */
export interface TemplateSource {
  /** As in `message.embed.title`. */
  field: string;
  kind: FieldKind;
  source: string;
}

/** The template sources of a message, in the order in which the API checks them. */
export function sourcesOf({ content, embed }: MessageTemplate): TemplateSource[] {
  const sources: TemplateSource[] = [];
  const add = (field: string, kind: FieldKind, source: string) =>
    sources.push({ field: `message.${field}`, kind, source });
  add("content", "content", content);
  if (!embed) return sources;
  add("embed.title", "title", embed.title);
  add("embed.url", "url", embed.url);
  add("embed.description", "description", embed.description);
  add("embed.thumbnail_url", "url", embed.thumbnail_url);
  add("embed.image_url", "url", embed.image_url);
  if (embed.author) {
    add("embed.author.name", "author", embed.author.name);
    add("embed.author.url", "url", embed.author.url);
    add("embed.author.icon_url", "url", embed.author.icon_url);
  }
  if (embed.footer) add("embed.footer.text", "footer", embed.footer.text);
  for (const [n, { name, value }] of embed.fields.entries()) {
    add(`embed.fields[${n}].name`, "fieldName", name);
    add(`embed.fields[${n}].value`, "fieldValue", value);
  }
  return sources;
}

/** Everything that the API would refuse in a message, in its words; empty when it would save it. */
export function checkMessage(message: MessageTemplate): FieldError[] {
  const errors: FieldError[] = [];
  const rule = (field: string, text: string) =>
    errors.push({ field: `message.${field}`, code: "invalid", message: text });
  for (const { field, source } of sourcesOf(message)) {
    const parsed = parseTemplate(source);
    if (!parsed.ok) errors.push(fieldError(field, parsed.error));
    if (field === "message.content") checkEmbedRules(message.embed, rule);
  }
  return errors.length > 0 ? errors : addressErrors(message);
}

function addressErrors(message: MessageTemplate): FieldError[] {
  return sourcesOf(message).flatMap(({ field, kind, source }) => {
    const problem = kind === "url" ? neverAnAddress(source) : undefined;
    return problem ? [{ field, code: "invalid", message: ADDRESS_PROBLEMS[problem] }] : [];
  });
}

/** Why no stream could make an address of a template; nothing when one could, or when it stays empty. */
function neverAnAddress(source: string): AddressProblem | undefined {
  const { context, limit } = FIELD_RULES.url;
  const template = parseLeniently(source);
  const rendered = SHAPES.map((values) => render(template, values, context, limit + 1));
  const found = rendered.filter((text) => text.trim() !== "").map(webAddress);
  return found.every(({ problem }) => problem) ? found[0]?.problem : undefined;
}

const shape = (names: readonly Variable[]): Values =>
  Object.fromEntries(
    names.map((name) => [
      name,
      name === "url" || name.endsWith("_url") ? { url: "https://example.com/x" } : { text: "x" },
    ]),
  );
const AFTER_THE_END: readonly string[] = ["ended", "duration", "vod_url"];

/** What a template may be rendered with: everything there is, a live stream, and nothing at all. */
const SHAPES: readonly Values[] = [
  shape(VARIABLES),
  shape(VARIABLES.filter((name) => !AFTER_THE_END.includes(name))),
  {},
];

function checkEmbedRules(embed: EmbedTemplate | null, rule: (field: string, text: string) => void) {
  const color = embed?.color ?? 0;
  if (!Number.isInteger(color) || color < 0 || color > MAX_COLOR) {
    rule("embed.color", "must be between 0 and 16777215 (0xFFFFFF)");
  }
  if (embed && embed.fields.length > MAX_FIELDS) {
    rule("embed.fields", "an embed has 25 fields at most");
  }
}

function fieldError(field: string, error: TemplateError): FieldError {
  return { field, code: error.code, message: describeError(error), span: error.span };
}

/** A message template from JSON; what is missing or of another type is empty. */
export function readMessage(json: unknown): MessageTemplate {
  const message = record(json);
  return { content: text(message.content), embed: optional(message.embed, readEmbed) };
}

/** An embed with nothing in it yet. */
export function emptyEmbed(): EmbedTemplate {
  return readEmbed({});
}

type Json = Record<string, unknown>;

const text = (value: unknown) => (typeof value === "string" ? value : "");
const record = (value: unknown): Json =>
  typeof value === "object" && value !== null ? { ...value } : {};
const readField = (field: Json) => ({
  name: text(field.name),
  value: text(field.value),
  inline: field.inline === true,
});
const readAuthor = (author: Json) => ({
  name: text(author.name),
  url: text(author.url),
  icon_url: text(author.icon_url),
});

function readEmbed(part: Json): EmbedTemplate {
  return {
    title: text(part.title),
    url: text(part.url),
    description: text(part.description),
    color: typeof part.color === "number" ? part.color : null,
    author: optional(part.author, readAuthor),
    fields: Array.isArray(part.fields) ? part.fields.map(record).map(readField) : [],
    thumbnail_url: text(part.thumbnail_url),
    image_url: text(part.image_url),
    footer: optional(part.footer, (footer) => ({ text: text(footer.text) })),
    timestamp: part.timestamp === true,
  };
}

function optional<T>(value: unknown, read: (part: Json) => T): T | null {
  return typeof value === "object" && value !== null ? read(record(value)) : null;
}
