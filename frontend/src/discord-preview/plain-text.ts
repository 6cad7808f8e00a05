import type { Inline, Node } from "./ast";

/** How a mention or a timestamp reads. */
export type Reading = (node: Extract<Inline, { type: "mention" | "timestamp" }>) => string;

/** A message's text as it is read aloud; spoilers stay hidden. */
export function plainText(nodes: readonly Node[], read: Reading, hidden: string): string {
  const inner = (children: readonly Node[]) => plainText(children, read, hidden);
  const text = (node: Node): string => {
    switch (node.type) {
      case "text":
      case "code":
        return node.text;
      case "codeBlock":
        return ` ${node.text} `;
      case "emoji":
        return `:${node.name}:`;
      case "mention":
      case "timestamp":
        return read(node);
      case "spoiler":
        return hidden;
      case "list":
        return ` ${node.items.map(inner).join(" ")} `;
      case "heading":
      case "subtext":
      case "quote":
        return ` ${inner(node.children)} `;
      default:
        return inner(node.children);
    }
  };
  return nodes.map(text).join("").replaceAll(/\s+/g, " ");
}

const EMOJI = /^(?:\p{Extended_Pictographic}|\p{Emoji_Component})+$/u;
const MAX_JUMBO = 30;

/** Whether there are only emojis, which are shown larger then. */
export function isJumbo(nodes: readonly Node[]): boolean {
  const shown = nodes.filter((node) => node.type !== "text" || node.text.trim() !== "");
  return shown.length > 0 && shown.length <= MAX_JUMBO && shown.every(isEmoji);
}

function isEmoji(node: Node): boolean {
  return node.type === "emoji" || (node.type === "text" && isEmojiText(node.text));
}

function isEmojiText(text: string): boolean {
  const packed = text.replaceAll(/\s/g, "");
  return packed.length <= 8 * MAX_JUMBO && EMOJI.test(packed) && /\P{ASCII}/u.test(packed);
}
