//! The page on which a person picks the user to be.

use super::{bot::Bot, person::BACK};

const MANAGE_GUILD: u64 = 1 << 5;

async fn page(bot: &Bot, changed: &[(&str, &str)]) -> String {
    let answer = bot.authorize(changed).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"));
    answer.body.as_str().unwrap().to_owned()
}

/// The query that a button's form sends: its hidden fields, and the button.
fn submitted(page: &str, button: &str) -> Vec<(String, String)> {
    let form = page.split("<form").find(|form| form.contains(button)).unwrap();
    let fields = form.split('<').filter(|tag| tag.starts_with("input") || tag.contains(button));
    let attribute = |tag: &str, name: &str| {
        let value = tag.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap();
        value.replace("&amp;", "&")
    };
    fields.map(|tag| (attribute(tag, "name"), attribute(tag, "value"))).collect()
}

#[tokio::test]
async fn each_user_has_a_button_that_logs_in() {
    let bot = Bot::start().await;
    bot.sim.add_user("ana", Some("Ana Ñ"));
    bot.sim.add_user("bruno", None);
    let page = page(&bot, &[]).await;
    assert!(page.contains("Continue as bruno"));
    assert!(page.contains("<li>identify</li><li>guilds</li>"));
    let query = submitted(&page, "Continue as Ana Ñ");
    let answer = bot.send(bot.browse("/oauth2/authorize").query(&query)).await;
    assert_eq!(answer.sent_back("state").unwrap(), "s+1 &");
    bot.exchange(&answer.sent_back("code").unwrap()).await.ok();
    let query = submitted(&page, "Cancel");
    let answer = bot.send(bot.browse("/oauth2/authorize").query(&query)).await;
    assert_eq!(answer.sent_back("error").unwrap(), "access_denied");
}

#[tokio::test]
async fn hostile_names_are_escaped() {
    let bot = Bot::start().await;
    let mallory = bot.sim.add_user("mallory", Some("<script>alert(1)</script>"));
    let guild = bot.sim.add_guild("\"><script>alert(2)</script>");
    bot.sim.set_owner(guild, mallory);
    let state = "'\"><script>alert(3)</script>";
    let page = page(&bot, &[("scope", "bot"), ("state", state)]).await;
    assert!(page.contains("Continue as &lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(page.contains("&quot;&gt;&lt;script&gt;alert(2)"));
    assert!(!page.contains("<script"), "{page}");
    let unknown = bot.authorize(&[("redirect_uri", "<script>")]).await;
    assert!(!unknown.body.as_str().unwrap().contains("<script"));
}

#[tokio::test]
async fn a_bot_goes_to_a_guild_that_the_user_manages() {
    let bot = Bot::start().await;
    let (ana, bruno) = (bot.sim.add_user("ana", None), bot.sim.add_user("bruno", None));
    let second = bot.sim.add_guild("Second Hall");
    bot.sim.add_guild("Foreign Hall");
    for guild in [bot.guild, second] {
        bot.sim.set_owner(guild, ana);
        bot.sim.add_member(guild, bruno);
    }
    let role = bot.sim.add_role(second, "Staff", false);
    bot.sim.set_role_permissions(second, role, MANAGE_GUILD);
    bot.sim.give_role(second, bruno, role);
    let guild_id = second.to_string();
    let open = page(&bot, &[("scope", "bot"), ("guild_id", &guild_id)]).await;
    assert!(open.contains(&format!("<label for=\"guild-of-{ana}\">Server for ana</label>")));
    assert_eq!(open.matches("Test Hall").count(), 1);
    let selected = format!("<option value=\"{second}\" selected>Second Hall</option>");
    assert_eq!(open.matches(&selected).count(), 2);
    assert!(!open.contains("Foreign Hall"));
    let guild_id = bot.guild.to_string();
    let locked = [("scope", "bot"), ("guild_id", &guild_id), ("disable_guild_select", "true")];
    let locked = page(&bot, &locked).await;
    assert!(!locked.contains("Second Hall"));
    assert_eq!(locked.matches("name=\"guild\" disabled>").count(), 1);
    assert!(locked.contains(&format!("<button disabled name=\"as\" value=\"{bruno}\">")));
}

#[tokio::test]
async fn without_users_there_is_a_word_about_it() {
    let bot = Bot::start().await;
    let page = page(&bot, &[]).await;
    assert!(page.contains("no users yet") && page.contains("Cancel"));
    assert!(page.contains(&BACK.replace('&', "&amp;")));
}
