//! Says what a channel wants said when something happens.

use super::{
    book,
    events::Kind,
    facts::Facts,
    say::{self, Say},
};
use crate::App;
use sm_db::chat::books;
use sm_twitch::eventsub::{Broadcaster, Event};
use sm_types::{
    TwitchUserId,
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

/// Something that happened in a channel.
struct Happening<'a> {
    channel: &'a TwitchUserId,
    kind: Kind,
    user: Option<&'a Broadcaster>,
    count: i64,
    /// The same is told of once.
    cause: String,
}

fn happening<'a>(event: &'a Event, message_id: &str) -> Option<Happening<'a>> {
    let this = |kind, channel: &'a Broadcaster, user, count| {
        let cause = format!("{}:{message_id}", Kind::as_str(kind));
        Some(Happening { channel: &channel.id, kind, user, count, cause })
    };
    match event {
        // Whoever follows, stops to and follows again is thanked once.
        Event::ChannelFollow(e) => Some(Happening {
            channel: &e.broadcaster.id,
            kind: Kind::Follow,
            user: Some(&e.user),
            count: 1,
            cause: format!("follow:{}", e.user.id),
        }),
        // A gift is one line, for whoever gives.
        Event::ChannelSubscribe(e) if e.is_gift => None,
        Event::ChannelSubscribe(e) => this(Kind::Subscribe, &e.broadcaster, e.user.as_ref(), 1),
        Event::ChannelSubscriptionGift(e) => {
            this(Kind::Gift, &e.broadcaster, e.user.as_ref(), e.total)
        }
        Event::ChannelCheer(e) => this(Kind::Cheer, &e.broadcaster, e.user.as_ref(), e.bits),
        Event::ChannelRaid(e) => this(Kind::Raid, &e.to, Some(&e.from), e.viewers),
        Event::StreamOnline(e) if e.kind.as_str() == "live" => Some(Happening {
            channel: &e.broadcaster.id,
            kind: Kind::Live,
            user: None,
            count: 1,
            cause: format!("live:{}", e.id),
        }),
        Event::StreamOffline(e) => this(Kind::End, &e.broadcaster, None, 1),
        _ => None,
    }
}

/// Says what the channel wants said to an event, once however often it is told.
///
/// `message_id` is Twitch's, of the message that came with it.
pub(crate) async fn tell(
    app: &App,
    event: &Event,
    message_id: &str,
    sent_at: OffsetDateTime,
) -> sqlx::Result<()> {
    let Some(happening) = happening(event, message_id) else { return Ok(()) };
    let Happening { channel, kind, user, count, cause } = happening;
    let now = app.clock.now();
    let Some(on) = app.inner().chat.of(&app.pool, channel, now).await? else { return Ok(()) };
    let kept = book::of(app, channel, Some(on.book)).await?;
    let reply = kept.events.of(kind);
    let lasts = LASTS - (now - sent_at);
    if !reply.enabled || count < reply.at_least || !lasts.is_positive() {
        return Ok(());
    }
    let key = format!("chat/event:{channel}/{}", kind.as_str());
    if !sm_db::limits::spend(&app.pool, &key, PER_MINUTE, 60).await? {
        return Ok(());
    }
    let shown = |user: &Broadcaster| {
        if user.name.is_empty() { user.login.clone() } else { user.name.clone() }
    };
    let who = Who {
        user: user.map_or_else(|| "Somebody".to_owned(), shown),
        login: user.map(|user| user.login.clone()).unwrap_or_default(),
    };
    let discord_url = kept.book.settings.discord_url.clone();
    let of = Spoken { channel, seed: &cause, count, source: &reply.text };
    let lines = lines(app, &of, who, discord_url, now).await?;
    if lines.is_empty() {
        return Ok(());
    }
    let new =
        Say { channel, cause: &cause, lines: &lines, reply_to: None, command_id: None, lasts };
    say::say(app, &new).await.map(drop)
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
