//! `dlq`: rings of the doorbell that nobody could answer, and bringing them back.

use super::settings::Settings;
use crate::output::{Error, Format, moment, table};
use clap::Subcommand;
use serde_json::json;
use sm_aws::{DeadLetter, DeadLetters, Ring};
use sm_types::Clock;
use std::process::ExitCode;
use time::OffsetDateTime;

/// The dead letters. A ring carries no data: it asks a worker to look what is due.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List them, the oldest first; they stay. Looking counts as receiving.
    List,
    /// Take them out of their queue, and ring once more.
    Redrive {
        /// Change nothing, and tell how many there are.
        #[arg(long)]
        dry_run: bool,
    },
}

pub(super) async fn run(args: &Args, settings: &Settings) -> Result<ExitCode, Error> {
    let config = settings.config()?;
    let (Some(url), Some(aws)) = (&config.dead_letter_url, &config.aws) else {
        return Err(
            "DEAD_LETTER_URL is missing: without a queue at AWS there are no dead letters; \
                    --stack takes it from a stack"
                .into(),
        );
    };
    let http = sm_aws::lazy_http();
    let letters = DeadLetters::new(aws, &http, url);
    match args.command {
        Command::List => list(&letters.list().await?, args.format)?,
        Command::Redrive { dry_run: true } => tell(letters.count().await?, true, args.format)?,
        Command::Redrive { dry_run: false } => {
            if config.queue_url.is_none() {
                return Err("QUEUE_URL is missing: there is nowhere to ring".into());
            }
            let doorbell = sm_lambda::doorbell(&config, &http);
            tell(letters.redrive(&doorbell).await? as u64, false, args.format)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(letters: &[DeadLetter], format: Format) -> Result<(), Error> {
    let now = Clock::system().now();
    let json: Vec<_> = letters
        .iter()
        .map(|letter| {
            json!({
                "id": letter.id, "sent_at": moment(letter.sent_at), "age_seconds": age(letter, now),
                "received": letter.received, "asks_for": letter.ring.map(Ring::as_str),
            })
        })
        .collect();
    format.print(&json!({ "waiting": letters.len(), "messages": json }), || {
        let row = |letter: &DeadLetter| {
            vec![
                letter.id.clone(),
                moment(letter.sent_at),
                format!("{} min", age(letter, now) / 60),
                letter.received.to_string(),
                letter.ring.map_or("everything", Ring::as_str).to_owned(),
            ]
        };
        let rows: Vec<_> = letters.iter().map(row).collect();
        match rows.as_slice() {
            [] => "no dead letters\n".to_owned(),
            rows => table(&["MESSAGE", "SENT", "AGE", "RECEIVED", "ASKS FOR"], rows),
        }
    })
}

fn age(letter: &DeadLetter, now: OffsetDateTime) -> i64 {
    (now - letter.sent_at).whole_seconds().max(0)
}

fn tell(count: u64, dry_run: bool, format: Format) -> Result<(), Error> {
    let json = json!({ "redriven": if dry_run { 0 } else { count }, "waiting": if dry_run { count } else { 0 },
                       "dry_run": dry_run });
    let verb = if dry_run { "would bring back" } else { "brought back" };
    format.print(&json, || format!("{verb} {count} dead letters\n"))
}
