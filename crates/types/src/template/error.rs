//! Errors of a template, with their place and remedy.

use super::{MAX_DEPTH, MAX_SOURCE_CHARS};
use std::fmt;

/// A place in a source, in characters (Unicode scalar values).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first character, from 0.
    pub start: usize,
    /// Past the last character.
    pub end: usize,
    /// The line of `start`, from 1.
    pub line: usize,
    /// The column of `start`, from 1.
    pub column: usize,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// There is no such variable; `near` is what was meant, perhaps.
    UnknownVariable { name: String, near: Option<&'static str> },
    /// There is no such filter.
    UnknownFilter(String),
    /// The filter, or the variable, needs another argument.
    BadArgument { filter: &'static str, expected: &'static str },
    /// `{#…}` names no block that there is, or `{:…}` is not `{:else}`.
    UnknownBlock(String),
    /// `{` without `}`.
    UnclosedBrace,
    /// `}` without `{`.
    StrayBrace,
    /// `{#if}` or `{#unless}` without its end.
    UnclosedBlock(&'static str),
    /// `{/if}` or `{:else}` where no such block is open.
    UnexpectedTag(String),
    /// Blocks stand too deep in each other.
    TooDeep,
    /// The source is too long.
    TooLong,
}

impl ErrorKind {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownVariable { .. } => "unknown_variable",
            Self::UnknownFilter(_) => "unknown_filter",
            Self::BadArgument { .. } => "bad_argument",
            Self::UnknownBlock(_) => "unknown_block",
            Self::UnclosedBrace => "unclosed_brace",
            Self::StrayBrace => "stray_brace",
            Self::UnclosedBlock(_) => "unclosed_block",
            Self::UnexpectedTag(_) => "unexpected_tag",
            Self::TooDeep => "too_deep",
            Self::TooLong => "too_long",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVariable { name, near: Some(near) } => {
                write!(f, "there is no {{{name}}}: did you mean {{{near}}}?")
            }
            Self::UnknownVariable { name, near: None } => write!(
                f,
                "there is no {{{name}}}: choose one of the listed variables, or write {{{{ for a brace"
            ),
            Self::UnknownFilter(name) => {
                write!(f, "there is no filter `{name}`: use truncate, upper, lower or default")
            }
            Self::BadArgument { filter, expected } => write!(f, "`{filter}` needs {expected}"),
            Self::UnknownBlock(tag) => {
                write!(f, "there is no {{{tag}}}: use {{#if …}}, {{#unless …}} or {{:else}}")
            }
            Self::UnclosedBrace => {
                f.write_str("this { has no }: close it, or write {{ for a brace")
            }
            Self::StrayBrace => f.write_str("this } has no {: write }} for a brace"),
            Self::UnclosedBlock(block) => {
                write!(f, "this {{#{block}}} has no end: add {{/{block}}}")
            }
            Self::UnexpectedTag(tag) => {
                write!(f, "{{{tag}}} closes nothing that is open here")
            }
            Self::TooDeep => {
                write!(f, "blocks may stand {MAX_DEPTH} deep in each other, not deeper")
            }
            Self::TooLong => write!(f, "a template has {MAX_SOURCE_CHARS} characters at most"),
        }
    }
}

/// An error and its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {}, column {}: {kind}", span.line, span.column)]
pub struct TemplateError {
    /// Where.
    pub span: Span,
    /// What.
    pub kind: ErrorKind,
}
