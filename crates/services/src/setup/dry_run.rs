//! Settings that are not saved yet, over the streams that a streamer had: what they would have announced.

use super::{
    config, overrides,
    problem::{Problem, SaveError},
};
use crate::{
    App,
    announce::{
        replay::{self, LOOKS_BACK, Settings},
        samples::{self, Sample, Setting},
    },
};
use sm_db::{
    announce::replay::{self as recorded, Recorded},
    guilds::{
        self,
        config::{self as configs, GuildConfig},
        templates,
    },
    streamers::follows::{self, Destination, Filter, Follow},
};
use sm_types::{GuildId, TemplateId, TwitchUserId, rules::RuleSet, template::MessageTemplate};
use std::collections::BTreeMap;
use time::Duration;

pub use crate::announce::replay::Verdict;

/// As far back as streams are replayed.
pub const DAYS: i64 = 30;
/// Streams of one replay at most.
const MAX_STREAMS: i64 = 500;
/// The server's pings for others that a replay counts.
const MAX_PINGS: i64 = 5_000;
/// How long after the go-live a message is shown.
const SHOWN_AFTER: Duration = Duration::minutes(1);
/// Characters of a message that are shown.
const MAX_SHOWN: usize = 300;

/// Settings as they are edited; what is left out is as it was saved.
#[derive(Debug, Clone, Default)]
pub struct Edited {
    pub config: Option<GuildConfig>,
    /// Whether the streamer is announced, and where.
    pub follow: Option<follows::Settings>,
}

/// What came of a replay.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// The destinations as edited.
    pub destinations: Vec<Destination>,
    /// Go-lives with a new message, in whichever channel, under the settings as they were saved.
    pub saved_pings: usize,
    /// The same under the edited ones.
    pub edited_pings: usize,
    /// Oldest first.
    pub streams: Vec<Stream>,
    /// Whether there were more streams than are replayed.
    pub cut: bool,
}

/// A stream that was, and what would have become of it.
#[derive(Debug, Clone)]
pub struct Stream {
    pub recorded: Recorded,
    /// A verdict per destination as edited.
    pub verdicts: Vec<Verdict>,
    /// The text of each new message; `None` where there is none.
    pub texts: Vec<Option<String>>,
}

/// Replays saved and edited settings over a streamer's streams of the last [`DAYS`]. Nothing is stored or sent.
pub async fn run(
    app: &App,
    guild: GuildId,
    streamer: &TwitchUserId,
    edited: Edited,
) -> Result<Replayed, SaveError> {
    let edited = checked(edited)?;
    let (pool, now) = (&app.pool, app.clock.now());
    let since = now - Duration::days(DAYS);
    let only = Filter { only: Some(streamer), ..Filter::default() };
    let (follow, stored, config) = tokio::try_join!(
        follows::list(pool, guild, only, 1),
        follows::destinations(pool, guild, streamer),
        configs::find(pool, guild),
    )?;
    let follow = follow.into_iter().next().ok_or(SaveError::NotFound)?;
    let (config, _) = config.ok_or(SaveError::NotFound)?;
    let (mut streams, pings) = tokio::try_join!(
        recorded::sessions(pool, streamer, since, MAX_STREAMS + 1),
        recorded::pings_for_others(pool, guild, streamer, since - LOOKS_BACK, MAX_PINGS),
    )?;
    let cut = streams.len() as i64 > MAX_STREAMS;
    streams.drain(..usize::from(cut));

    let stored: Vec<_> = stored.into_iter().map(|stored| stored.destination).collect();
    let saved = Settings { guild, config: &config, enabled: follow.enabled, destinations: &stored };
    let mut new_config = edited.config.unwrap_or_else(|| config.clone());
    // Left out of a save they stay as they were.
    new_config.rules = new_config.rules.or_else(|| config.rules.clone());
    let (enabled, destinations) = match edited.follow {
        Some(settings) => (settings.enabled, settings.destinations),
        None => (follow.enabled, stored.clone()),
    };
    let new = Settings { config: &new_config, enabled, destinations: &destinations, ..saved };
    let before = replay::replay(&saved, &streams, &pings);
    let after = replay::replay(&new, &streams, &pings);

    let shown = Shown::load(app, &new, &follow).await?;
    let (mut saved_pings, mut edited_pings) = (0, 0);
    let streams: Vec<_> = streams
        .into_iter()
        .zip(before)
        .zip(after)
        .map(|((recorded, before), verdicts)| {
            let text = |(verdict, to): (&Verdict, &Destination)| {
                (*verdict == Verdict::Ping).then(|| shown.text(&new_config, to, &recorded))
            };
            saved_pings += usize::from(before.contains(&Verdict::Ping));
            edited_pings += usize::from(verdicts.contains(&Verdict::Ping));
            let texts = verdicts.iter().zip(&destinations).map(text).collect();
            Stream { texts, verdicts, recorded }
        })
        .collect();
    Ok(Replayed { destinations, saved_pings, edited_pings, streams, cut })
}

