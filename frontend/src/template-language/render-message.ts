import { webAddress } from "./address";
import { countChars } from "./chars";
import {
  FIELD_RULES,
  MAX_FIELDS,
  type EmbedTemplate,
  type FieldKind,
  type MessageTemplate,
} from "./message";
import { parseLeniently } from "./parse";
import { render, type Values } from "./render";

/** An embed as Discord takes it; what is not set is left out. */
export interface Embed {
  title?: string;
  description?: string;
  url?: string;
  /** ISO 8601. */
  timestamp?: string;
  color?: number;
  footer?: { text: string };
  image?: { url: string };
  thumbnail?: { url: string };
  author?: { name: string; url?: string; icon_url?: string };
  fields?: { name: string; value: string; inline: boolean }[];
}

/** A message ready for Discord. */
export interface RenderedMessage {
  content: string;
  embeds: Embed[];
}

/** What messages are rendered with. */
export interface RenderSample {
  values: Values;
  /** The time that an embed's timestamp shows. */
  startedAt?: Date;
}

/** The most characters of an embed's texts together. */
const MAX_EMBED_CHARS = 6000;
/** What is posted when a template renders to nothing. */
const FALLBACK = '{streamer|default:"The stream"} {#if ended}was{:else}is{/if} live: {url}';

/** Renders a message within Discord's limits; it is never empty, and leniently parsed. */
export function renderMessage(message: MessageTemplate, sample: RenderSample): RenderedMessage {
  const content = renderSource(message.content, "content", sample.values);
  const embed = message.embed && renderEmbed(message.embed, sample);
  const embeds = embed && showsSomething(embed) ? [embed] : [];
  const empty = content === "" && embeds.length === 0;
  return { content: empty ? renderSource(FALLBACK, "content", sample.values) : content, embeds };
}

/** The characters of an embed that count towards the limit of 6,000. */
export function embedLength(embed: Embed): number {
  const fields = (embed.fields ?? []).flatMap(({ name, value }) => [name, value]);
  const texts = [embed.title, embed.description, embed.footer?.text, embed.author?.name, ...fields];
  return texts.reduce((sum, text) => sum + countChars(text ?? ""), 0);
}

function renderSource(
  source: string,
  kind: FieldKind,
  values: Values,
  most: number = FIELD_RULES[kind].limit,
): string {
  return render(parseLeniently(source), values, FIELD_RULES[kind].context, most);
}

function showsSomething(embed: Embed): boolean {
  const { title, description, footer, image, thumbnail, author, fields } = embed;
  return [title, description, footer, image, thumbnail, author, fields].some(Boolean);
}

function renderEmbed(template: EmbedTemplate, { values, startedAt }: RenderSample): Embed {
  const text = (kind: FieldKind, source: string) => renderSource(source, kind, values);
  const picture = (source: string) => {
    const url = address(source, values);
    return url === undefined ? undefined : { url };
  };
  const footer = text("footer", template.footer?.text ?? "");
  const fields = template.fields
    .map(({ name, value, inline }) => ({
      name: text("fieldName", name),
      value: text("fieldValue", value),
      inline,
    }))
    .filter(({ name, value }) => name !== "" && value !== "");
  const embed: Embed = {
    title: text("title", template.title) || undefined,
    description: text("description", template.description) || undefined,
    url: address(template.url, values),
    timestamp: template.timestamp && startedAt ? rfc3339(startedAt) : undefined,
    color: template.color ?? undefined,
    footer: footer === "" ? undefined : { text: footer },
    image: picture(template.image_url),
    thumbnail: picture(template.thumbnail_url),
    author: renderAuthor(template.author, values),
    fields: fields.length > 0 ? fields.slice(0, MAX_FIELDS) : undefined,
  };
  return withinSum(embed, template.description, values);
}

function renderAuthor(author: EmbedTemplate["author"], values: Values): Embed["author"] {
  const name = renderSource(author?.name ?? "", "author", values);
  if (!author || name === "") return undefined;
  const [url, icon_url] = [address(author.url, values), address(author.icon_url, values)];
  return { name, url, icon_url };
}

/** All texts together have 6,000 characters at most: the description gives way, then fields. */
function withinSum(embed: Embed, description: string, values: Values): Embed {
  const excess = embedLength(embed) - MAX_EMBED_CHARS;
  if (excess <= 0) return embed;
  const room = Math.max(countChars(embed.description ?? "") - excess, 0);
  const shorter = renderSource(description, "description", values, room) || undefined;
  const fields = [...(embed.fields ?? [])];
  const left = { ...embed, description: shorter, fields };
  while (embedLength(left) > MAX_EMBED_CHARS && fields.pop());
  return { ...left, fields: fields.length > 0 ? fields : undefined };
}

/** A rendered address; one that can never work is left out. */
function address(source: string, values: Values): string | undefined {
  return webAddress(renderSource(source, "url", values, FIELD_RULES.url.limit + 1)).address;
}

function rfc3339(at: Date): string {
  return at.toISOString().replace(".000Z", "Z");
}
