//! Looks for a message that may stand in a channel already, before it is posted again.
//!
//! Discord forgets a nonce after some minutes, and a worker may die before it has recorded what it posted. A look
//! must never lead to a second post nor take another announcement's message, so whatever leaves room for doubt is
//! [`Look::Unknown`].

use crate::{
    App,
    announce::{
        gate::{NotNow, Turns},
        preflight,
    },
};
use sm_db::announce::posted;
use sm_discord::{Error, Message, ShownEmbed};
use sm_types::{ChannelId, DeliveryId, GuildId, MessageId, UserId, template::RenderedMessage};
use std::collections::BTreeSet;
use time::{Duration, OffsetDateTime};

/// What a test message begins with; no look takes one for an announcement.
pub(crate) const TEST_MARK: &str = "**Test** · ";
/// Messages per request; as many as Discord gives.
const PAGE: u8 = 100;
/// A channel in which more was written since is given up on.
const MAX_PAGES: usize = 10;
/// Clocks of ours and Discord's may differ by so much.
const LEEWAY: Duration = Duration::seconds(5);
/// First parts of Twitch's addresses that are no logins.
const NO_LOGINS: [&str; 8] =
    ["directory", "videos", "team", "p", "popout", "moderator", "settings", "downloads"];

/// The message to look for.
#[derive(Debug)]
pub(crate) struct Sought<'a> {
    pub(crate) guild: GuildId,
    pub(crate) channel: ChannelId,
    pub(crate) login: &'a str,
    pub(crate) display_name: &'a str,
    /// It cannot be older.
    pub(crate) since: OffsetDateTime,
    /// Where it belongs to a delivery: which, and the nonce that it has.
    pub(crate) delivery: Option<(DeliveryId, String)>,
    /// How it would look if it were posted now, where that is known.
    pub(crate) rendered: Option<&'a RenderedMessage>,
}

/// What a look has found.
#[derive(Debug)]
pub(crate) enum Look {
    Found(MessageId),
    /// Two lists in a row do not have it.
    Absent,
    Unknown(Doubt),
}

/// Why a look has come to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Doubt {
    /// The list of messages was refused, or not answered.
    #[error("{0}")]
    Unanswered(Error),
    /// What else had to be asked was not answered.
    #[error("the bot's permissions could not be read: {0}")]
    Unchecked(Error),
    /// It is not our turn for this long.
    #[error("requests to Discord have to wait")]
    NotNow(Duration),
    #[error("the bot may not read the channel's history")]
    HistoryHidden,
    #[error("more than a thousand messages were written since")]
    TooMany,
    #[error("a message of the bot's does not tell which stream it is about")]
    Ambiguous,
}

impl From<NotNow> for Doubt {
    fn from(not_now: NotNow) -> Self {
        match not_now {
            NotNow::Later(wait) => Self::NotNow(wait),
            NotNow::Database(_) => Self::Unchecked(not_now.into()),
        }
    }
}

/// Looks through a channel, back to when the message can have been posted; takes a turn per request.
///
/// Absence is a doubt: a message follows from it that cannot be taken back, so another list has to say so too.
pub(crate) async fn look(
    app: &App,
    turns: &mut Turns<'_>,
    sought: &Sought<'_>,
) -> sqlx::Result<Look> {
    match look_once(app, turns, sought).await? {
        Look::Absent => look_once(app, turns, sought).await,
        seen => Ok(seen),
    }
}

async fn look_once(app: &App, turns: &mut Turns<'_>, sought: &Sought<'_>) -> sqlx::Result<Look> {
    let own = match own_messages(app, turns, sought).await {
        Ok(own) => own,
        Err(doubt) => return Ok(Look::Unknown(doubt)),
    };
    let ids: Vec<MessageId> = own.iter().map(|message| message.id).collect();
    let delivery = sought.delivery.as_ref().map(|(delivery, _)| *delivery);
    let others = if ids.is_empty() {
        Vec::new()
    } else {
        posted::of_others(&app.pool, sought.guild, sought.channel, &ids, delivery).await?
    };
    let free: Vec<Message> = own.into_iter().filter(|m| !others.contains(&m.id)).collect();
    Ok(pick(&free, sought))
}

