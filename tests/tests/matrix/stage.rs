//! The world in which the cells are played: streamers, servers that announce them, people who set them up.

use super::{
    calls::Part,
    chat::{self, Chatty},
};
use serde_json::json;
use sm_sim::{twitch::ListingLag, unkind::is_of};
use sm_tests::{Browser, EVENTSUB_SECRET, Guild, World};
use sm_types::{GuildId, RoleId, TwitchUserId, UserId};
use std::collections::BTreeMap;
use time::Duration;

/// Who is there.
pub(super) struct Stage<'a> {
    pub(super) t: &'a World,
    /// Whose announcement meets the unkind answer, when it is about one.
    pub(super) ana: TwitchUserId,
    /// Whose has nothing to do with it.
    pub(super) bruno: TwitchUserId,
    /// Who is live already and ends the stream.
    pub(super) cleo: TwitchUserId,
    /// Whose subscriptions are created.
    pub(super) dora: TwitchUserId,
    /// Whom nobody follows any more.
    pub(super) elsa: TwitchUserId,
    pub(super) of_ana: Guild,
    pub(super) of_bruno: Guild,
    /// Announces Cleo, and edits the message at the end.
    pub(super) editing: Guild,
    /// Announces Cleo, and deletes the message at the end.
    pub(super) deleting: Guild,
    /// Announces nobody.
    pub(super) spare: GuildId,
    pub(super) role: RoleId,
    pub(super) ada: UserId,
    pub(super) browser: Browser<'a>,
    /// The chat bot's channel, where it is about that.
    pub(super) chatty: Option<Chatty>,
}

impl<'a> Stage<'a> {
    pub(super) async fn set(t: &'a World, part: Part) -> Self {
        let (ana, bruno) = (t.streamer("ana").await, t.streamer("bruno").await);
        let (cleo, dora) = (t.streamer("cleo").await, t.streamer("dora").await);
        let elsa = t.twitch.add_user("elsa", "ELSA");
        let of_ana = t.guild_following(&ana).await;
        let of_bruno = t.guild_following(&bruno).await;
        let (editing, deleting) = (t.guild_following(&cleo).await, t.guild_following(&cleo).await);
        t.follow(of_bruno.id, &dora, None).await;
        let spare = t.discord.add_guild("Spare");
        sm_db::guilds::upsert(&t.app.pool, spare, "Spare").await.unwrap();
        t.sql("update guilds set created_at = now() - interval '1 day'").await;
        // Every stream is an announcement of its own.
        t.sql("update guild_config set merge_window_seconds = 0").await;
        let delete = "update guild_config set end_action = 'delete' where guild_id = $1";
        sqlx::query(delete).bind(deleting.id.to_db()).execute(&t.app.pool).await.unwrap();
        let role = t.discord.add_role(of_ana.id, "Fans", true);
        let ada = t.discord.add_user("ada", Some("Ada"));
        for guild in [of_ana.id, of_bruno.id, spare] {
            t.discord.set_owner(guild, ada);
        }
        let browser = t.browser();
        let chatty = if part == Part::Chat { Some(Chatty::set(t).await) } else { None };
        let stage = Self {
            t,
            ana,
            bruno,
            cleo,
            dora,
            elsa,
            of_ana,
            of_bruno,
            editing,
            deleting,
            spare,
            role,
            ada,
            browser,
            chatty,
        };
        // A list that is behind is what other tests are about.
        t.twitch.set_listing_lag(ListingLag::NONE);
        stage.sign_in().await;
        stage.let_all_jobs_run().await;
        stage.challenged().await;
        stage
    }

    /// Lets time pass, for what the database's clock tells too.
    pub(super) async fn pass(&self, seconds: i64) {
        self.t.clock.advance(Duration::seconds(seconds));
        sqlx::query(
            "update discord_gate set blocked_until = blocked_until - make_interval(secs => $1),
                                     next_slot = next_slot - make_interval(secs => $1),
                                     probe_until = probe_until - make_interval(secs => $1)",
        )
        .bind(seconds as f64)
        .execute(&self.t.app.pool)
        .await
        .unwrap();
        chat::pass(self.t, seconds).await;
        // Likewise what the jobs may ask of Twitch, or hours within a second would be held to one minute's.
        self.t.sql("delete from rate_buckets where key = 'jobs:twitch'").await;
    }

