//! Random histories of streams, with everything that webhooks, lists and workers do to them. Whatever comes, a stream is
//! announced once at most, and in the end messages say what is true.
//!
//! `HISTORIES` says how many, `HISTORIES_SEED` the first of them. A failure names its seed: `HISTORIES=1` with it plays
//! that history alone.

use serde_json::{Value, json};
use sm_db::guilds::Mention;
use sm_services::streamers::reconcile;
use sm_sim::{
    discord::{Fault, FaultKind},
    twitch::Delivery,
};
use sm_tests::{Guild, World, scenario};
use sm_types::TwitchUserId;
use std::collections::BTreeSet;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// Histories in one world, on one clock.
const AT_ONCE: u64 = 40;
const STEP: Duration = Duration::seconds(30);
/// Twenty minutes in which something happens, and half an hour in which it settles.
const EVENTFUL: u32 = 40;
const SETTLING: u32 = 60;
/// A comparison with Get Streams comes every two minutes.
const COMPARED_EVERY: u32 = 4;

fn setting(name: &str, default: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "how many histories a run has")]
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A history's own chances: they do not depend on what others do.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// A webhook on its way.
struct Mail {
    at: u32,
    sent: u32,
    kind: &'static str,
    message_id: String,
    event: Value,
}

/// A streamer, what really happens, and what is on its way to us.
struct History {
    seed: u64,
    dice: Dice,
    streamer: TwitchUserId,
    guild: Guild,
    /// The start of every stream, as messages show it.
    began: BTreeSet<String>,
    /// The event that told of the present stream, or of the last one.
    stream: Option<Value>,
    live: bool,
    ended: u32,
    mails: Vec<Mail>,
    sent: u32,
    told: Vec<String>,
}

impl History {
    async fn new(t: &World, seed: u64) -> Self {
        let streamer = t.streamer(&format!("s{seed}")).await;
        let guild = t.guild_mentioning(&streamer, Mention::Here).await;
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..8 {
            dice.below(2);
        }
        let window = [600, 0][dice.below(2) as usize];
        sqlx::query("update guild_config set merge_window_seconds = $1 where guild_id = $2")
            .bind(window)
            .bind(guild.id.to_db())
            .execute(&t.app.pool)
            .await
            .unwrap();
        let told = vec![format!("merge window {window} s")];
        let (began, mails) = Default::default();
        Self {
            seed,
            dice,
            streamer,
            guild,
            began,
            stream: None,
            live: false,
            ended: 0,
            mails,
            sent: 0,
            told,
        }
    }

    fn tell(&mut self, step: u32, what: &str) {
        self.told.push(format!("{step}: {what}"));
    }

    /// What the streamer does in this step.
    fn live_on(&mut self, t: &World, step: u32) {
        if self.live {
            if self.dice.one_in(10) {
                t.twitch.stop_stream(&self.streamer);
                (self.live, self.ended) = (false, step);
                let mut event = self.stream.clone().unwrap();
                event
                    .as_object_mut()
                    .unwrap()
                    .retain(|key, _| key != "type" && key != "started_at");
                self.send(step, "stream.offline", event);
            } else if self.dice.one_in(15) {
                let title = format!("Title {step}");
                t.twitch.set_channel(&self.streamer, &title, "Art");
                let mut event = self.stream.clone().unwrap();
                event["title"] = json!(title);
                event["language"] = json!("en");
                event["category_id"] = json!("1");
                event["category_name"] = json!("Art");
                event["content_classification_labels"] = json!([]);
                self.send(step, "channel.update", event);
            }
            t.twitch.set_viewers(&self.streamer, self.dice.below(1000));
        } else if self.dice.one_in(5) {
            let flaps = self.stream.is_some() && step - self.ended < 12 && self.dice.one_in(2);
            let resumed = if flaps { t.twitch.resume_stream(&self.streamer) } else { None };
            let event = resumed.unwrap_or_else(|| t.twitch.start_stream(&self.streamer, "live").1);
            self.began.insert(event["started_at"].as_str().unwrap().to_owned());
            self.stream = Some(event.clone());
            self.live = true;
            self.send(step, "stream.online", event);
        }
    }

