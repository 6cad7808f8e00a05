//! Messages outside a real stream: previews for the editor, and tests in a channel.

use crate::{
    App,
    announce::{
        announcement::{Announcement, Stream, Streamer},
        gate::{self, Turns},
        lookup::TEST_MARK,
        preflight::{self, Health},
        render,
    },
};
use sm_db::{
    announce::history,
    guilds::{Mention, config, preferences::Audience},
    streamers::follows,
};
use sm_discord::{AllowedMentions, CreateMessage, Error, Operation, Rebuild, Verdict, classify};
use sm_types::{
    ChannelId, DeliveryId, GuildId, MessageId, SessionId, TemplateId, TwitchUserId,
    announcement::Variant,
    template::{MessageTemplate, RenderedMessage},
};
use std::borrow::Cow;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

const MAX_CONTENT: usize = 2000;

/// A stream to show a template with.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The streamer's id.
    pub streamer: TwitchUserId,
    pub login: String,
    pub display_name: String,
    /// The avatar.
    pub profile_image_url: Option<String>,
    pub title: Option<String>,
    /// The category.
    pub game_name: Option<String>,
    pub viewers: Option<i32>,
    /// The broadcast language.
    pub language: Option<String>,
    /// Whether the stream has ended.
    pub ended: bool,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            streamer: TwitchUserId::from("70011223"),
            login: "sample_streamer".to_owned(),
            display_name: "Sample_Streamer".to_owned(),
            profile_image_url: None,
            title: Some("Any% attempts until it works".to_owned()),
            game_name: Some("Celeste".to_owned()),
            viewers: Some(1234),
            language: Some("en".to_owned()),
            ended: false,
        }
    }
}

impl Sample {
    /// The same with a streamer whom a server follows; `None` when it does not.
    pub async fn of(
        app: &App,
        guild: GuildId,
        streamer: &TwitchUserId,
    ) -> sqlx::Result<Option<Self>> {
        let only = follows::Filter { only: Some(streamer), ..follows::Filter::default() };
        let found = follows::list(&app.pool, guild, only, 1).await?;
        Ok(found.into_iter().next().map(|follow| Self {
            streamer: follow.twitch_user_id,
            login: follow.login,
            display_name: follow.display_name,
            profile_image_url: follow.profile_image_url,
            ..Self::default()
        }))
    }
}

/// A server's own channel and mention, and its template; `None` when the server is not known.
pub async fn setting(
    app: &App,
    guild: GuildId,
) -> sqlx::Result<Option<(Setting, Option<TemplateId>)>> {
    let Some((config, _)) = config::find(&app.pool, guild).await? else { return Ok(None) };
    let guild_name = sm_db::guilds::name(&app.pool, guild).await?.unwrap_or_default();
    let (channel, mention) = (config.default_channel, config.mention);
    Ok(Some((Setting { guild, guild_name, channel, mention }, config.template)))
}

/// Where a sample is shown: server, channel and whom the announcement would mention.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The server.
    pub guild: GuildId,
    pub guild_name: String,
    pub channel: Option<ChannelId>,
    pub mention: Mention,
}

/// Renders a template as Discord would get it; nothing is sent.
pub fn preview(
    message: Option<&MessageTemplate>,
    sample: &Sample,
    setting: &Setting,
    now: OffsetDateTime,
) -> RenderedMessage {
    let announcement = announcement(message, sample, setting, now);
    render::render(&announcement, &Audience::default(), false, now).message
}

/// How long ago a sample's stream began; one that has ended lasted longer.
const SAMPLE_AGE: Duration = Duration::minutes(1);
const SAMPLE_LENGTH: Duration = Duration::minutes(185);
const SAMPLE_VOD: &str = "https://www.twitch.tv/videos/1";

fn announcement<'a>(
    template: Option<&'a MessageTemplate>,
    sample: &'a Sample,
    setting: &'a Setting,
    now: OffsetDateTime,
) -> Announcement<'a> {
    Announcement {
        streamer: Streamer {
            id: &sample.streamer,
            login: &sample.login,
            display_name: &sample.display_name,
            avatar_url: sample.profile_image_url.as_deref(),
        },
        stream: Stream {
            session: SessionId(Uuid::nil()),
            started_at: now - if sample.ended { SAMPLE_LENGTH } else { SAMPLE_AGE },
            ended_at: sample.ended.then_some(now),
            title: sample.title.as_deref(),
            game: sample.game_name.as_deref(),
            language: sample.language.as_deref(),
            viewers: sample.viewers,
            preview_at: None,
            vod_url: sample.ended.then_some(SAMPLE_VOD),
        },
        guild_name: &setting.guild_name,
        channel: setting.channel,
        mention: setting.mention,
        template: template.map(Cow::Borrowed),
        variant: Variant::Full,
    }
}