/// Checks settings as a save would, as far as they stand for themselves.
fn checked(mut edited: Edited) -> Result<Edited, SaveError> {
    let mut problems = Vec::new();
    if let Some(config) = &mut edited.config {
        config.rules = config.rules.take().map(RuleSet::tidied);
        problems.extend(placed("config", config::problems(config)));
    }
    if let Some(follow) = &mut edited.follow {
        overrides::tidy(&mut follow.destinations);
        problems.extend(placed("streamer", overrides::problems(&follow.destinations)));
    }
    if problems.is_empty() { Ok(edited) } else { Err(SaveError::Invalid(problems)) }
}

/// Problems of a part, by their place in the whole.
fn placed(part: &str, problems: Vec<Problem>) -> impl Iterator<Item = Problem> {
    problems
        .into_iter()
        .map(move |problem| Problem { field: format!("{part}.{}", problem.field), ..problem })
}

/// What the messages of a replay are made of.
struct Shown<'a> {
    guild: GuildId,
    guild_name: String,
    follow: &'a Follow,
    templates: BTreeMap<TemplateId, MessageTemplate>,
}

impl<'a> Shown<'a> {
    async fn load(app: &App, of: &Settings<'_>, follow: &'a Follow) -> sqlx::Result<Self> {
        let guild_name = guilds::name(&app.pool, of.guild).await?.unwrap_or_default();
        let own = of.destinations.iter().filter_map(|to| to.template);
        let mut all = BTreeMap::new();
        for id in own.chain(of.config.template) {
            if all.contains_key(&id) {
                continue;
            }
            let found = templates::find(&app.pool, of.guild, id).await?;
            // Of one that does not parse any more the product's own is sent.
            let message = found.and_then(|found| serde_json::from_value(found.message.0).ok());
            if let Some(message) = message {
                all.insert(id, message);
            }
        }
        Ok(Self { guild: of.guild, guild_name, follow, templates: all })
    }

    fn text(&self, config: &GuildConfig, to: &Destination, stream: &Recorded) -> String {
        let template = to.template.or(config.template).and_then(|id| self.templates.get(&id));
        let Follow { twitch_user_id, login, display_name, profile_image_url, .. } = self.follow;
        let sample = Sample {
            streamer: twitch_user_id.clone(),
            login: login.clone(),
            display_name: display_name.clone(),
            profile_image_url: profile_image_url.clone(),
            title: stream.seen.title.clone(),
            game_name: stream.seen.game_name.clone(),
            viewers: None,
            language: stream.seen.language.clone(),
            ended: false,
        };
        let setting = Setting {
            guild: self.guild,
            guild_name: self.guild_name.clone(),
            channel: to.channel.or(config.default_channel),
            mention: to.mention.unwrap_or(config.mention),
        };
        let message =
            samples::preview(template, &sample, &setting, stream.started_at + SHOWN_AFTER);
        let title = message.embeds.into_iter().find_map(|embed| embed.title);
        let text =
            if message.content.is_empty() { title.unwrap_or_default() } else { message.content };
        text.chars().take(MAX_SHOWN).collect()
    }
}
