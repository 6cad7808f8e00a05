//! Rules over streams that were: what would have been announced.

use super::rules::{self, Look, Stream};
use sm_db::{
    announce::{
        expansion::{Candidate, Planned},
        replay::Recorded,
    },
    guilds::config::GuildConfig,
    streamers::follows::Destination,
};
use sm_types::{
    ChannelId, DestinationId, GuildId,
    announcement::{Action, Reason},
    rules::{MAX_PAUSE, Patterns, RuleSet},
};
use std::collections::BTreeMap;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// As far back as rules look for pings.
pub(crate) const LOOKS_BACK: Duration = Duration::seconds(MAX_PAUSE as i64);

/// Settings to replay: a server's, and those of one of its streamers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings<'a> {
    pub(crate) guild: GuildId,
    pub(crate) config: &'a GuildConfig,
    /// Whether the server announces the streamer.
    pub(crate) enabled: bool,
    pub(crate) destinations: &'a [Destination],
}

/// What would have become of a stream in one channel.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// A new message.
    Ping,
    /// The message of the stream before goes on.
    Merged,
    /// Nothing, for this reason and with what it is about.
    Skipped(Reason, Option<serde_json::Value>),
}

/// Replays streams, oldest first: a verdict per stream and destination. `pings` are the server's for others.
pub(crate) fn replay(
    settings: &Settings<'_>,
    streams: &[Recorded],
    pings: &[OffsetDateTime],
) -> Vec<Vec<Verdict>> {
    let ends: BTreeMap<_, _> = streams.iter().map(|s| (s.session_id.0, s.ended_at)).collect();
    let mut channels: Vec<Channel> =
        settings.destinations.iter().map(|to| Channel::new(settings, to)).collect();
    let (mut own_pings, mut patterns) = (Vec::new(), Patterns::default());
    let mut verdicts = Vec::new();
    for recorded in streams {
        let now = recorded.started_at;
        let previous_ended_at =
            recorded.continues.and_then(|before| *ends.get(&before).unwrap_or(&None));
        let stream = Stream {
            kind: &recorded.stream_type,
            seen: &recorded.seen,
            started_at: now,
            previous_ended_at,
            look: Look::Second,
        };
        let within = |at: &&OffsetDateTime| **at <= now && **at > now - LOOKS_BACK;
        let lately: Vec<_> = pings.iter().chain(&own_pings).filter(within).copied().collect();
        let told: Vec<_> = channels
            .iter_mut()
            .map(|channel| channel.verdict(&stream, recorded, &lately, &mut patterns))
            .collect();
        if told.contains(&Verdict::Ping) {
            own_pings.push(now);
        }
        verdicts.push(told);
    }
    verdicts
}

/// A destination, and what it has had so far.
struct Channel {
    candidate: Candidate,
    counts_pings: bool,
    /// The sessions whose message stands there.
    shown: Vec<Uuid>,
}

impl Channel {
    fn new(settings: &Settings<'_>, to: &Destination) -> Self {
        let Settings { guild, config, enabled, .. } = *settings;
        let rules = to.rules.as_ref().or(config.rules.as_ref());
        let candidate = Candidate {
            destination_id: DestinationId(Uuid::nil()),
            guild_id: guild,
            channel_id: to.channel.or(config.default_channel).map(ChannelId::to_db),
            turn: 0,
            present: true,
            guild_enabled: config.enabled,
            follow_enabled: enabled,
            enabled: to.enabled,
            announce_types: config.announce_types.clone(),
            game_filter: to.game_filter.clone(),
            title_filter: to.title_filter.clone(),
            quiet_from: config.quiet_hours.map(|(from, _)| from),
            quiet_until: config.quiet_hours.map(|(_, until)| until),
            timezone: config.timezone.clone(),
            cooldown_seconds: to.cooldown_seconds,
            last_sent_at: None,
            rules: rules.and_then(|rules| serde_json::to_string(&rules).ok()),
            own_rules: to.rules.is_some(),
            pings: Vec::new(),
            merge_window_seconds: config.merge_window_seconds,
            previous_message_id: None,
            previous_channel_id: None,
            previous_variant: None,
        };
        let counts_pings = rules.is_some_and(RuleSet::counts_pings);
        Self { candidate, counts_pings, shown: Vec::new() }
    }

    fn verdict(
        &mut self,
        stream: &Stream<'_>,
        recorded: &Recorded,
        pings: &[OffsetDateTime],
        patterns: &mut Patterns,
    ) -> Verdict {
        let to = &mut self.candidate;
        to.pings = if self.counts_pings { pings.to_vec() } else { Vec::new() };
        let stands = recorded.continues.is_some_and(|before| self.shown.contains(&before));
        // Any message will do: only whether there is one counts.
        to.previous_message_id = stands.then_some(1);
        to.previous_channel_id = to.channel_id;
        let Planned { action, skipped, .. } =
            rules::announce(stream, to, stream.started_at, patterns);
        if let Some((reason, values)) = skipped {
            return Verdict::Skipped(reason, values);
        }
        self.shown.push(recorded.session_id.0);
        if action == Action::Edit {
            return Verdict::Merged;
        }
        to.last_sent_at = Some(stream.started_at);
        Verdict::Ping
    }
}
