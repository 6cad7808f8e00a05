//! Who gets to see what happens in a channel.

use super::{
    Server,
    feed::{ALL, GRANTS, Stage, follow, kinds, send},
};
use serde_json::json;
use sm_services::live::keeper;
use sm_sim::twitch::EdgeCase;
use sm_tests::{Browser, scenario};
use sm_types::UserId;
use time::Duration;

#[tokio::test]
async fn who_sees_what_follows_from_grant_and_configuration() {
    scenario(async |t| {
        let stage = Stage::of(t).await;
        let cleo = t.discord.add_user("cleo", None);
        let elsewhere = Server::of(t).await;
        t.discord.set_owner(elsewhere.guild.id, cleo);
        let stranger = t.signed_in(cleo).await;
        let sees = async |browser: &Browser<'_>| -> Vec<String> {
            t.sql("delete from rate_buckets").await;
            let answer = browser.get(&stage.path()).await;
            let mut socket = browser.socket().await;
            socket.say(json!({ "type": "subscribe", "topic": stage.topic() })).await;
            let heard = socket.read().await.unwrap()["type"].clone();
            if answer.status == 404 {
                assert_eq!(heard, "refused");
                return Vec::new();
            }
            assert_eq!(heard, "subscribed");
            serde_json::from_value(answer.ok()["kinds"].clone()).unwrap()
        };
        let none: [&str; 0] = [];
        for (grants, shown, members) in [
            (None, &none[..], &none[..]),
            (None, &["online", "follow"], &["online"]),
            (None, &["follow", "cheer"], &[]),
            (Some(""), &["online", "follow"], &["online"]),
            (Some("follows"), &["online", "follow"], &["online", "follow"]),
            (
                Some("subscriptions"),
                &ALL,
                &["online", "offline", "update", "raid", "subscribe", "gift"],
            ),
            (Some(GRANTS), &ALL, &ALL),
            (Some(GRANTS), &none, &none),
        ] {
            if let Some(grants) = grants {
                stage.link(grants).await;
            }
            stage.show(shown).await.ok();
            for member in [&stage.ada, &stage.ben] {
                assert_eq!(sees(member).await, members, "{grants:?} {shown:?}");
            }
            assert_eq!(sees(&stranger).await, none, "{grants:?} {shown:?}");
            let own: &[&str] = if grants.is_some() { &ALL } else { &[] };
            assert_eq!(sees(&stage.streamer).await, own, "{grants:?} {shown:?}");
        }
        let refused = stage.show(&["online", "secrets"]).await;
        assert_eq!(refused.fields(), ["feed_kinds"]);
        t.work().await;
    })
    .await;
}

#[tokio::test]
async fn withdrawn_consent_takes_what_it_gave() {
    scenario(async |t| {
        let stage = Stage::with_everything(t).await;
        let ana = &stage.server.ana;
        let mut ben = stage.listen(&stage.ben).await;
        stage.happens(EdgeCase::Follow).await;
        assert_eq!(kinds(&ben.events(1).await.0), ["follow"]);
        t.twitch.revoke(ana, "authorization_revoked").await;
        let page = stage.ben.get(&stage.path()).await.ok();
        assert_eq!(page["kinds"], json!(["online", "offline", "update", "raid"]));
        assert_eq!(page["items"], json!([]), "nor what was before");
        assert_eq!(page["granted"], json!([]));
        let mut again: Vec<String> = serde_json::from_value(page["grant_again"].clone()).unwrap();
        again.sort();
        assert_eq!(again, ["cheers", "follows", "subscriptions"]);
        t.work().await;
        let left = "eventsub_targets where type like 'channel.%' and type <> 'channel.update'";
        assert_eq!(t.count(left).await, 0, "none is wanted any more");
        // One that was under way.
        let callback = format!("{}/webhooks/twitch", t.url);
        t.twitch.subscribe(ana, "channel.follow", &callback, sm_tests::EVENTSUB_SECRET);
        send(t, ana, "channel.follow", "late", follow(ana, "9")).await;
        assert_eq!(t.count("feed_events").await, 1);
        for subscription in t.twitch.subscriptions() {
            t.twitch.remove_subscription(&subscription.id);
        }
        // Granted again, it is all back.
        stage.link(GRANTS).await;
        stage.settle().await;
        let page = stage.ben.get(&stage.path()).await.ok();
        assert_eq!((&page["grant_again"], &page["kinds"]), (&json!([]), &json!(ALL)));
        assert_eq!(stage.subscribed().len(), 5);
        t.after(Duration::minutes(2)).await;
        t.verified().await;
    })
    .await;
}

