//! What comes after the product runs: its addresses at Discord and Twitch, and the first message.

use super::{first_message, interview::Interview, wait::Patience};
use crate::{
    operate::{
        Addresses,
        doctor::{self, check::Check},
        smoke,
    },
    output::{Error, say},
};
use sm_discord::EventWebhooks;
use sm_lambda::Config;
use sm_services::{App, interactions::registration};

/// A product that runs, and those who wait for it.
pub(super) struct Finish<'a> {
    pub(super) app: &'a App,
    pub(super) config: &'a Config,
    pub(super) interview: &'a Interview,
    pub(super) patience: Patience,
    /// Where the product is reached from here.
    pub(super) reach: String,
    pub(super) no_test: bool,
}

impl Finish<'_> {
    /// Waits until all of it works.
    pub(super) async fn run(&self) -> Result<(), Error> {
        let base = &self.config.public_base_url;
        self.patience.until_good(async || self.product().await).await?;
        self.patience.until_good(async || self.events().await).await?;
        self.patience.until_good(async || self.interactions().await).await?;
        self.patience.until_good(async || self.commands().await).await?;
        self.patience.until_good(async || self.discord_redirect().await).await?;
        let twitch = async || doctor::twitch::redirect(self.app, self.config).await;
        self.patience.until_good(twitch).await?;
        if !self.no_test {
            first_message::send(self.app, self.interview, self.patience).await?;
        }
        say(&format!("\nready: {base}   sign in, and follow your first streamer"));
        Ok(())
    }

    /// From outside: the address leads to a product with these secrets.
    async fn product(&self) -> Check {
        const NAME: &str = "product";
        match smoke::look(&self.reach, self.config).await {
            Ok(checks) => checks.into_iter().find(Check::is_problem).unwrap_or_else(|| {
                Check::good(NAME, &format!("{} answers as it should", self.reach))
            }),
            Err(error) => Check::problem(NAME, &error.to_string(), "put the settings right"),
        }
    }

    /// Registered by way of Discord's API, which tries the address before it takes it.
    async fn events(&self) -> Check {
        const NAME: &str = "discord events";
        let at = Addresses::below(&self.config.public_base_url);
        let found = match self.app.discord.application().await {
            Ok(reply) => reply.body,
            Err(error) => {
                return Check::problem(NAME, &error.to_string(), "look again in a minute");
            }
        };
        let now = doctor::discord::events(&found, &at);
        if now.is_good() {
            return now;
        }
        if let Some(other) = found.event_webhooks_url.filter(|url| *url != at.discord_events) {
            let fix = "give this installation an application of its own, or take that address out in the \
                       developer portal → Webhooks";
            return Check::problem(NAME, &format!("go to {other}"), fix);
        }
        match self.app.discord.edit_application(&EventWebhooks::to(&at.discord_events)).await {
            Ok(reply) => doctor::discord::events(&reply.body, &at),
            Err(error) => {
                let fix = format!("Discord must reach {} from outside", at.discord_events);
                Check::problem(NAME, &error.to_string(), &fix)
            }
        }
    }

    /// The same for commands and buttons.
    async fn interactions(&self) -> Check {
        const NAME: &str = "discord interactions";
        let at = Addresses::below(&self.config.public_base_url);
        let found = match self.app.discord.application().await {
            Ok(reply) => doctor::discord::interactions(&reply.body, &at),
            Err(error) => Check::problem(NAME, &error.to_string(), "look again in a minute"),
        };
        if found.is_good() || found.is_problem() {
            return found;
        }
        match self.app.discord.set_interactions_url(Some(&at.discord_interactions)).await {
            Ok(application) => doctor::discord::interactions(&application, &at),
            Err(error) => {
                let fix = format!("Discord must reach {} from outside", at.discord_interactions);
                Check::problem(NAME, &error.to_string(), &fix)
            }
        }
    }

    /// One request at most, and none where nothing has changed.
    async fn commands(&self) -> Check {
        match registration::register(self.app).await {
            Ok(_) => doctor::discord::commands(self.app).await,
            Err(error) => {
                Check::problem("discord commands", &error.to_string(), "look again in a minute")
            }
        }
    }

    async fn discord_redirect(&self) -> Check {
        let at = Addresses::below(&self.config.public_base_url);
        match self.app.discord.application().await {
            Ok(reply) => doctor::discord::redirect(&reply.body, &at),
            Err(error) => {
                Check::problem("discord redirect", &error.to_string(), "look again in a minute")
            }
        }
    }
}
