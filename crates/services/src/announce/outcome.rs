//! What follows from Discord's answer: sent, again, never, or stop everything.
//!
//! Decides and does nothing: no database, no clock, no request. [`attempt`](super::attempt) carries it out.

use super::{lookup::Doubt, preflight::Health, record::Why};
use crate::backoff::Policy;
use sm_db::announce::deliveries::DueDelivery;
use sm_discord::{Error, Operation, Reason as Defect, Rebuild, Scope, Verdict, classify};
use sm_types::announcement::{Action, Kind, NamedReason, Status, Variant};
use time::Duration;

/// The longest wait between two attempts.
const MAX_BACKOFF: Duration = Duration::MINUTE;
/// A limit of a route, which is over after seconds.
const ROUTE_LIMIT: Policy =
    Policy { first: Duration::SECOND, longest: Duration::minutes(5), tries: 20 };
/// A limit with a code, of one message or channel: edits of old or published messages, slow mode.
const OWN_LIMIT: Policy = Policy { first: Duration::SECOND, longest: Duration::HOUR, tries: 12 };
/// So many attempts are refused for a reason that a look does not find, over about two minutes.
const CONTRADICTIONS: i32 = 8;
/// From so many answers of 429 on, a wait seems not to come down.
const STUCK_AFTER: i32 = 8;

/// What a decision depends on besides the answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tried {
    pub(super) kind: Kind,
    pub(super) action: Action,
    pub(super) variant: Variant,
    /// Which attempt it was, from 1.
    pub(super) attempt: i32,
    /// How often Discord has asked it to wait before.
    pub(super) limited: i32,
    /// Any byte that differs between deliveries, so that their retries do not come in step.
    pub(super) spread: u8,
}

impl From<&DueDelivery> for Tried {
    fn from(due: &DueDelivery) -> Self {
        Self {
            kind: due.kind,
            action: due.action,
            variant: due.variant,
            attempt: due.attempts,
            limited: 0,
            spread: due.delivery_id.0.as_bytes()[15],
        }
    }
}

impl Tried {
    fn operation(&self) -> Operation {
        match self.action {
            Action::Create => Operation::Create,
            Action::Edit => Operation::Edit,
            Action::Delete => Operation::Delete,
        }
    }

    /// 1, 2, 4, … seconds, and up to a quarter more.
    pub(super) fn backoff(&self) -> Duration {
        sm_db::lease::backoff(self.attempt, Duration::SECOND, MAX_BACKOFF, self.spread)
    }

    /// Whether Discord asks to wait time and again.
    pub(super) fn seems_stuck(&self) -> bool {
        self.limited + 1 >= STUCK_AFTER
    }
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Decision {
    /// It has come to its end.
    Settle(Status, Why),
    /// The same again after a wait, and whom else the wait holds back.
    Again(Why, Duration, Hold),
    /// At once, in another form.
    Reshape(Why, Variant, Action),
    /// It has failed, and so will the next to this destination: it is degraded.
    Degrade(Defect, Why),
    /// Every request seems to meet the same: if one more does, all stop.
    OpenCircuit(Why),
    /// It has failed, and the fault is ours: somebody should look at it.
    Bug(Why),
}

/// A decision, or what it takes to come to one.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ruling {
    Final(Decision),
    /// Only a check of the channel tells; see [`after_check`].
    Check(Defect),
}

/// Who else waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    Nobody,
    Channel,
    Everybody,
}

impl Hold {
    /// The longest that others are held back by one answer. Where the limit is real, the next of them is told.
    pub(super) fn longest(self) -> Duration {
        match self {
            Self::Nobody => Duration::ZERO,
            Self::Channel => Duration::minutes(5),
            Self::Everybody => Duration::MINUTE,
        }
    }
}

