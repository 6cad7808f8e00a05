//! What a user's token opens.

use super::bot::Bot;
use serde_json::{Value, json};
use sm_sim::discord::Options;
use sm_types::RoleId;

const ADMINISTRATOR: u64 = 1 << 3;
const MANAGE_GUILD: u64 = 1 << 5;
const EVERYONE: u64 = 1 << 10 | 1 << 11 | 1 << 14 | 1 << 15 | 1 << 16;

#[tokio::test]
async fn a_token_tells_who_the_user_is() {
    let bot = Bot::start().await;
    let ana = bot.sim.add_user("ana", Some("Ana"));
    let tokens = bot.login(ana, "identify").await;
    let me = bot.get_as(&tokens, "/users/@me").await.ok();
    assert_eq!((&me["id"], &me["username"]), (&json!(ana.to_string()), &json!("ana")));
    assert_eq!((&me["global_name"], &me["discriminator"]), (&json!("Ana"), &json!("0")));
    let grant = bot.get_as(&tokens, "/oauth2/@me").await.ok();
    assert_eq!(grant["application"]["id"], "1100000000000000001");
    assert_eq!((&grant["scopes"], &grant["user"]["id"]), (&json!(["identify"]), &me["id"]));
    assert!(grant["expires"].as_str().unwrap().ends_with("+00:00"));
}

#[tokio::test]
async fn each_route_needs_its_scope() {
    let bot = Bot::start().await;
    let ana = bot.sim.add_user("ana", None);
    bot.sim.add_member(bot.guild, ana);
    let member = format!("/users/@me/guilds/{}/member", bot.guild);
    let routes = [
        ("identify", "/users/@me"),
        ("guilds", "/users/@me/guilds"),
        ("guilds.members.read", &member),
    ];
    for (scope, _) in routes {
        let tokens = bot.login(ana, scope).await;
        for (needed, path) in routes {
            let status = if needed == scope { 200 } else { 401 };
            assert_eq!(bot.get_as(&tokens, path).await.status, status, "{path} with {scope}");
        }
        let guild = format!("/guilds/{}", bot.guild);
        bot.get_as(&tokens, &guild).await.expect(401, 0);
        let user = bot.get_as(&tokens, "/oauth2/@me").await.ok()["user"].clone();
        assert_eq!(user.is_object(), scope == "identify");
    }
    bot.get_as(&json!({"access_token": "unknown"}), "/users/@me").await.expect(401, 0);
    // The bot is no user.
    bot.get(&member).await.expect(403, 20001);
}

#[tokio::test]
async fn guilds_show_what_the_user_may_do_there() {
    let bot = Bot::start().await;
    let ana = bot.sim.add_user("ana", None);
    let owned = bot.sim.add_guild("Owned");
    let administered = bot.sim.add_guild("Administered");
    let managed = bot.sim.add_guild("Managed");
    bot.sim.add_guild("Foreign");
    bot.sim.set_bot_present(owned, false);
    bot.sim.set_owner(owned, ana);
    bot.sim.add_member(bot.guild, ana);
    for (guild, name, bits) in
        [(administered, "Admins", ADMINISTRATOR), (managed, "Staff", MANAGE_GUILD)]
    {
        bot.sim.add_member(guild, ana);
        let role = bot.sim.add_role(guild, name, false);
        bot.sim.set_role_permissions(guild, role, bits);
        bot.sim.give_role(guild, ana, role);
    }
    bot.sim.set_role_permissions(managed, RoleId(managed.0), 1 << 52);
    let tokens = bot.login(ana, "guilds").await;
    let guilds = bot.get_as(&tokens, "/users/@me/guilds").await.ok();
    let shown: Vec<_> = guilds.as_array().unwrap().iter().map(short).collect();
    let all = (1 << 53) - 1;
    let expected = [
        ("Test Hall", false, EVERYONE),
        ("Owned", true, all),
        ("Administered", false, all),
        ("Managed", false, MANAGE_GUILD | 1 << 52),
    ];
    assert_eq!(shown, expected);
    assert_eq!(guilds[0].get("approximate_member_count"), None);
    assert_eq!((&guilds[0]["icon"], &guilds[0]["features"]), (&Value::Null, &json!([])));
    let counted = bot.get_as(&tokens, "/users/@me/guilds?with_counts=true&limit=2").await.ok();
    let counts = |guild: &Value| guild["approximate_member_count"].clone();
    assert_eq!(counted.as_array().unwrap().iter().map(counts).collect::<Vec<_>>(), [2, 1]);
    bot.sim.remove_member(managed, ana);
    let after = format!("/users/@me/guilds?after={owned}");
    let rest = bot.get_as(&tokens, &after).await.ok();
    assert_eq!(rest.as_array().unwrap().len(), 1);
    assert_eq!(bot.sim.guild_list_requests(), 3);
}

fn short(guild: &Value) -> (&str, bool, u64) {
    let permissions = guild["permissions"].as_str().unwrap().parse().unwrap();
    (guild["name"].as_str().unwrap(), guild["owner"].as_bool().unwrap(), permissions)
}

#[tokio::test]
async fn a_member_shows_its_roles() {
    let bot = Bot::start().await;
    let ana = bot.sim.add_user("ana", None);
    let tokens = bot.login(ana, "guilds.members.read").await;
    let path = format!("/users/@me/guilds/{}/member", bot.guild);
    bot.get_as(&tokens, &path).await.expect(404, 10004);
    bot.sim.add_member(bot.guild, ana);
    let role = bot.sim.add_role(bot.guild, "Fans", true);
    bot.sim.give_role(bot.guild, ana, role);
    let member = bot.get_as(&tokens, &path).await.ok();
    assert_eq!(member["roles"], json!([role.to_string()]));
    assert_eq!(member["user"]["id"], ana.to_string());
}

#[tokio::test]
async fn guilds_are_listed_once_per_second_and_token() {
    let bot = Bot::with(Options { rate_limit: Some(50), ..Options::local("") }).await;
    let (ana, bruno) = (bot.sim.add_user("ana", None), bot.sim.add_user("bruno", None));
    let (one, other) = (bot.login(ana, "guilds").await, bot.login(bruno, "guilds").await);
    bot.get_as(&one, "/users/@me/guilds").await.ok();
    let refused = bot.get_as(&one, "/users/@me/guilds?with_counts=true").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "1"));
    assert_eq!(refused.body["global"], false);
    bot.get_as(&other, "/users/@me/guilds").await.ok();
    let wait = refused.body["retry_after"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&wait), "{wait}");
    tokio::time::sleep(std::time::Duration::from_secs_f64(wait)).await;
    bot.get_as(&one, "/users/@me/guilds").await.ok();
    // What users do does not count against the bot.
    assert_eq!((bot.sim.guild_list_requests(), bot.sim.max_requests_in_a_second()), (4, 0));
}

#[tokio::test]
async fn while_discord_is_down_nothing_is_answered() {
    let bot = Bot::start().await;
    let ana = bot.sim.add_user("ana", None);
    let tokens = bot.login(ana, "identify").await;
    bot.sim.set_down(true);
    assert_eq!(bot.get_as(&tokens, "/users/@me").await.status, 503);
    assert_eq!(bot.get("/users/@me").await.status, 503);
    assert_eq!(bot.refresh(&tokens).await.status, 503);
    assert_eq!(bot.post(&json!({})).await.status, 503);
    bot.sim.set_down(false);
    bot.refresh(&tokens).await.ok();
    bot.get("/users/@me").await.ok();
}