    /// Lets time pass, and what has become due happen.
    pub(super) async fn later(&self, seconds: i64) {
        self.pass(seconds).await;
        self.t.sweep().await;
        self.t.work().await;
    }

    pub(super) async fn let_all_jobs_run(&self) {
        let due = "update jobs set due_at = $1, failures = 0";
        sqlx::query(due).bind(self.t.clock.now()).execute(&self.t.app.pool).await.unwrap();
        self.t.sweep().await;
        self.t.work().await;
    }

    /// Waits until Twitch's challenges, which come by themselves, have been answered.
    pub(super) async fn challenged(&self) {
        for _ in 0..1_000 {
            if self.t.twitch.subscriptions().iter().all(|s| !s.status.ends_with("pending")) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// A subscription of Dora's is to be created; at Twitch there is none, or there is.
    pub(super) async fn want_anew(&self, lost: bool) {
        let kind = "stream.offline";
        let about = |c: &serde_json::Value| c["broadcaster_user_id"] == json!(self.dora);
        for found in self.t.twitch.subscriptions() {
            if lost && found.kind == kind && about(&found.condition) {
                self.t.twitch.remove_subscription(&found.id);
            }
        }
        sqlx::query(
            "update eventsub_targets set state = 'wanted', subscription_id = null, next_try_at = $1, attempts = 0
             where twitch_user_id = $2 and type = $3",
        )
        .bind(self.t.clock.now())
        .bind(self.dora.as_str())
        .bind(kind)
        .execute(&self.t.app.pool)
        .await
        .unwrap();
    }

    /// Twitch has a subscription of Elsa's, whom nobody follows.
    pub(super) async fn have_an_unwanted_one(&self) {
        let pool = &self.t.app.pool;
        let streamer = sm_db::streamers::Streamer {
            id: &self.elsa,
            login: "elsa",
            display_name: "ELSA",
            profile_image_url: None,
        };
        sm_db::streamers::upsert(pool, &streamer).await.unwrap();
        let callback = format!("{}/webhooks/twitch", self.t.url);
        let kind = "stream.online";
        self.t.twitch.subscribe(&self.elsa, kind, &callback, EVENTSUB_SECRET);
        let all = self.t.twitch.subscriptions();
        let own = all.iter().rfind(|s| s.condition["broadcaster_user_id"] == json!(self.elsa));
        sqlx::query(
            "insert into eventsub_targets (twitch_user_id, type, state, subscription_id, next_try_at)
             values ($1, $2, 'unwanted', $3, $4)",
        )
        .bind(self.elsa.as_str())
        .bind(kind)
        .bind(&own.unwrap().id)
        .bind(self.t.clock.now())
        .execute(pool)
        .await
        .unwrap();
    }

    pub(super) async fn sign_in(&self) {
        // So many sign-ins are nobody's, and have a limit of their own.
        self.t.sql("delete from rate_buckets").await;
        self.browser.sign_in(self.ada).await;
    }

    /// What was configured and what is known, which no odd answer may change.
    pub(super) async fn durable(&self) -> Vec<String> {
        sqlx::query_scalar(
            "select to_jsonb(x)::text from (select guild_id, status from guilds) x
             union all select to_jsonb(x)::text from (select guild_id, enabled, default_channel_id, mention,
                       mention_role_id, merge_window_seconds, end_action, template_id from guild_config) x
             union all select to_jsonb(x)::text from (select destination_id, guild_id, twitch_user_id, channel_id,
                       enabled, mention from destinations) x
             union all select to_jsonb(x)::text from (select guild_id, twitch_user_id, enabled from guild_streamers) x
             union all select to_jsonb(x)::text from (select template_id, message from message_templates) x
             union all select to_jsonb(x)::text from (select twitch_user_id, login, display_name, status
                       from streamers) x
             union all select to_jsonb(x)::text from (select user_id, tokens is not null as signed_in from users
                       where username = 'ada') x
             union all select to_jsonb(x)::text from (select twitch_user_id, state, reason, bot_id from chat_channels) x
             union all select to_jsonb(x)::text from (select bot_id, is_service, scopes, tokens is not null as has_tokens,
                       state from chat_accounts) x
             order by 1",
        )
        .fetch_all(&self.t.app.pool)
        .await
        .unwrap()
    }

    /// What is not as it should be, once everything has come to rest.
    pub(super) async fn unrest(&self) -> Vec<String> {
        let mut found: Vec<String> = sqlx::query_scalar(
            "select 'subscription ' || twitch_user_id || ' ' || type || ' ' || state from eventsub_targets
             where state <> 'enabled'
             union all select 'destination ' || destination_id || ' ' || degraded_reason from destinations
             where degraded_reason is not null
             union all select 'delivery ' || kind || ' ' || status || ' ' || coalesce(reason, '') from notification_log
             where status in ('pending', 'sending')
             union all select 'line ' || state from chat_sends where state in ('queued', 'sending')
             union all select 'deletion ' || state from chat_deletions where state = 'queued'
             union all select 'chat rests ' || twitch_user_id from chat_paces
             where greatest(paused_until, filters_wait_until) > clock_timestamp()
             union all select 'circuit ' || reason from discord_gate where reason is not null
             union all select 'believed ' || kind || ' ' || subject from doubts where believed_at is not null",
        )
        .fetch_all(&self.t.app.pool)
        .await
        .unwrap();
        let known: Vec<String> = sqlx::query_scalar(
            "select subscription_id from eventsub_targets where state = 'enabled'",
        )
        .fetch_all(&self.t.app.pool)
        .await
        .unwrap();
        let all = self.t.twitch.subscriptions();
        let has = |id: &String| all.iter().any(|s| s.id == *id && s.status == "enabled");
        found.extend(known.iter().filter(|id| !has(id)).map(|id| format!("no subscription {id}")));
        let of_elsa = all.iter().filter(|s| s.condition["broadcaster_user_id"] == json!(self.elsa));
        found.extend(of_elsa.map(|s| format!("needless subscription {}", s.id)));
        found
    }

    /// How the latest delivery of a kind ended in a server.
    pub(super) async fn latest(&self, guild: Guild, kind: &str) -> String {
        let found: Option<String> = sqlx::query_scalar(
            "select concat_ws(' ', status, reason) from notification_log where guild_id = $1 and kind = $2
             order by created_at desc limit 1",
        )
        .bind(guild.id.to_db())
        .bind(kind)
        .fetch_optional(&self.t.app.pool)
        .await
        .unwrap();
        found.unwrap_or_default()
    }

    /// How often each route was asked for since the figures were reset.
    pub(super) fn by_route(&self, twitch_before: usize) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        let digits = |part: &str| {
            if part.bytes().all(|b| b.is_ascii_digit()) { "*".to_owned() } else { part.to_owned() }
        };
        let discord =
            self.t.discord.requests().into_iter().map(|r| format!("{} {}", r.method, r.path));
        for request in self.t.twitch.requests().split_off(twitch_before).into_iter().chain(discord)
        {
            let route: Vec<_> = request.split('/').map(digits).collect();
            *counts.entry(route.join("/")).or_default() += 1;
        }
        counts
    }

    /// Requests to both remotes since the figures were reset, and those of a route.
    pub(super) fn requests(&self, twitch_before: usize, route: &str) -> (usize, usize) {
        let twitch = self.t.twitch.requests().split_off(twitch_before);
        let discord = self.t.discord.requests();
        let of_twitch = twitch.iter().filter(|request| {
            let (method, path) = request.split_once(' ').unwrap_or_default();
            let short = path.strip_prefix("/helix/").or(path.strip_prefix("/oauth2/"));
            short.is_some_and(|short| is_of(route, method, short))
        });
        let of_discord = discord.iter().filter(|request| {
            let short = request.path.strip_prefix("/api/v10/");
            short.is_some_and(|short| is_of(route, &request.method, short))
        });
        (twitch.len() + discord.len(), of_twitch.count() + of_discord.count())
    }
}
