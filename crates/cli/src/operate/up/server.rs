//! `up server`: writes the settings, migrates, starts the service, and waits until all of it works.

use super::{
    answers::Answers,
    finish::Finish,
    interview::Interview,
    questions::{
        ADDRESS, BOT_TOKEN, CHANNEL, DATABASE, DISCORD_SECRET, Given, Question, TWITCH_ID,
        TWITCH_SECRET,
    },
    service,
    trial::{self, Remotes},
    wait::Patience,
};
use crate::{
    operate::doctor,
    output::{Error, Mark, say},
};
use sm_lambda::{
    Config,
    config::peek,
    secret_names::{LOCAL_KEY, MADE, make},
};
use sm_types::Clock;
use std::path::PathBuf;

const QUESTIONS: [Question; 6] =
    [ADDRESS, BOT_TOKEN, DISCORD_SECRET, TWITCH_ID, TWITCH_SECRET, DATABASE];

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file of settings: what is answered is kept there, for its owner alone.
    #[arg(long, value_name = "FILE", default_value = ".env")]
    file: PathBuf,
    /// Where people will reach it, such as <https://alerts.example> [env: PUBLIC_BASE_URL].
    #[arg(long, value_name = "URL")]
    address: Option<String>,
    #[command(flatten)]
    given: Given,
    /// Run it as a service of systemd, which starts it with the machine; needs root.
    #[arg(long)]
    service: bool,
    #[command(flatten)]
    paths: service::Paths,
    /// How many minutes to wait, all in all, until it works.
    #[arg(long, value_name = "MINUTES", default_value_t = 30)]
    wait: u32,
}

pub(super) async fn run(args: &Args) -> Result<(), Error> {
    if args.service {
        args.paths.refuse_unfit()?;
    }
    let mut given = args.given.values()?;
    given.extend(args.address.clone().map(|address| (ADDRESS.name, address)));
    let mut interview = Interview::new(Answers::open(&args.file)?, given);
    let asked = QUESTIONS.into_iter().chain((!args.given.no_test).then_some(CHANNEL));
    interview.refuse_gaps(&asked.collect::<Vec<_>>())?;
    ask(&mut interview).await?;
    let config = complete(&mut interview)?;
    say(&format!(
        "{} {:22} every setting is there",
        Mark::Good.symbol(),
        interview.answers.path().display()
    ));
    super::migrate(&config).await?;
    if args.service {
        args.paths.install(interview.answers.path())?;
    } else if !doctor::here::health(&config).await.is_good() {
        say(&how_to_start(&interview));
    }
    let app = sm_lambda::build_app(&config, Clock::system())?;
    let finish = Finish {
        app: &app,
        config: &config,
        interview: &interview,
        patience: Patience::minutes(args.wait),
        reach: config.public_base_url.clone(),
        no_test: args.given.no_test,
    };
    finish.run().await
}

async fn ask(interview: &mut Interview) -> Result<(), Error> {
    let remotes = Remotes::new();
    let base = interview.settle(&ADDRESS, "", trial::public_address).await?;
    interview.answers.set(ADDRESS.name, &base)?;
    let (application, _) = super::ask_applications(interview, &remotes).await?;
    interview.answers.set("DISCORD_CLIENT_ID", &application.id)?;
    interview.answers.set("DISCORD_PUBLIC_KEY", &application.verify_key)?;
    interview.settle(&DATABASE, "", trial::database).await
}

/// Makes what can be made at random; what is there stays.
fn complete(interview: &mut Interview) -> Result<Config, Error> {
    for name in MADE.into_iter().chain([LOCAL_KEY]) {
        if interview.answers.get(name).is_none() {
            interview.answers.set(name, &make(name)?)?;
        }
    }
    // As the service will find them: the file alone, and of the environment where simulators are.
    let elsewhere = ["DISCORD_API_URL", "TWITCH_API_URL", "TWITCH_AUTH_URL"];
    Ok(Config::from_lookup(|name| {
        let other = if elsewhere.contains(&name) { peek(name) } else { None };
        other.or_else(|| interview.answers.get(name))
    })?)
}

fn how_to_start(interview: &Interview) -> String {
    format!(
        "Start it now, or run this again with --service where there is systemd:\n  \
         streammaxing --env-file {} serve",
        interview.answers.path().display()
    )
}
