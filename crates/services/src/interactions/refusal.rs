//! Why something was not saved, in the language of whoever wanted it.

use super::language::Language;
use crate::setup::{Problem, SaveError};

/// What to tell of a save that came to nothing.
pub(super) fn told(language: Language, error: &SaveError) -> String {
    match error {
        SaveError::Invalid(problems) => {
            let lines: Vec<_> = problems.iter().map(|problem| line(language, problem)).collect();
            lines.join("\n")
        }
        SaveError::Conflict => language
            .pick(
                "Somebody else has just saved. Try again.",
                "Jemand anderes hat gerade gespeichert. Versuche es noch einmal.",
            )
            .to_owned(),
        SaveError::NotFound => language
            .pick("There is no such thing here any more.", "Das gibt es hier nicht mehr.")
            .to_owned(),
        SaveError::Discord(_) => unavailable(language, "Discord"),
        SaveError::Twitch(_) => unavailable(language, "Twitch"),
        SaveError::Database(_) => unavailable(language, "StreamMaxing"),
    }
}

/// Somebody does not answer.
pub(super) fn unavailable(language: Language, who: &str) -> String {
    language.pick(
        format!("{who} does not answer now. Try again in a moment."),
        format!("{who} antwortet gerade nicht. Versuche es gleich noch einmal."),
    )
}

fn line(language: Language, problem: &Problem) -> String {
    let german = match problem.code {
        "unknown_channel" => "Diesen Kanal gibt es auf diesem Server nicht. Wähle einen anderen.",
        "wrong_channel_type" => {
            "Dieser Kanal nimmt keine Nachrichten an. Wähle einen Text- oder Ankündigungskanal."
        }
        "unknown_role" => "Diese Rolle lässt sich hier nicht erwähnen. Wähle eine andere.",
        "channel_twice" => "Jeder Kanal kann nur einmal genannt werden.",
        _ => return problem.message.clone(),
    };
    language.pick(problem.message.clone(), german.to_owned())
}
