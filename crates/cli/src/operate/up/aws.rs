//! `up aws`: deploys, puts the secrets where only the stack reads them, migrates, uploads the dashboard, and waits until
//! all of it works.

use super::{
    answers::Answers,
    finish::Finish,
    interview::{Interview, Refusal, Tried},
    kit::{Described, From, Kit},
    questions::{
        ALARM_EMAIL, BOT_TOKEN, CHANNEL, DATABASE, DISCORD_SECRET, Given, Question, REGION, STACK,
        TWITCH_ID, TWITCH_SECRET,
    },
    trial::{self, Remotes},
    wait::Patience,
};
use crate::{
    operate::{
        secrets::store::{Store, Values},
        settings::{Settings, stack_name},
    },
    output::{Error, Mark, say},
};
use sm_lambda::secret_names::{ASKED, MADE, make};
use sm_types::Clock;

const PLACE: [Question; 3] = [REGION, STACK, ALARM_EMAIL];
const APPLICATIONS: [Question; 5] = [BOT_TOKEN, DISCORD_SECRET, TWITCH_ID, TWITCH_SECRET, DATABASE];

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    from: From,
    /// Who is told when something is wrong; - for nobody [env: ALARM_EMAIL].
    #[arg(long, value_name = "ADDRESS")]
    alarm_email: Option<String>,
    #[command(flatten)]
    given: Given,
    /// Parameters of template.yaml, which are remembered.
    #[arg(value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// Deploy without asking whether that is meant.
    #[arg(long)]
    yes: bool,
    /// How many minutes to wait, all in all, until it works.
    #[arg(long, value_name = "MINUTES", default_value_t = 30)]
    wait: u32,
    /// Where the stack is reached from here, if not at its own address; for rehearsals.
    #[arg(long, hide = true)]
    reach: Option<String>,
}

pub(super) async fn run(args: &Args) -> Result<(), Error> {
    let mut given = args.given.values()?;
    given.extend(args.from.place());
    given.extend(args.alarm_email.clone().map(|email| (ALARM_EMAIL.name, email)));
    let mut interview = Interview::new(Answers::open(&args.from.answers())?, given);
    interview.refuse_gaps(&PLACE)?;
    let processor = args.parameters.iter().find_map(|pair| pair.strip_prefix("Architecture="));
    let kit = args.from.kit(Some(processor.unwrap_or("arm64"))).await?;
    let place = ask_place(&mut interview, &args.from.stage, &kit).await?;
    // What a stack has kept from the time before need not be given again.
    let before = match &place.described.outputs {
        Some(_) => Some(open_store(&place).await?),
        None => None,
    };
    interview.know(before.map(|(_, store)| store.values).unwrap_or_default());
    let asked = APPLICATIONS.into_iter().chain((!args.given.no_test).then_some(CHANNEL));
    interview.refuse_gaps(&asked.collect::<Vec<_>>())?;
    let parameters = ask_applications(&mut interview).await?;
    let email = interview.find(&ALARM_EMAIL).filter(|email| email != "-").unwrap_or_default();
    let email = format!("AlarmEmail={email}");
    let parameters = [&parameters[..], &[email], &args.parameters].concat();
    agree(args, &interview, &place)?;
    say("Deploying; the first time takes about ten minutes …");
    kit.deploy(&place.region, &place.stack, &parameters)?;
    let place = Place { described: kit.describe(&place.region, &place.stack)?, ..place };
    finish(args, interview, &kit, &place).await
}

/// What stands before a deployment, and after.
struct Place {
    region: String,
    stack: String,
    described: Described,
}