/// The bot's messages since, tests left out, oldest first.
async fn own_messages(
    app: &App,
    turns: &mut Turns<'_>,
    sought: &Sought<'_>,
) -> Result<Vec<Message>, Doubt> {
    let since = (sought.since - LEEWAY).unix_timestamp_nanos() / 1_000_000;
    let recent = |message: &Message| i128::from(message.id.created_at_unix_ms()) >= since;
    let mut all: Vec<Message> = Vec::new();
    let mut before = None;
    for _ in 0..MAX_PAGES {
        turns.next().await?;
        let listed = app.discord.list_messages(sought.channel, before, PAGE).await;
        let page = listed.map_err(Doubt::Unanswered)?.body;
        if page.is_empty() && before.is_none() {
            let reads = preflight::reads_history(app, sought.guild, sought.channel).await;
            return if reads.map_err(Doubt::Unchecked)? {
                Ok(all)
            } else {
                Err(Doubt::HistoryHidden)
            };
        }
        let whole = page.len() < usize::from(PAGE) || !page.iter().all(&recent);
        before = page.iter().map(|message| message.id).min();
        all.extend(page.into_iter().filter(&recent));
        if whole {
            let me: UserId = preflight::bot_user(app).await.map_err(Doubt::Unchecked)?;
            all.retain(|message| message.author.id == me);
            all.retain(|message| !message.content.starts_with(TEST_MARK));
            all.sort_by_key(|message| message.id);
            return Ok(all);
        }
    }
    Err(Doubt::TooMany)
}

/// Chooses among the bot's messages that belong to nobody else, oldest first.
fn pick(own: &[Message], sought: &Sought<'_>) -> Look {
    let nonce = sought.delivery.as_ref().map(|(_, nonce)| nonce.as_str());
    if let Some(message) = own.iter().find(|m| m.nonce.is_some() && m.nonce.as_deref() == nonce) {
        return Look::Found(message.id);
    }
    let login = sought.login.to_lowercase();
    let expected = sought.rendered.map(Shown::from);
    let links_itself = expected.as_ref().is_some_and(|shown| shown.logins().contains(&login));
    let mut doubtful = false;
    // A message that shows another nonce is another delivery's.
    for message in own.iter().filter(|message| message.nonce.is_none()) {
        let shown = Shown::from(message);
        let logins = shown.logins();
        let same = expected.as_ref().is_some_and(|expected| expected.resembles(&shown));
        let found = if logins.contains(&login) {
            logins.len() == 1 || same
        } else if logins.is_empty() && !links_itself {
            same && (shown.names(&login) || shown.names(sought.display_name))
        } else {
            continue;
        };
        if found {
            return Look::Found(message.id);
        }
        doubtful = true;
    }
    if doubtful { Look::Unknown(Doubt::Ambiguous) } else { Look::Absent }
}

/// What people see of a message, as far as it tells what it is about.
struct Shown {
    content: String,
    embeds: Vec<ShownEmbed>,
}

impl From<&Message> for Shown {
    fn from(message: &Message) -> Self {
        Self { content: message.content.clone(), embeds: message.embeds.clone() }
    }
}

impl From<&RenderedMessage> for Shown {
    fn from(message: &RenderedMessage) -> Self {
        let embeds = serde_json::to_value(&message.embeds).and_then(serde_json::from_value);
        Self { content: message.content.clone(), embeds: embeds.unwrap_or_default() }
    }
}

impl Shown {
    /// Every text in it, without the backslashes that keep markdown from working.
    fn texts(&self) -> impl Iterator<Item = String> {
        let of_embed = |embed: &ShownEmbed| {
            let fields = embed.fields.iter().flat_map(|field| [&field.name, &field.value]);
            let texts: Vec<String> = [
                &embed.url,
                &embed.title,
                &embed.description,
                &embed.author.name,
                &embed.author.url,
                &embed.footer.text,
                &embed.image.url,
                &embed.thumbnail.url,
            ]
            .into_iter()
            .chain(fields)
            .filter_map(Clone::clone)
            .collect();
            texts
        };
        let embeds: Vec<String> = self.embeds.iter().flat_map(of_embed).collect();
        std::iter::once(self.content.clone()).chain(embeds).map(|text| text.replace('\\', ""))
    }

    /// The streamers to whom it leads or whose picture it shows.
    fn logins(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for text in self.texts() {
            let text = text.to_lowercase();
            for marker in ["twitch.tv/", "/live_user_"] {
                for (at, _) in text.match_indices(marker) {
                    let login = login_at(&text[at + marker.len()..]);
                    let clip = text[..at].ends_with("clips.");
                    if !login.is_empty() && !clip && !NO_LOGINS.contains(&login) {
                        found.insert(login.to_owned());
                    }
                }
            }
        }
        found
    }

