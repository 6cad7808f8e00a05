//! `deliveries`: what became of announcements, and sending them again.

use super::{exit, settings::Settings};
use crate::{
    output::{Error, Format, moment, say, table},
    progress::Progress,
};
use clap::Subcommand;
use serde_json::{Value, json};
use sm_db::announce::history::{self, Attempt, Filter, OfGuild, Recoverable};
use sm_services::{
    App,
    announce::{
        recover::{self, Recovered, Recovery},
        resend,
    },
    audit::Actor,
};
use sm_types::{DeliveryId, GuildId};
use std::{collections::BTreeMap, process::ExitCode, str::FromStr};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// Announcements and what became of them.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List deliveries, the latest first.
    List(List),
    /// Show one with its attempts and timings.
    Show {
        /// The delivery's id.
        delivery: uuid::Uuid,
    },
    /// Send an announcement again; it pings while the go-live is fresh.
    Resend {
        /// The delivery's id.
        delivery: uuid::Uuid,
        #[command(flatten)]
        how: How,
    },
    /// Send all announcements again that failed and whose cause is gone. A second run does nothing.
    Recover {
        /// Those planned since: a time such as 2026-11-21T09:30:00Z, or so long ago, such as 90m, 6h or 2d.
        #[arg(long)]
        since: Since,
        /// Those that came too late as well, as after an outage.
        #[arg(long)]
        expired: bool,
        #[command(flatten)]
        how: How,
    },
}

#[derive(Debug, clap::Args)]
struct List {
    /// Only of this server.
    #[arg(long)]
    guild: Option<GuildId>,
    /// Only in this state: pending, sending, sent, skipped, failed or expired.
    #[arg(long, value_parser = ["pending", "sending", "sent", "skipped", "failed", "expired"])]
    status: Option<String>,
    /// Only those planned since, as in `recover`.
    #[arg(long)]
    since: Option<Since>,
    /// How many at most.
    #[arg(long, default_value_t = 50)]
    limit: u16,
}

#[derive(Debug, Clone, Copy, clap::Args)]
struct How {
    /// Ping, however late it is.
    #[arg(long, conflicts_with = "silent")]
    ping: bool,
    /// Do not ping, however fresh it is.
    #[arg(long)]
    silent: bool,
    /// Change nothing, and tell what would be done.
    #[arg(long)]
    dry_run: bool,
}

impl How {
    fn ping(self) -> Option<bool> {
        if self.ping || self.silent { Some(self.ping) } else { None }
    }
}

pub(super) async fn run(args: Args, settings: &Settings) -> Result<ExitCode, Error> {
    let (app, format) = (settings.app().await?, args.format);
    match args.command {
        Command::List(list) => print_list(&app, list, format).await,
        Command::Show { delivery } => show(&app, DeliveryId(delivery), format).await,
        Command::Resend { delivery, how } => again(&app, DeliveryId(delivery), how, format).await,
        Command::Recover { since, expired, how } => {
            let since = since.before(app.clock.now());
            let (ping, dry_run) = (how.ping(), how.dry_run);
            recover(&app, Recovery { since, expired, ping, dry_run }, format).await
        }
    }
}

async fn print_list(app: &App, list: List, format: Format) -> Result<ExitCode, Error> {
    let since = list.since.map(|since| since.before(app.clock.now()));
    let filter = Filter { status: list.status, since, ..Filter::default() };
    let limit = i64::from(list.limit);
    let found = history::list_of_guilds(&app.pool, list.guild, &filter, limit).await?;
    let json: Vec<_> = found.iter().map(as_json).collect();
    format.print(&json!(json), || {
        let rows: Vec<_> = found.iter().map(row).collect();
        table(&["PLANNED", "DELIVERY", "SERVER", "STREAMER", "KIND", "STATE", "REASON"], &rows)
    })?;
    Ok(ExitCode::SUCCESS)
}

fn row(found: &OfGuild) -> Vec<String> {
    let delivery = &found.delivery;
    vec![
        moment(delivery.created_at),
        delivery.delivery_id.to_string(),
        found.guild_name.clone().unwrap_or_else(|| found.guild_id.to_string()),
        delivery.login.clone().unwrap_or_default(),
        delivery.kind.clone(),
        delivery.status.clone(),
        delivery.reason.clone().unwrap_or_default(),
    ]
}

