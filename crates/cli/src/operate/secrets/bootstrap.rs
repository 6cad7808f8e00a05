//! `secrets bootstrap`: what is missing, made or asked for.

use super::store::{Store, Values, ask, propose};
use crate::{
    operate::settings::Settings,
    output::{Error, Format},
};
use sm_lambda::{
    config::is_in_file,
    secret_names::{make, source},
};
use std::process::ExitCode;

pub(super) async fn run(
    settings: &Settings,
    dry_run: bool,
    format: Format,
) -> Result<ExitCode, Error> {
    let store = Store::open(settings).await?;
    // A line that waits to be filled is not proposed again: the later one, empty for ever, would count.
    let waits = |name: &str| !store.is_kept() && is_in_file(name);
    let missing =
        store.names.iter().copied().filter(|name| store.get(name).is_empty() && !waits(name));
    let (asked, made): (Vec<_>, Vec<_>) = missing.partition(|name| source(name).is_some());
    let mut new = if store.is_kept() && !dry_run { ask(&asked)? } else { blank(&asked) };
    for name in made {
        new.insert(name.to_owned(), make(name)?);
    }
    if store.is_kept() {
        store.change(new, dry_run, format).await?;
    } else {
        propose(&new, dry_run, format)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn blank(names: &[&str]) -> Values {
    names.iter().map(|name| ((*name).to_owned(), String::new())).collect()
}
