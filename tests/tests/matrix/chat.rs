//! A channel that the chat bot is in, and what makes the bot ask Twitch.

use super::{calls::Call, drive::Told};
use crate::chat::{bot, channel, say};
use sm_services::{
    audit::Actor,
    chat::{
        accounts,
        commands::{self, Draft},
        filters::Filters,
        settings,
    },
};
use sm_sim::twitch::Role;
use sm_tests::World;
use sm_types::TwitchUserId;
use std::collections::BTreeMap;

/// Who is there.
pub(super) struct Chatty {
    bot: TwitchUserId,
    channel: TwitchUserId,
    viewer: TwitchUserId,
}

impl Chatty {
    pub(super) async fn set(t: &World) -> Self {
        let bot = bot(t).await;
        let channel = channel(t, "fay").await;
        t.twitch.set_role(&channel, &bot, Role::Moderator);
        let viewer = t.twitch.add_user("gil", "Gil");
        let actor = Actor { user: None, request_id: String::new() };
        let fans = Draft {
            name: "fans".to_owned(),
            responses: vec!["{followers} fans".to_owned()],
            ..Draft::default()
        };
        commands::create(&t.app, &channel, fans, &actor).await.unwrap();
        let mut filters = Filters::default();
        filters.links.enabled = true;
        let draft = settings::Draft {
            prefix: "!".to_owned(),
            discord_url: None,
            ignored: Vec::new(),
            builtins: BTreeMap::new(),
            filters,
            events: settings::Events::default(),
            drop_repeats: false,
        };
        settings::save(&t.app, &channel, draft, 1, &actor).await.unwrap();
        Self { bot, channel, viewer }
    }

    /// What has to be before, so that the call is made.
    pub(super) async fn prepare(&self, t: &World, call: &Call) {
        // The limits are other tests' business.
        t.twitch.forget_sent_lines();
        t.sql("delete from chat_sends").await;
        t.sql("delete from chat_user_cooldowns").await;
        t.sql("update chat_uses set ready_at = '-infinity'").await;
        match call.name {
            "authorizations" => {
                for found in t.twitch.subscriptions() {
                    if found.kind == "channel.chat.message" {
                        t.twitch.remove_subscription(&found.id);
                    }
                }
                sqlx::query(
                    "update eventsub_targets set state = 'wanted', subscription_id = null, next_try_at = $1, attempts = 0
                     where type = 'channel.chat.message'",
                )
                .bind(t.clock.now())
                .execute(&t.app.pool)
                .await
                .unwrap();
            }
            "refresh_user_token" => {
                t.sql("update chat_accounts set tokens_expire_at = now() - interval '1 day'").await;
            }
            _ => {}
        }
    }

    /// Makes the product ask.
    pub(super) async fn drive(&self, t: &World, call: &Call) -> Told {
        match call.name {
            "authorizations" => {
                t.work().await;
                Told::Well
            }
            "send_chat_message" => {
                let cause = format!("run:{}", uuid::Uuid::now_v7());
                say(t, &self.channel, &cause, &cause).await;
                t.work().await;
                let state: String = sqlx::query_scalar(
                    "select concat_ws(' ', state, reason) from chat_sends where cause = $1",
                )
                .bind(&cause)
                .fetch_one(&t.app.pool)
                .await
                .unwrap();
                if state.starts_with("sent") { Told::Well } else { Told::No(state) }
            }
            "delete_chat_message" => {
                let line = t.twitch.type_line(&self.channel, &self.viewer, "see evil.com").await;
                t.work().await;
                let state: Option<String> = sqlx::query_scalar(
                    "select concat_ws(' ', state, reason) from chat_deletions where message_id = $1",
                )
                .bind(&line)
                .fetch_optional(&t.app.pool)
                .await
                .unwrap();
                match state.as_deref() {
                    Some("deleted" | "queued") => Told::Well,
                    other => Told::No(format!("{other:?}")),
                }
            }
            "follower_count" | "followed_since" => {
                let text = if call.name == "follower_count" { "!fans" } else { "!followage" };
                t.twitch.type_line(&self.channel, &self.viewer, text).await;
                t.work().await;
                Told::Well
            }
            "begin_device" => Told::of(accounts::begin_link(&t.app).await),
            "device_token" => match accounts::begin_link(&t.app).await {
                Ok(device) => {
                    t.twitch.agree_to_device(&device.user_code, "maxbot").await;
                    match accounts::finish_link(&t.app, &device, "maxbot").await {
                        Ok(None) => Told::No("nobody has agreed".to_owned()),
                        linked => Told::of(linked),
                    }
                }
                Err(error) => Told::No(error.to_string()),
            },
            "refresh_user_token" => {
                let used = accounts::with_account_token(&t.app, &self.bot, |token| async move {
                    t.app.twitch.validate(&token).await
                });
                Told::of(used.await)
            }
            name => panic!("{name} has no arm in chat.rs"),
        }
    }
}

/// Lets time pass, for what the database's clock tells.
pub(super) async fn pass(t: &World, seconds: i64) {
    sqlx::query(
        "with paces as (
           update chat_paces set free_at = free_at - make_interval(secs => $1),
             slow_until = slow_until - make_interval(secs => $1), paused_until = paused_until - make_interval(secs => $1),
             filters_wait_until = filters_wait_until - make_interval(secs => $1)
         ), deletions as (
           update chat_deletions set due_at = due_at - make_interval(secs => $1),
             heard_at = heard_at - make_interval(secs => $1)
         )
         update chat_sends set due_at = due_at - make_interval(secs => $1),
           expires_at = expires_at - make_interval(secs => $1), spent_at = spent_at - make_interval(secs => $1)",
    )
    .bind(seconds as f64)
    .execute(&t.app.pool)
    .await
    .unwrap();
}