fn as_json(found: &OfGuild) -> Value {
    let delivery = &found.delivery;
    json!({
        "delivery_id": delivery.delivery_id.to_string(), "guild_id": found.guild_id, "guild": found.guild_name,
        "streamer": delivery.login, "kind": delivery.kind, "action": delivery.action, "status": delivery.status,
        "reason": delivery.reason, "reason_values": delivery.reason_values, "detail": delivery.detail, "attempts": delivery.attempts,
        "resends": delivery.resends, "channel_id": delivery.channel_id.map(|id| id.to_string()),
        "message_id": delivery.message_id.map(|id| id.to_string()), "created_at": moment(delivery.created_at),
        "received_at": moment(delivery.received_at), "sent_at": delivery.sent_at.map(moment),
        "finished_at": delivery.finished_at.map(moment), "silent": delivery.silent,
    })
}

async fn find(app: &App, id: DeliveryId) -> Result<OfGuild, Error> {
    let found = history::find_anywhere(&app.pool, id).await?;
    found.ok_or_else(|| format!("there is no delivery {id}").into())
}

async fn show(app: &App, id: DeliveryId, format: Format) -> Result<ExitCode, Error> {
    let found = find(app, id).await?;
    let attempts = history::attempts(&app.pool, id).await?;
    let mut json = as_json(&found);
    json["tries"] = attempts.iter().map(attempt_as_json).collect();
    format.print(&json, || {
        let delivery = &found.delivery;
        let latency = delivery.sent_at.map(|at| (at - delivery.received_at).whole_milliseconds());
        let latency = latency.map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms after the webhook"));
        format!(
            "{} {} to {} ({})\n  state    {} {}\n  detail   {}\n  sent     {latency}\n  message  {}\n{}",
            delivery.kind,
            delivery.login.as_deref().unwrap_or("?"),
            found.guild_name.as_deref().unwrap_or("a deleted server"),
            found.guild_id,
            delivery.status,
            delivery.reason.as_deref().unwrap_or(""),
            delivery.detail.as_deref().unwrap_or("-"),
            delivery.message_id.map_or_else(|| "-".to_owned(), |id| id.to_string()),
            table(&["TRY", "OUTCOME", "HTTP", "CODE", "CLAIMED", "TOOK"], &attempts.iter().map(attempt_row).collect::<Vec<_>>()),
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

fn took(attempt: &Attempt) -> Option<Duration> {
    Some(attempt.answered_at? - attempt.sent_at?)
}

fn attempt_row(attempt: &Attempt) -> Vec<String> {
    let number = |value: Option<i64>| value.map_or_else(|| "-".to_owned(), |n| n.to_string());
    vec![
        attempt.attempt.to_string(),
        attempt.outcome.clone(),
        number(attempt.http_status.map(i64::from)),
        number(attempt.discord_code.map(i64::from)),
        moment(attempt.claimed_at),
        took(attempt)
            .map_or_else(|| "-".to_owned(), |took| format!("{} ms", took.whole_milliseconds())),
    ]
}

fn attempt_as_json(attempt: &Attempt) -> Value {
    json!({
        "attempt": attempt.attempt, "outcome": attempt.outcome, "http_status": attempt.http_status,
        "discord_code": attempt.discord_code, "retry_after_ms": attempt.retry_after_ms,
        "claimed_at": moment(attempt.claimed_at),
        "took_ms": took(attempt).and_then(|took| i64::try_from(took.whole_milliseconds()).ok()),
    })
}

async fn again(app: &App, id: DeliveryId, how: How, format: Format) -> Result<ExitCode, Error> {
    let found = find(app, id).await?;
    let ping = if how.dry_run {
        resend::possible(app, &found.delivery).await?;
        how.ping().unwrap_or(!resend::is_late(&found.delivery, app.clock.now()))
    } else {
        resend::resend(app, found.guild_id, id, how.ping(), &Actor::operator()).await?
    };
    let json = json!({ "delivery_id": id.to_string(), "ping": ping, "dry_run": how.dry_run });
    format.print(&json, || {
        let verb = if how.dry_run { "would be sent" } else { "is being sent" };
        format!("it {verb} again, {}\n", if ping { "with a ping" } else { "without a ping" })
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn recover(app: &App, how: Recovery, format: Format) -> Result<ExitCode, Error> {
    let all = recover::candidates(app, &how).await?;
    let mut progress = Progress::new("announcements", all.len());
    let mut outcomes: Vec<(&Recoverable, Recovered)> = Vec::with_capacity(all.len());
    for found in &all {
        outcomes.push((found, recover::one(app, found, &how).await?));
        progress.advance();
    }
    drop(progress);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, outcome) in &outcomes {
        *counts.entry(name(outcome)).or_default() += 1;
    }
    let json = json!({
        "dry_run": how.dry_run, "found": all.len(), "outcomes": counts,
        "deliveries": outcomes.iter().map(|(found, outcome)| outcome_as_json(found, outcome)).collect::<Vec<_>>(),
    });
    format.print(&json, || {
        let verb = if how.dry_run { "would send" } else { "sends" };
        let planned = counts.get("ping").unwrap_or(&0) + counts.get("silent").unwrap_or(&0);
        let rows: Vec<_> =
            outcomes.iter().map(|(found, outcome)| outcome_row(found, outcome)).collect();
        format!(
            "{}{verb} {planned} of {} again\n",
            table(&["SERVER", "STREAMER", "WAS", "NOW"], &rows),
            all.len()
        )
    })?;
    let unanswered = counts.contains_key("no_answer");
    if unanswered {
        say("Discord did not answer for some of them: run it again");
    }
    Ok(exit(!unanswered))
}

fn name(outcome: &Recovered) -> &'static str {
    match outcome {
        Recovered::Planned { ping: true } => "ping",
        Recovered::Planned { ping: false } => "silent",
        Recovered::StillBroken(_) => "still_broken",
        Recovered::Settled(_) => "settled",
        Recovered::NoAnswer => "no_answer",
    }
}

fn why(outcome: &Recovered) -> &str {
    match outcome {
        Recovered::Planned { ping: true } => "again, with a ping",
        Recovered::Planned { ping: false } => "again, without a ping",
        Recovered::StillBroken(why) | Recovered::Settled(why) => why,
        Recovered::NoAnswer => "Discord did not answer",
    }
}

fn outcome_row(found: &Recoverable, outcome: &Recovered) -> Vec<String> {
    let was = found.reason.clone().unwrap_or_else(|| found.status.clone());
    vec![found.guild_name.clone(), found.login.clone(), was, why(outcome).to_owned()]
}

fn outcome_as_json(found: &Recoverable, outcome: &Recovered) -> Value {
    json!({
        "delivery_id": found.delivery_id.to_string(), "guild_id": found.guild_id, "streamer": found.login,
        "was": found.reason, "outcome": name(outcome), "why": why(outcome),
    })
}

/// A time, or how long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    At(OffsetDateTime),
    Ago(Duration),
}

impl Since {
    fn before(self, now: OffsetDateTime) -> OffsetDateTime {
        match self {
            Self::At(at) => at,
            Self::Ago(long) => now - long,
        }
    }
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
            return Ok(Self::At(at));
        }
        let unit = [('m', Duration::MINUTE), ('h', Duration::HOUR), ('d', Duration::DAY)];
        let ago = unit.into_iter().find_map(|(letter, unit)| {
            let count: u16 = text.strip_suffix(letter)?.parse().ok()?;
            Some(Self::Ago(unit * i32::from(count)))
        });
        ago.ok_or_else(|| "expected a time such as 2026-11-21T09:30:00Z, or 90m, 6h, 2d".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_given_whole_or_as_how_long_ago() {
        assert_eq!("90m".parse(), Ok(Since::Ago(Duration::minutes(90))));
        assert_eq!("2d".parse(), Ok(Since::Ago(Duration::days(2))));
        let at = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        assert_eq!(at.format(&Rfc3339).unwrap().parse(), Ok(Since::At(at)));
        for bad in ["", "m", "-1h", "1w", "yesterday", "99999999h"] {
            assert!(bad.parse::<Since>().is_err(), "{bad}");
        }
    }
}
