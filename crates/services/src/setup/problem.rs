//! Why a save was refused.

use crate::guilds::places::Foreign;
use sm_types::{
    rules::{RuleSet, Wrong},
    template::{FieldError, FieldProblem, Span},
};

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which, as in `destinations[0].channel_id`.
    pub field: String,
    /// A stable code.
    pub code: &'static str,
    /// What is wrong, and the remedy.
    pub message: String,
    /// Where in the field's text.
    pub span: Option<Span>,
}

impl Problem {
    /// A problem of a whole field.
    pub fn new(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { field: field.into(), code, message: message.into(), span: None }
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        let field = format!("message.{}", error.field);
        match error.problem {
            FieldProblem::Template(error) => Self {
                field,
                code: error.kind.code(),
                message: error.kind.to_string(),
                span: Some(error.span),
            },
            FieldProblem::Rule(rule) => Self::new(field, "invalid", rule),
        }
    }
}

/// What is wrong with a set of rules at `field`, with each rule's place.
pub(super) fn of_rules(field: &str, rules: &RuleSet) -> Vec<Problem> {
    let problem =
        |wrong: Wrong| Problem::new(format!("{field}.{}", wrong.field), wrong.code, wrong.message);
    rules.problems().into_iter().map(problem).collect()
}

/// Why a save came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// These fields are wrong.
    #[error("{} field(s) are wrong", .0.len())]
    Invalid(Vec<Problem>),
    /// Somebody else has saved since.
    #[error("somebody else has saved since")]
    Conflict,
    /// There is nothing to save to.
    #[error("there is no such thing")]
    NotFound,
    /// Discord does not answer, and without it this cannot be checked.
    #[error("Discord: {0}")]
    Discord(#[from] sm_discord::Error),
    /// Twitch does not answer, and without it this cannot be checked.
    #[error("Twitch: {0}")]
    Twitch(#[from] sm_twitch::Error),
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl SaveError {
    pub(crate) fn field(
        field: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self::Invalid(vec![Problem::new(field, code, message)])
    }
}

/// What a channel or role of another server is reported as.
pub(super) fn foreign(prefix: &str, foreign: Foreign) -> Problem {
    match foreign {
        Foreign::Channel(id) => Problem::new(
            format!("{prefix}channel_id"),
            "unknown_channel",
            format!("This server has no channel {id}. Choose one of its own."),
        ),
        Foreign::Kind(id) => Problem::new(
            format!("{prefix}channel_id"),
            "wrong_channel_type",
            format!("Channel {id} takes no messages. Choose a text or announcement channel."),
        ),
        Foreign::Role(id) => Problem::new(
            format!("{prefix}mention.role_id"),
            "unknown_role",
            format!("This server has no role {id} to mention. Choose one of its own."),
        ),
    }
}
