//! Where the secret settings lie: in Secrets Manager, or in an environment file that we only propose.

use crate::{
    operate::{CalledWrongly, settings::Settings},
    output::{Error, Format, say},
};
use serde_json::json;
use sm_aws::rotation::StoredSecret;
use sm_lambda::{
    Config,
    config::peek,
    secret_names::{ASKED, LOCAL_KEY, MADE, source},
};
use sm_types::Clock;
use std::{collections::BTreeMap, io::IsTerminal};

/// Setting name → value; an empty one counts as unset.
pub(in crate::operate) type Values = BTreeMap<String, String>;

/// The secret settings as they are.
pub(in crate::operate) struct Store {
    pub(in crate::operate) values: Values,
    /// The names that these settings need, those of ours last.
    pub(in crate::operate) names: Vec<&'static str>,
    /// `None` where there is an environment file.
    manager: Option<(Config, StoredSecret)>,
}

impl Store {
    pub(in crate::operate) async fn open(settings: &Settings) -> Result<Self, Error> {
        let local = settings.get("KMS_KEY_ID").is_none().then_some(LOCAL_KEY);
        let names: Vec<_> =
            ASKED.map(|(name, _)| name).into_iter().chain(MADE).chain(local).collect();
        let Some(arn) = settings.get("SECRETS_ARN") else {
            let set = |name: &&str| settings.get(name).map(|value| ((*name).to_owned(), value));
            return Ok(Self {
                values: names.iter().filter_map(set).collect(),
                names,
                manager: None,
            });
        };
        let config = settings.config()?;
        let aws = config.aws.as_ref().ok_or("SECRETS_ARN needs the AWS_ settings")?;
        let stored = StoredSecret::new(aws, &sm_aws::lazy_http(), arn);
        let values = stored.current().await?;
        Ok(Self { values, names, manager: Some((config, stored)) })
    }

    /// Whether values are kept for us, and asked for; otherwise they are only proposed.
    pub(super) fn is_kept(&self) -> bool {
        self.manager.is_some()
    }

    /// The value in use, or an empty text.
    pub(in crate::operate) fn get(&self, name: &str) -> &str {
        self.values.get(name).map_or("", |value| value.trim())
    }

    /// Stores new values, unless the product could not start with them.
    pub(in crate::operate) async fn keep(&mut self, new: Values) -> Result<(), Error> {
        if new.is_empty() {
            return Ok(());
        }
        self.values.extend(new);
        if let Some((config, stored)) = &self.manager {
            let config = config.clone().with_secrets(&self.values)?;
            sm_lambda::build_app(&config, Clock::system())?;
            stored.replace(&self.values).await?;
        }
        Ok(())
    }

    /// Stores new values, and tells their names only.
    pub(super) async fn change(
        mut self,
        new: Values,
        dry_run: bool,
        format: Format,
    ) -> Result<(), Error> {
        let names: Vec<_> = new.keys().cloned().collect();
        if !dry_run {
            self.keep(new).await?;
        }
        let json = json!({ "set": names, "dry_run": dry_run });
        format.print(&json, || match (names.join(", "), dry_run) {
            (names, _) if names.is_empty() => "nothing is to be set\n".to_owned(),
            (names, true) => format!("would set {names}\n"),
            (names, false) => {
                format!("set {names}; running instances take over within 5 minutes\n")
            }
        })
    }
}

/// Prints lines for an environment file; with `dry_run`, names only.
pub(super) fn propose(new: &Values, dry_run: bool, format: Format) -> Result<(), Error> {
    let names: Vec<_> = new.keys().collect();
    let json = if dry_run { json!({ "set": names, "dry_run": true }) } else { json!(new) };
    let line = |(name, value): (&String, &String)| match source(name) {
        Some(source) => format!("# {source}\n{name}={value}\n"),
        None => format!("{name}={value}\n"),
    };
    format.print(&json, || {
        if dry_run {
            return names.iter().map(|name| format!("{name}\n")).collect();
        }
        new.iter().map(line).collect()
    })?;
    if new.is_empty() {
        say("there is nothing to add: every secret setting has a line");
    }
    Ok(())
}

/// Values that are made elsewhere: from the environment under their own names, or asked for unseen.
pub(super) fn ask(names: &[&str]) -> Result<Values, Error> {
    let missing: Vec<_> = names.iter().copied().filter(|name| peek(name).is_none()).collect();
    if !missing.is_empty() && !std::io::stdin().is_terminal() {
        let missing = missing.join(", ");
        let remedy = "set it in the environment under its own name, or run this in a terminal";
        return Err(CalledWrongly(format!("nobody can be asked for {missing}: {remedy}")).into());
    }
    let answers = names.iter().map(|name| {
        let value = peek(name).map_or_else(|| ask_for(name), Ok)?;
        Ok(((*name).to_owned(), value))
    });
    answers.collect()
}

fn ask_for(name: &str) -> Result<String, Error> {
    let source = source(name).unwrap_or_default();
    let value = rpassword::prompt_password(format!("{name} ({source}): "))?;
    match value.trim() {
        "" => Err(CalledWrongly(format!("{name} must not be empty")).into()),
        value => Ok(value.to_owned()),
    }
}
