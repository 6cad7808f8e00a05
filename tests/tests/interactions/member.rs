//! `/live` and the buttons under announcements.

use super::{admin, doer, member, scenario};
use serde_json::{Value, json};
use sm_db::guilds::Mention;
use sm_sim::discord::Doer;
use sm_tests::{Guild, World};
use sm_types::MessageId;
use time::Duration;

/// What the dashboard shows of a member's choice for the only streamer.
async fn at_the_dashboard(t: &World, guild: Guild, who: Doer) -> Value {
    let browser = t.signed_in(who.user).await;
    let listed = browser.get(&format!("/api/users/me/preferences/{}", guild.id)).await.ok();
    listed["items"][0]["wants_ping"].clone()
}

#[tokio::test]
async fn member_mutes_and_unmutes_by_command_and_sees_it_at_the_dashboard() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_mentioning(&ana, Mention::Members).await;
        let bea = member(t, guild, "bea");
        let streamer = |text: &str| [("streamer", json!(text))];
        let muted = t.discord.command(bea, "live mute", &streamer(ana.as_str())).await;
        assert_eq!(muted.content(), "🔕 **ANA** will not ping you any more.");
        assert_eq!(at_the_dashboard(t, guild, bea).await, json!(false));
        // Clients send the choice's name, a login or an address in place of its value.
        for text in ["ana", "ANA", "@ana", "https://www.twitch.tv/ana"] {
            let pinged = t.discord.command(bea, "live unmute", &streamer(text)).await;
            assert!(pinged.content().starts_with("🔔 You will be pinged"), "{text}");
        }
        assert_eq!(at_the_dashboard(t, guild, bea).await, json!(true));
        let list = t.discord.command(bea, "live list", &[]).await;
        assert!(list.content().contains("🔔 ANA"), "{}", list.content());
        let unknown = t.discord.command(bea, "live mute", &streamer("nobody")).await;
        assert!(unknown.content().contains("announces nobody called **nobody**"));
    })
    .await;
}

#[tokio::test]
async fn settings_hold_for_the_whole_server_and_change_in_place() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_mentioning(&ana, Mention::Members).await;
        let bea = Doer { locale: "de", ..member(t, guild, "bea") };
        let settings = t.discord.command(bea, "live settings", &[]).await;
        assert!(settings.content().starts_with("Du hast für den ganzen Server nichts gewählt"));
        let (label, on) = settings.buttons()[0].clone();
        assert_eq!(label, "Alle benachrichtigen mich");
        let changed = t.discord.press_answer(bea, &on).await;
        assert_eq!((changed.kind(), changed.body["data"]["flags"].clone()), (7, Value::Null));
        assert!(changed.content().starts_with("Alle Streamer dieses Servers"));
        let choice = async || {
            sm_db::guilds::preferences::of_guild(&t.app.pool, guild.id, bea.user).await.unwrap()
        };
        assert_eq!(choice().await, Some(true));
        t.discord.command(bea, "live mute", &[]).await;
        assert_eq!(choice().await, Some(false));
        let forget = &settings.buttons()[2].1;
        t.discord.press_answer(bea, forget).await;
        assert_eq!(choice().await, None);
    })
    .await;
}

#[tokio::test]
async fn button_under_an_announcement_leaves_its_member_out_of_the_next() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_mentioning(&ana, Mention::Members).await;
        t.sql("update destinations set buttons = true").await;
        t.sql("update guild_config set merge_window_seconds = 0").await;
        let (bea, ben) = (member(t, guild, "bea"), member(t, guild, "ben"));
        t.twitch.go_live(&ana).await;
        t.work().await;
        let first = t.message(guild);
        let id = |label: &str| {
            let rows = first.components[0]["components"].as_array().unwrap();
            let button = rows.iter().find(|b| b["label"].as_str().unwrap().contains(label));
            button.unwrap()["custom_id"].as_str().unwrap().to_owned()
        };
        let message = MessageId(first.id.parse().unwrap());
        for who in [bea, ben] {
            let pressed = t.discord.press(who, message, &id("Ping me")).await;
            assert_eq!(pressed.content(), "🔔 You will be pinged when **ANA** goes live.");
        }
        let muted = t.discord.press(bea, message, &id("Mute")).await;
        assert_eq!(muted.content(), "🔕 **ANA** will not ping you any more.");
        assert_eq!(at_the_dashboard(t, guild, bea).await, json!(false));
        t.twitch.end_stream(&ana).await;
        t.after(Duration::minutes(5)).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        let messages = t.messages(guild);
        let second = messages.last().unwrap();
        assert_eq!(second.mentions, [ben.user.to_string()]);
        assert_eq!(messages[0].components, first.components, "an edit leaves the buttons");
    })
    .await;
}

