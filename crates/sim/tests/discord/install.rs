//! Adding the bot to a guild.

use super::bot::{Answer, Bot};
use serde_json::json;
use sm_types::{GuildId, UserId};

const PERMISSIONS: &str = "309506591744";
const MANAGE_GUILD: u64 = 1 << 5;

/// A guild without the bot, and its owner.
async fn foreign() -> (Bot, GuildId, UserId) {
    let bot = Bot::start().await;
    let (guild, ana) = (bot.sim.add_guild("Ana's Corner"), bot.sim.add_user("ana", None));
    bot.sim.set_bot_present(guild, false);
    bot.sim.set_owner(guild, ana);
    (bot, guild, ana)
}

async fn install(bot: &Bot, guild: GuildId, user: UserId, changed: &[(&str, &str)]) -> Answer {
    let (guild, user) = (guild.to_string(), user.to_string());
    let usual = [
        ("scope", "bot applications.commands identify"),
        ("permissions", PERMISSIONS),
        ("as", &user),
        ("guild", &guild),
    ];
    bot.authorize(&[&usual, changed].concat()).await
}

#[tokio::test]
async fn the_owner_adds_the_bot_with_what_was_asked_for() {
    let (bot, guild, ana) = foreign().await;
    let answer = install(&bot, guild, ana, &[]).await;
    assert_eq!(answer.sent_back("guild_id").unwrap(), guild.to_string());
    assert_eq!(answer.sent_back("permissions").unwrap(), PERMISSIONS);
    // Only the exchange completes it.
    bot.get(&format!("/guilds/{guild}")).await.expect(404, 10004);
    let tokens = bot.exchange(&answer.sent_back("code").unwrap()).await.ok();
    assert_eq!(tokens["guild"]["id"], guild.to_string());
    assert_eq!(tokens["guild"]["owner_id"], ana.to_string());
    assert_eq!(tokens["guild"]["roles"][1]["permissions"], PERMISSIONS);
    let shown = bot.get(&format!("/guilds/{guild}")).await.ok();
    assert_eq!(shown, tokens["guild"]);
    bot.get_as(&tokens, "/users/@me").await.ok();
    // A refresh is about the user alone.
    assert_eq!(bot.refresh(&tokens).await.ok().get("guild"), None);
}

#[tokio::test]
async fn installing_again_replaces_the_permissions() {
    let (bot, _, ana) = foreign().await;
    bot.sim.set_owner(bot.guild, ana);
    bot.sim.set_bot_permissions(bot.guild, MANAGE_GUILD);
    let answer = install(&bot, bot.guild, ana, &[]).await;
    bot.exchange(&answer.sent_back("code").unwrap()).await.ok();
    let roles = bot.get(&format!("/guilds/{}/roles", bot.guild)).await.ok();
    assert_eq!(roles[1]["permissions"], PERMISSIONS);
}

#[tokio::test]
async fn who_may_not_manage_the_guild_is_refused() {
    let (bot, guild, _) = foreign().await;
    let (bruno, stranger) = (bot.sim.add_user("bruno", None), bot.sim.add_user("eve", None));
    bot.sim.add_member(guild, bruno);
    for user in [bruno, stranger] {
        let answer = install(&bot, guild, user, &[]).await;
        assert_eq!((answer.status, answer.header("location")), (403, ""));
    }
    let role = bot.sim.add_role(guild, "Staff", false);
    bot.sim.set_role_permissions(guild, role, MANAGE_GUILD);
    bot.sim.give_role(guild, bruno, role);
    let answer = install(&bot, guild, bruno, &[]).await;
    // Demoted between consent and exchange.
    bot.sim.take_role(guild, bruno, role);
    let code = answer.sent_back("code").unwrap();
    bot.exchange(&code).await.expect_error(400, "invalid_grant");
    bot.get(&format!("/guilds/{guild}")).await.expect(404, 10004);
}

#[tokio::test]
async fn a_locked_guild_cannot_be_swapped() {
    let (bot, guild, ana) = foreign().await;
    bot.sim.set_owner(bot.guild, ana);
    let asked = guild.to_string();
    let locked = [("guild_id", asked.as_str()), ("disable_guild_select", "true")];
    let answer = install(&bot, bot.guild, ana, &locked).await;
    assert_eq!(answer.sent_back("guild_id").unwrap(), asked);
    let answer = install(&bot, bot.guild, ana, &locked[..1]).await;
    assert_eq!(answer.sent_back("guild_id").unwrap(), bot.guild.to_string());
    let user = ana.to_string();
    let none = bot.authorize(&[("scope", "bot"), ("as", &user)]).await;
    assert_eq!(none.status, 400);
}

#[tokio::test]
async fn the_bot_leaves_a_guild() {
    let (bot, guild, _) = foreign().await;
    let path = format!("/users/@me/guilds/{}", bot.guild);
    assert_eq!(bot.delete(&path).await.status, 204);
    bot.get(&format!("/guilds/{}", bot.guild)).await.expect(404, 10004);
    assert_eq!(bot.get("/users/@me/guilds").await.ok(), json!([]));
    bot.delete(&path).await.expect(404, 10004);
    bot.delete(&format!("/users/@me/guilds/{guild}")).await.expect(404, 10004);
}
