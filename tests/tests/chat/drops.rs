//! Each thing that Twitch may answer to a line, and what the bot does then.

use super::{bot, channel, say, say_to, states, until};
use sm_sim::twitch::Role;
use sm_tests::scenario;
use std::time::Duration;

#[tokio::test]
async fn line_is_said_once_and_seen_in_chat() {
    scenario(async |t| {
        let bot = bot(t).await;
        let ana = channel(t, "ana").await;
        t.work().await;
        t.verified().await;
        say(t, &ana, "run:1", "Hello").await;
        say(t, &ana, "run:1", "Hello again").await;
        t.work().await;
        assert_eq!(t.twitch.lines_of(&ana, &bot), ["Hello"]);
        assert_eq!(states(t, &ana).await, ["sent"]);
        until("the line's echo", async || {
            let seen = "select count(*) from chat_sends where seen_at is not null";
            sqlx::query_scalar::<_, i64>(seen).fetch_one(&t.app.pool).await.unwrap() == 1
        })
        .await;
        assert!(t.twitch.lines().iter().all(|line| line.by == "app"), "in its own channel alone");
    })
    .await;
}

#[tokio::test]
async fn each_drop_is_shown_with_its_code_and_tried_again_only_where_time_helps() {
    scenario(async |t| {
        let bot = bot(t).await;
        for (login, code, state, said) in [
            ("c1", "msg_followersonly", "dropped msg_followersonly", 0),
            ("c2", "automod_held", "dropped automod_held", 0),
            ("c3", "code_of_2031", "dropped code_of_2031", 0),
            ("c4", "msg_ratelimit", "sent", 1),
            ("c5", "msg_slowmode", "sent", 1),
            ("c6", "user_timed_out", "dropped user_timed_out", 0),
        ] {
            let here = channel(t, login).await;
            t.twitch.drop_next_line(&here, code);
            say(t, &here, "run:1", "Hello").await;
            t.work().await;
            assert_eq!(states(t, &here).await, [state], "{code}");
            assert_eq!(t.twitch.lines_of(&here, &bot).len(), said, "{code}");
        }
    })
    .await;
}

#[tokio::test]
async fn channel_that_has_timed_the_bot_out_is_left_in_peace() {
    scenario(async |t| {
        let bot = bot(t).await;
        let ana = channel(t, "ana").await;
        t.twitch.time_out(&ana, &bot, Duration::from_secs(600));
        for number in 0..4 {
            say(t, &ana, &format!("run:{number}"), &format!("Hello {number}")).await;
            t.work().await;
        }
        let paused = "dropped paused";
        assert_eq!(states(t, &ana).await, ["dropped user_timed_out", paused, paused, paused]);
        assert_eq!(t.twitch.dropped_lines()["user_timed_out"], 1);
        // The pause ends; the next one is twice as long.
        t.sql("update chat_paces set paused_until = now()").await;
        say(t, &ana, "run:9", "Hello 9").await;
        t.work().await;
        let waits: f64 = sqlx::query_scalar(
            "select extract(epoch from paused_until - clock_timestamp())::float8 from chat_paces",
        )
        .fetch_one(&t.app.pool)
        .await
        .unwrap();
        assert!((50.0..61.0).contains(&waits), "{waits}");
    })
    .await;
}

#[tokio::test]
async fn parent_that_cannot_be_answered_costs_the_reply_and_not_the_line() {
    scenario(async |t| {
        let bot = bot(t).await;
        let ana = channel(t, "ana").await;
        say_to(t, &ana, "run:1", "Hello", Some("gone")).await;
        t.work().await;
        assert_eq!(t.twitch.lines_of(&ana, &bot), ["Hello"]);
        assert_eq!(states(t, &ana).await, ["sent"]);
        let sent = t.twitch.requests();
        assert_eq!(sent.iter().filter(|sent| sent.ends_with("/chat/messages")).count(), 2);
    })
    .await;
}

