//! What is read: who the bot is, guilds, channels, roles, members.

use super::bot::Bot;
use reqwest::Method;

#[tokio::test]
async fn a_guild_shows_its_channels_and_roles() {
    let bot = Bot::start().await;
    let role = bot.sim.add_role(bot.guild, "Fans", true);
    let me = bot.get("/users/@me").await.ok();
    assert_eq!(me["id"], bot.sim.bot_user().to_string());
    let guild = bot.get(&format!("/guilds/{}", bot.guild)).await.ok();
    assert_eq!(guild["name"], "Test Hall");
    let own = bot.get("/users/@me/guilds").await.ok();
    assert_eq!(own[0]["id"], bot.guild.to_string());
    let channels = bot.get(&format!("/guilds/{}/channels", bot.guild)).await.ok();
    assert_eq!(channels[0]["id"], bot.channel.to_string());
    let roles = bot.get(&format!("/guilds/{}/roles", bot.guild)).await.ok();
    assert_eq!(roles.as_array().unwrap().last().unwrap()["id"], role.to_string());
    let own = format!("/guilds/{}/members/{}", bot.guild, bot.sim.bot_user());
    assert_eq!(bot.get(&own).await.ok()["user"]["id"], me["id"]);
    bot.get(&format!("/guilds/{}/members/1", bot.guild)).await.expect(404, 10007);
}

#[tokio::test]
async fn without_the_bot_a_guild_is_unknown_and_its_parts_are_closed() {
    let bot = Bot::start().await;
    bot.sim.set_bot_present(bot.guild, false);
    bot.get(&format!("/guilds/{}", bot.guild)).await.expect(404, 10004);
    bot.get(&format!("/guilds/{}/roles", bot.guild)).await.expect(403, 50001);
    bot.get(&format!("/guilds/{}/channels", bot.guild)).await.expect(403, 50001);
    assert_eq!(bot.get("/users/@me/guilds").await.ok(), serde_json::json!([]));
}

#[tokio::test]
async fn strangers_are_refused() {
    let bot = Bot::start().await;
    let with_token = |token: &str| {
        let request = bot.bare(Method::GET, "/users/@me").header("authorization", token);
        request.header("user-agent", "DiscordBot (https://streammaxing.example, 1)")
    };
    for token in ["", "Bot ", "Bot wrong", "Bearer token-of-the-bot", "token-of-the-bot"] {
        assert_eq!(bot.send(with_token(token)).await.status, 401, "{token:?}");
    }
    assert!(bot.sim.violations().is_empty());
    let nameless = bot.bare(Method::GET, "/users/@me").header("user-agent", "curl/8");
    assert_eq!(bot.send(nameless).await.status, 403);
    assert_eq!(bot.sim.violations().len(), 1);
}
