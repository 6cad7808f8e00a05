//! `down aws`: the stack with everything in it. Key, secret and database stay unless told otherwise.

use super::Common;
use crate::{
    operate::{
        settings::Settings,
        up::{
            answers::Answers,
            interview::Interview,
            kit::From,
            questions::{REGION, STACK},
        },
    },
    output::{Error, Mark, say},
};
use serde::Deserialize;

const SCRIPT: &str = "deploy/take_down.py";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    from: From,
    #[command(flatten)]
    common: Common,
    /// Delete the key and the secret too, after a week in which that can be taken back.
    #[arg(long)]
    with_key_and_secret: bool,
}

/// What is left of a stack.
#[derive(Deserialize)]
struct Left {
    key: Option<String>,
    secret: Option<String>,
    /// After how many days they end.
    days: Option<u32>,
}

pub(super) async fn run(args: &Args) -> Result<(), Error> {
    let given = args.from.place().collect();
    let interview = Interview::new(Answers::open(&args.from.answers())?, given);
    interview.refuse_gaps(&[REGION, STACK])?;
    let asked = |question| interview.find(&question).ok_or(format!("{} is missing", question.name));
    let (region, stack) = (asked(REGION)?, asked(STACK)?);
    let kit = args.from.kit(None).await?;
    let described = kit.describe(&region, &stack)?;
    if described.outputs.is_none() {
        say(&format!("there is no stack {stack} in {region}: nothing was taken away"));
        return Ok(());
    }
    let settings = Settings::of_stack(&stack, described.aws(&region)).await?;
    let config = settings.complete().await?;
    super::confirm(&args.common, &interview, &stack)?;
    kit.run(&region, SCRIPT, &["stop", &stack])?;
    say(&format!("{} {:22} takes no requests any more", Mark::Good.symbol(), "stack"));
    let app = settings.app().await?;
    super::unsubscribe(&app, &config).await?;
    app.pool.close().await;
    super::data(&args.common, &config).await?;
    say("Deleting the stack takes about ten minutes …");
    let mut arguments = vec!["delete", &stack];
    if args.with_key_and_secret {
        arguments.push("--with-key-and-secret");
    }
    let left: Left = serde_json::from_str(&kit.ask(&region, SCRIPT, &arguments)?)?;
    say(&format!("{} {:22} is gone", Mark::Good.symbol(), "stack"));
    tell(&left);
    super::say_what_stays(&config);
    Ok(())
}

fn tell(left: &Left) {
    let (Some(key), Some(secret)) = (&left.key, &left.secret) else { return };
    say(&match left.days {
        Some(days) => format!("key and secret end in {days} days: {key}, {secret}"),
        None => format!(
            "key and secret stay, for 1.40 USD a month: a new stack takes them up with \
             ExistingKeyArn={key} ExistingSecretArn={secret}"
        ),
    });
}
