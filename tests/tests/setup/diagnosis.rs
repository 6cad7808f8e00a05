//! What stands between a streamer and the channels, and why nothing was posted at some time.

use super::{Admin, admin};
use serde_json::{Value, json};
use sm_sim::discord::{Fault, FaultKind};
use sm_tests::{World, scenario};
use sm_types::TwitchUserId;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// Bit of the permission.
const SEND_MESSAGES: u64 = 1 << 11;

async fn findings(ada: &Admin<'_>, streamer: &TwitchUserId) -> Vec<(String, String)> {
    let path = ada.path(&format!("streamers/{streamer}/diagnosis"));
    let found = ada.browser.post(&path, &json!({})).await.ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let each = found.as_array().unwrap().iter();
    each.map(|finding| (text(&finding["state"]), text(&finding["code"]))).collect()
}

async fn verdict(ada: &Admin<'_>, streamer: &TwitchUserId, at: OffsetDateTime) -> Value {
    let at = at.format(&Rfc3339).unwrap().replace('+', "%2B");
    ada.browser.get(&ada.path(&format!("streamers/{streamer}/why?at={at}"))).await.ok()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(state, code)| ((*state).to_owned(), (*code).to_owned())).collect()
}

async fn degraded(t: &World) -> i64 {
    t.count("destinations where degraded_reason is not null").await
}

#[tokio::test]
async fn diagnosis_names_what_is_wrong_marks_it_and_heals_it() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let good =
            [("good", "subscription_good"), ("good", "channel_good"), ("good", "no_delivery")];
        assert_eq!(findings(&ada, &ana).await, pairs(&good));

        // Before anything has failed.
        t.discord.set_everyone_overwrite(ada.guild.channel, 0, SEND_MESSAGES);
        t.after(Duration::seconds(5)).await;
        let denied = [
            ("good", "subscription_good"),
            ("broken", "missing_permission"),
            ("good", "no_delivery"),
        ];
        assert_eq!(findings(&ada, &ana).await, pairs(&denied));
        assert_eq!(degraded(t).await, 1);
        t.twitch.go_live(&ana).await;
        t.work().await;
        let path = ada.path(&format!("streamers/{ana}/diagnosis"));
        let found = ada.browser.post(&path, &json!({})).await.ok();
        let last = found.as_array().unwrap().last().unwrap();
        assert_eq!((&last["code"], &last["fix"]), (&json!("last_failed"), &json!("resend")));

        // Granted again: healed by the look, and what was missed goes out, late and without a ping.
        t.discord.set_everyone_overwrite(ada.guild.channel, 0, 0);
        t.after(Duration::seconds(5)).await;
        assert_eq!(findings(&ada, &ana).await[1], pairs(&[("good", "channel_good")])[0]);
        assert_eq!(degraded(t).await, 0);
        let id = last["delivery_id"].as_str().unwrap();
        let resend = ada.path(&format!("deliveries/{id}/resend"));
        ada.browser.post(&resend, &json!({"ping": false})).await.ok();
        t.work().await;
        assert!(t.message(ada.guild).content.contains("ana"), "{:?}", t.message(ada.guild));

        // One remote that does not answer costs its own part.
        t.after(Duration::minutes(2)).await;
        let away = FaultKind::server_error(503, false);
        t.discord.fault(Fault::new(away, 50).under("GET guilds/*/channels"));
        let codes: Vec<_> = findings(&ada, &ana).await.into_iter().map(|(_, code)| code).collect();
        assert_eq!(codes, ["subscription_good", "discord_unavailable", "last_sent"]);
    })
    .await;
}

#[tokio::test]
async fn switches_are_found_and_strangers_streamers_are_not() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        ada.change("config", |config| config["enabled"] = json!(false)).await.ok();
        ada.change(&format!("streamers/{ana}"), |body| {
            *body =
                json!({"enabled": false, "destinations": [{"channel_id": null, "enabled": false}]});
        })
        .await
        .ok();
        let found = findings(&ada, &ana).await;
        let broken: Vec<_> = found.iter().filter(|(state, _)| state != "good").collect();
        let codes: Vec<_> = broken.iter().map(|(_, code)| code.as_str()).collect();
        let expected = ["guild_paused", "streamer_paused", "destination_paused"];
        assert_eq!(codes, expected);
        let other = ada.path("streamers/404/diagnosis");
        ada.browser.post(&other, &json!({})).await.refused(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn every_time_has_an_answer_from_rows() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let bo = t.streamer("bo").await;
        let ada = admin(t, &ana).await;
        t.after(Duration::hours(3)).await;
        let quiet = t.clock.now();
        assert_eq!(verdict(&ada, &ana, quiet).await["verdict"], "no_stream");
        assert_eq!(verdict(&ada, &bo, quiet).await["verdict"], "not_followed");
        let before = quiet - Duration::days(2);
        assert_eq!(verdict(&ada, &ana, before).await["verdict"], "not_followed");
        t.after(Duration::hours(3)).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        let answer = verdict(&ada, &ana, t.clock.now()).await;
        let delivery = &answer["streams"][0]["deliveries"][0];
        assert_eq!((&answer["verdict"], &delivery["status"]), (&json!("posted"), &json!("sent")));
        let message = t.message(ada.guild).id.to_string();
        assert!(delivery["message_url"].as_str().unwrap().ends_with(&message), "{delivery}");
        t.twitch.end_stream(&ana).await;
        t.after(Duration::hours(3)).await;
        ada.change("config", |config| config["enabled"] = json!(false)).await.ok();
        t.twitch.go_live(&ana).await;
        t.work().await;
        let answer = verdict(&ada, &ana, t.clock.now()).await;
        let delivery = &answer["streams"][0]["deliveries"][0];
        assert_eq!(answer["verdict"], "not_posted");
        assert_eq!(delivery["reason"], "guild_paused");
        let path = ada.path(&format!("streamers/{ana}/why?at=yesterday"));
        ada.browser.get(&path).await.refused(400, "malformed");
    })
    .await;
}
