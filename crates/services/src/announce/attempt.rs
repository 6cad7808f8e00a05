//! One attempt at one delivery: asks, and carries out what [`outcome`] decides.

use crate::{
    App,
    announce::{
        announcement::Announcement,
        gate::{self, Brake, NotNow, Turns},
        lookup::{self, Doubt, Look, Sought},
        outcome::{self, Decision, Hold, Ruling, Tried},
        parts,
        preflight::{self, Health},
        record::{self, Why},
        remark,
        render::{self, Rendered},
    },
    doubts::Source,
    guilds::presence,
    interactions::presses,
};
use sm_aws::metrics::{Counter, Gauge};
use sm_db::{
    announce::{
        deliveries::{self, DueDelivery, Record},
        posted,
    },
    guilds::{Mention, preferences::Audience},
};
use sm_discord::{CreateMessage, EditMessage, Error, Message, Reply, interaction::Button};
use sm_types::{
    ChannelId, RoleId,
    announcement::{Action, Kind, NamedReason, NamedReason::NotPinged, Status, Variant},
};
use time::{Duration, OffsetDateTime};
use tokio::time::Instant;

pub(super) use super::record::Finished;

/// Discord remembers a nonce for "a few minutes"; after this long we look before we send again.
const NONCE_TRUSTED: Duration = Duration::minutes(2);

/// Sends a delivery at `slot`, unless something stands in its way.
pub(super) async fn run(
    app: &App,
    due: DueDelivery,
    slot: Instant,
    brake: &Brake,
) -> sqlx::Result<Finished> {
    let now = app.clock.now();
    let record = record::begun(&due, now);
    let settled = |record, (status, reason): (Status, NamedReason)| {
        Ok(record::settled(record, status, reason.into()).into())
    };
    let obstacle = obstacle(&due, now);
    // What has been tried may have been posted: then it is sent, however late that is found out.
    let in_vain = obstacle.filter(|(_, reason)| {
        due.attempts < 2 || matches!(reason, NamedReason::DestinationRemoved)
    });
    if let Some(obstacle) = in_vain {
        return settled(record, obstacle);
    }
    let Some(channel) = due.channel() else {
        return settled(record, (Status::Failed, NamedReason::NoChannel));
    };
    let mut attempt = Attempt {
        app,
        due: &due,
        tried: Tried::from(&due),
        channel,
        turns: Turns::with_reserved(app, slot),
        brake,
        record,
    };
    if let Some(obstacle) = obstacle {
        if attempt.may_have_posted(now).await? {
            let rendered = attempt.render(now).await?;
            if let Look::Found(message) = attempt.look(&rendered).await? {
                return Ok(record::posted(attempt.record, message).into());
            }
        }
        return settled(attempt.record, obstacle);
    }
    if due.guild_doubted {
        match presence::is_back(app, due.guild_id).await? {
            Some(true) => {}
            Some(false) => {
                let why = NamedReason::BotLeft.into();
                return Ok(record::settled(attempt.record, Status::Skipped, why).into());
            }
            None => return Ok(attempt.not_healthy(None).into()),
        }
        // It took a turn of its own.
        attempt.turns = Turns::new(app);
    }
    if due.degraded_reason.is_some() {
        let found = attempt.check(None).await?;
        if found != Some(Health::Good) {
            return Ok(attempt.not_healthy(found).into());
        }
    }
    let rendered = attempt.render(now).await?;
    if attempt.may_have_posted(now).await? {
        match attempt.look(&rendered).await? {
            Look::Absent => {}
            Look::Found(message) => {
                tracing::info!(delivery.id = %due.delivery_id, message.id = %message, "an earlier attempt had posted");
                return Ok(record::posted(attempt.record, message).into());
            }
            Look::Unknown(doubt) => return attempt.doubtful(doubt).await,
        }
    }
    attempt.send(rendered).await
}

/// What makes sending pointless by now.
fn obstacle(due: &DueDelivery, now: OffsetDateTime) -> Option<(Status, NamedReason)> {
    if due.destination_id.is_none() {
        Some((Status::Skipped, NamedReason::DestinationRemoved))
    } else if due.ended_at.is_some() && due.kind != Kind::Offline {
        Some((Status::Skipped, NamedReason::StreamEnded))
    } else if now > due.expires_at {
        Some((Status::Expired, NamedReason::TooLate))
    } else {
        None
    }
}

struct Attempt<'a> {
    app: &'a App,
    due: &'a DueDelivery,
    tried: Tried,
    channel: ChannelId,
    turns: Turns<'a>,
    brake: &'a Brake,
    record: Record,
}

