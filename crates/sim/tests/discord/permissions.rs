//! What the bot may do, from roles and overwrites.

use super::bot::{Bot, message};
use serde_json::json;

const VIEW: u64 = 1 << 10;
const SEND: u64 = 1 << 11;
const EMBED: u64 = 1 << 14;
const ADMINISTRATOR: u64 = 1 << 3;
const SEND_IN_THREADS: u64 = 1 << 38;
const THREAD: u8 = 11;
const FORUM: u8 = 15;

#[tokio::test]
async fn overwrites_deny_and_the_bots_own_allow_wins() {
    let bot = Bot::start().await;
    bot.sim.set_everyone_overwrite(bot.channel, 0, SEND);
    bot.post(&message("no", "n1")).await.expect(403, 50013);
    bot.sim.set_bot_overwrite(bot.channel, SEND, 0);
    bot.post(&message("yes", "n2")).await.ok();
    bot.sim.set_everyone_overwrite(bot.channel, 0, VIEW | SEND);
    bot.post(&message("hidden", "n3")).await.expect(403, 50001);
    assert_eq!(bot.texts(), ["yes"]);
    assert_eq!(bot.sim.invalid_responses(), 2);
}

#[tokio::test]
async fn an_administrator_may_everything() {
    let bot = Bot::start().await;
    bot.sim.set_bot_permissions(bot.guild, ADMINISTRATOR);
    bot.sim.set_everyone_overwrite(bot.channel, 0, VIEW | SEND);
    bot.post(&message("yes", "n1")).await.ok();
}

#[tokio::test]
async fn without_embed_links_embeds_vanish_or_the_message_is_refused() {
    let bot = Bot::start().await;
    bot.sim.set_everyone_overwrite(bot.channel, 0, EMBED);
    bot.sim.set_bot_permissions(bot.guild, VIEW | SEND);
    let mut body = message("text", "n1");
    body["embeds"] = json!([{"title": "Chess"}]);
    assert_eq!(bot.post(&body).await.ok()["embeds"], json!([]));
    body["content"] = json!("");
    body["nonce"] = json!("n2");
    bot.post(&body).await.expect(403, 50013);
}

#[tokio::test]
async fn threads_and_forums_have_rules_of_their_own() {
    let bot = Bot::start().await;
    let thread = bot.sim.add_channel_of_kind(bot.guild, "thread", THREAD);
    bot.sim.set_bot_permissions(bot.guild, VIEW | SEND);
    bot.post_in(thread, &message("no", "n1")).await.expect(403, 50013);
    bot.sim.set_bot_permissions(bot.guild, VIEW | SEND_IN_THREADS);
    bot.post_in(thread, &message("yes", "n2")).await.ok();
    let forum = bot.sim.add_channel_of_kind(bot.guild, "forum", FORUM);
    bot.post_in(forum, &message("no", "n3")).await.expect(400, 40058);
}

#[tokio::test]
async fn what_is_gone_is_unknown() {
    let bot = Bot::start().await;
    bot.sim.set_bot_present(bot.guild, false);
    bot.post(&message("no", "n1")).await.expect(403, 50001);
    bot.sim.set_bot_present(bot.guild, true);
    bot.post(&message("yes", "n2")).await.ok();
    bot.sim.delete_channel(bot.channel);
    bot.post(&message("no", "n3")).await.expect(404, 10003);
}
