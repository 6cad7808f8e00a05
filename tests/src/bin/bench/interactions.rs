//! Commands and buttons on Discord, while a large fan-out is under way.

use crate::{
    fan_out::{seed, serve_at, streamer},
    figures::{ms, percentile, say},
};
use serde_json::json;
use sm_sim::discord::{Answered, DiscordSim, Doer};
use sm_tests::{World, scenario, scenario_at_rate};
use sm_types::{ChannelId, GuildId, TwitchUserId};
use std::time::Duration;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

/// Guilds that the stream is announced in.
const GUILDS: usize = 2_000;
const PACE: u32 = 100;
/// Members who do something; each is slowed down after 15 within half a minute.
const PEOPLE: usize = 400;
/// One in so many asks for what is answered later.
const DEFERRED: u32 = 50;

pub(crate) async fn run() {
    say(&format!(
        "\nCommands and buttons on Discord: {PACE} a second, while {GUILDS} guilds are announced to (one process)"
    ));
    scenario_at_rate(50, async |t| measure(t, 30, "50 a second").await).await;
    scenario(async |t| measure(t, 15, "pace off   ").await).await;
}

async fn measure(t: &World, seconds: u32, pace: &str) {
    let ana = streamer(t, "ana").await;
    let channels = seed(t, &ana, GUILDS).await;
    let guilds = guilds_of(t, &channels).await;
    let rate = t.settings.iter().find(|(name, _)| *name == "DISCORD_RATE_PER_SECOND");
    let rate = rate.map_or("0", |(_, value)| value.as_str());
    let (address, process) = serve_at(t, &[&ana], rate);
    t.discord.set_interactions_url(&format!("http://{address}/interactions"));
    let people = people(t, &guilds);
    // The first one builds the app and its connections.
    t.discord.command(people[0], "live list", &[]).await;
    t.twitch.go_live(&ana).await;
    let (answers, posted) = pour(t, &people, &ana, seconds).await;
    let mut took: Vec<Duration> = answers.iter().map(|answered| answered.took).collect();
    took.sort_unstable();
    let in_time = answers.iter().filter(|answered| answered.status == 200).count();
    let later = answers.iter().filter(|answered| answered.kind() == 5);
    let later: Vec<_> = later.collect();
    let owed = later.len();
    let begun = Instant::now();
    let told =
        |answered: &&&Answered| t.discord.shown(answered).is_some_and(|(text, _)| !text.is_empty());
    while later.iter().filter(told).count() < owed && begun.elapsed() < Duration::from_secs(60) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let followed_up = later.iter().filter(told).count();
    say(&format!(
        "  {pace}  {in_time} of {} answered  p50 {:.1}  p99 {:.1}  at most {:.1} ms  {followed_up} of {owed} follow-ups; {posted} messages posted meanwhile",
        answers.len(),
        ms(percentile(&took, 0.5)),
        ms(percentile(&took, 0.99)),
        ms(took.last().copied().unwrap_or_default()),
    ));
    while t.discord.message_count() < GUILDS {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let left = "select count(*) from notification_log where status in ('pending', 'sending')";
    while sqlx::query_scalar::<_, i64>(left).fetch_one(&t.app.pool).await.expect("it answers") > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(process);
}

/// The guilds of some channels, which were made in this order.
async fn guilds_of(t: &World, channels: &[ChannelId]) -> Vec<(GuildId, ChannelId)> {
    let rows: Vec<(i64, i64)> =
        sqlx::query_as("select guild_id, default_channel_id from guild_config order by guild_id")
            .fetch_all(&t.app.pool)
            .await
            .expect("it answers");
    assert_eq!(rows.len(), channels.len());
    rows.into_iter().map(|(g, c)| (GuildId::from_db(g), ChannelId::from_db(c))).collect()
}

/// An owner each of as many guilds: whoever owns one may do everything in it.
fn people(t: &World, guilds: &[(GuildId, ChannelId)]) -> Vec<Doer> {
    let person = |(n, (guild, channel)): (usize, &(GuildId, ChannelId))| {
        let user = t.discord.add_user(&format!("person{n}"), None);
        t.discord.set_owner(*guild, user);
        Doer { user, guild: Some(*guild), channel: *channel, locale: "en-US" }
    };
    guilds.iter().take(PEOPLE).enumerate().map(person).collect()
}

/// Does so much a second; the answers, and how many messages were posted by then.
async fn pour(
    t: &World,
    people: &[Doer],
    streamer: &TwitchUserId,
    seconds: u32,
) -> (Vec<Answered>, usize) {
    let begun = Instant::now();
    let mut flight = JoinSet::new();
    for n in 0..PACE * seconds {
        sleep_until(begun + Duration::from_secs(1) / PACE * n).await;
        let who = people[n as usize % people.len()];
        flight.spawn(act(t.discord.clone(), who, streamer.clone(), n));
    }
    let answers = flight.join_all().await;
    (answers, t.discord.message_count())
}

async fn act(discord: DiscordSim, who: Doer, streamer: TwitchUserId, n: u32) -> Answered {
    let streamer = [("streamer", json!(streamer))];
    if n.is_multiple_of(DEFERRED) {
        return discord.command(who, "streammaxing why", &streamer).await;
    }
    match n % 4 {
        0 => discord.autocomplete(who, "live mute", ("streamer", "an")).await,
        1 => discord.command(who, "live list", &[]).await,
        2 => discord.command(who, "live mute", &streamer).await,
        _ => {
            discord
                .press_answer(who, &format!("v1:ping:{}", streamer[0].1.as_str().unwrap_or("")))
                .await
        }
    }
}
