//! The role of who is live: given at the beginning, and taken for sure.

use super::{INSTALLED, people, settle};
use sm_sim::discord::{Fault, FaultKind};
use sm_tests::{Guild, World, scenario};
use sm_types::{RoleId, TwitchUserId, UserId};
use time::Duration;

/// A server with such a role, and a streamer who is a member of it.
async fn server(t: &World, streamer: &TwitchUserId) -> (Guild, RoleId, UserId) {
    let guild = t.guild_following(streamer).await;
    t.discord.set_bot_permissions(guild.id, INSTALLED);
    let role = t.discord.add_role(guild.id, "live now", false);
    let person = people(t, guild, 1)[0];
    sqlx::query("insert into streamer_feeds (twitch_user_id, owner_id) values ($1, $2)")
        .bind(streamer.as_str())
        .bind(person.to_db())
        .execute(&t.app.pool)
        .await
        .unwrap();
    choose(t, guild, Some(role)).await;
    (guild, role, person)
}

async fn choose(t: &World, guild: Guild, role: Option<RoleId>) {
    sqlx::query("update guild_config set live_role_id = $2 where guild_id = $1")
        .bind(guild.id.to_db())
        .bind(role.map(RoleId::to_db))
        .execute(&t.app.pool)
        .await
        .unwrap();
    sm_db::roles::wishes::plan(&t.app.pool, guild.id, t.clock.now()).await.unwrap();
}

#[tokio::test]
async fn linked_streamer_carries_the_role_while_live() {
    scenario(async |t| {
        let (ana, ben) = (t.streamer("ana").await, t.streamer("ben").await);
        let (guild, role, person) = server(t, &ana).await;
        t.follow(guild.id, &ben, None).await;
        t.twitch.go_live(&ben).await;
        t.twitch.go_live(&ana).await;
        settle(t).await;
        assert_eq!(t.discord.holders(guild.id, role), [person], "and nobody who is not linked");
        // Discord says that it is done, and it is not: it is owed until it is seen.
        t.discord.fault(
            Fault::new(FaultKind::lost_answer(), 1).under("DELETE guilds/*/members/*/roles/*"),
        );
        t.twitch.end_stream(&ana).await;
        t.after(Duration::minutes(3)).await;
        settle(t).await;
        assert_eq!(t.discord.holders(guild.id, role), []);
        assert_eq!(t.discord.faults().len(), 0);
    })
    .await;
}

#[tokio::test]
async fn role_is_taken_when_no_webhook_told_of_the_end_or_the_person_was_away() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let (guild, role, person) = server(t, &ana).await;
        t.twitch.go_live(&ana).await;
        settle(t).await;
        // No webhook tells of the end, and no event comes of it.
        t.twitch.stop_stream(&ana);
        t.sql("update stream_sessions set ended_at = now()").await;
        for _ in 0..2 {
            t.clock.advance(Duration::minutes(1));
            assert_eq!(t.sweep().await.failed_jobs, Vec::<&str>::new());
        }
        settle(t).await;
        assert_eq!(t.discord.holders(guild.id, role), []);
        t.twitch.go_live(&ana).await;
        settle(t).await;
        assert_eq!(t.discord.holders(guild.id, role), [person]);
        t.discord.remove_member(guild.id, person);
        t.twitch.end_stream(&ana).await;
        t.after(Duration::minutes(3)).await;
        settle(t).await;
        t.discord.add_member(guild.id, person);
        settle(t).await;
        assert_eq!(t.discord.holders(guild.id, role), []);
    })
    .await;
}

#[tokio::test]
async fn another_role_or_none_takes_the_old_one_from_everybody() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let (guild, role, person) = server(t, &ana).await;
        t.twitch.go_live(&ana).await;
        settle(t).await;
        let other = t.discord.add_role(guild.id, "on air", false);
        choose(t, guild, Some(other)).await;
        settle(t).await;
        assert_eq!(t.discord.holders(guild.id, role), []);
        assert_eq!(t.discord.holders(guild.id, other), [person]);
        // Switched off while the bot may not take it: it is owed until it may again.
        t.discord.set_bot_permissions(guild.id, INSTALLED & !super::MANAGE_ROLES);
        choose(t, guild, None).await;
        settle(t).await;
        assert_eq!(t.discord.holders(guild.id, other), [person]);
        t.discord.set_bot_permissions(guild.id, INSTALLED);
        t.clock.advance(Duration::minutes(30));
        settle(t).await;
        assert_eq!(t.discord.holders(guild.id, other), []);
        t.clock.advance(Duration::minutes(2));
        settle(t).await;
        assert_eq!(t.count("bot_roles").await, 0, "nothing is left of it");
    })
    .await;
}

#[tokio::test]
async fn role_that_another_bot_takes_is_not_fought_for() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let (guild, role, person) = server(t, &ana).await;
        t.twitch.go_live(&ana).await;
        settle(t).await;
        t.discord.take_role(guild.id, person, role);
        let browser = t.signed_in(person).await;
        browser.get(&format!("/api/users/me/preferences/{}", guild.id)).await.ok();
        settle(t).await;
        assert_eq!(t.discord.holders(guild.id, role), []);
        assert_eq!(t.discord.role_changes(), (1, 0));
    })
    .await;
}