    /// Twitch sends a webhook: at once, late, twice, under two ids, or never.
    fn send(&mut self, step: u32, kind: &'static str, event: Value) {
        self.sent += 1;
        let id = format!("{}-{}", self.seed, self.sent);
        let late = u32::try_from(self.dice.below(16)).unwrap() + 1;
        let soon = u32::try_from(self.dice.below(3)).unwrap();
        let (what, copies) = match self.dice.below(20) {
            0..=10 => ("at once".to_owned(), vec![(0, id)]),
            11..=13 => (format!("late by {late}"), vec![(late, id)]),
            14..=15 => (format!("twice, {soon} later"), vec![(0, id.clone()), (soon, id)]),
            16..=17 => {
                let other = format!("{id}-b");
                (format!("under two ids, {late} later"), vec![(0, id), (late, other)])
            }
            _ => ("lost".to_owned(), vec![]),
        };
        let stream = event["id"].as_str().unwrap_or_default().to_owned();
        self.tell(step, &format!("{kind} {stream}, {what}"));
        for (wait, message_id) in copies {
            let (at, event) = (step + wait, event.clone());
            self.mails.push(Mail { at, sent: step, kind, message_id, event });
        }
    }

    /// What has arrived by now, in any order.
    async fn receive(&mut self, t: &World, step: u32) {
        let (mut now, later): (Vec<_>, Vec<_>) = self.mails.drain(..).partition(|m| m.at <= step);
        self.mails = later;
        if self.dice.one_in(2) {
            now.reverse();
        }
        for mail in now {
            let age = STEP * i32::try_from(step - mail.sent).unwrap();
            let message_id = Some(mail.message_id);
            let delivery = Delivery { message_id, age, ..Delivery::new(mail.kind, mail.event) };
            t.twitch.deliver(&self.streamer, &delivery).await;
        }
    }

    /// A worker takes up what is due, and dies; or Discord does what it is asked and its answer is lost.
    async fn suffer(&mut self, t: &World, step: u32) {
        if self.dice.one_in(12) {
            self.tell(step, "a worker dies");
            let (now, lease) = (t.clock.now(), t.clock.now() + Duration::seconds(25));
            sqlx::query(
                "with events as (
                   update stream_events e set attempts = attempts + 1, due_at = $3
                   from stream_sessions s
                   where s.session_id = e.session_id and s.twitch_user_id = $1 and e.finished_at is null
                     and e.due_at <= $2)
                 update notification_log n set status = 'sending', attempts = attempts + 1, due_at = $3,
                   first_claimed_at = coalesce(first_claimed_at, $2)
                 where n.streamer_id = $1 and n.status = 'pending' and n.due_at <= $2",
            )
            .bind(self.streamer.as_str())
            .bind(now)
            .bind(lease)
            .execute(&t.app.pool)
            .await
            .unwrap();
        }
        if self.dice.one_in(15) {
            self.tell(step, "an answer is lost");
            let kind = FaultKind::server_error(502, self.dice.one_in(2));
            t.discord.fault(Fault::new(kind, 1).in_channel(self.guild.channel));
        }
    }

    /// What is wrong in the end.
    async fn wrong(&self, t: &World) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut of_streams = BTreeSet::new();
        let mut live = Vec::new();
        for message in t.messages(self.guild) {
            let began = message.embeds.first().and_then(|embed| embed["timestamp"].as_str());
            let began = began.map(second).unwrap_or_default();
            if !self.began.contains(&began) {
                wrong.push(format!("message of no stream: {began}"));
            }
            if !of_streams.insert(began.clone()) {
                wrong.push(format!("two messages of the stream of {began}"));
            }
            if message.content.contains("is live") {
                live.push(began);
            }
        }
        let present = self.stream.as_ref().filter(|_| self.live);
        let expected: Vec<_> = present
            .map(|event| event["started_at"].as_str().unwrap_or_default().to_owned())
            .into_iter()
            .collect();
        if live != expected {
            wrong.push(format!("messages say that {live:?} is live, and it is {expected:?}"));
        }
        let open: Vec<String> = sqlx::query_scalar(
            "select stream_id from stream_sessions where twitch_user_id = $1 and ended_at is null",
        )
        .bind(self.streamer.as_str())
        .fetch_all(&t.app.pool)
        .await
        .unwrap();
        let expected: Vec<_> = present
            .map(|event| event["id"].as_str().unwrap_or_default().to_owned())
            .into_iter()
            .collect();
        if open != expected {
            wrong.push(format!("open sessions are {open:?}, and live is {expected:?}"));
        }
        let chains: i64 = sqlx::query_scalar(
            "select count(*) from stream_events e join stream_sessions s using (session_id)
             where s.twitch_user_id = $1 and e.kind = 'refresh' and e.finished_at is null",
        )
        .bind(self.streamer.as_str())
        .fetch_one(&t.app.pool)
        .await
        .unwrap();
        if chains != i64::from(self.live) {
            wrong.push(format!("{chains} chains of refreshes"));
        }
        wrong
    }

    async fn deliveries(&self, t: &World) -> Vec<String> {
        sqlx::query_scalar(
            "select concat_ws(' ', s.stream_id, n.kind, n.action, n.status, n.reason)
             from notification_log n join stream_sessions s using (session_id)
             where n.guild_id = $1 order by n.delivery_id",
        )
        .bind(self.guild.id.to_db())
        .fetch_all(&t.app.pool)
        .await
        .unwrap()
    }
}

