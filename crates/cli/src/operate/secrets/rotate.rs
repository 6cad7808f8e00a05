//! `secrets rotate`: a new value before the one in use, and the end of the old one.

use super::store::{Store, Values, ask, propose};
use crate::{
    operate::{CalledWrongly, settings::Settings},
    output::{Error, Format},
};
use sm_lambda::secret_names::{ASKED, EVENTSUB, LOCAL_KEY, MADE, newest, rotate, source};
use sm_services::streamers::reconcile;
use std::process::ExitCode;

const FORCE: &str =
    "; --force goes on all the same, and refuses what Twitch signs with the old one";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The settings' names.
    #[arg(required = true, value_name = "NAME", value_parser = names())]
    names: Vec<String>,
    /// Take the old values out, so that only the newest is valid.
    #[arg(long)]
    finish: bool,
    /// Even while Twitch still signs with a value that goes: what it sends is refused until its
    /// subscriptions have moved.
    // With a single secret left, nothing would tell which subscriptions another one signs.
    #[arg(long, conflicts_with = "finish")]
    force: bool,
    /// Change nothing, and tell the names of what would be set.
    #[arg(long)]
    dry_run: bool,
}

fn names() -> Vec<&'static str> {
    ASKED.map(|(name, _)| name).into_iter().chain(MADE).chain([LOCAL_KEY]).collect()
}

pub(super) async fn run(
    args: &Args,
    settings: &Settings,
    format: Format,
) -> Result<ExitCode, Error> {
    let store = Store::open(settings).await?;
    let (asked, made) = sorted(args, &store)?;
    if made.contains(&EVENTSUB) && store.get(EVENTSUB).contains(',') && !args.force {
        let remedy = if args.finish { "" } else { FORCE };
        nobody_needs_the_old_one(settings, remedy).await?;
    }
    let mut new = Values::new();
    for name in made {
        let present = store.get(name);
        let next = if args.finish { newest(present).to_owned() } else { rotate(name, present)? };
        if next != present {
            new.insert(name.to_owned(), next);
        }
    }
    if !store.is_kept() {
        propose(&new, args.dry_run, format)?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.dry_run {
        new.extend(asked.iter().map(|name| ((*name).to_owned(), String::new())));
    } else {
        new.extend(other_values(&store, &asked)?);
    }
    store.change(new, args.dry_run, format).await?;
    Ok(ExitCode::SUCCESS)
}

/// The names that are asked for, and those that are ours.
fn sorted<'a>(args: &'a Args, store: &Store) -> Result<(Vec<&'a str>, Vec<&'a str>), Error> {
    let mut names: Vec<_> = args.names.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let (asked, made): (Vec<_>, Vec<_>) =
        names.into_iter().partition(|name| source(name).is_some());
    let wrong = |text: String| Err(CalledWrongly(text).into());
    if made.contains(&LOCAL_KEY) && !store.names.contains(&LOCAL_KEY) {
        return wrong(format!("{LOCAL_KEY} is not in use: KMS_KEY_ID is, and KMS rotates its key"));
    }
    match asked.first() {
        Some(name) if args.finish => {
            wrong(format!("{name} has one value at a time: end the old one where it was made"))
        }
        Some(name) if !store.is_kept() => wrong(format!(
            "{name} is made elsewhere: put the new value into your environment file, and restart"
        )),
        _ => Ok((asked, made)),
    }
}

/// Values that are asked for, and not the ones in use.
fn other_values(store: &Store, names: &[&str]) -> Result<Values, Error> {
    let given = ask(names)?;
    match given.iter().find(|(name, value)| store.get(name) == value.as_str()) {
        Some((name, _)) => {
            Err(CalledWrongly(format!("{name} is the value in use: give the new one")).into())
        }
        None => Ok(given),
    }
}

/// Twitch signs with the secret that a subscription was made with, until the subscription is replaced.
async fn nobody_needs_the_old_one(settings: &Settings, remedy: &str) -> Result<(), Error> {
    let outdated = reconcile::outdated(&settings.app().await?).await;
    let outdated = outdated.map_err(|error| {
        format!(
            "whether Twitch still signs with the old {EVENTSUB} is not known ({error}): try again later{remedy}"
        )
    })?;
    match outdated {
        0 => Ok(()),
        count => Err(format!(
            "Twitch still signs {count} subscriptions with the old {EVENTSUB}: they move by themselves, 50 every \
             10 minutes, or by `streammaxing subscriptions reconcile`{remedy}"
        )
        .into()),
    }
}
