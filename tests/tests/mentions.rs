//! Whether what was posted did what it should: pings, embeds; and what an admin is told where it did not.

use serde_json::{Value, json};
use sm_db::guilds::Mention;
use sm_tests::{Guild, World, scenario};
use time::Duration;

const MENTION_EVERYONE: u64 = 1 << 17;
/// What the product asks for, and to ping everyone.
const WITH_EVERYONE: u64 = 274_877_991_936 | MENTION_EVERYONE;

/// The server's announcements come from a template with this text.
async fn write_template(t: &World, guild: Guild, content: &str) {
    let message = json!({ "content": content, "embed": { "description": "{mention} {title}" } });
    sqlx::query(
        "with made as (insert into message_templates (guild_id, name, message) values ($1, 'own', $2) returning template_id)
         update guild_config set template_id = (select template_id from made) where guild_id = $1",
    )
    .bind(guild.id.to_db())
    .bind(message)
    .execute(&t.app.pool)
    .await
    .unwrap();
}

async fn values(t: &World, guild: Guild) -> Value {
    sqlx::query_scalar("select reason_values from notification_log where guild_id = $1")
        .bind(guild.id.to_db())
        .fetch_one(&t.app.pool)
        .await
        .unwrap()
}

/// A server that mentions a role, whose id is not known before the server is there.
async fn mentions_role(t: &World, guild: Guild, role: sm_types::RoleId) {
    let (pool, channel) = (&t.app.pool, Some(guild.channel));
    sm_db::guilds::configure(pool, guild.id, channel, Mention::Role(role)).await.unwrap();
}

#[tokio::test]
async fn mention_that_the_text_lacks_is_told() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let role = t.discord.add_role(guild.id, "fans", true);
        mentions_role(t, guild, role).await;
        write_template(t, guild, "{streamer} is live").await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.deliveries(guild).await, ["online sent mention_unused"]);
        assert_eq!(values(t, guild).await, json!({ "mention": "role", "role": role }));
    })
    .await;
}

#[tokio::test]
async fn role_that_is_gone_or_may_not_be_pinged_is_told() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let [gone, closed, open] = [
            t.guild_following(&ana).await,
            t.guild_following(&ana).await,
            t.guild_following(&ana).await,
        ];
        for guild in [gone, closed, open] {
            let role = t.discord.add_role(guild.id, "fans", guild.id == open.id);
            mentions_role(t, guild, role).await;
            if guild.id == gone.id {
                assert!(t.discord.delete_role(guild.id, role));
            }
        }
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.deliveries(gone).await, ["online sent role_gone"]);
        assert_eq!(t.deliveries(closed).await, ["online sent not_pinged"]);
        assert_eq!(values(t, closed).await["missing"], json!(["MENTION_EVERYONE"]));
        assert_eq!(t.deliveries(open).await, ["online sent"]);
        assert_eq!(t.message(open).mention_roles.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn everyone_denied_in_one_channel_is_told() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let denied = t.guild_mentioning(&ana, Mention::Everyone).await;
        let allowed = t.guild_mentioning(&ana, Mention::Here).await;
        for guild in [denied, allowed] {
            t.discord.set_bot_permissions(guild.id, WITH_EVERYONE);
        }
        t.discord.set_bot_overwrite(denied.channel, 0, MENTION_EVERYONE);
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.deliveries(denied).await, ["online sent not_pinged"]);
        assert_eq!(t.deliveries(allowed).await, ["online sent"]);
    })
    .await;
}

#[tokio::test]
async fn embed_that_a_moderator_removed_is_told_from_one_that_lacks_a_permission() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        let message = t.message(guild);
        t.discord.suppress_embeds(guild.channel, message.id.parse().unwrap());
        t.after(Duration::minutes(2)).await;
        assert_eq!(t.deliveries(guild).await, ["online sent", "enrich sent embed_suppressed"]);
    })
    .await;
}

#[tokio::test]
async fn what_keeps_the_bot_from_posting_is_told_with_its_cause() {
    const VIEW: u64 = 1 << 10;
    const SEND: u64 = 1 << 11;
    const CONNECT: u64 = 1 << 20;
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let in_category = t.guild_following(&ana).await;
        let category = t.discord.add_channel_of_kind(in_category.id, "streams", 4);
        t.discord.set_everyone_overwrite(category, 0, SEND);
        t.discord.set_category(in_category.channel, category);
        let hidden = t.guild_following(&ana).await;
        t.discord.set_everyone_overwrite(hidden.channel, 0, VIEW);
        let timed_out = t.guild_following(&ana).await;
        let until = (t.clock.now() + Duration::HOUR).replace_nanosecond(0).unwrap();
        t.discord.set_bot_timeout(timed_out.id, Some(until));
        let voice = t.guild_following(&ana).await;
        let stage = t.discord.add_channel_of_kind(voice.id, "voice", 2);
        t.discord.set_everyone_overwrite(stage, 0, CONNECT);
        sm_db::guilds::configure(&t.app.pool, voice.id, Some(stage), Mention::None).await.unwrap();
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.deliveries(in_category).await, ["online failed missing_permission"]);
        let expected = json!({ "missing": ["SEND_MESSAGES"], "at": "category" });
        assert_eq!(values(t, in_category).await, expected);
        assert_eq!(t.deliveries(hidden).await, ["online failed missing_access"]);
        let expected = json!({ "missing": ["VIEW_CHANNEL"], "at": "channel" });
        assert_eq!(values(t, hidden).await, expected);
        assert_eq!(t.deliveries(timed_out).await, ["online failed timed_out"]);
        let told = values(t, timed_out).await["until"].as_str().unwrap().to_owned();
        assert!(told.starts_with(&until.date().to_string()), "{told}");
        assert_eq!(t.deliveries(voice).await, ["online failed missing_permission"]);
        assert_eq!(values(t, voice).await["missing"], json!(["CONNECT"]));
        // A time-out ends by itself.
        t.clock.advance(Duration::minutes(61));
        assert!(t.sweep().await.healed >= 1);
    })
    .await;
}
