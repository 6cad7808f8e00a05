//! A role of the bot's in the server that announces Ana, and what makes the bot ask Discord about it.

use super::calls::Call;
use sm_db::{guilds::Mention, roles::wishes};
use sm_tests::{Guild, World};
use sm_types::{TwitchUserId, UserId};

const PERMISSIONS: u64 = 274_877_991_936 | 1 << 17 | 1 << 28;

/// Who is there.
pub(super) struct Pinged {
    guild: Guild,
    mia: UserId,
}

impl Pinged {
    pub(super) async fn set(t: &World, guild: Guild, ana: &TwitchUserId) -> Self {
        let mia = t.discord.add_user("mia", Some("Mia"));
        t.discord.add_member(guild.id, mia);
        t.discord.set_bot_permissions(guild.id, PERMISSIONS);
        let (pool, channel) = (&t.app.pool, Some(guild.channel));
        sm_db::guilds::configure(pool, guild.id, channel, Mention::Managed).await.unwrap();
        t.sql("update guild_config set merge_window_seconds = 0").await;
        sm_db::guilds::preferences::set(pool, guild.id, Some(ana), mia, true).await.unwrap();
        let pinged = Self { guild, mia };
        pinged.wish(t, true).await;
        pinged
    }

    async fn wish(&self, t: &World, wants: bool) {
        let wish = sqlx::query("update user_preferences set wants_ping = $1").bind(wants);
        wish.execute(&t.app.pool).await.unwrap();
        wishes::plan(&t.app.pool, self.guild.id, t.clock.now()).await.unwrap();
        t.work().await;
        t.clock.advance(time::Duration::seconds(6));
    }

    /// All as it is to be, then what the call is about is not.
    pub(super) async fn prepare(&self, t: &World, call: &Call) {
        t.discord.set_bot_permissions(self.guild.id, PERMISSIONS);
        self.wish(t, true).await;
        for _ in 0..3 {
            t.sql("update bot_roles set due_at = now() - interval '1 hour', attempts = 0").await;
            t.work().await;
            t.clock.advance(time::Duration::seconds(6));
        }
        let role = t.discord.roles(self.guild.id)[0].0;
        let now = t.clock.now();
        match call.name {
            "create_role" => {
                t.discord.delete_role(self.guild.id, role);
                sm_db::roles::record::lost(&t.app.pool, self.guild.id, role, now).await.unwrap();
            }
            "set_role_mentionable" => {
                t.discord.set_bot_permissions(self.guild.id, PERMISSIONS & !(1 << 17));
                t.sql("update bot_roles set due_at = now() - interval '1 hour'").await;
            }
            "delete_role" => {
                t.sql("update bot_roles set state = 'retired', due_at = now() - interval '1 hour'")
                    .await;
            }
            "add_member_role" => {
                t.discord.take_role(self.guild.id, self.mia, role);
                t.sql("update role_holders set held = false, due_at = now() - interval '1 hour'")
                    .await;
            }
            // The wish is compared by whoever works next.
            _ => {
                t.sql("update user_preferences set wants_ping = false").await;
                wishes::plan(&t.app.pool, self.guild.id, now).await.unwrap();
            }
        }
    }
}

/// Lets time pass for what the database's clock tells of roles.
pub(super) async fn pass(t: &World, seconds: i64) {
    sqlx::query(
        "update role_guilds set blocked_until = blocked_until - make_interval(secs => $1),
                                free_at = free_at - make_interval(secs => $1)",
    )
    .bind(seconds as f64)
    .execute(&t.app.pool)
    .await
    .unwrap();
}
