//! Who may post interactions: Discord, now, and each once.

use super::{admin, member, scenario};
use serde_json::{Value, json};
use sm_sim::discord::Signing;

#[tokio::test]
async fn ping_is_answered_and_whatever_is_not_signed_is_refused() {
    scenario(async |t| {
        let (status, body) = t.discord.ping_interactions(Signing::Good).await;
        assert_eq!((status, body), (200, json!({ "type": 1 })));
        for signing in [Signing::Bad, Signing::Missing, Signing::Stale] {
            let (status, body) = t.discord.ping_interactions(signing).await;
            assert_eq!((status, &body["code"]), (401, &json!("invalid_signature")), "{signing:?}");
        }
        t.clock.advance(time::Duration::minutes(6));
        assert_eq!(t.discord.ping_interactions(Signing::Good).await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn signature_is_looked_at_before_the_body() {
    scenario(async |t| {
        for body in [&b"no json"[..], b"", b"\xff\xfe", b"{\"type\":2}"] {
            assert_eq!(t.discord.send_interaction(body, Signing::Bad).await.0, 401);
            assert_eq!(t.discord.send_interaction(body, Signing::Good).await.0, 400);
        }
    })
    .await;
}

#[tokio::test]
async fn headers_of_any_case_and_bodies_in_any_script_are_verified_byte_by_byte() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let bea = member(t, guild, "bea");
        let answered =
            t.discord.command(bea, "live mute", &[("streamer", json!("Zoë 🎮 原神"))]).await;
        assert!(answered.content().contains("Zoë 🎮 原神"), "{}", answered.content());
        let spaced =
            serde_json::to_string_pretty(&t.discord.interaction_body(bea, "live list", &[]));
        let (status, _) =
            t.discord.send_interaction(spaced.unwrap().as_bytes(), Signing::Good).await;
        assert_eq!(status, 200, "the bytes count, not what they mean");
    })
    .await;
}

#[tokio::test]
async fn what_was_posted_before_is_refused_and_done_once() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let ada = admin(t, guild);
        let paused = t.discord.command(ada, "streammaxing pause", &[]).await;
        assert!(paused.content().starts_with("⏸️"), "{}", paused.content());
        assert_eq!(t.discord.replay(&paused).await, 401);
        t.sql("update guild_config set enabled = true").await;
        assert_eq!(t.discord.replay(&paused).await, 401);
        let enabled = sm_db::guilds::config::find(&t.app.pool, guild.id).await.unwrap().unwrap();
        assert!(enabled.0.enabled, "the second time does nothing");
    })
    .await;
}

#[tokio::test]
async fn private_conversation_and_server_without_the_bot_get_a_polite_answer() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let bea = member(t, guild, "bea");
        let alone = sm_sim::discord::Doer { guild: None, ..bea };
        let answered = t.discord.command(alone, "live list", &[]).await;
        assert_eq!((answered.status, answered.content()), (200, "Use this in a server."));
        t.sql("update guilds set status = 'left'").await;
        let answered = t.discord.command(bea, "live list", &[]).await;
        assert!(answered.content().starts_with("StreamMaxing is not in this server"));
        let link = answered.body["data"]["components"][0]["components"][0]["url"].clone();
        assert_eq!(link, json!(format!("{}/servers", t.url)));
    })
    .await;
}

#[tokio::test]
async fn who_does_too_much_is_asked_to_wait() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let (bea, ben) = (member(t, guild, "bea"), member(t, guild, "ben"));
        let mut slowed = 0;
        for _ in 0..30 {
            let answered = t.discord.command(bea, "live list", &[]).await;
            assert_eq!(answered.status, 200);
            slowed += usize::from(answered.content().starts_with("That was much"));
        }
        assert!((10..=15).contains(&slowed), "{slowed} of 30 are slowed down");
        let others = t.discord.command(ben, "live list", &[]).await;
        assert!(others.content().contains("ANA"), "{}", others.content());
        let mut empty = Value::Null;
        for _ in 0..70 {
            empty = t.discord.autocomplete(ben, "live mute", ("streamer", "a")).await.body;
        }
        assert_eq!(empty["data"]["choices"], json!([]), "whoever types too fast gets no choices");
    })
    .await;
}
