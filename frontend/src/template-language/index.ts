// The message template language as crates/types/src/template has it, for the browser.
export { charOffsets } from "./chars";
export type { ErrorCode, Span, TemplateError } from "./errors";
export type { Context } from "./escape";
export {
  checkMessage,
  emptyEmbed,
  FIELD_RULES,
  MAX_FIELDS,
  readMessage,
  type EmbedTemplate,
  type FieldError,
  type FieldKind,
  type MessageTemplate,
} from "./message";
export { findProblems, parseLeniently } from "./parse";
export { contentOf, measure, type Values } from "./render";
export { renderMessage, type Embed, type RenderedMessage } from "./render-message";
export { SAMPLE_KINDS, sampleValues, type SampleKind } from "./samples";
export { openBlock, openTag, tokenize, type Token } from "./tokens";
export { FILTERS, isVariable } from "./variables";
