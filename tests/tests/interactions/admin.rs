//! `/streammaxing`, by those who may manage a server and by those who may not.

use super::{admin, doer, member, scenario};
use serde_json::{Value, json};
use sm_db::guilds::Mention;
use sm_sim::discord::{Answered, Doer};
use sm_tests::{Guild, World};

const MANAGE_GUILD: u64 = 1 << 5;

/// What somebody reads in the end.
async fn told(t: &World, answered: &Answered) -> String {
    assert_eq!(answered.kind(), 5, "{}", answered.body);
    t.work().await;
    t.discord.shown(answered).expect("an answer").0
}

/// The server's log, as the dashboard shows it: who has done what.
async fn log(t: &World, guild: Guild, who: Doer) -> Vec<Value> {
    let browser = t.signed_in(who.user).await;
    let log = browser.get(&format!("/api/guilds/{}/audit", guild.id)).await.ok();
    log["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn admin_sets_a_server_up_without_leaving_discord() {
    scenario(async |t| {
        let guild = t.guild_following(&t.streamer("zoe").await).await;
        let ada = admin(t, guild);
        let news = t.discord.add_channel(guild.id, "news");
        let options = [("channel", json!(news)), ("mention", json!("members"))];
        let set_up = t.discord.command(ada, "streammaxing setup", &options).await;
        let text = told(t, &set_up).await;
        assert!(text.contains(&format!("<#{news}>")), "{text}");
        assert!(text.contains("members who want it"), "{text}");
        let ana = t.twitch.add_user("ana_live", "Ana");
        let found = t.discord.autocomplete(ada, "streammaxing add", ("streamer", "ana_l")).await;
        let chosen = found.body["data"]["choices"][0]["value"].clone();
        assert_eq!(chosen, json!("ana_live"));
        let options = [("streamer", chosen), ("buttons", json!(true))];
        let added = t.discord.command(ada, "streammaxing add", &options).await;
        assert_eq!(told(t, &added).await, r"✅ **ana\_live** is announced here from now on.");
        let again = t.discord.command(ada, "streammaxing add", &options).await;
        assert_eq!(told(t, &again).await, r"☑️ **ana\_live** was announced here before.");
        t.verified().await;
        let half = [("streamer", json!("ana_l"))];
        let tested = t.discord.command(ada, "streammaxing test", &half).await;
        assert!(tested.content().contains("nobody called"), "names are whole");
        let options = [("streamer", json!("ana_live"))];
        let tested = t.discord.command(ada, "streammaxing test", &options).await;
        assert_eq!(told(t, &tested).await, format!("✅ A test message is in <#{news}>."));
        t.twitch.go_live(&ana).await;
        t.work().await;
        let messages = t.discord.messages(news);
        assert_eq!(messages.len(), 2);
        assert_eq!(messages[1].components.len(), 1, "with buttons");
        let done: Vec<_> = log(t, guild, ada).await;
        let actions: Vec<_> = done.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["streamer.update", "streamer.add", "guild_config.update"]);
        assert!(done.iter().all(|entry| entry["via"] == "discord"), "{done:?}");
        assert!(done.iter().all(|entry| entry["actor_id"] == ada.user.to_string()), "{done:?}");
    })
    .await;
}

