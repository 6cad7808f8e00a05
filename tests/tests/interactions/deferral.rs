//! Answers that follow later: whatever breaks off in between, they come, and nothing is done twice.

use super::{admin, scenario};
use serde_json::json;
use sm_sim::discord::{Fault, FaultKind};
use sm_tests::World;

async fn states(t: &World) -> Vec<String> {
    sqlx::query_scalar(
        "select concat_ws(' ', state, reason) from interactions where state <> 'answered' order by interaction_id",
    )
    .fetch_all(&t.app.pool)
    .await
    .unwrap()
}

/// Lets leases run out and waits pass, by the database's own clock.
async fn later(t: &World) {
    t.sql("update interactions set due_at = clock_timestamp() where state = 'queued'").await;
    t.work().await;
}

#[tokio::test]
async fn follow_up_that_comes_too_early_is_sent_again() {
    scenario(async |t| {
        let guild = t.guild_following(&t.streamer("zoe").await).await;
        let ada = admin(t, guild);
        t.twitch.add_user("bob", "Bob");
        t.discord.set_follow_ups_too_early(1);
        let added = t.discord.command(ada, "streammaxing add", &[("streamer", json!("bob"))]).await;
        t.work().await;
        assert_eq!(t.discord.shown(&added).unwrap().0, "✅ **bob** is announced here from now on.");
        assert_eq!(states(t).await, ["done"]);
        let left = "interactions where num_nonnulls(token, user_id, guild_id, task, reply) > 0";
        assert_eq!(t.count(left).await, 0, "nothing of the person is left");
    })
    .await;
}

#[tokio::test]
async fn work_that_is_done_again_tells_what_it_has_done_the_first_time() {
    scenario(async |t| {
        let guild = t.guild_following(&t.streamer("zoe").await).await;
        let ada = admin(t, guild);
        t.twitch.add_user("bob", "Bob");
        let news = t.discord.add_channel(guild.id, "news");
        let options = [("streamer", json!("bob")), ("channel", json!(news))];
        let added = t.discord.command(ada, "streammaxing add", &options).await;
        // A worker that dies before it can note its answer, and leaves all it has done behind.
        t.sql(
            "create function forget() returns trigger language plpgsql as $$
             begin
               if new.reply is not null and old.reply is null then raise exception 'killed'; end if;
               return new;
             end $$",
        )
        .await;
        t.sql("create trigger killed before update on interactions for each row execute function forget()")
            .await;
        t.work().await;
        assert_eq!(states(t).await, ["queued"]);
        assert_eq!(t.count("audit_log").await, 2, "the work itself is done");
        t.sql("drop trigger killed on interactions").await;
        later(t).await;
        assert_eq!(
            t.discord.shown(&added).unwrap().0,
            "✅ **bob** is announced here from now on."
        );
        assert_eq!(t.count("audit_log").await, 2, "and it is not done again");
        assert_eq!(t.count("guild_streamers").await, 2);
    })
    .await;
}

#[tokio::test]
async fn answer_that_was_worked_out_is_only_sent() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let ada = admin(t, guild);
        let lost = FaultKind::server_error(503, false);
        t.discord.fault(Fault::new(lost, 3).under("PATCH webhooks/*/*"));
        let tested = t.discord.command(ada, "streammaxing test", &[]).await;
        t.work().await;
        assert_eq!(t.messages(guild).len(), 1, "one test message");
        assert!(t.discord.shown(&tested).unwrap().0.starts_with("✅ A test message"));
    })
    .await;
}

#[tokio::test]
async fn after_a_quarter_of_an_hour_nobody_is_asked_any_more() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let ada = admin(t, guild);
        let asked = t.discord.command(ada, "streammaxing why", &[("streamer", json!("ana"))]).await;
        t.sql("update interactions set received_at = received_at - interval '15 minutes'").await;
        let before = t.discord.request_count();
        later(t).await;
        assert_eq!(t.discord.request_count(), before, "nothing is worked out for nobody");
        assert_eq!(states(t).await, ["given_up too_late"]);
        assert_eq!(t.discord.shown(&asked).unwrap().0, "");
    })
    .await;
}

#[tokio::test]
async fn dead_token_ends_one_answer_and_says_nothing_of_our_own() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let ada = admin(t, guild);
        let dead = FaultKind::Refuse { status: 401, code: 50027 };
        t.discord.fault(Fault::new(dead, 1).under("PATCH webhooks/*/*"));
        t.discord.command(ada, "streammaxing why", &[("streamer", json!("ana"))]).await;
        t.work().await;
        assert_eq!(states(t).await, ["given_up too_late"]);
        assert!(!t.app.discord.take_refusal(), "our own token is as good as before");
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.messages(guild).len(), 1, "no circuit is open");
    })
    .await;
}

#[tokio::test]
async fn answer_that_was_dismissed_changes_nothing_of_what_was_done() {
    scenario(async |t| {
        let guild = t.guild_following(&t.streamer("zoe").await).await;
        let ada = admin(t, guild);
        t.twitch.add_user("bob", "Bob");
        let added = t.discord.command(ada, "streammaxing add", &[("streamer", json!("bob"))]).await;
        t.discord.dismiss(&added);
        t.work().await;
        assert_eq!(states(t).await, ["given_up dismissed"]);
        assert_eq!(t.count("guild_streamers").await, 2);
        assert_eq!(t.count("audit_log").await, 1);
    })
    .await;
}

#[tokio::test]
async fn task_of_another_version_is_given_up_after_some_tries() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let ada = admin(t, guild);
        t.discord.command(ada, "streammaxing why", &[("streamer", json!("ana"))]).await;
        t.sql("update interactions set task = '{\"do\": \"dance\"}'").await;
        for _ in 0..6 {
            later(t).await;
        }
        assert_eq!(states(t).await, ["given_up failed"]);
    })
    .await;
}

#[tokio::test]
async fn person_who_deletes_their_account_is_owed_nothing() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let ada = admin(t, guild);
        let browser = t.signed_in(ada.user).await;
        t.discord.command(ada, "streammaxing why", &[("streamer", json!("ana"))]).await;
        browser.delete("/api/users/me").await;
        t.work().await;
        assert_eq!(states(t).await, ["given_up too_late"]);
        assert_eq!(t.count("interactions where user_id is not null").await, 0);
    })
    .await;
}
