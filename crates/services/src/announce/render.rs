//! From a delivery to the message that Discord gets.

use sm_db::{
    announce::deliveries::DueDelivery,
    guilds::{Mention, preferences::Audience},
};
use sm_discord::AllowedMentions;
use sm_types::{
    UserId,
    announcement::Variant,
    template::{MessageTemplate, ParsedMessage, RenderedMessage, Value, Values, Variable},
};
use std::sync::LazyLock;
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
    /// Members who wanted a ping and found no room.
    pub(crate) unlisted: usize,
}

/// Renders a delivery; the mention pings only where `ping` is set.
pub(crate) fn render(
    due: &DueDelivery,
    audience: &Audience,
    ping: bool,
    now: OffsetDateTime,
) -> Rendered {
    let named = &audience.wanted[..audience.wanted.len().min(MAX_NAMED)];
    let mention = Mention::from_db(&due.mention, due.mention_role_id);
    let values = values(due, &mention_text(mention, named), now);
    let mut message = template(due).render(&values);
    if due.variant != Variant::Full {
        message.embeds.clear();
        if message.content.is_empty() {
            // A template that is all embed; its text has to come from somewhere.
            message.content = DEFAULT.render(&values).content;
        }
    }
    let mentions = if ping { allowed(mention, named) } else { AllowedMentions::none() };
    Rendered { message, mentions, unlisted: audience.wanted.len() - named.len() }
}

/// The guild's template, or the product's own where there is none or Discord refused the guild's.
fn template(due: &DueDelivery) -> std::borrow::Cow<'static, ParsedMessage> {
    use std::borrow::Cow;
    let stored = due.template.as_ref().filter(|_| due.variant != Variant::Plain);
    let Some(stored) = stored else { return Cow::Borrowed(&DEFAULT) };
    let parsed = serde_json::from_value::<MessageTemplate>(stored.0.clone())
        .ok()
        .and_then(|template| template.parse().ok());
    if parsed.is_none() {
        tracing::warn!(guild.id = %due.guild_id, "a stored template does not parse; the default is sent");
    }
    parsed.map_or(Cow::Borrowed(&DEFAULT), Cow::Owned)
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

fn values(due: &DueDelivery, mention: &Option<String>, now: OffsetDateTime) -> Values {
    let url = format!("https://www.twitch.tv/{}", due.login);
    let mut values = Values::default();
    let mut set = |variable, value: Option<Value>| {
        if let Some(value) = value {
            values.set(variable, value);
        }
    };
    let text = |text: &Option<String>| text.clone().filter(|t| !t.is_empty()).map(Value::Text);
    set(Variable::Streamer, Some(Value::Text(due.display_name.clone())));
    set(Variable::Login, Some(Value::Text(due.login.clone())));
    set(Variable::StreamerId, Some(Value::Text(due.twitch_user_id.to_string())));
    set(Variable::AvatarUrl, due.profile_image_url.clone().map(Value::Url));
    set(Variable::Url, Some(Value::Url(url)));
    set(Variable::Title, text(&due.title));
    set(Variable::Game, text(&due.game_name));
    set(Variable::GameUrl, due.game_name.as_deref().and_then(game_url).map(Value::Url));
    set(Variable::Language, text(&due.language));
    set(Variable::Viewers, due.viewers.and_then(|n| u64::try_from(n).ok()).map(Value::Number));
    set(
        Variable::PreviewUrl,
        Some(Value::Url(preview_url(due))).filter(|_| due.ended_at.is_none()),
    );
    set(Variable::Started, Some(timestamp(due.started_at, 'R')));
    set(Variable::StartedTime, Some(timestamp(due.started_at, 't')));
    set(Variable::StartedFull, Some(timestamp(due.started_at, 'F')));
    let until = due.ended_at.unwrap_or(now);
    set(Variable::Uptime, Some(duration(until - due.started_at)));
    set(Variable::Ended, due.ended_at.map(|at| timestamp(at, 'R')));
    set(Variable::Duration, due.ended_at.map(|at| duration(at - due.started_at)));
    set(Variable::VodUrl, due.vod_url.clone().map(Value::Url));
    set(Variable::Server, Some(Value::Text(due.guild_name.clone())));
    set(Variable::Channel, due.channel().map(|id| Value::Markup(format!("<#{id}>"))));
    set(Variable::Platform, Some(Value::Text("Twitch".to_owned())));
    set(Variable::SessionId, Some(Value::Text(due.session_id.to_string())));
    let kind = match due.mention.as_str() {
        "role" => Some(Variable::Role),
        "everyone" => Some(Variable::Everyone),
        "here" => Some(Variable::Here),
        "members" => Some(Variable::Subscribers),
        _ => None,
    };
    for variable in [Some(Variable::Mention), kind].into_iter().flatten() {
        set(variable, mention.clone().map(Value::Markup));
    }
    values.set_started_at(due.started_at);
    values
}

/// Discord keeps pictures by their URL, so the URL changes whenever the picture does.
fn preview_url(due: &DueDelivery) -> String {
    let fresh = due.preview_at.unwrap_or(due.started_at).unix_timestamp();
    let login = &due.login;
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