/// Decides what a refusal means.
pub(super) fn decide(tried: &Tried, error: &Error) -> Ruling {
    Ruling::Final(match classify(tried.operation(), error) {
        Verdict::Done => gone(tried),
        Verdict::Retry { .. } => retry(tried, error),
        Verdict::Rebuild(Rebuild::DefaultTemplate(_)) if tried.variant != Variant::Plain => {
            Decision::Reshape(NamedReason::Rebuilt.into(), Variant::Plain, tried.action)
        }
        Verdict::Rebuild(Rebuild::TextOnly) => return Ruling::Check(Defect::MissingPermission),
        Verdict::Rebuild(Rebuild::DefaultTemplate(Some(defect))) | Verdict::Degrade(defect) => {
            return Ruling::Check(defect);
        }
        Verdict::GuildLeft => return Ruling::Check(Defect::MissingAccess),
        Verdict::OpenCircuit => Decision::OpenCircuit(NamedReason::CircuitOpen.into()),
        Verdict::Bug => Decision::Bug(Why::new(error.reason())),
        Verdict::Rebuild(Rebuild::DefaultTemplate(None)) | Verdict::Fail => {
            Decision::Settle(Status::Failed, Why::new(error.reason()))
        }
    })
}

/// The message is not there any more.
fn gone(tried: &Tried) -> Decision {
    match (tried.kind, tried.action) {
        // It should have been re-opened: the announcement is posted anew.
        (Kind::Online, Action::Edit) => {
            let why = NamedReason::MessageDeleted.into();
            Decision::Reshape(why, tried.variant, Action::Create)
        }
        (Kind::Online, _) => {
            let why = Why::new(NamedReason::DeletedSince);
            Decision::Settle(Status::Sent, why.in_words("The message was deleted on Discord."))
        }
        _ => Decision::Settle(Status::Skipped, NamedReason::MessageDeleted.into()),
    }
}

fn retry(tried: &Tried, error: &Error) -> Decision {
    let Error::RateLimited { scope, retry_after, .. } = error else { return later(tried) };
    let asked = Duration::try_from(*retry_after).unwrap_or(Duration::DAY);
    let policy = if error.is_own_limit() { OWN_LIMIT } else { ROUTE_LIMIT };
    let told = Some(asked.min(policy.longest));
    let Some(wait) = policy.next(tried.limited + 1, told, tried.spread) else {
        let why = Why::new(NamedReason::GivenUp);
        let why = why.in_words("Discord asked to wait time and again, so it was given up.");
        return Decision::Settle(Status::Failed, why);
    };
    // A tenth of a second and up to a quarter on top: the others who wait must not all come at once.
    let wait = wait + Duration::milliseconds(i64::from(tried.spread) + 100);
    let hold = match scope {
        Scope::Global => Hold::Everybody,
        // The message's own limit: others in the channel may go out.
        _ if error.is_own_limit() && tried.action != Action::Create => Hold::Nobody,
        Scope::User | Scope::Shared => Hold::Channel,
    };
    Decision::Again(rate_limited(asked), wait, hold)
}

/// The same again after a while: Discord, or something on the way, could not.
fn later(tried: &Tried) -> Decision {
    Decision::Again(NamedReason::DiscordUnavailable.into(), tried.backoff(), Hold::Nobody)
}

/// Discord has asked to wait.
fn rate_limited(asked: Duration) -> Why {
    let ms = i64::try_from(asked.whole_milliseconds()).unwrap_or(i64::MAX);
    Why::new(NamedReason::RateLimited).retry_after_ms(ms)
}

/// Decides after a look at the channel; `None` when that got no answer either.
pub(super) fn after_check(
    tried: &Tried,
    defect: Defect,
    found: Option<Health>,
    error: &Error,
) -> Decision {
    match found {
        // Nothing is missing as far as one can see: perhaps it is the embed.
        Some(Health::Good)
            if tried.variant == Variant::Full && defect == Defect::MissingPermission =>
        {
            Decision::Reshape(NamedReason::Rebuilt.into(), Variant::Text, tried.action)
        }
        Some(Health::Good) if is_visible(defect) => contradicted(tried, error),
        None if is_visible(defect) => {
            Decision::Again(NamedReason::from(defect).into(), tried.backoff(), Hold::Nobody)
        }
        Some(Health::Good) | None => {
            let why = Why::new(NamedReason::from(defect)).in_words(defect.explain());
            Decision::Degrade(defect, why)
        }
        Some(broken) => Decision::Settle(Status::Failed, unhealthy(broken)),
    }
}

