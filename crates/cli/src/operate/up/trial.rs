//! Whether an answer is right: asks whoever has made it.

use super::interview::{Refusal, Tried};
use crate::operate::settings;
use sm_aws::Http;
use sm_db::fitness::obstacle_to_migrating;
use sm_discord::Application;
use sm_lambda::config::{DISCORD_API_URL, TWITCH_API_URL, TWITCH_AUTH_URL, peek};
use sm_types::{Clock, Secret, address};
use std::time::Duration;
use tokio::time::timeout;

/// Postgres 14.
const OLDEST: i32 = 140_000;
const PATIENCE: Duration = Duration::from_secs(10);
/// Of nobody: Twitch tells an unknown application from a wrong secret.
const NO_SECRET: &str = "streammaxing-asks-whether-this-application-is-there";

/// Where Twitch and Discord are.
#[derive(Debug, Clone)]
pub(crate) struct Remotes {
    http: Http,
    discord_api: String,
    twitch_api: String,
    twitch_auth: String,
}

impl Remotes {
    /// The real ones, or those that the environment names.
    pub(crate) fn new() -> Self {
        let or = |name, usual: &str| peek(name).unwrap_or_else(|| usual.to_owned());
        Self {
            http: sm_aws::lazy_http(),
            discord_api: or("DISCORD_API_URL", DISCORD_API_URL),
            twitch_api: or("TWITCH_API_URL", TWITCH_API_URL),
            twitch_auth: or("TWITCH_AUTH_URL", TWITCH_AUTH_URL),
        }
    }

    fn discord(&self, client_id: &str, client_secret: &str, token: &str) -> sm_discord::Client {
        let config = sm_discord::ClientConfig {
            api_url: self.discord_api.clone(),
            client_id: client_id.to_owned(),
            client_secret: Secret::new(client_secret),
            bot_token: Secret::new(token),
            user_agent: concat!(
                "DiscordBot (https://github.com/streammaxing/streammaxing, ",
                env!("CARGO_PKG_VERSION"),
                ")"
            )
            .to_owned(),
        };
        sm_discord::Client::new(config, self.http.clone())
    }

    fn twitch(&self, client_id: &str, client_secret: &str) -> sm_twitch::Client {
        let config = sm_twitch::ClientConfig {
            api_url: self.twitch_api.clone(),
            auth_url: self.twitch_auth.clone(),
            client_id: client_id.to_owned(),
            client_secret: Secret::new(client_secret),
        };
        sm_twitch::Client::new(config, self.http.clone(), Clock::system())
    }

    /// The application of a bot's token, with its id and its public key: nobody has to copy those.
    pub(crate) async fn bot_token(&self, token: &str) -> Tried<Application> {
        let discord = self.discord("", "", token);
        let refused = |error: sm_discord::Error| match error {
            sm_discord::Error::Unauthorized { .. } => Refusal::new(
                "is refused by Discord",
                "copy the token anew: discord.com/developers → your application → Bot → Reset Token",
            ),
            error => away("Discord", &error),
        };
        let bot = discord.current_user().await.map_err(refused)?.body;
        let application = discord.application().await.map_err(refused)?.body;
        Ok((format!("is the bot {}, application {}", bot.username, application.id), application))
    }

    pub(crate) async fn discord_secret(&self, application: &str, secret: &str) -> Tried<()> {
        let discord = self.discord(application, secret, "");
        // Revoking a token that nobody has changes nothing, and needs the application's own credentials.
        match discord.revoke_tokens(&Secret::new("streammaxing-up")).await {
            Ok(()) => Ok((format!("fits application {application}"), ())),
            Err(sm_discord::Error::Unauthorized { .. }) => Err(Refusal::new(
                "is refused by Discord",
                format!(
                    "copy it anew, of application {application}: developer portal → OAuth2 → Reset Secret"
                ),
            )),
            Err(error) => Err(away("Discord", &error)),
        }
    }

