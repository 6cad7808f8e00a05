//! Sending announcements again in bulk, once what stood in their way is gone.

use crate::{
    App,
    announce::{
        preflight::{self, Health},
        resend::{self, ResendError},
    },
    audit::Actor,
};
use sm_db::announce::history::{self, Recoverable};
use sm_types::{ChannelId, DeliveryId};
use time::OffsetDateTime;

/// Rows read at once.
const PAGE: i64 = 500;

/// Which announcements to recover, and how.
#[derive(Debug, Clone, Copy)]
pub struct Recovery {
    /// Those planned since.
    pub since: OffsetDateTime,
    /// Those that came too late as well, not only those that were refused.
    pub expired: bool,
    /// `None` pings only while the go-live is fresh.
    pub ping: Option<bool>,
    /// Whether to change nothing and only tell what would be done.
    pub dry_run: bool,
}

/// What became of one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// It is planned again, with or without a ping.
    Planned {
        /// Whether it pings.
        ping: bool,
    },
    /// What stood in its way still does.
    StillBroken(String),
    /// Somebody else was faster, or the stream is over by now.
    Settled(String),
    /// Discord did not answer.
    NoAnswer,
}

/// The announcements that a recovery is about, oldest first.
pub async fn candidates(app: &App, recovery: &Recovery) -> sqlx::Result<Vec<Recoverable>> {
    let statuses: &[&str] = if recovery.expired { &["failed", "expired"] } else { &["failed"] };
    let mut all: Vec<Recoverable> = Vec::new();
    loop {
        let after: Option<DeliveryId> = all.last().map(|last| last.delivery_id);
        let page = history::recoverable(&app.pool, recovery.since, statuses, after, PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Recovers one. What is planned already is left alone, so a second run does nothing.
pub async fn one(app: &App, found: &Recoverable, how: &Recovery) -> sqlx::Result<Recovered> {
    let Some(channel) = found.channel_id.map(ChannelId::from_db) else {
        return Ok(Recovered::StillBroken("no channel is set".to_owned()));
    };
    if found.degraded_reason.is_some() {
        match health(app, found, channel, how.dry_run).await? {
            Some(Health::Good) => {}
            Some(Health::Broken(trouble)) => return Ok(Recovered::StillBroken(trouble.detail())),
            Some(Health::NotInGuild) => {
                return Ok(Recovered::StillBroken("the bot is not in the server".to_owned()));
            }
            None => return Ok(Recovered::NoAnswer),
        }
    }
    let delivery = history::find(&app.pool, found.guild_id, found.delivery_id).await?;
    let Some(delivery) = delivery.filter(|now| now.status == found.status) else {
        return Ok(Recovered::Settled("it has changed meanwhile".to_owned()));
    };
    let planned = if how.dry_run {
        let late = resend::is_late(&delivery, app.clock.now());
        resend::possible(app, &delivery).await.map(|()| how.ping.unwrap_or(!late))
    } else {
        resend::again(app, found.guild_id, &delivery, how.ping, &Actor::operator()).await
    };
    match planned {
        Ok(ping) => Ok(Recovered::Planned { ping }),
        Err(ResendError::Database(error)) => Err(error),
        Err(obstacle) => Ok(Recovered::Settled(obstacle.to_string())),
    }
}

/// Looks at a degraded destination; `None` when Discord did not answer.
async fn health(
    app: &App,
    found: &Recoverable,
    channel: ChannelId,
    dry_run: bool,
) -> sqlx::Result<Option<Health>> {
    if dry_run {
        return Ok(preflight::check(app, found.guild_id, channel).await.ok());
    }
    preflight::recheck(app, found.destination_id, found.guild_id, channel, None).await
}
