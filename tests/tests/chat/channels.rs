//! Who has the bot come, and why it leaves.

use super::{bot, channel, say, states};
use serde_json::json;
use sm_sim::{twitch::Fault, unkind::Unkind};
use sm_tests::{Browser, World, scenario};
use sm_types::TwitchUserId;

/// Somebody who is signed in, and has a channel.
async fn person<'a>(t: &'a World, login: &str) -> (Browser<'a>, TwitchUserId) {
    let user = t.discord.add_user(login, None);
    let id = t.twitch.add_user(login, &login.to_uppercase());
    (t.signed_in(user).await, id)
}

/// They let the bot into the channel that they choose on Twitch's page; where that leads.
async fn invite(t: &World, browser: &Browser<'_>, channel: &TwitchUserId) -> String {
    t.sql("delete from rate_buckets").await;
    let begun = browser.get("/api/users/me/bot/link").await;
    assert!(begun.location().contains("channel%3Abot"), "{}", begun.location());
    browser.consent(begun.location(), &format!("as={channel}")).await.location().to_owned()
}

fn path(channel: &TwitchUserId) -> String {
    format!("/api/channels/{channel}/bot")
}

async fn settle(t: &World) {
    t.work().await;
    t.verified().await;
}

fn chat_subscriptions(t: &World) -> Vec<(String, String, String)> {
    let all = t.twitch.subscriptions();
    let chat = all.iter().filter(|s| s.kind == "channel.chat.message");
    let text = |s: &sm_sim::twitch::SeenSubscription, key: &str| {
        s.condition[key].as_str().unwrap_or_default().to_owned()
    };
    chat.map(|s| (text(s, "broadcaster_user_id"), text(s, "user_id"), s.status.clone())).collect()
}

#[tokio::test]
async fn bot_comes_at_its_owners_wish_and_goes() {
    scenario(async |t| {
        let bot = bot(t).await;
        let (ana, channel) = person(t, "ana").await;
        assert_eq!(ana.get(&path(&channel)).await.status, 404);
        assert_eq!(invite(t, &ana, &channel).await, format!("/me/bot/{channel}?linked=ana"));
        settle(t).await;
        let (id, reader) = (channel.as_str().to_owned(), bot.as_str().to_owned());
        assert_eq!(chat_subscriptions(t), [(id, reader, "enabled".to_owned())]);
        let told = ana.get(&path(&channel)).await.ok();
        assert_eq!((&told["state"], &told["hears"]), (&json!("on"), &json!("enabled")));
        assert_eq!((&told["bot_login"], &told["own_account"]), (&json!("maxbot"), &json!(false)));
        // A run of the reconciler finds nothing to do.
        sm_services::streamers::reconcile::subscriptions(&t.app).await.unwrap();
        settle(t).await;
        assert_eq!(chat_subscriptions(t).len(), 1);
        assert_eq!(ana.delete(&path(&channel)).await.status, 204);
        settle(t).await;
        assert!(chat_subscriptions(t).is_empty());
        let told = ana.get(&path(&channel)).await.ok();
        assert_eq!((&told["state"], &told["reason"]), (&json!("left"), &json!("owner")));
        assert_eq!(invite(t, &ana, &channel).await, format!("/me/bot/{channel}?linked=ana"));
        settle(t).await;
        assert_eq!(chat_subscriptions(t).len(), 1, "it comes again when it is asked to");
    })
    .await;
}

#[tokio::test]
async fn nobody_but_the_owner_sees_the_bot_or_sends_it_away() {
    scenario(async |t| {
        bot(t).await;
        let (ana, channel) = person(t, "ana").await;
        let (eve, _) = person(t, "eve").await;
        invite(t, &ana, &channel).await;
        for answer in [
            eve.get(&path(&channel)).await,
            eve.get(&format!("{}/lines", path(&channel))).await,
            eve.delete(&path(&channel)).await,
            eve.delete(&format!("{}/account", path(&channel))).await,
        ] {
            assert_eq!(answer.status, 404);
        }
        let begun = eve.get(&format!("{}/account/link?login=eve", path(&channel))).await;
        assert!(begun.location().starts_with("/me/bot?error="), "{}", begun.location());
        assert_eq!(ana.get(&path(&channel)).await.ok()["state"], "on");
        assert_eq!(eve.get("/api/users/me/bot").await.ok()["items"], json!([]));
        assert_eq!(ana.get("/api/users/me/bot").await.ok()["items"][0]["login"], "ana");
    })
    .await;
}

#[tokio::test]
async fn one_person_can_have_it_in_five_channels() {
    scenario(async |t| {
        bot(t).await;
        let (ana, _) = person(t, "ana").await;
        for number in 0..5 {
            let channel = t.twitch.add_user(&format!("ana{number}"), "Ana");
            assert_eq!(
                invite(t, &ana, &channel).await,
                format!("/me/bot/{channel}?linked=ana{number}")
            );
        }
        let sixth = t.twitch.add_user("ana6", "Ana");
        assert_eq!(invite(t, &ana, &sixth).await, "/me/bot?error=too_many_channels");
    })
    .await;
}