#[tokio::test]
async fn without_the_switch_there_are_no_buttons() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.message(guild).components, Vec::<Value>::new());
    })
    .await;
}

#[tokio::test]
async fn buttons_that_discord_refuses_do_not_keep_an_announcement_back() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.sql("update destinations set buttons = true").await;
        let path = "components.0.components.0.custom_id".to_owned();
        let refused = sm_sim::discord::FaultKind::RefusePart { path };
        t.discord.fault(sm_sim::discord::Fault::new(refused, 5));
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.message(guild).components, Vec::<Value>::new());
    })
    .await;
}

#[tokio::test]
async fn old_buttons_and_those_of_other_servers_do_nothing() {
    scenario(async |t| {
        let (ana, bob) = (t.streamer("ana").await, t.streamer("bob").await);
        let guild = t.guild_following(&ana).await;
        t.guild_following(&bob).await;
        let bea = member(t, guild, "bea");
        for id in [format!("v1:ping:{bob}"), "v1:ping:999".to_owned()] {
            let pressed = t.discord.press_answer(bea, &id).await;
            assert!(pressed.content().starts_with("This server does not announce this streamer"));
        }
        for id in ["v9:ping:7", "nonsense", "v1:add:-:-"] {
            let pressed = t.discord.press_answer(bea, id).await;
            assert_eq!((pressed.status, pressed.kind()), (200, 4), "{id}");
        }
        assert_eq!(t.count("user_preferences").await, 0);
    })
    .await;
}

#[tokio::test]
async fn crowd_that_is_pinged_is_told_of_where_a_choice_cannot_be_honoured() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_mentioning(&ana, Mention::Everyone).await;
        let bea = member(t, guild, "bea");
        let muted = t.discord.command(bea, "live mute", &[("streamer", json!("ana"))]).await;
        assert!(muted.content().contains("cannot leave single members out"));
        let list = t.discord.command(bea, "live list", &[]).await;
        assert!(list.content().contains("📢 ANA"), "{}", list.content());
    })
    .await;
}

#[tokio::test]
async fn choices_are_told_to_nobody_but_the_person() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let (ada, bea) = (admin(t, guild), member(t, guild, "bea"));
        t.discord.command(bea, "live mute", &[("streamer", json!("ana"))]).await;
        let browser = t.signed_in(ada.user).await;
        let log = browser.get(&format!("/api/guilds/{}/audit", guild.id)).await.ok();
        assert_eq!(log["items"], json!([]), "what a member chooses is not the admins' concern");
        let browser = t.signed_in(bea.user).await;
        let own = browser.get("/api/users/me/export").await.ok();
        let actions = own["actions"].as_array().unwrap();
        assert!(actions.iter().any(|action| action["action"] == "preference.update"), "{own}");
        assert_eq!(own["preferences"][0]["wants_ping"], json!(false));
    })
    .await;
}

#[tokio::test]
async fn names_are_completed_from_this_servers_streamers_alone() {
    scenario(async |t| {
        let (ana, bob) = (t.streamer("ana").await, t.streamer("bob").await);
        let guild = t.guild_following(&ana).await;
        t.guild_following(&bob).await;
        t.follow(guild.id, &t.streamer("banana").await, None).await;
        let bea = member(t, guild, "bea");
        let typed = async |text: &str| {
            let answered = t.discord.autocomplete(bea, "live mute", ("streamer", text)).await;
            let choices = answered.body["data"]["choices"].as_array().unwrap().clone();
            choices.iter().map(|c| c["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(typed("").await, ["ANA", "BANANA"], "a useful list before anything is typed");
        assert_eq!(typed("an").await, ["ANA", "BANANA"], "what begins so comes first");
        assert_eq!(typed("BAN").await, ["BANANA"]);
        assert_eq!(typed("bob").await, Vec::<String>::new());
        assert_eq!(typed(&"%_".repeat(200)).await, Vec::<String>::new());
        let admins = t.discord.autocomplete(bea, "streammaxing remove", ("streamer", "an")).await;
        assert_eq!(admins.body["data"]["choices"], json!([]), "not for members");
        let other = doer(guild, bea.user);
        let of_nothing = t.discord.autocomplete(other, "live mute", ("other", "an")).await;
        assert_eq!(of_nothing.body["data"]["choices"], json!([]));
    })
    .await;
}