    /// Whether a word stands in it as a whole.
    fn names(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        let part = |c: char| c.is_alphanumeric() || c == '_';
        !word.is_empty()
            && self.texts().any(|text| {
                let text = text.to_lowercase();
                text.match_indices(&word).any(|(at, _)| {
                    !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part)
                })
            })
    }

    /// Whether it reads the same and leads to the same places; titles may have changed meanwhile.
    fn resembles(&self, other: &Self) -> bool {
        let urls = |shown: &Self| -> Vec<Option<String>> {
            shown.embeds.iter().map(|embed| embed.url.clone()).collect()
        };
        self.content.trim() == other.content.trim() && urls(self) == urls(other)
    }
}

/// The login with which a text begins.
fn login_at(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    &text[..end.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use sm_types::template::Embed;
    use uuid::Uuid;

    fn message(id: u64, content: &str, embed: Value) -> Message {
        let embeds = if embed.is_null() { json!([]) } else { json!([embed]) };
        let author = json!({"id": "1"});
        let message = json!({"id": id.to_string(), "channel_id": "2", "author": author, "content": content, "embeds": embeds});
        serde_json::from_value(message).unwrap()
    }

    fn look_for(login: &str, rendered: &RenderedMessage, own: &[Message]) -> String {
        let sought = Sought {
            guild: GuildId(1),
            channel: ChannelId(2),
            login,
            display_name: "Ana",
            since: OffsetDateTime::UNIX_EPOCH,
            delivery: Some((DeliveryId(Uuid::nil()), "nonce".to_owned())),
            rendered: Some(rendered),
        };
        match pick(own, &sought) {
            Look::Found(id) => id.to_string(),
            Look::Absent => "absent".to_owned(),
            Look::Unknown(_) => "unknown".to_owned(),
        }
    }

    fn text(content: &str) -> RenderedMessage {
        RenderedMessage { content: content.to_owned(), embeds: Vec::new() }
    }

    #[test]
    fn message_is_known_by_its_link_wherever_it_stands() {
        let linked = text("Live: https://www.twitch.tv/ana");
        for embed in [
            json!({"url": "https://www.twitch.tv/ana"}),
            json!({"title": "twitch.tv/Ana"}),
            json!({"description": "[watch](https://twitch.tv/ana)"}),
            json!({"author": {"name": "x", "url": "https://www.twitch.tv/ana?x=1"}}),
            json!({"fields": [{"name": "Watch", "value": "https://m.twitch.tv/ana!"}]}),
            json!({"image": {"url": "https://static-cdn.jtvnw.net/previews-ttv/live_user_ana-1280x720.jpg"}}),
        ] {
            assert_eq!(
                look_for("ana", &linked, &[message(7, "Live!", embed.clone())]),
                "7",
                "{embed}"
            );
        }
        for content in [
            "https://www.twitch.tv/anabel",
            "twitch.tv/ana_plays",
            r"twitch.tv/ana\_plays",
            "https://clips.twitch.tv/ana",
            "ana is live",
        ] {
            assert_eq!(
                look_for("ana", &linked, &[message(7, content, Value::Null)]),
                "absent",
                "{content}"
            );
        }
    }

    #[test]
    fn message_about_two_streamers_is_taken_only_when_it_is_as_ours_would_be() {
        let both = "twitch.tv/ben, with twitch.tv/ana";
        let own = [message(7, both, Value::Null)];
        assert_eq!(look_for("ana", &text("twitch.tv/ana"), &own), "unknown");
        assert_eq!(look_for("ana", &text(both), &own), "7");
    }

    #[test]
    fn message_without_a_link_is_taken_only_when_it_names_the_streamer() {
        let own = [message(7, "Ana is live!", Value::Null)];
        assert_eq!(look_for("ana", &text("Ana is live!"), &own), "7");
        assert_eq!(look_for("live", &text("Live is live!"), &own), "unknown");
        let anybody = [message(7, "We are live!", Value::Null)];
        assert_eq!(look_for("ana", &text("We are live!"), &anybody), "unknown");
        assert_eq!(look_for("ana", &text("We are live!"), &[]), "absent");
    }

    #[test]
    fn nonce_decides_where_it_is_shown() {
        let with = |nonce: &str, content| Message {
            nonce: Some(nonce.to_owned()),
            ..message(7, content, Value::Null)
        };
        let linked = text("twitch.tv/ana");
        assert_eq!(look_for("ana", &linked, &[with("nonce", "edited since")]), "7");
        assert_eq!(look_for("ana", &linked, &[with("other", "twitch.tv/ana")]), "absent");
    }

    #[test]
    fn embed_of_ours_reads_as_discord_shows_it() {
        let url = Some("https://www.twitch.tv/ana".to_owned());
        let embed = Embed { title: Some("Title".to_owned()), url, ..Embed::default() };
        let rendered = RenderedMessage { content: "Live!".to_owned(), embeds: vec![embed] };
        assert!(Shown::from(&rendered).logins().contains("ana"));
    }
}