/// Whether a look at server, channel and permissions sees it, if it is so.
fn is_visible(defect: Defect) -> bool {
    matches!(defect, Defect::ChannelDeleted | Defect::MissingAccess | Defect::MissingPermission)
}

/// Discord refuses, and a look finds no reason: it is believed neither that the channel is gone nor that all is
/// well.
fn contradicted(tried: &Tried, error: &Error) -> Decision {
    if tried.attempt < CONTRADICTIONS {
        return later(tried);
    }
    let why = Why::new(error.reason());
    let words = "Discord refused it time and again, and a look at the channel found nothing wrong.";
    Decision::Settle(Status::Failed, why.in_words(words))
}

/// Decides after a look that has not told whether an earlier attempt had posted; `left` is the time in which
/// the delivery is still worth sending.
pub(super) fn in_doubt(tried: &Tried, doubt: &Doubt, left: Duration) -> Ruling {
    // What these say of a look they would say of a post.
    if let Doubt::Unanswered(error) = doubt
        && let ruling @ (Ruling::Check(_) | Ruling::Final(Decision::OpenCircuit(_))) =
            decide(tried, error)
    {
        return ruling;
    }
    Ruling::Final(look_again(tried, doubt, left))
}

/// Another look later. When there is no time for one it ends here, so that people learn more than that it
/// was too late.
pub(super) fn look_again(tried: &Tried, doubt: &Doubt, left: Duration) -> Decision {
    let why = Why::new(NamedReason::LookupUnanswered);
    let why = match doubt {
        Doubt::HistoryHidden => why.missing(&["READ_MESSAGE_HISTORY"]).in_words(
            "An earlier attempt may have posted it, and the bot could not look. Grant it \"Read Message History\" here.",
        ),
        _ => why.in_words(
            "An earlier attempt may have posted it, and a look at the channel did not tell. Check the channel.",
        ),
    };
    let asked = match doubt {
        Doubt::Unanswered(Error::RateLimited { retry_after, .. }) => {
            Duration::try_from(*retry_after).unwrap_or(Duration::DAY)
        }
        Doubt::NotNow(wait) => *wait,
        _ => Duration::ZERO,
    };
    let wait = tried.backoff().max(asked);
    if wait > left {
        Decision::Settle(Status::Expired, why)
    } else {
        Decision::Again(why, wait, Hold::Nobody)
    }
}

