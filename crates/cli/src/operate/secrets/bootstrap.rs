//! `secrets bootstrap`: what is missing, made or asked for.

use super::store::{Store, Values, ask, propose};
use crate::{
    operate::settings::Settings,
    output::{Error, Format},
};
use sm_lambda::secret_names::{make, source};
use std::process::ExitCode;

pub(super) async fn run(
    settings: &Settings,
    dry_run: bool,
    format: Format,
) -> Result<ExitCode, Error> {
    let store = Store::open(settings).await?;
    let missing = store.names.iter().copied().filter(|name| store.get(name).is_empty());
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
