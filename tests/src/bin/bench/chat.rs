//! From a viewer's line to the bot's, and what a line costs that nobody answers.

use crate::figures::{cpu, ms, percentile, say};
use sm_db::chat::channels::Join;
use sm_services::{
    audit::Actor,
    chat::{
        accounts,
        commands::{self, Draft},
    },
};
use sm_sim::twitch::Role;
use sm_tests::{EVENTSUB_SECRET, World, process::Process, scenario};
use sm_types::{TwitchUserId, UserId};
use std::time::{Duration, Instant};

/// Lines a second while answers are timed, and for how long.
const PACE: u32 = 50;
const SECONDS: u32 = 30;
/// One line in so many calls a command: the account's limit of 100 in 30 seconds holds here too.
const ANSWERED: u32 = 20;
const SILENT_PACE: u32 = 500;
const SILENT_SECONDS: u32 = 10;

pub(crate) async fn run() {
    say(&format!("\nChat: {PACE} lines a second, one in {ANSWERED} calls a command"));
    scenario(async |t| {
        let (bot, channel) = channel(t).await;
        let viewer = t.twitch.add_user("bea", "Bea");
        let mut settings = t.settings.clone();
        settings.push(("LOG_LEVEL", "warn".to_owned()));
        let (address, process) = Process::serve(&settings);
        let callback = format!("http://{address}/webhooks/twitch");
        t.twitch.subscribe(&channel, "channel.chat.message", &callback, EVENTSUB_SECRET);
        let took = answers(t, &bot, &channel, &viewer).await;
        say(&format!(
            "  line → answer    {} of {}  p50 {:.1} ms  p99 {:.1} ms",
            took.len(),
            PACE * SECONDS / ANSWERED,
            ms(percentile(&took, 0.5)),
            ms(percentile(&took, 0.99)),
        ));
        silence(t, &channel, &viewer, process.0.id()).await;
        drop(process);
    })
    .await;
}

/// A channel that the bot moderates, with a command.
async fn channel(t: &World) -> (TwitchUserId, TwitchUserId) {
    let bot = t.twitch.add_user("maxbot", "MaxBot");
    let device = accounts::begin_link(&t.app).await.expect("Twitch answers");
    t.twitch.agree_to_device(&device.user_code, "maxbot").await;
    accounts::finish_link(&t.app, &device, "maxbot").await.expect("it is linked");
    let id = t.streamer("ana").await;
    t.twitch.grant(&id, &["channel:bot"]).await;
    t.twitch.set_role(&id, &bot, Role::Moderator);
    let mut db = t.app.pool.begin().await.expect("it answers");
    let now = t.clock.now();
    let join = Join { channel: &id, owner: UserId(1), now, per_owner: 9, per_hour: 9 };
    sm_db::chat::channels::join(&mut db, &join).await.expect("it answers");
    db.commit().await.expect("it answers");
    t.sql("update chat_paces set is_moderator = true").await;
    let actor = Actor { user: None, request_id: String::new() };
    let hi = Draft {
        name: "hi".to_owned(),
        responses: vec!["Hi {user}: {args}".to_owned()],
        cooldown: 0,
        ..Draft::default()
    };
    commands::create(&t.app, &id, hi, &actor).await.expect("it is saved");
    (bot, id)
}

async fn answers(
    t: &World,
    bot: &TwitchUserId,
    channel: &TwitchUserId,
    viewer: &TwitchUserId,
) -> Vec<Duration> {
    let begun = tokio::time::Instant::now();
    let mut waiting: Vec<(String, Instant)> = Vec::new();
    let mut took = Vec::new();
    let mut seen = 0;
    let mut next = 0;
    while next < PACE * SECONDS || !waiting.is_empty() {
        if next < PACE * SECONDS && begun.elapsed() >= Duration::from_secs(1) / PACE * next {
            let calls = next % ANSWERED == 0;
            let text = if calls { format!("!hi {next}") } else { format!("just talk {next}") };
            if calls {
                waiting.push((format!("Hi Bea: {next}"), Instant::now()));
            }
            next += 1;
            t.twitch.type_line(channel, viewer, &text).await;
        }
        let lines = t.twitch.lines_of(channel, bot);
        for line in &lines[seen..] {
            if let Some(at) = waiting.iter().position(|(text, _)| text == line) {
                took.push(waiting.swap_remove(at).1.elapsed());
            }
        }
        seen = lines.len();
        waiting.retain(|(_, at)| at.elapsed() < Duration::from_secs(15));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    took.sort_unstable();
    took
}

async fn silence(t: &World, channel: &TwitchUserId, viewer: &TwitchUserId, pid: u32) {
    let (begun, cpu_before) = (tokio::time::Instant::now(), cpu(pid));
    let mut flight = tokio::task::JoinSet::new();
    for n in 0..SILENT_PACE * SILENT_SECONDS {
        tokio::time::sleep_until(begun + Duration::from_secs(1) / SILENT_PACE * n).await;
        let (twitch, channel, viewer) = (t.twitch.clone(), channel.clone(), viewer.clone());
        flight.spawn(async move {
            twitch.type_line(&channel, &viewer, "just talking about the game Kappa").await
        });
    }
    while flight.join_next().await.is_some() {}
    let lines = SILENT_PACE * SILENT_SECONDS;
    let each = (cpu(pid) - cpu_before).as_secs_f64() * 1e3 / f64::from(lines);
    let seconds = begun.elapsed().as_secs_f64();
    say(&format!(
        "  calls nothing    {lines} lines in {seconds:.1} s  {each:.3} ms of our CPU each, webhook and signature included"
    ));
}
