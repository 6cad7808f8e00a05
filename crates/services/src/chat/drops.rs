//! What follows from Twitch's answer to a line.
//!
//! Codes of drops are not documented and change: one that is not listed here is final, and shown as it is.

use sm_db::chat::{DueLine, sends::Outcome};
use sm_twitch::{Error, Spoken};
use time::Duration;

/// What is done besides recording the outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Then {
    Nothing,
    /// The bot does not moderate there: a moderator would not have been told that.
    NotModerator,
    /// The channel is slower than was believed.
    SlowMode,
    /// Nothing is said there for a while.
    Pause(&'static str),
    /// The bot is not let in any more.
    Leave(&'static str),
    /// What is granted is looked at: the bot leaves if it may not be there.
    Look,
}

/// Claims of one line: a refusal that is about the moment is tried once more.
const TRIES: i32 = 2;
/// How long to wait where Twitch does not say.
const WAIT: Duration = Duration::seconds(1);
/// What the account has sent is counted for 30 seconds; a little of it may be over by then.
const RATE_WAIT: Duration = Duration::seconds(2);

pub(super) fn judge(line: &DueLine, answer: Result<Spoken, Error>) -> (Outcome, Then) {
    match answer {
        Ok(Spoken::Said { message_id }) => (Outcome::Sent { message_id }, Then::Nothing),
        Ok(Spoken::Unknown) => (Outcome::Unknown { reason: "no_answer" }, Then::Nothing),
        Ok(Spoken::Dropped { code, message }) => dropped(line, code, message),
        Err(error) => refused(line, error),
    }
}

fn dropped(line: &DueLine, code: String, message: String) -> (Outcome, Then) {
    let then = match code.as_str() {
        "msg_ratelimit" => Then::NotModerator,
        "msg_duplicate" if line.is_moderator => Then::NotModerator,
        "msg_slowmode" => Then::SlowMode,
        "user_timed_out" | "msg_timedout" => Then::Pause("timed_out"),
        "msg_channel_suspended" => Then::Pause("channel_suspended"),
        "msg_banned" => Then::Leave("banned"),
        _ => Then::Nothing,
    };
    let again = matches!(code.as_str(), "msg_ratelimit" | "msg_slowmode") && line.attempts < TRIES;
    let outcome = if again {
        Outcome::Again { wait: RATE_WAIT, reason: code, without_reply: false }
    } else {
        let reason = if code.is_empty() { "dropped".to_owned() } else { cut(&code, 64) };
        Outcome::Dropped { reason, detail: cut(&message, 300) }
    };
    (outcome, then)
}

fn refused(line: &DueLine, error: Error) -> (Outcome, Then) {
    let again = |wait, reason: &str| Outcome::Again {
        wait,
        reason: reason.to_owned(),
        without_reply: false,
    };
    let over = |reason: &str, detail: &str| Outcome::Dropped {
        reason: reason.to_owned(),
        detail: cut(detail, 300),
    };
    match error {
        // It is too late before long, and then it is not tried any more.
        Error::RateLimited { retry_after } => {
            let wait = Duration::try_from(retry_after).unwrap_or(WAIT).max(WAIT);
            (again(wait, "rate_limited"), Then::Nothing)
        }
        Error::Unavailable { .. } | Error::Decode => (again(WAIT, "unavailable"), Then::Nothing),
        Error::Rejected { status: 400, message } if line.reply_to.is_some() => {
            tracing::info!(send.id = %line.send_id, message, "a line cannot be replied to: it is said by itself");
            let reason = "reply_refused".to_owned();
            (Outcome::Again { wait: Duration::ZERO, reason, without_reply: true }, Then::Nothing)
        }
        Error::Rejected { status: 422, message } => (over("too_long", &message), Then::Nothing),
        Error::Unauthorized => (over("unauthorized", ""), Then::Look),
        Error::Forbidden { message } => (over("forbidden", &message), Then::Look),
        error => (over("rejected", &error.to_string()), Then::Nothing),
    }
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

/// What makes a text another one; as long as `types::chat::text::ROOM_TO_VARY`. What cannot be seen would be taken
/// for a trick, and Twitch does not count blanks.
const ENDINGS: [&str; 3] = [" ·", " •", " ∙"];

/// The text, so that Twitch does not take it for one that was just said; `None` when it is left out instead.
pub(super) fn varied(line: &DueLine) -> Option<String> {
    if line.repeats == 0 || line.is_moderator {
        return Some(line.text.clone());
    }
    let ending = ENDINGS.get(usize::try_from(line.repeats - 1).ok()?)?;
    (!line.drops_repeats).then(|| format!("{}{ending}", line.text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sm_types::chat::text::ROOM_TO_VARY;
    use uuid::Uuid;

    fn line(attempts: i32) -> DueLine {
        DueLine {
            send_id: Uuid::nil(),
            channel: "7".into(),
            bot: "9".into(),
            text: "Hi".to_owned(),
            reply_to: None,
            attempts,
            is_moderator: false,
            slow_ms: 0,
            repeats: 0,
            drops_repeats: false,
            waited_ms: 0,
        }
    }

    #[test]
    fn each_drop_has_its_consequence() {
        let judged = |code: &str, attempts| {
            let dropped = Spoken::Dropped { code: code.to_owned(), message: "No".to_owned() };
            let (outcome, then) = judge(&line(attempts), Ok(dropped));
            let word = match outcome {
                Outcome::Again { .. } => "again".to_owned(),
                Outcome::Dropped { reason, .. } => reason,
                other => panic!("{other:?}"),
            };
            (word, then)
        };
        for (code, first, second, then) in [
            ("msg_ratelimit", "again", "msg_ratelimit", Then::NotModerator),
            ("msg_slowmode", "again", "msg_slowmode", Then::SlowMode),
            ("msg_duplicate", "msg_duplicate", "msg_duplicate", Then::Nothing),
            ("user_timed_out", "user_timed_out", "user_timed_out", Then::Pause("timed_out")),
            ("msg_timedout", "msg_timedout", "msg_timedout", Then::Pause("timed_out")),
            (
                "msg_channel_suspended",
                "msg_channel_suspended",
                "msg_channel_suspended",
                Then::Pause("channel_suspended"),
            ),
            ("msg_banned", "msg_banned", "msg_banned", Then::Leave("banned")),
            ("msg_rejected", "msg_rejected", "msg_rejected", Then::Nothing),
            ("msg_followersonly", "msg_followersonly", "msg_followersonly", Then::Nothing),
            ("msg_subsonly", "msg_subsonly", "msg_subsonly", Then::Nothing),
            ("msg_emoteonly", "msg_emoteonly", "msg_emoteonly", Then::Nothing),
            ("msg_r9k", "msg_r9k", "msg_r9k", Then::Nothing),
            ("automod_held", "automod_held", "automod_held", Then::Nothing),
            ("channel_settings", "channel_settings", "channel_settings", Then::Nothing),
            ("code_of_2031", "code_of_2031", "code_of_2031", Then::Nothing),
            ("", "dropped", "dropped", Then::Nothing),
        ] {
            assert_eq!(judged(code, 1), (first.to_owned(), then.clone()), "{code}");
            assert_eq!(judged(code, 2), (second.to_owned(), then), "{code}");
        }
    }

    #[test]
    fn only_what_was_certainly_not_said_is_said_again() {
        let judged = |answer| judge(&line(1), answer).0;
        assert_eq!(judged(Ok(Spoken::Unknown)), Outcome::Unknown { reason: "no_answer" });
        let unavailable = judged(Err(Error::Unavailable { status: None }));
        assert!(matches!(unavailable, Outcome::Again { .. }));
        let rejected = || Err(Error::Rejected { status: 400, message: "bad parent".into() });
        assert!(matches!(judged(rejected()), Outcome::Dropped { .. }));
        let reply = DueLine { reply_to: Some("p".into()), ..line(1) };
        let (outcome, _) = judge(&reply, rejected());
        assert!(matches!(outcome, Outcome::Again { without_reply: true, .. }), "{outcome:?}");
    }

    #[test]
    fn repeated_text_is_seen_to_differ_until_that_runs_out() {
        let said = |repeats| varied(&DueLine { repeats, ..line(1) });
        assert_eq!([said(0), said(1), said(3)], ["Hi", "Hi ·", "Hi ∙"].map(|t| Some(t.to_owned())));
        assert_eq!(said(4), None);
        assert!(ENDINGS.iter().all(|ending| ending.chars().count() <= ROOM_TO_VARY));
        let drops = DueLine { repeats: 1, drops_repeats: true, ..line(1) };
        assert_eq!(varied(&drops), None);
        let moderator = DueLine { repeats: 9, is_moderator: true, ..line(1) };
        assert_eq!(varied(&moderator).as_deref(), Some("Hi"));
    }
}