#[tokio::test]
async fn member_may_do_none_of_it_and_the_log_says_that_they_tried() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let (ada, bea) = (admin(t, guild), member(t, guild, "bea"));
        let streamer = [("streamer", json!("ana"))];
        for name in ["setup", "add", "remove", "test", "why", "pause", "resume"] {
            let name = format!("streammaxing {name}");
            let answered = t.discord.command(bea, &name, &streamer).await;
            assert_eq!(answered.kind(), 4, "{name}");
            assert!(answered.content().starts_with("This takes the permission Manage Server"));
        }
        for id in [format!("v1:remove:{ana}"), format!("v1:why:{ana}"), "v1:keep".to_owned()] {
            let pressed = t.discord.press_answer(bea, &id).await;
            assert!(pressed.content().starts_with("This takes the permission"), "{id}");
        }
        let sent = t.discord.submit(bea, "v1:add:-:-", ("names", "bob")).await;
        assert!(sent.content().starts_with("This takes the permission"));
        assert!(sm_db::streamers::follows::exists(&t.app.pool, guild.id, &ana).await.unwrap());
        assert_eq!(t.count("interactions where state = 'queued'").await, 0);
        let done = log(t, guild, ada).await;
        assert_eq!(done.len(), 1, "once an hour for each person: {done:?}");
        assert_eq!(done[0]["outcome"], "denied");
        assert_eq!(done[0]["action"], "/streammaxing setup");
    })
    .await;
}

#[tokio::test]
async fn role_with_manage_server_is_enough() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let bea = member(t, guild, "bea");
        let role = t.discord.add_role(guild.id, "Moderators", false);
        t.discord.set_role_permissions(guild.id, role, MANAGE_GUILD);
        t.discord.give_role(guild.id, bea.user, role);
        let paused = t.discord.command(bea, "streammaxing pause", &[]).await;
        assert!(paused.content().starts_with("⏸️ Nothing is announced"), "{}", paused.content());
    })
    .await;
}

#[tokio::test]
async fn pause_and_resume_hold_for_a_streamer_or_for_all() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let ada = admin(t, guild);
        let streamer = [("streamer", json!("ana"))];
        t.discord.command(ada, "streammaxing pause", &streamer).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.deliveries(guild).await, ["online skipped streamer_paused"]);
        let list = t.discord.autocomplete(ada, "streammaxing resume", ("streamer", "an")).await;
        assert_eq!(list.body["data"]["choices"][0]["name"], "ANA");
        let resumed = t.discord.command(ada, "streammaxing resume", &streamer).await;
        assert_eq!(resumed.content(), "▶️ **ANA** is announced here again.");
        t.discord.command(ada, "streammaxing pause", &[]).await;
        t.discord.command(ada, "streammaxing pause", &[]).await;
        t.twitch.end_stream(&ana).await;
        t.after(time::Duration::hours(2)).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        let last = t.deliveries(guild).await.pop().unwrap();
        assert_eq!(last, "online skipped guild_paused");
        let actions = log(t, guild, ada).await.len();
        assert_eq!(actions, 3, "what changes nothing is not in the log");
    })
    .await;
}

#[tokio::test]
async fn removal_is_asked_for_and_can_be_thought_better_of() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let ada = admin(t, guild);
        let streamer = [("streamer", json!("ana"))];
        let asked = t.discord.command(ada, "streammaxing remove", &streamer).await;
        let buttons = asked.buttons();
        let kept = t.discord.press_answer(ada, &buttons[1].1).await;
        assert_eq!((kept.kind(), kept.content()), (7, "Nothing was removed."));
        let exists =
            async || sm_db::streamers::follows::exists(&t.app.pool, guild.id, &ana).await.unwrap();
        assert!(exists().await);
        let gone = t.discord.press_answer(ada, &buttons[0].1).await;
        assert_eq!((gone.kind(), gone.content()), (7, "Removed."));
        assert!(!exists().await);
        let twice = t.discord.press_answer(ada, &buttons[0].1).await;
        assert_eq!(twice.content(), "That was removed before.");
    })
    .await;
}

