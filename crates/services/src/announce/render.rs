//! From an announcement to the message that Discord gets.

use super::announcement::{Announcement, Stream};
use sm_db::guilds::{Mention, preferences::Audience};
use sm_discord::AllowedMentions;
use sm_types::{
    UserId,
    announcement::Variant,
    template::{MessageTemplate, ParsedMessage, RenderedMessage, Value, Values, Variable},
};
use std::{borrow::Cow, sync::LazyLock};
use time::{Duration, OffsetDateTime};

/// Members a message mentions by name; Discord takes 100 ids, 2,000 characters hold about 86.
const MAX_NAMED: usize = 80;
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
    audience: &Audience,
    ping: bool,
    now: OffsetDateTime,
) -> Rendered {
    let named = &audience.wanted[..audience.wanted.len().min(MAX_NAMED)];
    let mention = announcement.mention;
    let values = values(announcement, mention_text(mention, named), now);
    let mut message = template(announcement).render(&values);
    if announcement.variant != Variant::Full {
        message.embeds.clear();
        if message.content.is_empty() {
            // A template that is all embed; its text has to come from somewhere.
            message.content = DEFAULT.render(&values).content;
        }
    }
    let mentions = if ping { allowed(mention, named) } else { AllowedMentions::none() };
    let nobody = !ping || mention == Mention::Members && named.is_empty();
    let pings = if nobody { Mention::None } else { mention };
    Rendered { message, mentions, pings, unlisted: audience.wanted.len() - named.len() }
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
        Mention::Members => content.contains("<@"),
    }
}

fn mention_text(mention: Mention, named: &[UserId]) -> Option<String> {
    match mention {
        Mention::None => None,
        Mention::Role(role) => Some(format!("<@&{role}>")),
        Mention::Everyone => Some("@everyone".to_owned()),
        Mention::Here => Some("@here".to_owned()),
        Mention::Members if named.is_empty() => None,
        Mention::Members => {
            Some(named.iter().map(|user| format!("<@{user}>")).collect::<Vec<_>>().join(" "))
        }
    }
}

fn allowed(mention: Mention, named: &[UserId]) -> AllowedMentions {
    match mention {
        Mention::None => AllowedMentions::none(),
        Mention::Role(role) => AllowedMentions::roles([role]),
        Mention::Everyone | Mention::Here => AllowedMentions::everyone(),
        Mention::Members => AllowedMentions::users(named.iter().copied()),
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
    let live = stream.ended_at.is_none();
    set(Variable::PreviewUrl, live.then(|| Value::Url(preview_url(streamer.login, stream))));
    set(Variable::Started, Some(timestamp(stream.started_at, 'R')));
    set(Variable::StartedTime, Some(timestamp(stream.started_at, 't')));
    set(Variable::StartedFull, Some(timestamp(stream.started_at, 'F')));
    let until = stream.ended_at.unwrap_or(now);
    set(Variable::Uptime, Some(duration(until - stream.started_at)));
    set(Variable::Ended, stream.ended_at.map(|at| timestamp(at, 'R')));
    set(Variable::Duration, stream.ended_at.map(|at| duration(at - stream.started_at)));
    set(Variable::VodUrl, url(stream.vod_url));
    set(Variable::Server, Some(Value::Text(of.guild_name.to_owned())));
    set(Variable::Channel, of.channel.map(|id| Value::Markup(format!("<#{id}>"))));
    set(Variable::Platform, Some(Value::Text("Twitch".to_owned())));
    set(Variable::SessionId, Some(Value::Text(stream.session.to_string())));
    let kind = match of.mention {
        Mention::None => None,
        Mention::Role(_) => Some(Variable::Role),
        Mention::Everyone => Some(Variable::Everyone),
        Mention::Here => Some(Variable::Here),
        Mention::Members => Some(Variable::Subscribers),
    };
    for variable in [Some(Variable::Mention), kind].into_iter().flatten() {
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

/// `3 h 05 min`, or `12 min`.
fn duration(duration: Duration) -> Value {
    let minutes = duration.whole_minutes().max(0);
    Value::Text(match minutes / 60 {
        0 => format!("{minutes} min"),
        hours => format!("{hours} h {:02} min", minutes % 60),
    })
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

    #[test]
    fn duration_reads_like_a_clock() {
        assert!(matches!(duration(Duration::minutes(185)), Value::Text(t) if t == "3 h 05 min"));
        assert!(matches!(duration(Duration::seconds(-5)), Value::Text(t) if t == "0 min"));
    }
}