#[tokio::test]
async fn refused_subscription_reads_grant_again() {
    scenario(async |t| {
        let stage = Stage::of(t).await;
        stage.show(&ALL).await.ok();
        stage.settle().await;
        t.twitch.fail_next("POST eventsub/subscriptions", 403, 1);
        stage.link("cheers").await;
        t.work().await;
        let again = async || stage.ben.get(&stage.path()).await.ok()["grant_again"].clone();
        assert_eq!(again().await, json!([]), "one refusal is a doubt");
        t.after(Duration::minutes(1)).await;
        t.verified().await;
        assert_eq!(stage.subscribed(), ["channel.cheer", "channel.raid"]);
        // Here Twitch knows nothing of the grant, and nobody has told us.
        sm_db::live::feeds::link(
            &t.app.pool,
            &sm_db::live::feeds::Link {
                streamer: &stage.server.ana,
                owner: None,
                chosen: Some((&[sm_types::live::FeedGrant::Follows], &[])),
                now: t.clock.now(),
            },
        )
        .await
        .unwrap();
        let ana = std::slice::from_ref(&stage.server.ana);
        sm_db::streamers::subscriptions::plan(&t.app.pool, ana, t.clock.now()).await.unwrap();
        t.work().await;
        assert_eq!(again().await, json!([]));
        t.after(Duration::minutes(1)).await;
        assert_eq!(again().await, json!(["follows"]));
        t.work().await;
        assert_eq!(stage.subscribed(), ["channel.raid"]);
        assert_eq!(t.count("eventsub_targets where type = 'channel.follow'").await, 0);
    })
    .await;
}

#[tokio::test]
async fn places_move_on_past_what_somebody_may_not_see() {
    scenario(async |t| {
        let stage = Stage::with_everything(t).await;
        stage.show(&["raid"]).await.ok();
        let (mut own, mut ben) =
            (stage.listen(&stage.streamer).await, stage.listen(&stage.ben).await);
        for case in [EdgeCase::Follow, EdgeCase::Raid, EdgeCase::Follow, EdgeCase::Cheer] {
            stage.happens(case).await;
        }
        let (events, end) = own.events(4).await;
        assert_eq!(kinds(&events), ["follow", "raid", "follow", "cheer"]);
        // Every place, seen or not, is one to go on from: in memory and, when nobody listened, from the database.
        let (mut seen, mut at) = (Vec::new(), json!(0));
        while at != end["position"] {
            let frame = ben.expect("events").await;
            assert_eq!(frame["after"], at, "no gap");
            seen.extend(frame["events"].as_array().unwrap().clone());
            at = frame["place"]["position"].clone();
        }
        assert_eq!((kinds(&seen), seen[0]["position"].clone()), (vec!["raid"], json!(2)));
        for from_database in [false, true] {
            if from_database {
                own.say(json!({ "type": "unsubscribe", "topic": stage.topic() })).await;
                own.expect("unsubscribed").await;
                ben.say(json!({ "type": "unsubscribe", "topic": stage.topic() })).await;
                ben.expect("unsubscribed").await;
            }
            for position in 1..=4 {
                let tag: String =
                    sqlx::query_scalar("select tag from topic_events where position = $1")
                        .bind(i64::from(position))
                        .fetch_one(&t.app.pool)
                        .await
                        .unwrap();
                let mut back = stage.ben.socket().await;
                let after = json!({ "position": position, "tag": tag });
                let topic = stage.topic();
                back.say(json!({ "type": "subscribe", "topic": topic, "after": after })).await;
                assert_eq!(back.expect("subscribed").await["place"], after);
                if position < 4 {
                    let frame = back.expect("events").await;
                    let raids = usize::from(position < 2);
                    assert_eq!(frame["events"].as_array().unwrap().len(), raids, "{frame}");
                    assert_eq!(frame["place"], end);
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn who_may_see_less_sees_less_at_once() {
    scenario(async |t| {
        let stage = Stage::with_everything(t).await;
        let mut ben = stage.listen(&stage.ben).await;
        stage.happens(EdgeCase::Follow).await;
        ben.events(1).await;
        stage.show(&["raid"]).await.ok();
        keeper::check(&t.app).await;
        stage.happens(EdgeCase::Follow).await;
        stage.happens(EdgeCase::Raid).await;
        assert_eq!(kinds(&ben.events(1).await.0), ["raid"]);
        // Nothing is left: the topic goes, without anybody looking.
        stage.show(&[]).await.ok();
        assert_eq!(ben.expect("unsubscribed").await["reason"], "not_allowed");
        stage.ben.get(&stage.path()).await.refused(404, "not_found");
        // And with the membership.
        stage.show(&ALL).await.ok();
        let mut ben = stage.listen(&stage.ben).await;
        t.discord.remove_member(stage.server.guild.id, stage.server.ben);
        t.clock.advance(Duration::minutes(5) + Duration::SECOND);
        keeper::check(&t.app).await;
        assert_eq!(ben.expect("unsubscribed").await["reason"], "not_allowed");
        t.work().await;
    })
    .await;
}

#[tokio::test]
async fn channel_is_nobodys_once_its_owner_is_gone() {
    scenario(async |t| {
        let stage = Stage::with_everything(t).await;
        let export = stage.streamer.get("/api/users/me/export").await.ok();
        assert_eq!(export["channels"][0]["login"], "ana");
        assert_eq!(stage.streamer.get(&stage.path()).await.ok()["owner"], true);
        stage.streamer.delete("/api/users/me").await;
        let back: UserId = t.discord.add_user("ana_again", None);
        t.signed_in(back).await.get(&stage.path()).await.refused(404, "not_found");
        assert_eq!(t.count("streamer_feeds where owner_id is not null").await, 0);
    })
    .await;
}