#[tokio::test]
async fn withdrawn_consent_ban_and_deleted_account_end_it() {
    scenario(async |t| {
        let bot = bot(t).await;
        let (ana, of_ana) = person(t, "ana").await;
        let (bea, of_bea) = person(t, "bea").await;
        let (cleo, of_cleo) = person(t, "cleo").await;
        for (browser, channel) in [(&ana, &of_ana), (&bea, &of_bea), (&cleo, &of_cleo)] {
            invite(t, browser, channel).await;
        }
        let callback = format!("{}/webhooks/twitch", t.url);
        let secret = sm_tests::EVENTSUB_SECRET;
        t.twitch.subscribe(&of_ana, "user.authorization.revoke", &callback, secret);
        settle(t).await;
        t.twitch.deauthorize(&of_ana).await;
        assert_eq!(t.twitch.ban(&of_bea, &bot).await, [204]);
        assert_eq!(cleo.delete("/api/users/me").await.status, 204);
        settle(t).await;
        assert_eq!(ana.get(&path(&of_ana)).await.ok()["reason"], "revoked");
        assert_eq!(bea.get(&path(&of_bea)).await.ok()["reason"], "banned");
        let cleos: (String, String) =
            sqlx::query_as("select state, reason from chat_channels where twitch_user_id = $1")
                .bind(of_cleo.as_str())
                .fetch_one(&t.app.pool)
                .await
                .unwrap();
        assert_eq!(cleos, ("left".to_owned(), "account_deleted".to_owned()));
        let alive = chat_subscriptions(t).into_iter().filter(|(.., status)| status == "enabled");
        assert_eq!(alive.count(), 0);
    })
    .await;
}

#[tokio::test]
async fn line_that_is_forbidden_makes_the_grant_be_looked_at() {
    scenario(async |t| {
        let _bot = bot(t).await;
        let (ana, of_ana) = person(t, "ana").await;
        invite(t, &ana, &of_ana).await;
        settle(t).await;
        // The event that tells of it is lost.
        t.twitch.withdraw_silently(&of_ana);
        say(t, &of_ana, "run:1", "Hello").await;
        t.work().await;
        assert_eq!(states(t, &of_ana).await, ["dropped forbidden"]);
        assert_eq!(ana.get(&path(&of_ana)).await.ok()["reason"], "not_granted");
        // Where a refusal is about something else, it stays and waits.
        let bea = channel(t, "bea").await;
        t.twitch.fault(Fault::of("POST chat/messages", Unkind::status(403), Some(1)));
        say(t, &bea, "run:1", "Hello").await;
        t.work().await;
        say(t, &bea, "run:2", "Hello").await;
        t.work().await;
        assert_eq!(states(t, &bea).await, ["dropped forbidden", "dropped paused"]);
    })
    .await;
}

#[tokio::test]
async fn service_account_is_the_one_that_was_expected() {
    scenario(async |t| {
        t.twitch.add_user("maxbot", "MaxBot");
        t.twitch.add_user("ana", "Ana");
        let device = sm_services::chat::accounts::begin_link(&t.app).await.unwrap();
        let finish =
            async || sm_services::chat::accounts::finish_link(&t.app, &device, "maxbot").await;
        assert!(finish().await.unwrap().is_none(), "nobody has agreed yet");
        // The browser was signed in as the streamer.
        t.twitch.agree_to_device(&device.user_code, "ana").await;
        let refused = finish().await.unwrap_err().to_string();
        assert!(refused.contains("`ana` has agreed"), "{refused}");
        assert_eq!(t.count("chat_accounts").await, 0);
    })
    .await;
}

#[tokio::test]
async fn own_account_speaks_and_its_tokens_are_refreshed_once_for_all() {
    scenario(async |t| {
        bot(t).await;
        let own = t.twitch.add_user("anabot", "AnaBot");
        let (ana, of_ana) = person(t, "ana").await;
        invite(t, &ana, &of_ana).await;
        let link = format!("{}/account/link?login=AnaBot", path(&of_ana));
        let begun = ana.get(&link).await;
        let other = ana.consent(begun.location(), &format!("as={of_ana}")).await;
        assert_eq!(other.location(), "/me/bot?error=other_account");
        let begun = ana.get(&link).await;
        let linked = ana.consent(begun.location(), &format!("as={own}")).await;
        assert_eq!(linked.location(), format!("/me/bot/{of_ana}?linked=anabot"));
        settle(t).await;
        assert_eq!(chat_subscriptions(t).len(), 1, "the service's account hears no more");
        assert_eq!(chat_subscriptions(t)[0].1, own.as_str());
        say(t, &of_ana, "run:1", "Hello").await;
        t.work().await;
        assert_eq!(t.twitch.lines_of(&of_ana, &own), ["Hello"]);
        let stored: Vec<u8> =
            sqlx::query_scalar("select tokens from chat_accounts where tokens is not null")
                .fetch_one(&t.app.pool)
                .await
                .unwrap();
        assert!(!String::from_utf8_lossy(&stored).contains("%2F"), "they are encrypted");
        t.twitch.expire_user_tokens();
        t.sql("update chat_accounts set tokens_expire_at = now() where tokens is not null").await;
        let before = t.twitch.requests().len();
        let use_it = || {
            sm_services::chat::accounts::with_account_token(&t.app, &own, |token| async move {
                t.app.twitch.validate(&token).await
            })
        };
        let (one, two, three) = tokio::join!(use_it(), use_it(), use_it());
        assert!(one.is_ok() && two.is_ok() && three.is_ok());
        let asked = &t.twitch.requests()[before..];
        assert_eq!(asked.iter().filter(|asked| *asked == "POST /oauth2/token").count(), 1);
    })
    .await;
}
