//! What comes in, in every shape.

use crate::flow::until;
use sm_sim::twitch::{Delivery, EdgeCase, Signature};
use sm_tests::scenario;

#[tokio::test]
async fn refused_and_dropped_messages_leave_no_row() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        t.guild_following(&ana).await;
        let expected = [
            (EdgeCase::BadSignature, 403),
            (EdgeCase::WrongSecret, 403),
            (EdgeCase::Unsigned, 403),
            (EdgeCase::Oversized, 413),
            (EdgeCase::Late, 204),
            (EdgeCase::Future, 204),
            (EdgeCase::Truncated, 204),
            (EdgeCase::NotUtf8, 204),
            (EdgeCase::Nested, 204),
            (EdgeCase::WrongTypes, 204),
            (EdgeCase::UnknownType, 204),
        ];
        for (case, status) in expected {
            assert_eq!(t.twitch.trigger(&ana, case).await, [status], "{}", case.name());
        }
        for table in ["webhook_messages", "stream_sessions", "stream_events", "notification_log"] {
            assert_eq!(t.count(table).await, 0, "{table}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_same_stream_is_announced_once() {
    for case in [EdgeCase::Duplicate, EdgeCase::TwoIds, EdgeCase::Flap] {
        scenario(async |t| {
            let ana = t.streamer("ana").await;
            let guild = t.guild_following(&ana).await;
            let statuses = t.twitch.trigger(&ana, case).await;
            assert!(statuses.iter().all(|status| *status == 204), "{statuses:?}");
            t.work().await;
            assert_eq!(t.messages(guild).len(), 1, "{}", case.name());
            assert_eq!(t.count("stream_sessions").await, 1);
        })
        .await;
    }
}

#[tokio::test]
async fn concurrent_duplicates_have_one_effect() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let (_, event) = t.twitch.start_stream(&ana, "live");
        let same = Delivery {
            message_id: Some("m".into()),
            ..Delivery::new("stream.online", event.clone())
        };
        let other = Delivery::new("stream.online", event);
        let all = tokio::join!(
            t.twitch.deliver(&ana, &same),
            t.twitch.deliver(&ana, &same),
            t.twitch.deliver(&ana, &other),
            t.twitch.deliver(&ana, &other),
        );
        assert_eq!(all, (vec![204], vec![204], vec![204], vec![204]));
        t.work().await;
        assert_eq!(t.messages(guild).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn nine_minutes_are_still_accepted() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let (_, event) = t.twitch.start_stream(&ana, "live");
        let age = time::Duration::minutes(9);
        t.twitch.deliver(&ana, &Delivery { age, ..Delivery::new("stream.online", event) }).await;
        t.work().await;
        assert_eq!(t.messages(guild).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn challenge_is_answered_exactly_and_before_any_row_exists() {
    scenario(async |t| {
        let ana = t.twitch.add_user("ana", "Ana");
        let token = t.app.twitch.app_token().await.unwrap().secret;
        let new = sm_twitch::NewSubscription {
            kind: "stream.online".into(),
            version: "1".into(),
            condition: serde_json::json!({ "broadcaster_user_id": ana }),
            callback: format!("{}/webhooks/twitch", t.url),
            secret: sm_types::Secret::new(sm_tests::EVENTSUB_SECRET),
        };
        let made = t.app.twitch.create_subscription(&token, &new).await.unwrap();
        until("the challenge is answered", 20, async || {
            let all = t.app.twitch.list_subscriptions(&token).await.unwrap();
            all.iter().find(|s| s.id == made.id).unwrap().status.as_str() == "enabled"
        })
        .await;
        let again = t.app.twitch.create_subscription(&token, &new).await;
        assert_eq!(
            again.unwrap_err(),
            sm_twitch::Error::AlreadyExists { id: Some(made.id.clone()) }
        );
        t.app.twitch.delete_subscription(&token, &made.id).await.unwrap();
        t.app.twitch.delete_subscription(&token, &made.id).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn revocation_of_any_status_is_recorded() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        for status in ["authorization_revoked", "user_removed", "a_status_of_2031"] {
            t.twitch.revoke(&ana, status).await;
            let stored: String = sqlx::query_scalar(
                "select max(status) from eventsub_subscriptions where status = $1",
            )
            .bind(status)
            .fetch_one(&t.app.pool)
            .await
            .unwrap();
            assert_eq!(stored, status);
        }
        let state: String = sqlx::query_scalar("select status from streamers")
            .fetch_one(&t.app.pool)
            .await
            .unwrap();
        assert_eq!(state, "removed");
    })
    .await;
}

#[tokio::test]
async fn rename_is_learned_from_user_update_and_from_the_event_itself() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.subscribe(
            &ana,
            "user.update",
            &format!("{}/webhooks/twitch", t.url),
            sm_tests::EVENTSUB_SECRET,
        );
        t.twitch.rename(&ana, "ana_new", "Ana New").await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.message(guild).content, "**Ana New** is live: https://www.twitch.tv/ana_new");
    })
    .await;
}

#[tokio::test]
async fn unknown_streamer_and_unknown_values_are_taken() {
    scenario(async |t| {
        let stranger = t.twitch.add_user("stranger", "Stranger");
        let callback = format!("{}/webhooks/twitch", t.url);
        t.twitch.subscribe(&stranger, "stream.online", &callback, sm_tests::EVENTSUB_SECRET);
        assert_eq!(t.twitch.trigger(&stranger, EdgeCase::Online).await, [204]);
        assert_eq!(t.count("stream_sessions").await, 0);
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        assert_eq!(t.twitch.trigger(&ana, EdgeCase::UnknownValues).await, [204]);
        t.work().await;
        assert_eq!(t.deliveries(guild).await, ["online skipped stream_type"]);
    })
    .await;
}

#[tokio::test]
async fn signed_with_either_secret_of_a_rotation() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let delivery = Delivery {
            signature: Signature::Good,
            ..Delivery::new("stream.online", serde_json::json!({}))
        };
        assert_eq!(
            t.twitch.deliver(&ana, &delivery).await,
            [204],
            "verified, and dropped as it does not parse"
        );
        assert_eq!(t.count("webhook_messages").await, 0);
    })
    .await;
}

#[tokio::test]
async fn unknown_paths_and_methods_have_problem_bodies() {
    scenario(async |t| {
        let http = sm_aws::lazy_http();
        for (path, status, code) in
            [("/nope", 404, "not_found"), ("/webhooks/twitch", 405, "method_not_allowed")]
        {
            let answer = http.get(format!("{}{path}", t.url)).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), status);
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
            assert!(answer.text().await.unwrap().contains(code));
        }
    })
    .await;
}