/// Why nothing can be posted in a channel that a check has found broken.
pub(super) fn unhealthy(health: Health) -> Why {
    match health {
        Health::Broken(trouble) => Why {
            reason: NamedReason::from(trouble.reason).into(),
            values: trouble.values(),
            detail: Some(trouble.detail()),
        },
        Health::Good | Health::NotInGuild => Why::new(NamedReason::NotInGuild)
            .in_words("The bot is not in this server any more. Invite it again."),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::preflight::Trouble, *};
    use serde_json::json;
    use sm_discord::permissions::Level;
    use std::time::Duration as StdDuration;

    const TRIED: Tried = Tried {
        kind: Kind::Online,
        action: Action::Create,
        variant: Variant::Full,
        attempt: 3,
        limited: 0,
        spread: 0,
    };
    const EDIT: Tried = Tried { kind: Kind::Update, action: Action::Edit, ..TRIED };
    const REOPEN: Tried = Tried { action: Action::Edit, ..TRIED };
    const DELETE: Tried = Tried { kind: Kind::Offline, action: Action::Delete, ..TRIED };
    const PLAIN: Tried = Tried { variant: Variant::Plain, ..TRIED };

    fn rejected(status: u16, code: u32) -> Error {
        Error::Rejected { status, code, message: String::new(), errors: None }
    }

    fn limited(scope: Scope) -> Error {
        let retry_after = StdDuration::from_secs(3);
        Error::RateLimited { scope, retry_after, code: None, bucket: None }
    }

    fn failed(reason: &str) -> Decision {
        let reason = sm_types::announcement::Reason::try_from(reason.to_owned()).unwrap();
        Decision::Settle(Status::Failed, Why::new(reason))
    }

    #[test]
    fn every_operation_and_refusal_has_its_decision() {
        let deleted = || Why::from(NamedReason::MessageDeleted);
        let rebuilt = || Why::from(NamedReason::Rebuilt);
        let since = Why::from(NamedReason::DeletedSince);
        let since = since.in_words("The message was deleted on Discord.");
        let wait = Duration::milliseconds(3_100);
        let limit = || rate_limited(Duration::seconds(3));
        let down = Decision::Again(
            NamedReason::DiscordUnavailable.into(),
            Duration::seconds(4),
            Hold::Nobody,
        );
        let unavailable = Error::Unavailable { status: Some(503), sent: true };
        let circuit = Decision::OpenCircuit(NamedReason::CircuitOpen.into());
        let bug = Why::new(rejected(400, 50109).reason());
        let gone = rejected(404, 10008);
        let table = [
            (TRIED, gone.clone(), Ruling::Final(Decision::Settle(Status::Sent, since))),
            (
                REOPEN,
                gone.clone(),
                Ruling::Final(Decision::Reshape(deleted(), Variant::Full, Action::Create)),
            ),
            (EDIT, gone.clone(), Ruling::Final(Decision::Settle(Status::Skipped, deleted()))),
            (DELETE, gone, Ruling::Final(Decision::Settle(Status::Skipped, deleted()))),
            (
                TRIED,
                limited(Scope::User),
                Ruling::Final(Decision::Again(limit(), wait, Hold::Channel)),
            ),
            (
                EDIT,
                limited(Scope::Shared),
                Ruling::Final(Decision::Again(limit(), wait, Hold::Channel)),
            ),
            (
                TRIED,
                limited(Scope::Global),
                Ruling::Final(Decision::Again(limit(), wait, Hold::Everybody)),
            ),
            (TRIED, unavailable, Ruling::Final(down.clone())),
            (DELETE, Error::Decode { status: 200 }, Ruling::Final(down)),
            (
                TRIED,
                rejected(400, 50035),
                Ruling::Final(Decision::Reshape(rebuilt(), Variant::Plain, Action::Create)),
            ),
            (
                EDIT,
                rejected(400, 50035),
                Ruling::Final(Decision::Reshape(rebuilt(), Variant::Plain, Action::Edit)),
            ),
            (PLAIN, rejected(400, 50035), Ruling::Final(failed("discord_50035"))),
            (DELETE, rejected(400, 50035), Ruling::Final(failed("discord_50035"))),
            (
                TRIED,
                rejected(400, 200_000),
                Ruling::Final(Decision::Reshape(rebuilt(), Variant::Plain, Action::Create)),
            ),
            (PLAIN, rejected(400, 200_000), Ruling::Check(Defect::BlockedByAutoMod)),
            (TRIED, rejected(403, 50013), Ruling::Check(Defect::MissingPermission)),
            (EDIT, rejected(403, 50013), Ruling::Check(Defect::MissingPermission)),
            (TRIED, rejected(403, 50001), Ruling::Check(Defect::MissingAccess)),
            (TRIED, rejected(404, 10003), Ruling::Check(Defect::ChannelDeleted)),
            (TRIED, rejected(404, 10004), Ruling::Check(Defect::MissingAccess)),
            (TRIED, Error::Unauthorized { code: 0 }, Ruling::Final(circuit.clone())),
            (EDIT, Error::Blocked { retry_after: None }, Ruling::Final(circuit)),
            (TRIED, rejected(400, 50109), Ruling::Final(Decision::Bug(bug))),
            (TRIED, rejected(418, 0), Ruling::Final(failed("http_418"))),
        ];
        for (tried, error, expected) in table {
            assert_eq!(decide(&tried, &error), expected, "{tried:?}: {error}");
        }
    }

    #[test]
    fn limit_of_a_message_holds_nobody_grows_and_ends() {
        let limit = |code| Error::RateLimited {
            scope: Scope::User,
            retry_after: StdDuration::from_secs(1),
            code: Some(code),
            bucket: None,
        };
        let mut waits = Vec::new();
        for limited in 0..11 {
            let Ruling::Final(Decision::Again(_, wait, Hold::Nobody)) =
                decide(&Tried { limited, ..EDIT }, &limit(30046))
            else {
                panic!("{limited}")
            };
            waits.push(wait.whole_seconds());
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]);
        let end = decide(&Tried { limited: 11, ..EDIT }, &limit(30046));
        let reason = NamedReason::GivenUp.into();
        assert!(
            matches!(&end, Ruling::Final(Decision::Settle(Status::Failed, why)) if why.reason == reason)
        );
        let slow_mode = decide(&TRIED, &limit(20016));
        assert!(matches!(slow_mode, Ruling::Final(Decision::Again(_, _, Hold::Channel))));
    }

    #[test]
    fn check_decides_what_a_refusal_could_not() {
        let missing = Defect::MissingPermission;
        let denied = rejected(403, 50013);
        let after = |tried: &Tried, defect, found| after_check(tried, defect, found, &denied);
        let rebuilt = NamedReason::Rebuilt.into();
        let text = Decision::Reshape(rebuilt, Variant::Text, Action::Create);
        assert_eq!(after(&TRIED, missing, Some(Health::Good)), text, "perhaps it is the embed");
        let wait = |reason: NamedReason| {
            Decision::Again(reason.into(), Duration::seconds(4), Hold::Nobody)
        };
        let unavailable = wait(NamedReason::DiscordUnavailable);
        assert_eq!(after(&PLAIN, missing, Some(Health::Good)), unavailable);
        assert_eq!(after(&TRIED, Defect::ChannelDeleted, Some(Health::Good)), unavailable);
        assert_eq!(after(&TRIED, Defect::MissingAccess, Some(Health::Good)), unavailable);
        assert_eq!(after(&TRIED, missing, None), wait(NamedReason::MissingPermission));
        let last = Tried { attempt: CONTRADICTIONS, ..PLAIN };
        let Decision::Settle(Status::Failed, why) =
            after(&last, Defect::ChannelDeleted, Some(Health::Good))
        else {
            panic!()
        };
        assert_eq!(why.reason, denied.reason(), "it is not said that the channel is gone");
        let locked = Defect::ThreadLocked;
        let words = Why::from(NamedReason::ThreadLocked).in_words(locked.explain());
        assert_eq!(after(&PLAIN, locked, Some(Health::Good)), Decision::Degrade(locked, words));
        let names = vec!["SEND_MESSAGES"];
        let trouble =
            Trouble { missing: names, at: Some(Level::Category), ..Trouble::new(missing) };
        let Decision::Settle(Status::Failed, why) =
            after(&TRIED, missing, Some(Health::Broken(trouble)))
        else {
            panic!()
        };
        assert_eq!(why.values, Some(json!({ "missing": ["SEND_MESSAGES"], "at": "category" })));
        let detail = why.detail.unwrap();
        assert!(detail.contains("SEND_MESSAGES") && detail.contains("category"), "{detail}");
    }

    #[test]
    fn waits_double_up_to_a_minute_and_differ_by_delivery() {
        let wait = |attempt, spread| Tried { attempt, spread, ..TRIED }.backoff();
        assert_eq!(wait(1, 0), Duration::SECOND);
        assert_eq!(wait(3, 255), Duration::seconds(5));
        assert_eq!(wait(50, 0), Duration::MINUTE);
    }
}
