//! `down server`: the service, the subscriptions, and with `--with-data` the tables. The file of settings stays.

use super::Common;
use crate::{
    operate::{
        Addresses,
        up::{answers::Answers, interview::Interview, service},
    },
    output::{Error, Mark, say},
};
use sm_lambda::{Config, config::peek};
use sm_types::Clock;
use std::{collections::BTreeMap, path::PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file of settings that `up` has written.
    #[arg(long, value_name = "FILE", default_value = ".env")]
    file: PathBuf,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    paths: service::Paths,
}

pub(super) async fn run(args: &Args) -> Result<(), Error> {
    let interview = Interview::new(Answers::open(&args.file)?, BTreeMap::new());
    // The file first: a variable of this shell must not lead to the database of something else.
    let config = Config::from_lookup(|name| interview.answers.get(name).or_else(|| peek(name)))?;
    let name = config.public_base_url.split("://").nth(1).unwrap_or_default().to_owned();
    super::confirm(&args.common, &interview, &name)?;
    if args.paths.is_installed() {
        args.paths.remove()?;
        say(&format!("{} {:22} is stopped and taken out", Mark::Good.symbol(), "service"));
    }
    refuse_running(&config).await?;
    let app = sm_lambda::build_app(&config, Clock::system())?;
    super::unsubscribe(&app, &config).await?;
    app.pool.close().await;
    super::data(&args.common, &config).await?;
    super::say_what_stays(&config);
    let file = interview.answers.path().display();
    say(&format!("{file} stays too: without its keys a copy of the database is of no use"));
    Ok(())
}

/// A product that runs would subscribe anew.
async fn refuse_running(config: &Config) -> Result<(), Error> {
    let health = Addresses::below(&config.public_base_url).health;
    match sm_aws::lazy_http().get(&health).send().await {
        Ok(answer) if answer.status().is_success() => Err(format!(
            "{health} still answers, and would subscribe anew. Remedy: stop it (systemctl disable --now streammaxing, \
             docker compose down, or the process itself), then run this again"
        )
        .into()),
        _ => Ok(()),
    }
}
