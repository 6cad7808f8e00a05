//! Rotation of the secrets that we make ourselves, in the four steps of Secrets Manager.
//!
//! The new secret goes before the one in use, and both are valid until the next rotation. Secrets of Twitch,
//! Discord and the database are carried over. Subscriptions at Twitch move to the new webhook secret once
//! it is in use, by and by: `services/streamers/reconcile.rs`.

use super::Ops;
use crate::{Config, build_app, secret_names};
use sm_aws::rotation::{CURRENT, PENDING, StoredSecret};
use std::collections::BTreeMap;

/// One of the four steps; each may come twice.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) secret: String,
    /// The id of the version that is made.
    pub(crate) version: String,
}

impl Ops {
    /// Takes a step.
    pub(crate) async fn rotate(&self, step: &Step) -> Result<(), String> {
        if self.config.secrets_arn.as_deref() != Some(step.secret.as_str()) {
            return Err(format!("{} is not the secret of this function", step.secret));
        }
        let stored = StoredSecret::new(self.aws()?, &self.http, step.secret.clone());
        match step.name.as_str() {
            "createSecret" => self.create(&stored, &step.version).await,
            // Nobody else has to be told: both are ours alone.
            "setSecret" => Ok(()),
            "testSecret" => self.test(&stored, &step.version).await,
            "finishSecret" => self.finish(&stored, &step.version).await,
            other => Err(format!("no step `{other}`")),
        }
    }

    async fn create(&self, stored: &StoredSecret, version: &str) -> Result<(), String> {
        let versions = stored.versions().await?;
        let stages = versions.get(version).map_or(&[] as &[String], Vec::as_slice);
        if stages.iter().any(|stage| stage == CURRENT) {
            return Ok(());
        }
        // Secrets Manager names the pending version before it has a value.
        if stages.iter().any(|stage| stage == PENDING)
            && let Ok(values) = stored.pending(version).await
        {
            return self.completed(&values).map(drop).map_err(|why| unusable(version, &why));
        }
        let next = next(stored.current().await?)?;
        self.completed(&next)?;
        stored.prepare(version, &next).await
    }

    /// Whether an app with the pending values reaches its database.
    ///
    /// Secrets Manager asks for this step alone when the schedule is set, before the secret was ever completed.
    async fn test(&self, stored: &StoredSecret, version: &str) -> Result<(), String> {
        if secret_names::none_is_given(&stored.current().await?) {
            return Ok(());
        }
        let config = self.completed(&stored.pending(version).await?)?;
        let app = build_app(&config, self.clock.clone()).map_err(|e| e.to_string())?;
        sm_db::announce::events::next_due(&app.pool, app.clock.now())
            .await
            .map_err(|e| e.to_string())?;
        Ok(())
    }

    async fn finish(&self, stored: &StoredSecret, version: &str) -> Result<(), String> {
        let versions = stored.versions().await?;
        let is_current = |stages: &Vec<String>| stages.iter().any(|stage| stage == CURRENT);
        let current =
            versions.iter().find(|(_, stages)| is_current(stages)).map(|(id, _)| id.as_str());
        if current == Some(version) {
            return Ok(());
        }
        self.completed(&stored.pending(version).await?)?;
        stored.promote(version, current).await
    }

    /// The settings with these values, where they suffice.
    fn completed(&self, values: &BTreeMap<String, String>) -> Result<Config, String> {
        self.config.clone().with_secrets(values).map_err(|error| error.to_string())
    }
}

/// A version never changes, so neither a repeated step nor a second rotation can put it right.
fn unusable(version: &str, why: &str) -> String {
    format!(
        "the pending version {version} is of no use, and no rotation begins beside it: {why}\n\
         Take it away with `aws secretsmanager update-secret-version-stage --version-stage {PENDING} \
         --remove-from-version-id {version} --secret-id …`, then rotate again"
    )
}

/// The values with new secrets of ours, each before the one that was the newest.
fn next(mut values: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, String> {
    for name in secret_names::MADE {
        let present = values.get(name).map_or("", String::as_str);
        let both = secret_names::rotate(name, present)?;
        values.insert(name.to_owned(), both);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_secrets_go_before_the_newest_and_all_else_stays() {
        let before = [
            ("SESSION_SECRET", "b,a"),
            ("TWITCH_EVENTSUB_SECRET", "c"),
            ("DISCORD_BOT_TOKEN", "token"),
        ];
        let before = before.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let after = next(before.into()).unwrap();
        for (name, newest) in [("SESSION_SECRET", "b"), ("TWITCH_EVENTSUB_SECRET", "c")] {
            let (new, old) = after[name].split_once(',').unwrap();
            assert_eq!((new.len(), old), (64, newest));
        }
        assert_eq!(after["DISCORD_BOT_TOKEN"], "token");
        assert!(next(BTreeMap::new()).unwrap_err().contains("SESSION_SECRET"));
    }
}
