/** The styles of a timestamp, as in `<t:0:R>`. */
export type TimestampStyle = "t" | "T" | "d" | "D" | "f" | "F" | "s" | "S" | "R";

/** A text style that encloses other nodes. */
export type Style = "bold" | "italic" | "underline" | "strike" | "spoiler";

/** What is mentioned. */
type MentionKind = "user" | "role" | "channel" | "everyone" | "here" | "command" | "page";

/** A node within a line. */
export type Inline =
  | { type: "text"; text: string }
  | { type: Style; children: Inline[] }
  | { type: "code"; text: string }
  | { type: "codeBlock"; text: string; language?: string }
  | { type: "link"; url: string; title?: string; children: Inline[] }
  | { type: "mention"; kind: MentionKind; id: string }
  | { type: "emoji"; name: string; id: string; animated: boolean }
  | { type: "timestamp"; seconds: number; style: TimestampStyle };

/** A node that takes whole lines. */
type Block =
  | { type: "heading"; level: 1 | 2 | 3; children: Inline[] }
  | { type: "subtext"; children: Inline[] }
  | { type: "quote"; children: Node[] }
  | { type: "list"; ordered: boolean; start: number; items: Node[][] };

/** A node of a message; newlines between lines of text are part of the text. */
export type Node = Inline | Block;

/** Adds a node, joining text with text. */
export function append(nodes: Node[], node: Node): void;
export function append(nodes: Inline[], node: Inline): void;
export function append(nodes: Node[], node: Node) {
  const last = nodes.at(-1);
  if (node.type === "text" && last?.type === "text") last.text += node.text;
  else if (node.type !== "text" || node.text !== "") nodes.push(node);
}
