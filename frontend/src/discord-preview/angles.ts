import type { Inline, TimestampStyle } from "./ast";
import { webUrl } from "./links";
import type { Rules } from "./rules";

/** A node that was written between angle brackets, and where it ends. */
export interface Angle {
  node: Inline;
  end: number;
}

const MENTION = /<(@!|@&|@|#)(\d{1,20})>/y;
const COMMAND = /<\/([^<>:\n]{1,100}):\d{1,20}>/y;
const PAGE = /<id:(customize|browse|guide|linked-roles)>/y;
const EMOJI = /<(a?):(\w{2,32}):(\d{17,20})>/y;
const TIMESTAMP = /<t:(-?\d{1,13})(?::([tTdDfFsSR]))?>/y;
const AUTOLINK = /<(https?:\/\/[^\s<>]+)>/iy;
/** The furthest from 1970 that a date can be. */
const MAX_SECONDS = 8_640_000_000_000;

const MENTION_KINDS = { "@": "user", "@!": "user", "@&": "role", "#": "channel" } as const;

/** What is written between angle brackets at `at`. */
export function readAngle(src: string, at: number, rules: Rules): Angle | undefined {
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(src);
  };
  const found = (node: Inline, [text]: RegExpExecArray) => ({ node, end: at + text.length });
  if (rules.mentions) {
    const mention = match(MENTION);
    if (mention) return found(mentionNode(mention), mention);
    const command = match(COMMAND);
    if (command) return found({ type: "mention", kind: "command", id: command[1] ?? "" }, command);
    const page = match(PAGE);
    if (page) return found({ type: "mention", kind: "page", id: page[1] ?? "" }, page);
  }
  if (rules.tokens) {
    const emoji = match(EMOJI);
    if (emoji) return found(emojiNode(emoji), emoji);
    const timestamp = match(TIMESTAMP);
    const node = timestamp && timestampNode(timestamp);
    if (node) return found(node, timestamp);
  }
  const link = rules.links ? match(AUTOLINK) : null;
  const url = link && webUrl(link[1] ?? "");
  return url
    ? found({ type: "link", url, children: [{ type: "text", text: url }] }, link)
    : undefined;
}

function mentionNode([, sign = "", id = ""]: RegExpExecArray): Inline {
  const kind = sign === "@" || sign === "@!" || sign === "@&" || sign === "#" ? sign : "@";
  return { type: "mention", kind: MENTION_KINDS[kind], id };
}

function emojiNode([, animated, name = "", id = ""]: RegExpExecArray): Inline {
  return { type: "emoji", name, id, animated: animated === "a" };
}

const STYLES: readonly TimestampStyle[] = ["t", "T", "d", "D", "f", "F", "s", "S", "R"];

function timestampNode([, digits, letter]: RegExpExecArray): Inline | undefined {
  const seconds = Number(digits);
  const style = STYLES.find((candidate) => candidate === letter) ?? "f";
  return Math.abs(seconds) > MAX_SECONDS ? undefined : { type: "timestamp", seconds, style };
}