async fn ask_place(interview: &mut Interview, stage: &str, kit: &Kit) -> Result<Place, Error> {
    let known = async |region: &str| {
        let described = kit.describe(region, "streammaxing");
        let described = described.map_err(|error| Refusal::new(error.to_string(), SIGN_IN))?;
        let aws = described.aws(region);
        let who = sm_aws::identity(&aws, &sm_aws::lazy_http(), Clock::system().now()).await;
        let who = who.map_err(|error| Refusal::new(error.to_string(), SIGN_IN))?;
        let found = format!("is {region}; {} is there, account {}", who.arn, who.account);
        Tried::Ok((found, region.to_owned()))
    };
    let region = interview.settle(&REGION, "", known).await?;
    let usual = match stage {
        "prod" => "streammaxing".to_owned(),
        stage => format!("streammaxing-{stage}"),
    };
    let fits = async |name: &str| match stack_name(name) {
        Ok(name) => Ok((format!("is {name}"), name)),
        Err(problem) => Err(Refusal::new(problem, format!("such as {usual}"))),
    };
    let stack = interview.settle(&STACK, &usual, fits).await?;
    let fits = async |email: &str| match email {
        "-" => Ok(("is nobody: alarms ring where nobody hears them".to_owned(), ())),
        email if email.contains('@') && !email.contains(char::is_whitespace) => {
            Ok((format!("is {email}; AWS sends a mail there to be confirmed"), ()))
        }
        _ => Err(Refusal::new("is no mail address", "such as ops@alerts.example, or - for nobody")),
    };
    interview.settle(&ALARM_EMAIL, "-", fits).await?;
    let described = kit.describe(&region, &stack)?;
    Ok(Place { region, stack, described })
}

const SIGN_IN: &str =
    "sign in to AWS (`aws configure` or `aws sso login`), or name a region that there is";

/// Tries the rest; the parameters of the stack.
async fn ask_applications(interview: &mut Interview) -> Result<Vec<String>, Error> {
    let remotes = Remotes::new();
    let (application, twitch) = super::ask_applications(interview, &remotes).await?;
    interview.settle(&DATABASE, "", trial::database).await?;
    Ok(vec![
        format!("DiscordClientId={}", application.id),
        format!("DiscordPublicKey={}", application.verify_key),
        format!("TwitchClientId={twitch}"),
    ])
}

/// A stack costs money from its first hour.
fn agree(args: &Args, interview: &Interview, place: &Place) -> Result<(), Error> {
    if args.yes {
        return Ok(());
    }
    let Place { region, stack, .. } = place;
    let question = format!(
        "Deploy {stack} in {region}? It costs about 4 USD a month while nothing happens (docs/cost.md) [y/N]: "
    );
    match interview.ask_once(&question)?.as_deref() {
        Some("y" | "Y" | "yes") => Ok(()),
        Some(_) => Err("nothing was deployed; what was answered is kept".into()),
        None => Err("nobody is there to agree to a deployment: say --yes".into()),
    }
}

async fn open_store(place: &Place) -> Result<(Settings, Store), Error> {
    let aws = place.described.aws(&place.region);
    let settings = Settings::of_stack(&place.stack, aws).await?;
    let store = Store::open(&settings).await?;
    Ok((settings, store))
}

async fn finish(
    args: &Args,
    mut interview: Interview,
    kit: &Kit,
    place: &Place,
) -> Result<(), Error> {
    let (settings, mut store) = open_store(place).await?;
    let mut new = Values::new();
    for (name, _) in ASKED {
        let answer = interview.answers.get(name).filter(|answer| store.get(name) != answer);
        new.extend(answer.map(|answer| (name.to_owned(), answer)));
    }
    for name in MADE.into_iter().filter(|name| store.get(name).is_empty()) {
        new.insert(name.to_owned(), make(name)?);
    }
    store.keep(new).await?;
    // From now on they lie where only the stack and an operator of it read them.
    interview.answers.forget(&ASKED.map(|(name, _)| name))?;
    say(&format!(
        "{} {:22} are in Secrets Manager, and nowhere else",
        Mark::Good.symbol(),
        "secrets"
    ));
    let config = settings.complete().await?;
    super::migrate(&config).await?;
    let dashboard = kit.dashboard.display().to_string();
    kit.run(&place.region, "deploy/upload_site.py", &[&place.stack, &dashboard])?;
    let app = settings.app().await?;
    let finish = Finish {
        app: &app,
        config: &config,
        interview: &interview,
        patience: Patience::minutes(args.wait),
        reach: args.reach.clone().unwrap_or_else(|| config.public_base_url.clone()),
        no_test: args.given.no_test,
    };
    finish.run().await
}