    pub(crate) async fn twitch_id(&self, id: &str) -> Tried<()> {
        match self.twitch(id, NO_SECRET).app_token().await {
            // Nobody has this secret.
            Ok(_) | Err(sm_twitch::Error::Forbidden { .. }) => {
                Ok(("is known to Twitch".to_owned(), ()))
            }
            Err(sm_twitch::Error::Rejected { .. } | sm_twitch::Error::NotFound) => {
                Err(Refusal::new(
                    "is not known to Twitch",
                    "copy it from dev.twitch.tv/console/apps → your application → Client ID",
                ))
            }
            Err(error) => Err(away("Twitch", &error)),
        }
    }

    pub(crate) async fn twitch_secret(&self, id: &str, secret: &str) -> Tried<()> {
        match self.twitch(id, secret).app_token().await {
            Ok(_) => Ok(("gives a token".to_owned(), ())),
            Err(
                sm_twitch::Error::Forbidden { .. }
                | sm_twitch::Error::Unauthorized
                | sm_twitch::Error::Rejected { .. },
            ) => Err(Refusal::new(
                format!("is refused by Twitch for {id}"),
                "make another: dev.twitch.tv/console/apps → your application → New Secret",
            )),
            Err(error) => Err(away("Twitch", &error)),
        }
    }
}

fn away(who: &str, error: &dyn std::error::Error) -> Refusal {
    Refusal::new(
        format!("could not be tried: {error}"),
        format!("may this machine reach {who}? Else try again in a minute"),
    )
}

/// Whether the database is there, new enough, and takes what we make.
pub(crate) async fn database(url: &str) -> Tried<()> {
    let pool = settings::pool(&Secret::new(url));
    let pool = pool.map_err(|error| {
        let found = error.problems.first().map_or_else(String::new, |(_, problem)| problem.clone());
        Refusal::new(found, "copy the address from whoever runs the database")
    })?;
    let looked = timeout(PATIENCE, async {
        let mut db = pool.acquire().await?;
        let (number, version) = sm_db::guilds::status::server_version(&mut db).await?;
        let pending = sm_db::migrations::state(&mut db).await?.pending.len();
        let obstacle = obstacle_to_migrating(&mut db, pending > 0).await?;
        Ok::<_, sqlx::Error>((number, version, pending, obstacle))
    })
    .await;
    pool.close().await;
    let check = "check host, user and password, and whether it takes connections from here";
    match looked {
        Err(_) => Err(Refusal::new("does not answer within 10 seconds", check)),
        Ok(Err(error)) => Err(Refusal::new(format!("does not connect: {error}"), check)),
        Ok(Ok((number, version, ..))) if number < OLDEST => {
            let found = format!("is PostgreSQL {version}");
            Err(Refusal::new(found, "move to PostgreSQL 14 or newer"))
        }
        Ok(Ok((.., Some(obstacle)))) => {
            Err(Refusal::new(format!("cannot be used: {}", obstacle.found()), obstacle.remedy()))
        }
        Ok(Ok((_, version, pending, None))) => {
            Ok((format!("is PostgreSQL {version}, {pending} migrations to do"), ()))
        }
    }
}

/// An address that Twitch can call; its name may be made known later.
pub(crate) async fn public_address(text: &str) -> Tried<String> {
    let base = address::origin(text)
        .map_err(|problem| Refusal::new(problem, "such as https://alerts.example"))?;
    let is_near = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
    let is_near = is_near.iter().any(|near| base.starts_with(near));
    if !base.starts_with("https://") && !is_near {
        let fix = "put a proxy with TLS in front, and write https://…: Twitch calls nothing else";
        return Err(Refusal::new("is not encrypted", fix));
    }
    let host = base.split("://").nth(1).unwrap_or_default();
    let port =
        if host.rsplit(']').next().is_some_and(|rest| rest.contains(':')) { "" } else { ":443" };
    let is_known = tokio::net::lookup_host(format!("{host}{port}")).await.is_ok();
    let found = if is_known {
        format!("is {base}")
    } else {
        format!("is {base}, which no DNS record names yet: let one point to this machine")
    };
    Ok((found, base))
}