impl Attempt<'_> {
    /// Looks at the channel and remembers what was found; `None` when Discord did not answer.
    async fn check(&mut self, refused: Option<Source>) -> sqlx::Result<Option<Health>> {
        let Some(destination) = self.due.destination() else { return Ok(None) };
        let (guild, channel) = (self.due.guild_id, self.channel);
        let found = preflight::recheck(self.app, destination, guild, channel, refused).await?;
        // It took turns of its own, and the reserved slot may have gone by meanwhile.
        self.turns = Turns::new(self.app);
        Ok(found)
    }

    /// The end of an attempt at a destination that a check has not found healthy.
    fn not_healthy(self, found: Option<Health>) -> Record {
        match found {
            Some(broken) => {
                record::settled(self.record, Status::Failed, outcome::unhealthy(broken))
            }
            None => {
                let at = self.record.claimed_at + self.tried.backoff();
                record::again(self.record, NamedReason::DiscordUnavailable.into(), at)
            }
        }
    }

    /// Renders the message and notes whose wishes it honours and whose it cannot.
    async fn render(&mut self, now: OffsetDateTime) -> sqlx::Result<Rendered> {
        let due = self.due;
        let announcement = Announcement::from(due);
        let names_members = announcement.mention == Mention::Members;
        let pings = due.action == Action::Create;
        let asks = announcement.mention != Mention::None && (names_members || pings);
        let audience = if asks {
            let (guild, streamer) = (due.guild_id, &due.twitch_user_id);
            sm_db::guilds::preferences::audience(&self.app.pool, guild, streamer).await?
        } else {
            Audience::default()
        };
        let rendered = render::render(&announcement, &audience, pings, now);
        if names_members {
            self.record.opt_outs = audience.opted_out;
            self.record.unlisted_members = i32::try_from(rendered.unlisted).unwrap_or(i32::MAX);
        } else {
            self.record.unhonoured_opt_outs = audience.opted_out;
        }
        Ok(rendered)
    }

    /// Whether an earlier attempt may have posted what Discord does not know by its nonce any more.
    async fn may_have_posted(&self, now: OffsetDateTime) -> sqlx::Result<bool> {
        let due = self.due;
        let stale = now - due.first_claimed_at > NONCE_TRUSTED;
        if due.action != Action::Create || due.attempts < 2 || !stale {
            return Ok(false);
        }
        let (pool, first) = (&self.app.pool, due.first_claimed_at);
        posted::is_possible(pool, due.delivery_id, due.attempts, first).await
    }

    async fn look(&mut self, rendered: &Rendered) -> sqlx::Result<Look> {
        let due = self.due;
        let nonce = sm_discord::nonce(due.delivery_id, self.channel, due.resends);
        let sought = Sought {
            guild: due.guild_id,
            channel: self.channel,
            login: &due.login,
            display_name: &due.display_name,
            since: due.first_claimed_at,
            delivery: Some((due.delivery_id, nonce)),
            rendered: Some(&rendered.message),
        };
        lookup::look(self.app, &mut self.turns, &sought).await
    }

    /// The message may be there or not: nothing is sent before that is known.
    async fn doubtful(mut self, doubt: Doubt) -> sqlx::Result<Finished> {
        tracing::warn!(%doubt, delivery.id = %self.due.delivery_id, channel.id = %self.channel, "whether an earlier attempt had posted is not known");
        let left = self.due.expires_at - self.app.clock.now();
        let decision = match outcome::in_doubt(&self.tried, &doubt, left) {
            Ruling::Final(decision) => decision,
            Ruling::Check(_) => match self.check(Some(Source::Delivery)).await? {
                Some(Health::Good) | None => outcome::look_again(&self.tried, &doubt, left),
                Some(broken) => Decision::Settle(Status::Failed, outcome::unhealthy(broken)),
            },
        };
        match doubt {
            Doubt::Unanswered(error) => self.refused(decision, &error).await,
            _ => Ok(self.carry_out(decision, None).await?.into()),
        }
    }

    /// Sends it, as soon as it is its turn; once more without parts that Discord has refused. What it is known to
    /// refuse is left out at once.
    async fn send(mut self, mut rendered: Rendered) -> sqlx::Result<Finished> {
        let refused_parts = &self.app.inner().refused_parts;
        let (mut left_out, mut again) = (Vec::new(), false);
        loop {
            if let Some((reason, at)) = self.held().await? {
                return Ok(record::again(self.record, reason.into(), at).into());
            }
            let now = self.app.clock.now();
            if !again && let Some(fewer) = refused_parts.left_out(&rendered.message, now) {
                (rendered.message, left_out) = fewer;
            }
            self.record.sent_at = Some(now);
            let answer = request(self.app, self.due, self.channel, &rendered).await;
            Counter::DiscordRequest.count();
            self.record.answered_at = Some(self.app.clock.now());
            let error = match answer {
                Ok(answer) => return self.accepted(&rendered, &left_out, answer).await,
                Err(error) => error,
            };
            let fewer = parts::without_refused(&rendered.message, &error);
            if let Some((message, refused)) = fewer.filter(|_| !again) {
                tracing::info!(delivery.id = %self.due.delivery_id, parts = ?refused, "Discord refused parts; they are left out");
                refused_parts.note(&rendered.message, &error, now);
                rendered.message = message;
                left_out.extend(refused);
                again = true;
                continue;
            }
            if let Error::RateLimited { .. } = error {
                let (pool, delivery) = (&self.app.pool, self.due.delivery_id);
                let before = deliveries::count_limited(pool, delivery).await?;
                self.tried.limited = i32::try_from(before).unwrap_or(i32::MAX - 1);
            }
            let decision = match outcome::decide(&self.tried, &error) {
                Ruling::Final(decision) => decision,
                Ruling::Check(defect) => {
                    let found = self.check(Some(Source::Delivery)).await?;
                    outcome::after_check(&self.tried, defect, found, &error)
                }
            };
            return self.refused(decision, &error).await;
        }
    }

    /// Waits for the turn; why it is not to be sent now, and when it is.
    async fn held(&mut self) -> sqlx::Result<Option<(NamedReason, OffsetDateTime)>> {
        let held = match self.turns.next().await {
            Ok(()) if self.brake.pulled() => Some((NamedReason::CircuitOpen, gate::PATIENCE)),
            Ok(()) => None,
            Err(NotNow::Later(wait)) => Some((NamedReason::RateLimited, wait)),
            Err(NotNow::Database(error)) => return Err(error),
        };
        Ok(held.map(|(reason, wait)| (reason, self.app.clock.now() + wait)))
    }

    async fn accepted(
        mut self,
        rendered: &Rendered,
        left_out: &[String],
        answer: Option<Reply<Message>>,
    ) -> sqlx::Result<Finished> {
        let (app, due, channel) = (self.app, self.due, self.channel);
        self.record.http_status = Some(if answer.is_some() { 200 } else { 204 });
        let Some(Reply { body: message, limits }) = answer else {
            return Ok(self.record.into());
        };
        if let (Some(0), Some(wait)) = (limits.remaining, limits.reset_after) {
            let wait = Duration::try_from(wait).unwrap_or(Duration::SECOND);
            let wait = wait.min(Hold::Channel.longest());
            sm_db::announce::gate::block_channel(&app.pool, channel, wait).await?;
        }
        if due.guild_doubted {
            presence::is_there(app, due.guild_id).await?;
        }
        let latency = app.clock.now() - due.received_at;
        if (due.kind, due.action, due.resends) == (Kind::Online, Action::Create, 0) {
            let ms = i64::try_from(latency.whole_milliseconds()).unwrap_or(i64::MAX);
            Gauge::WebhookToDiscord.note(ms);
        }
        tracing::debug!(
            delivery.id = %due.delivery_id, delivery.kind = %due.kind, guild.id = %due.guild_id,
            channel.id = %channel, message.id = %message.id, streamer.login = due.login,
            delivery.attempt = due.attempts, delivery.latency_ms = latency.whole_milliseconds() as i64,
            "delivered"
        );
        let record = match remark::on(rendered, &message) {
            Some(remark) => {
                let gone = self.lost_role(rendered, &remark).await;
                let remark = gone.map_or(remark, remark::role_gone);
                record::settled(self.record, Status::Sent, remark)
            }
            None if !left_out.is_empty() => {
                record::settled(self.record, Status::Sent, parts::remark(left_out))
            }
            None => self.record,
        };
        Ok(record::posted(record, message.id).into())
    }

    /// The role that was not pinged, where it is because there is no such role any more.
    async fn lost_role(&mut self, rendered: &Rendered, remark: &Why) -> Option<RoleId> {
        let role = rendered.pings.role().filter(|_| remark.reason == NotPinged.into())?;
        self.turns.next().await.ok()?;
        let known = self.app.discord.get_guild_roles(self.due.guild_id).await.ok()?.body;
        // A list without `@everyone` is not whole.
        let whole = known.iter().any(|known| known.id.0 == self.due.guild_id.0);
        (whole && known.iter().all(|known| known.id != role)).then_some(role)
    }

    /// Notes the refusal and carries out what was decided about it.
    async fn refused(mut self, decision: Decision, error: &Error) -> sqlx::Result<Finished> {
        let (due, channel) = (self.due, self.channel);
        self.record = record::refused(self.record, error);
        let invalid = error.counts_as_invalid();
        if invalid {
            Counter::DiscordInvalid.count();
        }
        if let Error::RateLimited { .. } = error {
            Counter::DiscordRateLimited.count();
            if self.tried.seems_stuck() {
                Counter::DiscordStuck.count();
            }
        }
        // What keeps to ever longer waits of its own is no reason to stop everybody.
        let invalid_request = invalid && !(error.is_own_limit() && self.tried.limited > 0);
        if let Decision::Bug(_) = decision {
            tracing::error!(%error, delivery.id = %due.delivery_id, "Discord refused what we should not have sent");
        }
        let record = self.carry_out(decision, Some(error)).await?;
        let reason = record.reason.map(|reason| reason.to_string());
        tracing::warn!(
            %error, delivery.id = %due.delivery_id, delivery.kind = %due.kind, guild.id = %due.guild_id,
            channel.id = %channel, delivery.attempt = due.attempts, delivery.status = %record.status, reason,
            "Discord refused a delivery"
        );
        Ok(Finished { record, invalid_request })
    }

    async fn carry_out(self, decision: Decision, error: Option<&Error>) -> sqlx::Result<Record> {
        let (app, record) = (self.app, self.record);
        let now = app.clock.now();
        Ok(match decision {
            Decision::Settle(status, why) => record::settled(record, status, why),
            Decision::Bug(why) => record::settled(record, Status::Failed, why),
            Decision::Again(why, wait, hold) => {
                let held = wait.min(hold.longest());
                match hold {
                    Hold::Nobody => {}
                    Hold::Channel => {
                        sm_db::announce::gate::block_channel(&app.pool, self.channel, held).await?;
                    }
                    Hold::Everybody => sm_db::announce::gate::block(&app.pool, held).await?,
                }
                record::again(record, why, now + wait)
            }
            Decision::Reshape(why, variant, action) => {
                Record { variant, action, ..record::again(record, why, now) }
            }
            Decision::Degrade(defect, why) => {
                if let Some(destination) = self.due.destination() {
                    let (pool, code) = (&app.pool, defect.code());
                    sm_db::streamers::destinations::degrade(pool, destination, code, now).await?;
                }
                record::settled(record, Status::Failed, why)
            }
            Decision::OpenCircuit(why) => {
                // The first to notice looks whether it is everybody's; the others of this worker only stop.
                let Some(error) = error.filter(|_| self.brake.pull()) else {
                    return Ok(record::again(record, why, now + gate::PATIENCE));
                };
                match gate::open_circuit_if_proved(app, error).await? {
                    Some(wait) => record::again(record, why, now + wait),
                    None => {
                        self.brake.release();
                        let why = NamedReason::DiscordUnavailable.into();
                        record::again(record, why, now + self.tried.backoff())
                    }
                }
            }
        })
    }
}

