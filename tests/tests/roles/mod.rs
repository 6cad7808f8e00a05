//! Pings by roles of the bot's: whoever asked is pinged, and nobody else, whatever goes wrong on the way.

mod choices;
mod faults;
mod kills;
mod live;

use serde_json::json;
use sm_db::{
    guilds::{Mention, preferences},
    roles::wishes,
};
use sm_tests::{Guild, World, scenario};
use sm_types::{RoleId, TwitchUserId, UserId};
use std::{collections::BTreeSet, time::Duration};

const MENTION_EVERYONE: u64 = 1 << 17;
const MANAGE_ROLES: u64 = 1 << 28;
/// What the product asks for at an install.
const INSTALLED: u64 = 274_877_991_936 | MANAGE_ROLES;

/// A server whose announcements of a streamer ping a role of the bot's, which may do what it takes.
async fn server(t: &World, streamer: &TwitchUserId) -> Guild {
    let guild = t.guild_mentioning(streamer, Mention::Managed).await;
    t.discord.set_bot_permissions(guild.id, INSTALLED | MENTION_EVERYONE);
    guild
}

/// New members of a server.
fn people(t: &World, guild: Guild, count: usize) -> Vec<UserId> {
    let join = |n| {
        let user = t.discord.add_user(&format!("member{n}"), None);
        t.discord.add_member(guild.id, user);
        user
    };
    (0..count).map(join).collect()
}

/// Many members choose at once, as an import or another version of ours would have it.
async fn wish(
    t: &World,
    guild: Guild,
    streamer: Option<&TwitchUserId>,
    users: &[UserId],
    wants: bool,
) {
    let users: Vec<i64> = users.iter().map(|user| user.to_db()).collect();
    sqlx::query(
        "insert into user_preferences (guild_id, twitch_user_id, user_id, wants_ping)
         select $1, $2, id, $4 from unnest($3::bigint[]) id
         on conflict on constraint user_preferences_pkey do update set wants_ping = excluded.wants_ping",
    )
    .bind(guild.id.to_db())
    .bind(streamer.map_or("*", TwitchUserId::as_str))
    .bind(users)
    .bind(wants)
    .execute(&t.app.pool)
    .await
    .unwrap();
    wishes::plan(&t.app.pool, guild.id, t.clock.now()).await.unwrap();
}

/// The settings with a pace that is as much below a window of a tenth of a second as the real one is below Discord's.
fn paced(t: &World) -> Vec<(&'static str, String)> {
    let mut settings = t.settings.clone();
    settings.retain(|(name, _)| *name != "DISCORD_ROLE_CHANGES_PER_10S");
    settings.push(("DISCORD_ROLE_CHANGES_PER_10S", "900".to_owned()));
    settings
}

/// Works off what is due about roles, pauses and waits included.
async fn settle(t: &World) {
    for _ in 0..6 {
        t.work().await;
        t.clock.advance(time::Duration::seconds(6));
    }
}

/// The bot's only role of a server.
#[track_caller]
fn role(t: &World, guild: Guild) -> RoleId {
    let roles = t.discord.roles(guild.id);
    assert_eq!(roles.len(), 1, "{roles:?}");
    roles[0].0
}

fn set(users: impl IntoIterator<Item = UserId>) -> BTreeSet<String> {
    users.into_iter().map(|user| user.to_string()).collect()
}

#[tokio::test]
async fn opt_ins_converge_under_the_limits_and_the_ping_reaches_exactly_them() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = server(t, &ana).await;
        let members = people(t, guild, 400);
        t.discord.set_role_window(Some(Duration::from_millis(100)));
        let settings = paced(t);
        let find = |name: &str| settings.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
        let config = sm_lambda::Config::from_lookup(find).unwrap();
        let paced = sm_lambda::build_app(&config, t.clock.clone()).unwrap();
        let deadline = || tokio::time::Instant::now() + Duration::from_secs(120);
        wish(t, guild, Some(&ana), &members[..300], true).await;
        wish(t, guild, Some(&ana), &members[250..270], false).await;
        wish(t, guild, None, &members[290..350], false).await;
        sm_services::roles::run::run(&paced, deadline()).await.unwrap();
        let role = role(t, guild);
        let wanting = || members[..250].iter().chain(&members[270..300]).copied();
        assert_eq!(set(t.discord.holders(guild.id, role)), set(wanting()));
        assert_eq!(t.discord.role_changes(), (280, 0), "one call for each, and none for others");
        assert_eq!(t.discord.invalid_responses(), 0, "no limit was met");
        // Some change their minds, one twice.
        wish(t, guild, Some(&ana), &members[..30], false).await;
        wish(t, guild, Some(&ana), &members[350..353], true).await;
        wish(t, guild, Some(&ana), &members[352..353], false).await;
        t.clock.advance(time::Duration::seconds(6));
        sm_services::roles::run::run(&paced, deadline()).await.unwrap();
        assert_eq!(t.discord.role_changes(), (280 + 30 + 2, 0));
        let expected = || set(wanting().skip(30).chain(members[350..352].iter().copied()));
        assert_eq!(set(t.discord.holders(guild.id, role)), expected());
        t.twitch.go_live(&ana).await;
        t.work().await;
        let message = t.message(guild);
        assert_eq!(message.mention_roles, [role.to_string()]);
        assert_eq!(message.mentions, Vec::<String>::new());
        assert_eq!(message.notified.into_iter().collect::<BTreeSet<_>>(), expected());
        assert_eq!(t.deliveries(guild).await, ["online sent"]);
    })
    .await;
}