#[tokio::test]
async fn repeated_text_differs_to_the_eye_or_is_left_out() {
    scenario(async |t| {
        let bot = bot(t).await;
        let (ana, bea) = (channel(t, "ana").await, channel(t, "bea").await);
        t.sql(
            "insert into chat_books (twitch_user_id, drops_repeats)
             select twitch_user_id, true from streamers where login = 'bea'",
        )
        .await;
        for here in [&ana, &bea] {
            say(t, here, "run:1", "Hello").await;
            say(t, here, "run:2", "Hello").await;
        }
        t.work().await;
        assert_eq!(t.twitch.lines_of(&ana, &bot), ["Hello", "Hello ·"]);
        assert_eq!(t.twitch.lines_of(&bea, &bot), ["Hello"]);
        assert_eq!(states(t, &bea).await, ["sent", "dropped repeated"]);
        assert!(t.twitch.dropped_lines().is_empty(), "{:?}", t.twitch.dropped_lines());
    })
    .await;
}

#[tokio::test]
async fn lost_answer_is_unknown_until_the_line_is_seen_and_never_said_again() {
    use sm_sim::{twitch::Fault, unkind::Unkind};
    scenario(async |t| {
        let bot = bot(t).await;
        let ana = channel(t, "ana").await;
        // Nobody hears: the subscription is not there yet.
        t.twitch.fault(Fault::of("POST chat/messages", Unkind::lost(true), Some(1)));
        say(t, &ana, "run:1", "Hello").await;
        let app = t.app.clone();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        sm_services::chat::sender::run(&app, deadline).await.unwrap();
        assert_eq!(states(t, &ana).await, ["unknown no_answer"]);
        assert_eq!(t.twitch.lines_of(&ana, &bot), ["Hello"]);
        t.work().await;
        t.verified().await;
        // The next one is heard, and its answer is lost as well: by its own sound it is known to have been said.
        t.twitch.fault(Fault::of("POST chat/messages", Unkind::lost(true), Some(1)));
        say(t, &ana, "run:2", "Once more").await;
        t.work().await;
        until("the line's echo", async || states(t, &ana).await[1].starts_with("sent")).await;
        assert_eq!(t.twitch.lines_of(&ana, &bot), ["Hello", "Once more"]);
    })
    .await;
}

#[tokio::test]
async fn twitch_that_is_away_for_a_moment_costs_nothing_and_for_long_makes_late() {
    scenario(async |t| {
        let bot = bot(t).await;
        let ana = channel(t, "ana").await;
        t.twitch.fail_next("POST chat/messages", 429, 1);
        say(t, &ana, "run:1", "Hello").await;
        t.work().await;
        assert_eq!(t.twitch.lines_of(&ana, &bot), ["Hello"]);
        say(t, &ana, "run:2", "Too late").await;
        t.sql("update chat_sends set expires_at = clock_timestamp() where state = 'queued'").await;
        t.work().await;
        assert_eq!(states(t, &ana).await, ["sent", "dropped late"]);
    })
    .await;
}

#[tokio::test]
async fn badge_in_its_own_lines_tells_whether_the_bot_moderates() {
    scenario(async |t| {
        let bot = bot(t).await;
        let ana = channel(t, "ana").await;
        t.work().await;
        t.verified().await;
        let moderates = async || {
            let known = "select is_moderator from chat_paces";
            sqlx::query_scalar::<_, bool>(known).fetch_one(&t.app.pool).await.unwrap()
        };
        t.twitch.set_role(&ana, &bot, Role::Moderator);
        say(t, &ana, "run:1", "One").await;
        t.work().await;
        until("the badge's arrival", async || moderates().await).await;
        t.twitch.set_role(&ana, &bot, Role::Viewer);
        say(t, &ana, "run:2", "Two").await;
        t.work().await;
        until("the badge's loss", async || !moderates().await).await;
    })
    .await;
}
