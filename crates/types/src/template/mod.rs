//! The message template: parser, values, rendering, limits.
//!
//! `{title}` puts a value in, `{title|truncate:80}` changes it, `{game|default:"something"}` stands
//! in for a missing one, `{#if vod_url}…{:else}…{/if}` and `{#unless …}` choose, `{{` and `}}` are
//! braces. Values are data: they are escaped, and only the mention variables can ping.

mod embed;
mod error;
mod escape;
mod message;
mod parse;
mod render;
mod values;
mod variable;

pub use embed::{Embed, EmbedAuthor, EmbedField, EmbedFooter, EmbedImage};
pub use error::{ErrorKind, Span, TemplateError};
pub(crate) use escape::is_default_ignorable;
pub use escape::shows_nothing;
pub use message::{
    AuthorTemplate, EmbedTemplate, FieldError, FieldProblem, FieldTemplate, FooterTemplate,
    MessageTemplate, ParsedMessage, RenderedMessage,
};
pub use parse::{Name, Template};
pub use render::Context;
pub use values::{Source, Value, Values};
pub use variable::Variable;
pub(crate) use variable::closest;

/// The longest source, in characters.
pub const MAX_SOURCE_CHARS: usize = 4_000;
/// How deep blocks may stand in each other.
pub const MAX_DEPTH: usize = 16;
