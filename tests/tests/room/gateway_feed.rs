//! A feed at API Gateway: each listener is told what they may see, and no more from the moment that it changes.

use super::{
    feed::{ALL, Stage, kinds},
    gateway::{Cloud, events},
};
use crate::lambda::http;
use serde_json::{Value, json};
use sm_sim::twitch::EdgeCase;
use sm_tests::{World, scenario};

/// What a connection was told, and where it stands then.
async fn told(cloud: &Cloud<'_>, id: &str) -> (Vec<Value>, Value) {
    cloud.ring("live").await;
    let frames = cloud.gateway.take(id);
    let place = frames.last().map_or(Value::Null, |frame| frame["place"]["position"].clone());
    (events(&frames), place)
}

/// Ada lets members see these kinds, by the function.
async fn show(t: &World, cloud: &Cloud<'_>, stage: &Stage<'_>, kinds: &[&str]) {
    let (path, etag, body) = stage.config_that_shows(kinds).await;
    let cookie = format!("__Host-session={}", stage.ada.cookie("__Host-session").unwrap());
    let headers = json!({ "cookie": cookie, "origin": t.url, "content-type": "application/json",
        "if-match": etag });
    let answer = cloud.function.invoke(http("PUT", &path, headers, &body.to_string(), false)).await;
    assert_eq!(answer.response()["statusCode"], 200);
}

#[tokio::test]
async fn listeners_are_told_what_they_may_see_alone() {
    scenario(async |t| {
        let stage = Stage::with_everything(t).await;
        stage.show(&["raid"]).await.ok();
        let cloud = Cloud::of(t).await;
        for (id, browser) in [("own", &stage.streamer), ("ben", &stage.ben)] {
            cloud.open(browser, id).await;
            cloud.subscribe(id, &stage.topic()).await;
        }
        for case in [EdgeCase::Follow, EdgeCase::Raid, EdgeCase::Cheer] {
            stage.happens(case).await;
        }
        let (own, end) = told(&cloud, "own").await;
        assert_eq!((kinds(&own), &end), (vec!["follow", "raid", "cheer"], &json!(3)));
        let frames = cloud.gateway.take("ben");
        assert_eq!(kinds(&events(&frames)), ["raid"]);
        assert_eq!(frames.last().unwrap()["place"]["position"], end, "the place moves on");
        // More is shown, and then less: what follows is as the admin has it now.
        show(t, &cloud, &stage, &["follow", "raid"]).await;
        stage.happens(EdgeCase::Follow).await;
        stage.happens(EdgeCase::Cheer).await;
        let (seen, end) = told(&cloud, "ben").await;
        assert_eq!((kinds(&seen), end), (vec!["follow"], json!(5)));
        show(t, &cloud, &stage, &["raid"]).await;
        stage.happens(EdgeCase::Follow).await;
        let (seen, end) = told(&cloud, "ben").await;
        assert_eq!((seen, end), (vec![], json!(6)));
        // Nothing is left to be seen: the topic goes.
        show(t, &cloud, &stage, &[]).await;
        stage.happens(EdgeCase::Raid).await;
        let (seen, _) = told(&cloud, "ben").await;
        assert_eq!(seen, [Value::Null; 0]);
        assert_eq!(
            kinds(&events(&cloud.gateway.take("own"))),
            ["follow", "cheer", "follow", "raid"]
        );
    })
    .await;
}

#[tokio::test]
async fn member_who_has_left_hears_nothing_after_the_next_look() {
    scenario(async |t| {
        let stage = Stage::with_everything(t).await;
        stage.show(&ALL).await.ok();
        let cloud = Cloud::of(t).await;
        cloud.open(&stage.ben, "ben").await;
        cloud.subscribe("ben", &stage.topic()).await;
        t.discord.remove_member(stage.server.guild.id, stage.server.ben);
        t.sql("update guild_members set checked_at = now() - interval '6 minutes'").await;
        cloud.sweep().await;
        cloud.gateway.take("ben");
        stage.happens(EdgeCase::Raid).await;
        assert_eq!(told(&cloud, "ben").await.0, [Value::Null; 0]);
    })
    .await;
}
