//! Guilds and their members, as the bot sees them.

use super::bot::Bot;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_guild_shows_its_owner_and_how_many_are_there() {
    let bot = Bot::start().await;
    let (ana, bruno) = (bot.sim.add_user("ana", None), bot.sim.add_user("bruno", None));
    bot.sim.set_owner(bot.guild, ana);
    bot.sim.add_member(bot.guild, bruno);
    let path = format!("/guilds/{}", bot.guild);
    let plain = bot.get(&path).await.ok();
    assert_eq!(plain["owner_id"], ana.to_string());
    assert_eq!(plain.get("approximate_member_count"), None);
    let counted = bot.get(&format!("{path}?with_counts=true")).await.ok();
    assert_eq!(counted["approximate_member_count"], 3);
}

#[tokio::test]
async fn members_come_get_roles_and_go() {
    let bot = Bot::start().await;
    let ana = bot.sim.add_user("ana", Some("Ana"));
    let path = format!("/guilds/{}/members/{ana}", bot.guild);
    bot.get(&path).await.expect(404, 10007);
    bot.sim.add_member(bot.guild, ana);
    let role = bot.sim.add_role(bot.guild, "Fans", true);
    bot.sim.give_role(bot.guild, ana, role);
    bot.sim.give_role(bot.guild, ana, role);
    let member = bot.get(&path).await.ok();
    assert_eq!(member["roles"], json!([role.to_string()]));
    assert_eq!((&member["nick"], &member["user"]["global_name"]), (&Value::Null, &json!("Ana")));
    assert_eq!(member["communication_disabled_until"], Value::Null);
    bot.sim.take_role(bot.guild, ana, role);
    assert_eq!(bot.get(&path).await.ok()["roles"], json!([]));
    bot.sim.remove_member(bot.guild, ana);
    bot.get(&path).await.expect(404, 10007);
    let nameless = format!("/guilds/{}/members/@me", bot.guild);
    bot.get(&nameless).await.expect(400, 50035);
}

#[tokio::test]
async fn roles_have_positions_and_the_bots_is_on_top() {
    let bot = Bot::start().await;
    for name in ["First", "Second"] {
        bot.sim.add_role(bot.guild, name, false);
    }
    let roles = bot.get(&format!("/guilds/{}/roles", bot.guild)).await.ok();
    let roles = roles.as_array().unwrap();
    let mut order: Vec<_> = roles.iter().map(|r| (&r["position"], &r["name"])).collect();
    order.sort_by_key(|(position, _)| position.as_u64());
    let names = ["@everyone", "First", "Second", "StreamMaxing"];
    for (at, (position, name)) in order.into_iter().enumerate() {
        assert_eq!((position, name), (&json!(at), &json!(names[at])));
    }
    let own = roles.iter().find(|role| role["managed"] == true).unwrap();
    assert_eq!(own["tags"]["bot_id"], bot.sim.bot_user().to_string());
    let tagged = roles.iter().filter(|role| role.get("tags").is_some()).count();
    assert_eq!(tagged, 1);
}

#[tokio::test]
async fn the_bots_guilds_come_in_pages() {
    let bot = Bot::start().await;
    let mut all = vec![bot.guild.to_string()];
    for n in 0..4 {
        all.push(bot.sim.add_guild(&format!("Hall {n}")).to_string());
    }
    let (mut seen, mut after) = (Vec::new(), "0".to_owned());
    loop {
        let path = format!("/users/@me/guilds?limit=2&after={after}");
        let page = bot.get(&path).await.ok();
        let page = page.as_array().unwrap();
        let Some(last) = page.last() else { break };
        after = last["id"].as_str().unwrap().to_owned();
        seen.extend(page.iter().map(|guild| guild["id"].as_str().unwrap().to_owned()));
    }
    assert_eq!(seen, all);
    for limit in ["0", "201", "x"] {
        let path = format!("/users/@me/guilds?limit={limit}");
        bot.get(&path).await.expect(400, 50035);
    }
}

#[tokio::test]
async fn one_guild_of_the_list_tells_what_the_bot_may_do() {
    let bot = Bot::start().await;
    bot.sim.set_bot_permissions(bot.guild, 1 << 28);
    let path = format!("/users/@me/guilds?limit=1&after={}", bot.guild.0 - 1);
    let guild = bot.get(&path).await.ok();
    let granted: u64 = guild[0]["permissions"].as_str().unwrap().parse().unwrap();
    assert_eq!((granted & (1 << 28) != 0, granted & (1 << 10) != 0), (true, true));
}

#[tokio::test]
async fn the_control_api_makes_users_and_members() {
    let bot = Bot::start().await;
    let new = json!({"username": "ana", "global_name": "Ana"});
    let made = bot.control(Method::POST, "/_sim/discord/users", Some(new)).await.ok();
    let ana = made["id"].as_str().unwrap();
    let path = format!("/_sim/discord/guilds/{}/members/{ana}", bot.guild);
    assert_eq!(bot.control(Method::POST, &path, None).await.status, 204);
    let world = bot.control(Method::GET, "/_sim/discord/world", None).await.ok();
    let listed = json!([{"id": ana, "username": "ana", "global_name": "Ana"}]);
    assert_eq!((&world["users"], &world["guilds"][0]["members"]), (&listed, &json!([ana])));
    assert_eq!(bot.control(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(bot.control(Method::DELETE, &path, None).await.status, 404);
    let nobody = format!("/_sim/discord/guilds/{}/members/12", bot.guild);
    assert_eq!(bot.control(Method::POST, &nobody, None).await.status, 404);
}
