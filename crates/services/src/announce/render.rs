//! From an announcement to the message that Discord gets.

use super::{
    announcement::{Announcement, Stream},
    categories::{self, duration},
};
use crate::roles::audience::{MAX_NAMED, Reached};
use sm_db::guilds::Mention;
use sm_discord::AllowedMentions;
use sm_types::{
    RoleId, UserId,
    announcement::Variant,
    template::{MessageTemplate, ParsedMessage, RenderedMessage, Value, Values, Variable},
};
use std::{
    borrow::Cow,
    hash::{DefaultHasher, Hash, Hasher},
    sync::LazyLock,
};
use time::OffsetDateTime;

/// The size in which the preview picture is asked for.
const PREVIEW_SIZE: &str = "1280x720";

static DEFAULT: LazyLock<ParsedMessage> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a test renders the product's own template")]
    MessageTemplate::default_announcement().parse().expect("the default template parses")
});

/// A message ready to send.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) message: RenderedMessage,
    pub(crate) mentions: AllowedMentions,
    /// Whom it should ping.
    pub(crate) pings: Mention,
    /// Members who wanted a ping and found no room.
    pub(crate) unlisted: usize,
}

/// Renders an announcement; the mention pings only where `ping` is set.
pub(crate) fn render(
    announcement: &Announcement<'_>,
    to: &Reached,
    ping: bool,
    now: OffsetDateTime,
) -> Rendered {
    let wanted = &to.audience.wanted;
    let named = &wanted[..wanted.len().min(MAX_NAMED)];
    let mention = announcement.mention;
    let values = values(announcement, mention_text(mention, to.role, named), now);
    let mut message = template(announcement).render(&values);
    if announcement.variant != Variant::Full {
        message.embeds.clear();
        if message.content.is_empty() {
            // A template that is all embed; its text has to come from somewhere.
            message.content = DEFAULT.render(&values).content;
        }
    }
    let mentions = if ping { allowed(mention, to.role, named) } else { AllowedMentions::none() };
    let by_name = if named.is_empty() { Mention::None } else { Mention::Members };
    let pings = match mention {
        _ if !ping => Mention::None,
        Mention::Members => by_name,
        Mention::Managed => to.role.map_or(by_name, Mention::Role),
        other => other,
    };
    Rendered { message, mentions, pings, unlisted: wanted.len() - named.len() }
}

/// A digest of what a message shows, but for its picture: that changes with every look at it, and is no reason to edit.
///
/// Another version of the product may come to another one for the same message, which costs an edit.
pub(crate) fn digest(announcement: &Announcement<'_>, to: &Reached, now: OffsetDateTime) -> i64 {
    let mut same = announcement.clone();
    same.stream.preview_at = None;
    let RenderedMessage { content, embeds } = render(&same, to, false, now).message;
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    serde_json::to_string(&embeds).unwrap_or_default().hash(&mut hasher);
    hasher.finish().cast_signed()
}

