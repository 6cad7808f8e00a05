//! What a streamer sees of their own channel here, and takes back.

use super::Server;
use serde_json::{Value, json};
use sm_sim::twitch::EdgeCase;
use sm_tests::{Browser, World, scenario};

const PATH: &str = "/api/users/me/channel";

async fn link(t: &World, streamer: &Browser<'_>, server: &Server, feed: &str) {
    let begun = streamer.get(&format!("{PATH}/link?feed={feed}")).await;
    let consented = streamer.consent(begun.location(), &format!("as={}", server.ana)).await;
    assert_eq!(consented.location(), "/me/channel?linked=ana");
    settle(t).await;
}

async fn settle(t: &World) {
    t.work().await;
    t.verified().await;
}

/// Names in their order, whatever order they came in.
fn sorted(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> = value.as_array().unwrap().iter().flat_map(Value::as_str).collect();
    names.sort_unstable();
    names
}

fn subscribed(t: &World) -> Vec<String> {
    let all = t.twitch.subscriptions().into_iter().filter(|s| s.status == "enabled");
    let mut kinds: Vec<_> =
        all.map(|s| s.kind).filter(|kind| kind.starts_with("channel.")).collect();
    kinds.retain(|kind| kind != "channel.update" && kind != "channel.raid");
    kinds.sort();
    kinds
}

#[tokio::test]
async fn own_channel_is_seen_and_grants_are_taken_back() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let streamer = t.signed_in(t.discord.add_user("ana_herself", Some("Ana"))).await;
        let ada = t.signed_in(server.ada).await;
        assert_eq!(streamer.get(PATH).await.ok(), json!([]), "nothing is linked yet");
        link(t, &streamer, &server, "follows,subscriptions,cheers").await;
        let mine = streamer.get(PATH).await.ok();
        assert_eq!(mine[0]["streamer_id"], json!(server.ana));
        assert_eq!((&mine[0]["login"], &mine[0]["display_name"]), (&json!("ana"), &json!("ANA")));
        assert_eq!(sorted(&mine[0]["granted"]), ["cheers", "follows", "subscriptions"]);
        assert_eq!(ada.get(PATH).await.ok(), json!([]), "it is one person's own");

        let own = format!("{PATH}/{}", server.ana);
        ada.delete(&format!("{own}?grant=follows")).await.refused(404, "not_found");
        ada.delete(&own).await.refused(404, "not_found");
        streamer.delete(&format!("{own}?grant=everything")).await.refused(400, "malformed");
        streamer.delete(&format!("{own}?grants=follows")).await.refused(400, "malformed");
        assert_eq!(streamer.get(PATH).await.ok(), mine, "nothing was taken back");

        // Taken back twice, it is gone once; Twitch sends nothing of it any more.
        for _ in 0..2 {
            assert_eq!(streamer.delete(&format!("{own}?grant=follows")).await.status, 204);
        }
        settle(t).await;
        assert_eq!(
            sorted(&streamer.get(PATH).await.ok()[0]["granted"]),
            ["cheers", "subscriptions"]
        );
        assert!(!subscribed(t).contains(&"channel.follow".to_owned()), "{:?}", subscribed(t));
        assert!(subscribed(t).contains(&"channel.cheer".to_owned()));

        // What Twitch has withdrawn is told, and can be given up.
        t.twitch.revoke(&server.ana, "authorization_revoked").await;
        settle(t).await;
        let lost = streamer.get(PATH).await.ok();
        assert_eq!(lost[0]["granted"], json!([]));
        assert_eq!(sorted(&lost[0]["grant_again"]), ["cheers", "subscriptions"]);
        assert_eq!(streamer.delete(&format!("{own}?grant=cheers")).await.status, 204);
        let lost = streamer.get(PATH).await.ok();
        assert_eq!(sorted(&lost[0]["grant_again"]), ["subscriptions"]);

        // A channel that is given up is nobody's, and the server announces it all the same.
        link(t, &streamer, &server, "cheers").await;
        assert_eq!(streamer.delete(&own).await.status, 204);
        streamer.delete(&own).await.refused(404, "not_found");
        settle(t).await;
        assert_eq!(streamer.get(PATH).await.ok(), json!([]));
        assert_eq!(subscribed(t), [""; 0]);
        assert_eq!(t.count("guild_streamers").await, 1);
        t.after(time::Duration::minutes(5)).await;
    })
    .await;
}

#[tokio::test]
async fn withdrawn_grant_is_heard_of_no_more() {
    scenario(async |t| {
        let server = Server::of(t).await;
        let streamer = t.signed_in(t.discord.add_user("ana_herself", Some("Ana"))).await;
        let (ada, ben) = (t.signed_in(server.ada).await, t.signed_in(server.ben).await);
        let config = format!("/api/guilds/{}/config", server.guild.id);
        let loaded = ada.get(&config).await;
        let etag = loaded.header("etag").to_owned();
        let mut body = loaded.ok();
        body["feed_kinds"] = json!(["raid", "cheer"]);
        ada.put_from(&config, &etag, &body).await.ok();
        link(t, &streamer, &server, "cheers").await;
        t.twitch.trigger(&server.ana, EdgeCase::Cheer).await;
        let feed = format!("/api/feeds/{}", server.ana);
        assert_eq!(ben.get(&feed).await.ok()["items"][0]["kind"], "cheer");
        let own = format!("{PATH}/{}?grant=cheers", server.ana);
        assert_eq!(streamer.delete(&own).await.status, 204);
        let page = ben.get(&feed).await.ok();
        assert_eq!((&page["items"], &page["kinds"]), (&json!([]), &json!(["raid"])));
        settle(t).await;
    })
    .await;
}
