//! What goes wrong with roles, and that it comes right.

use super::{INSTALLED, MENTION_EVERYONE, people, role, server, set, settle, wish};
use sm_sim::discord::{Fault, FaultKind, LimitScope};
use sm_tests::scenario;
use std::collections::BTreeSet;
use time::Duration;

#[tokio::test]
async fn deleted_role_is_made_anew_and_those_who_want_it_get_it() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = server(t, &ana).await;
        let members = people(t, guild, 4);
        wish(t, guild, Some(&ana), &members, true).await;
        settle(t).await;
        t.discord.delete_role(guild.id, role(t, guild));
        t.twitch.go_live(&ana).await;
        settle(t).await;
        assert_eq!(t.deliveries(guild).await[0], "online sent role_gone");
        assert_eq!(set(t.discord.holders(guild.id, role(t, guild))), set(members.clone()));
        // One that is found to be gone when it is to be granted.
        t.discord.delete_role(guild.id, role(t, guild));
        let late = people(t, guild, 1);
        wish(t, guild, Some(&ana), &late, true).await;
        settle(t).await;
        let all = members.into_iter().chain(late);
        assert_eq!(set(t.discord.holders(guild.id, role(t, guild))), set(all));
    })
    .await;
}

#[tokio::test]
async fn lost_answers_make_no_second_role_and_are_asked_for_again() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = server(t, &ana).await;
        let members = people(t, guild, 3);
        t.discord.fault(Fault::new(FaultKind::lost_answer(), 1).under("POST guilds/*/roles"));
        t.discord
            .fault(Fault::new(FaultKind::lost_answer(), 2).under("PUT guilds/*/members/*/roles/*"));
        let served = FaultKind::server_error(502, false);
        t.discord.fault(Fault::new(served, 1).under("PUT guilds/*/members/*/roles/*"));
        wish(t, guild, Some(&ana), &members, true).await;
        settle(t).await;
        assert_eq!(set(t.discord.holders(guild.id, role(t, guild))), set(members));
        assert_eq!(t.discord.faults().len(), 0);
        assert_eq!(t.discord.role_changes(), (3, 2), "what was lost is asked for once more");
    })
    .await;
}

#[tokio::test]
async fn limits_are_kept_and_hold_up_one_server_alone() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let (limited, other) = (server(t, &ana).await, server(t, &ana).await);
        let [there, here] = [limited, other].map(|guild| people(t, guild, 3));
        let limit =
            FaultKind::RateLimit { scope: LimitScope::User, retry_after: 1.0, header: None };
        let path = format!("PUT guilds/{}/members/*/roles/*", limited.id);
        t.discord.fault(Fault::new(limit, 1).under(&path));
        wish(t, limited, Some(&ana), &there, true).await;
        wish(t, other, Some(&ana), &here, true).await;
        t.work().await;
        assert_eq!(t.discord.holders(other.id, role(t, other)).len(), 3);
        settle(t).await;
        assert_eq!(t.discord.holders(limited.id, role(t, limited)).len(), 3);
        assert_eq!(t.discord.invalid_responses(), 1, "nobody asks while they have to wait");
    })
    .await;
}