/// Asks Discord; `None` where the answer has no message.
async fn request(
    app: &App,
    due: &DueDelivery,
    channel: ChannelId,
    rendered: &Rendered,
) -> Result<Option<Reply<Message>>, Error> {
    let content = Some(rendered.message.content.clone());
    let embeds = rendered.message.embeds.clone();
    match (due.action, due.message()) {
        (Action::Edit, Some(message)) => {
            let allowed_mentions = rendered.mentions.clone();
            let body = EditMessage { content, embeds, allowed_mentions };
            app.discord.edit_message(channel, message, &body).await.map(Some)
        }
        (Action::Delete, Some(message)) => {
            app.discord.delete_message(channel, message).await.map(|_| None)
        }
        _ => {
            let body = CreateMessage {
                content,
                embeds,
                allowed_mentions: rendered.mentions.clone(),
                nonce: sm_discord::nonce(due.delivery_id, channel, due.resends),
                enforce_nonce: true,
                flags: None,
                buttons: buttons(due),
            };
            app.discord.create_message(channel, &body).await.map(Some)
        }
    }
}

/// What stands under a new message; nothing where Discord has refused the message as it was.
fn buttons(due: &DueDelivery) -> Vec<Button> {
    let wanted = due.buttons && due.variant != Variant::Plain;
    if wanted { presses::under_announcement(&due.twitch_user_id) } else { Vec::new() }
}
