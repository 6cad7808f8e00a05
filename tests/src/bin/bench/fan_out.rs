//! From the webhook to Discord: the first request, and whole fan-outs of growing size.

use crate::figures::{cpu, ms, percentile, resident_mib, say};
use sm_tests::{EVENTSUB_SECRET, World, process::Process, scenario, scenario_at_rate};
use sm_types::{ChannelId, GuildId, TwitchUserId};
use std::time::{Duration, Instant};

const SIZES: [usize; 4] = [10, 1_000, 10_000, 100_000];
const FIRST_REQUESTS: usize = 100;

pub(crate) async fn run() {
    first_request().await;
    say("\nFan-out to n guilds, pace off (one worker process)");
    for size in SIZES {
        scenario(async |t| {
            let done = fan_out(t, size, 1).await;
            say(&format!("  {size:6} guilds  {}", done.line(size)));
        })
        .await;
    }
    say("\nFan-out at DISCORD_RATE_PER_SECOND=50 against Discord's limit of 50 in any second");
    for (size, processes) in [(10, 1), (1_000, 1), (1_000, 4)] {
        scenario_at_rate(50, async |t| {
            let done = fan_out(t, size, processes).await;
            let rate = size as f64 / done.sending.as_secs_f64();
            say(&format!(
                "  {size:6} guilds, {processes} process(es)  {:6.2} s  {rate:5.1}/s  at most {} in a second, {} × 429",
                done.took.as_secs_f64(),
                t.discord.max_requests_in_a_second(),
                t.discord.invalid_responses(),
            ));
        })
        .await;
    }
}

async fn first_request() {
    scenario(async |t| {
        let ana = streamer(t, "ana").await;
        t.guild_following(&ana).await;
        t.sql("update guild_config set merge_window_seconds = 0").await;
        let _worker = serve(t, &[&ana], "0");
        for n in 1..=FIRST_REQUESTS {
            t.twitch.go_live(&ana).await;
            posted(t, n).await;
        }
        wait_until_recorded(t).await;
        let mut micros: Vec<i64> = sqlx::query_scalar(
            "select (extract(epoch from a.sent_at - n.received_at) * 1000000)::bigint
             from notification_log n join delivery_attempts a using (delivery_id) where n.kind = 'online'",
        )
        .fetch_all(&t.app.pool)
        .await
        .expect("the rows are there");
        micros.sort_unstable();
        let all: Vec<Duration> =
            micros.iter().map(|us| Duration::from_micros(us.unsigned_abs())).collect();
        let (p50, p95) = (percentile(&all, 0.5), percentile(&all, 0.95));
        say(&format!(
            "\nWebhook received → first request to Discord: p50 {:.1}  p95 {:.1} ms ({FIRST_REQUESTS} streams)",
            ms(p50),
            ms(p95)
        ));
    })
    .await;
}

