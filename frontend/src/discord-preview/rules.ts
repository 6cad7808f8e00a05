/** What is understood in a place. */
export interface Rules {
  /** Bold, italics, code, spoilers and the like. */
  styles: boolean;
  /** Block quotes, headings, subtext, lists and code blocks. */
  blocks: boolean;
  quotes: boolean;
  lists: boolean;
  /** Masked and bare links. */
  links: boolean;
  mentions: boolean;
  /** Timestamps and custom emojis. */
  tokens: boolean;
}

/** The places where a message shows text. */
export type Place = "content" | "description" | "fieldValue" | "title" | "fieldName" | "plain";

const ALL: Rules = {
  styles: true,
  blocks: true,
  quotes: true,
  lists: true,
  links: true,
  mentions: true,
  tokens: true,
};
const LINE: Rules = {
  ...ALL,
  blocks: false,
  quotes: false,
  lists: false,
  links: false,
  mentions: false,
};

/** What Discord understands where: titles and field names less, author and footer nothing. */
export const RULES: Record<Place, Rules> = {
  content: ALL,
  description: ALL,
  fieldValue: ALL,
  title: LINE,
  fieldName: LINE,
  plain: { ...LINE, styles: false, tokens: false },
};