#[tokio::test]
async fn form_takes_names_as_they_are_typed_and_twice_is_once() {
    scenario(async |t| {
        let guild = t.guild_following(&t.streamer("zoe").await).await;
        let ada = admin(t, guild);
        t.twitch.add_user("bob", "Bob");
        t.twitch.add_user("cleo", "Cleo");
        let form = t.discord.command(ada, "streammaxing add", &[]).await;
        assert_eq!(form.kind(), 9);
        let id = form.body["data"]["custom_id"].as_str().unwrap();
        let typed = "bob\nhttps://www.twitch.tv/Cleo, nobody_here ;; https://youtube.com/x";
        let sent = t.discord.submit(ada, id, ("names", typed)).await;
        let text = told(t, &sent).await;
        assert_eq!(text.lines().filter(|line| line.starts_with('✅')).count(), 2, "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with('❌')).count(), 2, "{text}");
        let again = t.discord.submit(ada, id, ("names", typed)).await;
        let text = told(t, &again).await;
        assert_eq!(text.lines().filter(|line| line.starts_with("☑️")).count(), 2, "{text}");
        let empty = t.discord.submit(ada, id, ("names", " \n ")).await;
        assert_eq!((empty.kind(), empty.content()), (4, "No names were sent."));
        assert_eq!(t.count("guild_streamers").await, 3);
    })
    .await;
}

#[tokio::test]
async fn why_tells_what_stands_in_the_way_and_looks_again() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let ada = admin(t, guild);
        t.discord.set_everyone_overwrite(guild.channel, 0, 1 << 11);
        t.twitch.go_live(&ana).await;
        t.work().await;
        let asked = t.discord.command(ada, "streammaxing why", &[("streamer", json!("ana"))]).await;
        let text = told(t, &asked).await;
        assert!(text.contains("SEND_MESSAGES"), "{text}");
        assert!(text.contains("failed (missing_permission)"), "{text}");
        t.discord.set_everyone_overwrite(guild.channel, 0, 0);
        let (_, buttons) = t.discord.shown(&asked).unwrap();
        let again = t.discord.press_answer(ada, &buttons[0].1).await;
        assert_eq!(again.kind(), 6, "the answer stays until there is another");
        t.work().await;
        let (text, _) = t.discord.shown(&again).unwrap();
        assert!(text.contains("✅ The bot can post in"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn channel_and_role_of_another_server_are_refused() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let (guild, other) = (t.guild_following(&ana).await, t.guild_following(&ana).await);
        let ada = admin(t, guild);
        let theirs = t.discord.add_role(other.id, "Fans", true);
        for (name, options) in [
            ("setup", vec![("channel", json!(other.channel))]),
            ("setup", vec![("role", json!(theirs))]),
            ("test", vec![("channel", json!(other.channel))]),
            ("add", vec![("streamer", json!("ana")), ("channel", json!(other.channel))]),
        ] {
            let name = format!("streammaxing {name}");
            let answered = t.discord.command(ada, &name, &options).await;
            let text = told(t, &answered).await;
            assert!(text.contains("This server has no"), "{name}: {text}");
        }
        assert_eq!(t.messages(other).len(), 0);
        let config = sm_db::guilds::config::find(&t.app.pool, guild.id).await.unwrap().unwrap().0;
        assert_eq!((config.default_channel, config.mention), (Some(guild.channel), Mention::None));
    })
    .await;
}

#[tokio::test]
async fn remote_that_does_not_answer_is_named() {
    scenario(async |t| {
        let guild = t.guild_following(&t.streamer("zoe").await).await;
        let ada = Doer { locale: "de", ..admin(t, guild) };
        t.twitch.fault(sm_sim::unkind::Fault::refusing("users", 503, 9));
        let added = t.discord.command(ada, "streammaxing add", &[("streamer", json!("bob"))]).await;
        let text = told(t, &added).await;
        assert_eq!(text, "Twitch antwortet gerade nicht. Versuche es gleich noch einmal.");
        let other = doer(guild, ada.user);
        t.discord.fault(
            sm_sim::discord::Fault::new(sm_sim::discord::FaultKind::server_error(503, false), 9)
                .under("GET channels/*"),
        );
        let channel = t.discord.add_channel(guild.id, "news");
        let set_up = [("channel", json!(channel))];
        let answered = t.discord.command(other, "streammaxing setup", &set_up).await;
        assert_eq!(told(t, &answered).await, "Discord does not answer now. Try again in a moment.");
    })
    .await;
}