/// A time as Twitch writes it, of one that Discord shows.
fn second(shown: &str) -> String {
    let at = OffsetDateTime::parse(shown, &Rfc3339).map(|at| at.replace_nanosecond(0).unwrap());
    at.ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_else(|| shown.to_owned())
}

async fn play(t: &World, seeds: std::ops::Range<u64>) {
    let mut histories = Vec::new();
    for seed in seeds {
        histories.push(History::new(t, seed).await);
    }
    for step in 0..EVENTFUL + SETTLING {
        t.clock.advance(STEP);
        for history in &mut histories {
            if step < EVENTFUL {
                history.live_on(t, step);
                history.suffer(t, step).await;
            }
            history.receive(t, step).await;
        }
        if step == EVENTFUL {
            t.discord.clear_faults();
        }
        if step % COMPARED_EVERY == 0 {
            reconcile::streams(&t.app).await.unwrap();
        }
        t.work().await;
        for history in &histories {
            // Of one stream there is never a second ping, whatever becomes of it later.
            let messages = t.messages(history.guild).len();
            assert!(
                messages <= history.began.len(),
                "HISTORIES_SEED={}: {messages} messages of {} streams\n{:#?}\n{:#?}",
                history.seed,
                history.began.len(),
                history.told,
                history.deliveries(t).await
            );
        }
    }
    let posted: usize = histories.iter().map(|history| t.messages(history.guild).len()).sum();
    assert!(
        posted >= histories.len(),
        "{posted} messages: histories in which nothing happens show nothing"
    );
    let mut failed = Vec::new();
    for history in &histories {
        let wrong = history.wrong(t).await;
        if !wrong.is_empty() {
            let deliveries = history.deliveries(t).await;
            failed.push(format!(
                "HISTORIES_SEED={}: {wrong:#?}\n{:#?}\n{deliveries:#?}",
                history.seed, history.told
            ));
        }
    }
    let first = failed.first().cloned().unwrap_or_default();
    assert!(
        failed.is_empty(),
        "{} of {} histories; the first:\n{first}",
        failed.len(),
        histories.len()
    );
}

#[tokio::test]
async fn stream_is_announced_once_at_most_and_messages_say_what_is_true() {
    let (count, first) = (setting("HISTORIES", AT_ONCE), setting("HISTORIES_SEED", 1));
    let mut seed = first;
    while seed < first + count {
        let until = (seed + AT_ONCE).min(first + count);
        scenario(async |t| play(t, seed..until).await).await;
        seed = until;
    }
}