/// Waits until so many messages have been posted.
async fn posted(t: &World, count: usize) {
    let begun = Instant::now();
    while t.discord.message_count() < count {
        assert!(begun.elapsed() < Duration::from_secs(60), "message {count} does not come");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A streamer whom nobody is subscribed to yet.
pub(crate) async fn streamer(t: &World, login: &str) -> TwitchUserId {
    let id = t.twitch.add_user(login, login);
    let streamer =
        sm_db::streamers::Streamer { id: &id, login, display_name: login, profile_image_url: None };
    sm_db::streamers::upsert(&t.app.pool, &streamer).await.expect("a new streamer");
    id
}

struct Done {
    took: Duration,
    /// From the first message to the last.
    sending: Duration,
    cpu: Duration,
    resident: f64,
}

impl Done {
    fn line(&self, size: usize) -> String {
        let each = |duration: Duration| duration.as_secs_f64() * 1e6 / size as f64;
        format!(
            "{:7.2} s  {:6.0} µs each  {:5.0} µs of our CPU each  {:5.1} MiB resident",
            self.took.as_secs_f64(),
            each(self.took),
            each(self.cpu),
            self.resident
        )
    }
}

async fn fan_out(t: &World, size: usize, processes: usize) -> Done {
    let ana = streamer(t, "ana").await;
    seed(t, &ana, size).await;
    let rate = t.settings.iter().find(|(name, _)| *name == "DISCORD_RATE_PER_SECOND");
    let rate = rate.map_or("0", |(_, value)| value.as_str());
    let first = serve(t, &[&ana], rate);
    // They hear nothing of the webhook and join when they look for themselves.
    let others: Vec<Process> = (1..processes).map(|_| start(t, rate).1).collect();
    let pid = first.0.id();
    let (started, cpu_before) = (Instant::now(), cpu(pid));
    t.twitch.go_live(&ana).await;
    let (mut first_at, mut last_at) = (None, started);
    while t.discord.message_count() < size {
        if first_at.is_none() && t.discord.message_count() > 0 {
            first_at = Some(Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        last_at = Instant::now();
    }
    wait_until_recorded(t).await;
    let (took, cpu) = (started.elapsed(), cpu(pid).saturating_sub(cpu_before));
    let resident = resident_mib(pid);
    drop(others);
    let sending = last_at.duration_since(first_at.unwrap_or(started)).max(Duration::from_millis(1));
    Done { took, sending, cpu, resident }
}

/// Starts the app as a process, subscribed to streamers.
pub(crate) fn serve(t: &World, streamers: &[&TwitchUserId], rate: &str) -> Process {
    serve_at(t, streamers, rate).1
}

/// The same, and where it listens.
pub(crate) fn serve_at(t: &World, streamers: &[&TwitchUserId], rate: &str) -> (String, Process) {
    let (address, process) = start(t, rate);
    let callback = format!("http://{address}/webhooks/twitch");
    for streamer in streamers {
        t.twitch.subscribe(streamer, "stream.online", &callback, EVENTSUB_SECRET);
    }
    (address, process)
}

/// Starts the app as a process and waits until it listens.
fn start(t: &World, rate: &str) -> (String, Process) {
    let mut settings = t.settings.clone();
    settings.retain(|(name, _)| *name != "DISCORD_RATE_PER_SECOND");
    settings.push(("DISCORD_RATE_PER_SECOND", rate.to_owned()));
    settings.push(("LOG_LEVEL", "warn".to_owned()));
    Process::serve(&settings)
}

/// Lets as many new guilds follow a streamer; their channels.
pub(crate) async fn seed(t: &World, streamer: &TwitchUserId, size: usize) -> Vec<ChannelId> {
    let (mut guilds, mut channels) = (Vec::new(), Vec::new());
    for n in 0..size {
        let guild = t.discord.add_guild(&format!("Guild {n}"));
        channels.push(t.discord.add_channel(guild, "live").to_db());
        guilds.push(GuildId::to_db(guild));
    }
    for statement in [
        "insert into guilds (guild_id, name) select g, 'Guild' from unnest($1::bigint[], $2::bigint[]) as x (g, c)
         where $3 is not null",
        "insert into guild_config (guild_id, default_channel_id)
         select g, c from unnest($1::bigint[], $2::bigint[]) as x (g, c) where $3 is not null",
        "insert into guild_streamers (guild_id, twitch_user_id)
         select g, $3 from unnest($1::bigint[], $2::bigint[]) as x (g, c)",
        "insert into destinations (guild_id, twitch_user_id)
         select g, $3 from unnest($1::bigint[], $2::bigint[]) as x (g, c)",
    ] {
        let rows = sqlx::query(statement).bind(&guilds).bind(&channels).bind(streamer.as_str());
        rows.execute(&t.app.pool).await.expect("the rows are new");
    }
    t.sql("analyze").await;
    channels.into_iter().map(ChannelId::from_db).collect()
}

async fn wait_until_recorded(t: &World) {
    let left = "select count(*) from notification_log where status in ('pending', 'sending')";
    while sqlx::query_scalar::<_, i64>(left).fetch_one(&t.app.pool).await.expect("it answers") > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
