//! The control API that pages and the command line use.

use super::bot::{Bot, message};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn changes_follow_a_cursor() {
    let bot = Bot::start().await;
    let changes = async |since: u64| {
        let path = format!("/_sim/discord/messages?since={since}");
        let answer = bot.control(Method::GET, &path, None).await.ok();
        let count = answer["messages"].as_array().unwrap().len();
        (answer["cursor"].as_u64().unwrap(), count, answer)
    };
    let posted = bot.post(&message("one", "n1")).await.ok();
    bot.post(&message("two", "n2")).await.ok();
    let (cursor, count, _) = changes(0).await;
    assert_eq!(count, 2);
    assert_eq!(changes(cursor).await.1, 0);
    bot.delete(&bot.path_of(&posted)).await.ok();
    let (_, count, answer) = changes(cursor).await;
    assert_eq!((count, &answer["messages"][0]["deleted"]), (1, &json!(true)));
    assert_eq!(answer["lost"], false);
}

#[tokio::test]
async fn a_page_that_fell_behind_is_told() {
    let bot = Bot::start().await;
    let posted = bot.post(&message("one", "n1")).await.ok();
    let change = json!({"content": "again", "allowed_mentions": {"parse": []}});
    for _ in 0..5_000 {
        bot.edit(&posted, &change).await.ok();
    }
    let answer = bot.control(Method::GET, "/_sim/discord/messages?since=0", None).await.ok();
    assert_eq!(answer["lost"], true);
}

#[tokio::test]
async fn faults_are_set_and_cleared() {
    let bot = Bot::start().await;
    let path = "/_sim/discord/faults";
    let fault = json!({"kind": "refuse", "status": 403, "code": 50013, "times": 9});
    bot.control(Method::POST, path, Some(fault)).await.ok();
    bot.post(&message("no", "n1")).await.expect(403, 50013);
    assert_eq!(bot.control(Method::GET, path, None).await.ok()[0]["times"], 8);
    bot.control(Method::DELETE, path, None).await.ok();
    bot.post(&message("yes", "n2")).await.ok();
    let unknown = json!({"kind": "meteor"});
    assert_eq!(bot.control(Method::POST, path, Some(unknown)).await.status, 422);
}

#[tokio::test]
async fn the_world_tells_where_the_bot_can_post() {
    let bot = Bot::start().await;
    bot.sim.set_everyone_overwrite(bot.channel, 0, 1 << 11);
    let world = bot.control(Method::GET, "/_sim/discord/world", None).await.ok();
    let channel = &world["guilds"][0]["channels"][0];
    assert_eq!((&channel["name"], &channel["can_post"]), (&json!("live"), &json!(false)));
    let violations = bot.control(Method::GET, "/_sim/discord/violations", None).await.ok();
    assert_eq!(violations, json!([]));
}

#[tokio::test]
async fn channels_and_roles_are_deleted_and_the_bot_is_taken_out_from_outside() {
    let bot = Bot::start().await;
    let (guild, channel) = (bot.guild, bot.channel);
    let role = bot.sim.add_role(guild, "pings", true);
    let path = format!("/_sim/discord/guilds/{guild}/roles/{role}");
    assert_eq!(bot.control(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(bot.control(Method::DELETE, &path, None).await.status, 404);
    let everyone = format!("/_sim/discord/guilds/{guild}/roles/{guild}");
    assert_eq!(bot.control(Method::DELETE, &everyone, None).await.status, 404);
    let of_bot = format!("/_sim/discord/guilds/{guild}/bot");
    assert_eq!(bot.control(Method::DELETE, &of_bot, None).await.status, 204);
    bot.get(&format!("/channels/{channel}")).await.expect(403, 50001);
    assert_eq!(bot.control(Method::POST, &of_bot, None).await.status, 204);
    bot.get(&format!("/channels/{channel}")).await.ok();
    let gone = format!("/_sim/discord/channels/{channel}");
    assert_eq!(bot.control(Method::DELETE, &gone, None).await.status, 204);
    bot.get(&format!("/channels/{channel}")).await.expect(404, 10003);
    let new = json!({"name": "live"});
    let path = format!("/_sim/discord/guilds/{guild}/channels");
    let added = bot.control(Method::POST, &path, Some(new)).await.ok();
    bot.get(&format!("/channels/{}", added["id"].as_str().unwrap())).await.ok();
}