/// The guild's template, or the product's own where there is none or Discord refused the guild's.
fn template(announcement: &Announcement<'_>) -> Cow<'static, ParsedMessage> {
    let own = announcement.template.as_ref().filter(|_| announcement.variant != Variant::Plain);
    match own.map(|template| template.parse()) {
        None => Cow::Borrowed(&DEFAULT),
        Some(Ok(parsed)) => Cow::Owned(parsed),
        Some(Err(_)) => {
            let guild = announcement.guild_name;
            tracing::warn!(
                guild.name = guild,
                "a stored template does not parse; the default is sent"
            );
            Cow::Borrowed(&DEFAULT)
        }
    }
}

/// Whether a text mentions whom it should; what stands in an embed pings nobody.
pub(crate) fn mentions_in_text(content: &str, mention: Mention) -> bool {
    match mention {
        Mention::None => true,
        Mention::Role(role) => content.contains(&format!("<@&{role}>")),
        Mention::Everyone => content.contains("@everyone"),
        Mention::Here => content.contains("@here"),
        Mention::Members | Mention::Managed => content.contains("<@"),
    }
}

fn mention_text(mention: Mention, role: Option<RoleId>, named: &[UserId]) -> Option<String> {
    match mention {
        Mention::None => None,
        Mention::Role(role) => Some(format!("<@&{role}>")),
        Mention::Everyone => Some("@everyone".to_owned()),
        Mention::Here => Some("@here".to_owned()),
        Mention::Members | Mention::Managed => {
            let role = role.map(|role| format!("<@&{role}>"));
            let named = named.iter().map(|user| format!("<@{user}>"));
            let all: Vec<_> = role.into_iter().chain(named).collect();
            (!all.is_empty()).then(|| all.join(" "))
        }
    }
}

fn allowed(mention: Mention, role: Option<RoleId>, named: &[UserId]) -> AllowedMentions {
    match mention {
        Mention::None => AllowedMentions::none(),
        Mention::Role(role) => AllowedMentions::roles([role]),
        Mention::Everyone | Mention::Here => AllowedMentions::everyone(),
        Mention::Members | Mention::Managed => {
            AllowedMentions::roles_and_users(role, named.iter().copied())
        }
    }
}

fn values(of: &Announcement<'_>, mention: Option<String>, now: OffsetDateTime) -> Values {
    let (streamer, stream) = (&of.streamer, &of.stream);
    let mut values = Values::default();
    let mut set = |variable, value: Option<Value>| {
        if let Some(value) = value {
            values.set(variable, value);
        }
    };
    let text = |text: Option<&str>| {
        text.filter(|text| !text.is_empty()).map(|text| Value::Text(text.to_owned()))
    };
    let url = |url: Option<&str>| url.map(|url| Value::Url(url.to_owned()));
    let channel_url = format!("https://www.twitch.tv/{}", streamer.login);
    set(Variable::Streamer, Some(Value::Text(streamer.display_name.to_owned())));
    set(Variable::Login, Some(Value::Text(streamer.login.to_owned())));
    set(Variable::StreamerId, Some(Value::Text(streamer.id.to_string())));
    set(Variable::AvatarUrl, url(streamer.avatar_url));
    set(Variable::Url, Some(Value::Url(channel_url)));
    set(Variable::Title, text(stream.title));
    set(Variable::Game, text(stream.game));
    set(Variable::GameUrl, stream.game.and_then(game_url).map(Value::Url));
    set(Variable::Language, text(stream.language));
    set(Variable::Viewers, stream.viewers.and_then(|n| u64::try_from(n).ok()).map(Value::Number));
    let pictured = stream.ended_at.is_none() || stream.preview_at.is_some();
    set(Variable::PreviewUrl, pictured.then(|| Value::Url(preview_url(streamer.login, stream))));
    set(Variable::Started, Some(timestamp(stream.started_at, 'R')));
    set(Variable::StartedTime, Some(timestamp(stream.started_at, 't')));
    set(Variable::StartedFull, Some(timestamp(stream.started_at, 'F')));
    let until = stream.ended_at.unwrap_or(now);
    set(Variable::Uptime, Some(Value::Text(duration(until - stream.started_at))));
    set(Variable::Ended, stream.ended_at.map(|at| timestamp(at, 'R')));
    let length = stream.ended_at.map(|at| duration(at - stream.started_at));
    set(Variable::Duration, length.map(Value::Text));
    set(Variable::VodUrl, url(stream.vod_url));
    if let Some(ended_at) = stream.ended_at {
        let number = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok()).map(Value::Number);
        set(Variable::ViewersPeak, number(stream.viewers_peak.map(i64::from)));
        set(Variable::ViewersAvg, number(stream.viewers_avg));
        let times = categories::times(&of.categories, stream.started_at, ended_at);
        set(Variable::Categories, text(Some(&times)));
    }
    set(Variable::Server, Some(Value::Text(of.guild_name.to_owned())));
    set(Variable::Channel, of.channel.map(|id| Value::Markup(format!("<#{id}>"))));
    set(Variable::Platform, Some(Value::Text("Twitch".to_owned())));
    set(Variable::SessionId, Some(Value::Text(stream.session.to_string())));
    let kinds: &[Variable] = match of.mention {
        Mention::None => &[],
        Mention::Role(_) => &[Variable::Role],
        Mention::Everyone => &[Variable::Everyone],
        Mention::Here => &[Variable::Here],
        Mention::Members => &[Variable::Subscribers],
        // Templates go on working when a server changes from one to the other.
        Mention::Managed => &[Variable::Subscribers, Variable::Role],
    };
    for variable in kinds.iter().copied().chain([Variable::Mention]) {
        set(variable, mention.clone().map(Value::Markup));
    }
    values.set_started_at(stream.started_at);
    values
}

/// Discord keeps pictures by their URL, so the URL changes whenever the picture does.
fn preview_url(login: &str, stream: &Stream<'_>) -> String {
    let fresh = stream.preview_at.unwrap_or(stream.started_at).unix_timestamp();
    format!(
        "https://static-cdn.jtvnw.net/previews-ttv/live_user_{login}-{PREVIEW_SIZE}.jpg?t={fresh}"
    )
}

/// The directory page of a game, by the slug that Twitch makes of its name.
fn game_url(game: &str) -> Option<String> {
    let mut slug = String::new();
    for word in game.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty())
    {
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(word);
    }
    let plain = !slug.is_empty() && slug.is_ascii();
    plain.then(|| format!("https://www.twitch.tv/directory/category/{slug}"))
}

fn timestamp(at: OffsetDateTime, style: char) -> Value {
    Value::Markup(format!("<t:{}:{style}>", at.unix_timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_template_parses() {
        LazyLock::force(&DEFAULT);
    }

    #[test]
    fn game_url_takes_twitchs_slug() {
        let url = |game| game_url(game).unwrap_or_default();
        assert_eq!(url("Just Chatting"), "https://www.twitch.tv/directory/category/just-chatting");
        assert_eq!(
            url("Tom Clancy's Rainbow Six"),
            "https://www.twitch.tv/directory/category/tom-clancy-s-rainbow-six"
        );
        assert_eq!(game_url("原神"), None);
    }
}