#[tokio::test]
async fn role_above_the_bot_waits_until_it_is_moved() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = server(t, &ana).await;
        let members = people(t, guild, 90);
        wish(t, guild, Some(&ana), &members[..85], true).await;
        settle(t).await;
        let role = role(t, guild);
        t.discord.set_role_above_bot(guild.id, role, true);
        wish(t, guild, Some(&ana), &members[85..], true).await;
        wish(t, guild, Some(&ana), &members[..1], false).await;
        settle(t).await;
        let shown = sm_db::roles::shown::list(&t.app.pool, guild.id, None).await.unwrap();
        assert_eq!((shown[0].reason.as_deref(), shown[0].held), (Some("role_too_high"), 85));
        assert!(t.discord.invalid_responses() <= 3, "{}", t.discord.invalid_responses());
        // It is pinged all the same; who lacks it is named, and who cannot lose it is counted.
        t.twitch.go_live(&ana).await;
        t.work().await;
        let message = t.message(guild);
        assert_eq!((message.mention_roles.len(), message.mentions.len()), (1, 5));
        let against: i32 = sqlx::query_scalar("select unhonoured_opt_outs from notification_log")
            .fetch_one(&t.app.pool)
            .await
            .unwrap();
        assert_eq!(against, 1);
        t.discord.set_role_above_bot(guild.id, role, false);
        t.clock.advance(Duration::minutes(15));
        settle(t).await;
        assert_eq!(set(t.discord.holders(guild.id, role)), set(members[1..].to_vec()));
    })
    .await;
}

#[tokio::test]
async fn member_who_left_gets_the_role_when_they_are_back() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = server(t, &ana).await;
        let members = people(t, guild, 3);
        let (mia, ben) = (members[0], members[1]);
        t.discord.remove_member(guild.id, mia);
        t.discord.set_strangers_done(false);
        wish(t, guild, Some(&ana), &members, true).await;
        settle(t).await;
        let role = role(t, guild);
        assert_eq!(set(t.discord.holders(guild.id, role)), set(members[1..].to_vec()));
        let asked = t.discord.request_count();
        settle(t).await;
        assert_eq!(t.discord.request_count(), asked, "who is not there is not asked about again");
        // Another leaves, and both come back: what they carry is seen where they are asked about.
        t.discord.remove_member(guild.id, ben);
        for user in [mia, ben] {
            t.discord.add_member(guild.id, user);
            let browser = t.signed_in(user).await;
            browser.get(&format!("/api/users/me/preferences/{}", guild.id)).await.ok();
        }
        settle(t).await;
        assert_eq!(set(t.discord.holders(guild.id, role)), set(members));
    })
    .await;
}

#[tokio::test]
async fn server_has_so_many_roles_and_no_more() {
    scenario(async |t| {
        let mut streamers = Vec::new();
        for n in 0..52 {
            streamers.push(t.streamer(&format!("s{n}")).await);
        }
        let guild = server(t, &streamers[0]).await;
        for streamer in &streamers[1..] {
            t.follow(guild.id, streamer, None).await;
        }
        let members = people(t, guild, 2);
        wish(t, guild, None, &members[..1], true).await;
        settle(t).await;
        assert_eq!(t.discord.roles(guild.id).len(), 50);
        let shown = sm_db::roles::shown::list(&t.app.pool, guild.id, None).await.unwrap();
        let capped: Vec<_> =
            shown.iter().filter(|role| role.reason.as_deref() == Some("streamer_cap")).collect();
        assert_eq!(capped.len(), 2);
        // Who asked is named where there is no role.
        let id = capped[0].twitch_user_id.clone().unwrap();
        let streamer = streamers.iter().find(|streamer| streamer.as_str() == id).unwrap();
        t.twitch.go_live(streamer).await;
        t.work().await;
        let notified: BTreeSet<_> = t.message(guild).notified.into_iter().collect();
        assert_eq!(notified, set(members[..1].to_vec()));
    })
    .await;
}

#[tokio::test]
async fn bot_that_is_not_there_asks_nothing() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = server(t, &ana).await;
        wish(t, guild, Some(&ana), &people(t, guild, 2), true).await;
        t.discord.set_bot_present(guild.id, false);
        settle(t).await;
        let asked = t.discord.request_count();
        assert!(asked <= 5, "{asked}");
        t.discord.set_bot_present(guild.id, true);
        t.discord.set_bot_permissions(guild.id, INSTALLED | MENTION_EVERYONE);
        t.clock.advance(Duration::minutes(30));
        settle(t).await;
        assert_eq!(t.discord.holders(guild.id, role(t, guild)).len(), 2);
    })
    .await;
}