#[tokio::test]
async fn role_permits_nothing_and_only_the_bot_may_ping_it_where_that_is_possible() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let (able, unable) = (server(t, &ana).await, server(t, &ana).await);
        t.discord.set_bot_permissions(unable.id, INSTALLED);
        for guild in [able, unable] {
            wish(t, guild, Some(&ana), &people(t, guild, 2), true).await;
        }
        settle(t).await;
        let shown = |guild: Guild| t.discord.roles(guild.id).remove(0);
        assert_eq!((shown(able).1.as_str(), shown(able).2), ("🔔 ANA", false));
        assert!(shown(unable).2, "or nobody would be pinged");
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.message(able).notified.len(), 2);
        assert_eq!(t.message(unable).notified.len(), 2);
        // Whoever grants the permission later has the role closed at the next look.
        t.discord.set_bot_permissions(unable.id, INSTALLED | MENTION_EVERYONE);
        t.clock.advance(time::Duration::days(1));
        settle(t).await;
        assert!(!shown(unable).2);
    })
    .await;
}

#[tokio::test]
async fn while_the_role_is_not_in_step_people_are_named() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = server(t, &ana).await;
        t.discord.set_bot_permissions(guild.id, INSTALLED & !MANAGE_ROLES);
        let members = people(t, guild, 5);
        wish(t, guild, Some(&ana), &members[..3], true).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        let message = t.message(guild);
        assert_eq!((message.mention_roles.len(), message.mentions.len()), (0, 3));
        assert_eq!(
            message.notified.into_iter().collect::<BTreeSet<_>>(),
            set(members[..3].to_vec())
        );
        assert_eq!(t.discord.roles(guild.id), [], "the bot may make none");
        let shown = sm_db::roles::shown::list(&t.app.pool, guild.id, None).await.unwrap();
        assert_eq!(shown[0].reason.as_deref(), Some("missing_permission"));
        // It heals by itself.
        t.discord.set_bot_permissions(guild.id, INSTALLED);
        t.clock.advance(time::Duration::minutes(7));
        settle(t).await;
        assert_eq!(t.discord.holders(guild.id, role(t, guild)).len(), 3);
    })
    .await;
}

#[tokio::test]
async fn member_chooses_by_the_api_and_carries_the_role_until_they_do_not_want_it() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = server(t, &ana).await;
        let mia = people(t, guild, 1)[0];
        let browser = t.signed_in(mia).await;
        let path = format!("/api/users/me/preferences/{}/{ana}", guild.id);
        browser.put(&path, &json!({ "wants_ping": true })).await.ok();
        t.work().await;
        let role = role(t, guild);
        assert_eq!(t.discord.holders(guild.id, role), [mia]);
        browser.put(&path, &json!({ "wants_ping": false })).await.ok();
        settle(t).await;
        assert_eq!(t.discord.holders(guild.id, role), []);
        // An audience that is none of ours has the role deleted, after a while in which it may come back.
        let (pool, channel) = (&t.app.pool, Some(guild.channel));
        sm_db::guilds::configure(pool, guild.id, channel, Mention::Everyone).await.unwrap();
        wishes::plan(pool, guild.id, t.clock.now()).await.unwrap();
        settle(t).await;
        assert_eq!(t.discord.roles(guild.id).len(), 1);
        t.clock.advance(time::Duration::hours(1));
        settle(t).await;
        assert_eq!(t.discord.roles(guild.id), []);
        assert_eq!(t.count("bot_roles").await, 0);
        let chosen = preferences::audience(pool, guild.id, &ana).await.unwrap();
        assert_eq!(chosen.opted_out, 1, "what was chosen stays");
    })
    .await;
}

#[tokio::test]
async fn announcements_go_before_roles() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = server(t, &ana).await;
        wish(t, guild, Some(&ana), &people(t, guild, 3), true).await;
        t.twitch.go_live(&ana).await;
        // The event is expanded, and its delivery waits.
        while sm_services::announce::expand::step(&t.app).await.unwrap().is_some() {}
        let deadline = tokio::time::Instant::now() + Duration::from_secs(7);
        sm_services::roles::run::run(&t.app, deadline).await.unwrap();
        assert_eq!(t.discord.role_changes(), (0, 0));
        assert_eq!(t.discord.roles(guild.id), []);
        t.work().await;
        assert_eq!(t.discord.role_changes(), (3, 0));
    })
    .await;
}
