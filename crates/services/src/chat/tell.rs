//! Says what a channel wants said when something happens.

use super::{
    book,
    events::Kind,
    facts::Facts,
    say::{self, Say},
};
use crate::App;
use sm_db::chat::{
    books,
    occasions::{self, DueOccasion, NewOccasion},
};
use sm_twitch::eventsub::Event;
use sm_types::{
    StreamId, TwitchUserId,
    chat::{Arguments, Response, text::utterances},
    template::Context,
};
use time::{Duration, OffsetDateTime};

/// How long after an event anybody wants to read of it.
const LASTS: Duration = Duration::MINUTE;
/// Lines of one kind in a channel: so many at once, and within a minute.
const PER_MINUTE: u32 = 6;
/// Code points of a line before it is split.
const MAX_LINE: usize = 500;

/// How long a worker may take for an occasion.
const LEASE: Duration = Duration::seconds(10);
/// Occasions that are looked at in one go.
const PAGE: i64 = 20;

/// What an event gives occasion to say in chat; `None` for one that has nothing to do with it.
///
/// `message_id` is Twitch's, of the message that came with it. A stream's beginning and end are told of by
/// [`stream`], once it is known what there is to tell.
pub(crate) fn occasion<'a>(
    event: &'a Event,
    cause: &'a mut String,
    message_id: &str,
    age: Duration,
) -> Option<NewOccasion<'a>> {
    let (kind, channel, user, count) = match event {
        Event::ChannelFollow(e) => (Kind::Follow, &e.broadcaster, Some(&e.user), 1),
        // A gift is one line, for whoever gives.
        Event::ChannelSubscribe(e) if e.is_gift => return None,
        Event::ChannelSubscribe(e) => (Kind::Subscribe, &e.broadcaster, e.user.as_ref(), 1),
        Event::ChannelSubscriptionGift(e) => (Kind::Gift, &e.broadcaster, e.user.as_ref(), e.total),
        Event::ChannelCheer(e) => (Kind::Cheer, &e.broadcaster, e.user.as_ref(), e.bits),
        Event::ChannelRaid(e) => (Kind::Raid, &e.to, Some(&e.from), e.viewers),
        _ => return None,
    };
    *cause = match (event, user) {
        // Whoever follows, stops to and follows again is thanked once.
        (Event::ChannelFollow(_), Some(user)) => format!("follow:{}", user.id),
        _ => format!("{}:{message_id}", kind.as_str()),
    };
    let lasts = LASTS - age;
    let new = NewOccasion {
        channel: &channel.id,
        kind: kind.as_str(),
        cause,
        user_login: user.map_or("", |user| &user.login),
        user_name: user
            .map_or("", |user| if user.name.is_empty() { &user.login } else { &user.name }),
        count,
        lasts,
    };
    lasts.is_positive().then_some(new)
}

/// A stream of a channel that the bot is in has begun or ended for sure.
pub(crate) async fn stream(
    app: &App,
    channel: &TwitchUserId,
    kind: Kind,
    stream: &StreamId,
) -> sqlx::Result<()> {
    let cause = format!("{}:{stream}", kind.as_str());
    let new = NewOccasion {
        channel,
        kind: kind.as_str(),
        cause: &cause,
        user_login: "",
        user_name: "",
        count: 1,
        lasts: LASTS,
    };
    if occasions::queue(&app.pool, &new).await? {
        say::wake(app).await;
    }
    Ok(())
}

/// Puts what is to be said to what has happened into the outbox; how many occasions were looked at.
pub(super) async fn step(app: &App) -> sqlx::Result<usize> {
    let due = occasions::claim(&app.pool, LEASE, PAGE).await?;
    for occasion in &due {
        if let Err(error) = tell(app, occasion).await {
            tracing::warn!(%error, cause = occasion.cause, "what is to be said of an event is left to its lease");
        }
    }
    Ok(due.len())
}

/// Says what the channel wants said to it, once however often it is told.
async fn tell(app: &App, occasion: &DueOccasion) -> sqlx::Result<()> {
    let lines = words(app, occasion).await?;
    let mut transaction = app.pool.begin().await?;
    if !lines.is_empty() {
        let new = Say {
            channel: &occasion.channel,
            cause: &occasion.cause,
            lines: &lines,
            reply_to: None,
            command_id: None,
            lasts: Duration::seconds_f64(occasion.lasts_s),
        };
        say::store(&mut *transaction, &new).await?;
    }
    occasions::finish(&mut *transaction, occasion.occasion_id).await?;
    transaction.commit().await
}

/// What is said to it; nothing where nobody wants that, or too much was said of the kind.
async fn words(app: &App, occasion: &DueOccasion) -> sqlx::Result<Vec<String>> {
    let (channel, now) = (&occasion.channel, app.clock.now());
    // One that a newer version has queued is left to nobody.
    let Some(kind) = Kind::parse(&occasion.kind) else { return Ok(Vec::new()) };
    let Some(on) = app.inner().chat.of(&app.pool, channel, now).await? else {
        return Ok(Vec::new());
    };
    let kept = book::of(app, channel, Some(on.book)).await?;
    let reply = kept.events.of(kind);
    if !reply.enabled || occasion.count < reply.at_least {
        return Ok(Vec::new());
    }
    let key = format!("chat/event:{channel}/{}", kind.as_str());
    if !sm_db::limits::spend(&app.pool, &key, PER_MINUTE, 60).await? {
        return Ok(Vec::new());
    }
    let name = Some(&occasion.user_name).filter(|name| !name.is_empty());
    let who = Who {
        user: name.map_or_else(|| "Somebody".to_owned(), Clone::clone),
        login: occasion.user_login.clone(),
    };
    let discord_url = kept.book.settings.discord_url.clone();
    let (seed, count, source) = (&occasion.cause, occasion.count, &reply.text);
    lines(app, &Spoken { channel, seed, count, source }, who, discord_url, now).await
}

/// Whom it is about, if anybody.
#[derive(Debug, Default)]
pub(super) struct Who {
    pub(super) user: String,
    pub(super) login: String,
}

/// A template that nobody has called.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spoken<'a> {
    pub(super) channel: &'a TwitchUserId,
    /// What chance is asked about.
    pub(super) seed: &'a str,
    pub(super) count: i64,
    pub(super) source: &'a str,
}

/// What is said; nothing where the template cannot be read any more.
pub(super) async fn lines(
    app: &App,
    of: &Spoken<'_>,
    who: Who,
    discord_url: Option<String>,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<String>> {
    let Ok(template) = Response::parse(of.source) else { return Ok(Vec::new()) };
    let facts = Facts {
        user: who.user,
        login: who.login,
        arguments: Arguments::default(),
        scene: books::scene(&app.pool, of.channel).await?,
        discord_url,
        followers: None,
        fetched: None,
        now,
        seed: of.seed.to_owned(),
    };
    let (text, ours) = template.render_marked(&facts.told(of.count), Context::Plain, MAX_LINE);
    Ok(utterances(&text, "", ours))
}