/// What came of a test message.
#[derive(Debug, Clone)]
pub struct Tested {
    /// Its entry in the history.
    pub delivery: DeliveryId,
    pub message: Option<MessageId>,
    /// Why it could not be posted.
    pub refusal: Option<Refused>,
}

/// Why a test message could not be posted.
#[derive(Debug, Clone)]
pub struct Refused {
    /// A stable code, as deliveries have it; `test_refused` where only time helps.
    pub reason: String,
    /// In words, with the remedy.
    pub detail: String,
    /// Permissions that are missing.
    pub missing: Vec<&'static str>,
    /// What the reason is about, by name, as deliveries have it.
    pub values: Option<serde_json::Value>,
}

/// Why no test was made.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// Requests to Discord have to wait.
    #[error("Discord: {0}")]
    Discord(#[from] Error),
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Posts a template in a channel, marked as a test. It never pings.
pub async fn send_test(
    app: &App,
    message: Option<&MessageTemplate>,
    sample: &Sample,
    setting: &Setting,
    channel: ChannelId,
) -> Result<Tested, TestError> {
    Turns::new(app).next().await.map_err(Error::from)?;
    let asked_at = app.clock.now();
    let rendered = preview(message, sample, setting, asked_at);
    let content: String =
        format!("{TEST_MARK}{}", rendered.content).chars().take(MAX_CONTENT).collect();
    let body = CreateMessage {
        content: Some(content),
        embeds: rendered.embeds,
        allowed_mentions: AllowedMentions::none(),
        nonce: sm_discord::nonce(DeliveryId(Uuid::now_v7()), channel, 0),
        enforce_nonce: true,
        flags: None,
        buttons: Vec::new(),
    };
    let answer = app.discord.create_message(channel, &body).await;
    let (message_id, refusal) = match answer {
        Ok(reply) => (Some(reply.body.id), None),
        Err(error) => {
            let counts = error.counts_as_invalid();
            if counts {
                gate::count_invalid(app, 1).await?;
            }
            (None, Some(why(app, setting.guild, channel, &error).await))
        }
    };
    let test = history::Test {
        guild: setting.guild,
        channel_id: channel.to_db(),
        streamer: Some(&sample.streamer),
        status: if message_id.is_some() { "sent" } else { "failed" },
        reason: refusal.as_ref().map(|refused| refused.reason.as_str()),
        detail: refusal.as_ref().map(|refused| refused.detail.as_str()),
        message_id: message_id.map(MessageId::to_db),
        asked_at,
        now: app.clock.now(),
        reason_values: refusal.as_ref().and_then(|refused| refused.values.clone()),
    };
    let delivery = history::record_test(&app.pool, &test).await?;
    app.hub().changes().deliveries(setting.guild);
    Ok(Tested { delivery, message: message_id, refusal })
}

/// A refusal in words; Discord does not say which permission is missing, a check does.
async fn why(app: &App, guild: GuildId, channel: ChannelId, error: &Error) -> Refused {
    let health = match preflight::check(app, guild, channel).await {
        Ok(Health::Broken(trouble)) => {
            return Refused {
                reason: trouble.reason.code().to_owned(),
                detail: trouble.detail(),
                values: trouble.values(),
                missing: trouble.missing,
            };
        }
        health => health,
    };
    let (reason, detail) = match (health, classify(Operation::Create, error)) {
        (Ok(Health::NotInGuild), _) => {
            let detail = "The bot is not in this server any more. Invite it again.";
            (preflight::NOT_IN_GUILD.to_owned(), detail.to_owned())
        }
        (
            _,
            Verdict::Degrade(reason) | Verdict::Rebuild(Rebuild::DefaultTemplate(Some(reason))),
        ) => (reason.code().to_owned(), reason.explain().to_owned()),
        // A test is not tried again: it is the admin who waits.
        (_, Verdict::Retry { .. } | Verdict::OpenCircuit) => {
            ("test_refused".to_owned(), format!("{error}."))
        }
        _ => (error.reason().to_string(), format!("{error}.")),
    };
    Refused { reason, detail, missing: Vec::new(), values: None }
}
