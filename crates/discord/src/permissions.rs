//! Permissions in a guild and in a channel, as Discord computes them.

pub use crate::permission_set::Permissions;

use crate::model::{Channel, Guild, Member, Overwrite};
use sm_types::UserId;
use time::OffsetDateTime;

/// Channel types that matter here.
mod kind {
    pub(super) const VOICE: u8 = 2;
    pub(super) const STAGE: u8 = 13;
    pub(super) const THREADS: std::ops::RangeInclusive<u8> = 10..=12;
}

/// What a member may do in the guild, channels aside.
pub fn effective_in_guild(guild: &Guild, member: &Member, user: UserId) -> Permissions {
    if guild.owner_id == user {
        return Permissions::ALL;
    }
    let of_member =
        |role: &&crate::model::Role| role.id.0 == guild.id.0 || member.roles.contains(&role.id);
    let base = guild.roles.iter().filter(of_member);
    let base = base.fold(Permissions::NONE, |sum, role| sum | role.permissions);
    if base.contains(Permissions::ADMINISTRATOR) { Permissions::ALL } else { base }
}

/// What a member may do in a channel. For a thread, hand in its parent channel.
///
/// Source: Discord's "Permissions", overwrites and implicit permissions.
pub fn effective_in_channel(
    guild: &Guild,
    channel: &Channel,
    member: &Member,
    user: UserId,
    now: OffsetDateTime,
) -> Permissions {
    let base = effective_in_guild(guild, member, user);
    if base == Permissions::ALL {
        return base;
    }
    let with_overwrites = overwrites(base, guild, channel, member, user);
    let implied = implied(with_overwrites, channel.kind);
    match timed_out(member, now) {
        Some(_) => implied & (Permissions::VIEW_CHANNEL | Permissions::READ_MESSAGE_HISTORY),
        None => implied,
    }
}

fn timed_out(member: &Member, now: OffsetDateTime) -> Option<OffsetDateTime> {
    member.communication_disabled_until.filter(|until| *until > now)
}

/// What keeps a member from posting in a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// These permissions, by Discord's names, are not granted or are taken away.
    Lacks {
        missing: Vec<&'static str>,
        at: Level,
    },
    TimedOut {
        until: OffsetDateTime,
    },
}

/// Whose permissions have to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// No role of the member's grants it.
    Server,
    /// The channel has the permissions of its category.
    Category,
    Channel,
    /// The channel that a thread is in.
    Thread,
}

impl Level {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Category => "category",
            Self::Channel => "channel",
            Self::Thread => "thread",
        }
    }
}

/// What keeps a member from posting in a channel, if anything does. For a thread, hand in its parent channel
/// under the thread's type.
///
/// Embed Links is not asked for: without it the text is posted all the same.
pub fn obstacle(
    guild: &Guild,
    channel: &Channel,
    category: Option<&Channel>,
    member: &Member,
    user: UserId,
    now: OffsetDateTime,
) -> Option<Obstacle> {
    let base = effective_in_guild(guild, member, user);
    if base == Permissions::ALL {
        return None;
    }
    // What is only implied by another permission is not named: it comes back with that one.
    let granted = overwrites(base, guild, channel, member, user);
    let lacking: Vec<_> =
        needed(channel.kind).into_iter().filter(|(bit, _)| !granted.contains(*bit)).collect();
    if lacking.is_empty() {
        return timed_out(member, now).map(|until| Obstacle::TimedOut { until });
    }
    let at = if lacking.iter().any(|(bit, _)| !base.contains(*bit)) {
        Level::Server
    } else if kind::THREADS.contains(&channel.kind) {
        Level::Thread
    } else if category.is_some_and(|category| same_overwrites(category, channel)) {
        Level::Category
    } else {
        Level::Channel
    };
    Some(Obstacle::Lacks { missing: lacking.into_iter().map(|(_, name)| name).collect(), at })
}

/// What it takes to post in a channel of this type.
fn needed(channel_kind: u8) -> Vec<(Permissions, &'static str)> {
    let send = if kind::THREADS.contains(&channel_kind) {
        (Permissions::SEND_MESSAGES_IN_THREADS, "SEND_MESSAGES_IN_THREADS")
    } else {
        (Permissions::SEND_MESSAGES, "SEND_MESSAGES")
    };
    let connect = is_voice(channel_kind).then_some((Permissions::CONNECT, "CONNECT"));
    let view = (Permissions::VIEW_CHANNEL, "VIEW_CHANNEL");
    [Some(view), connect, Some(send)].into_iter().flatten().collect()
}

/// A channel that is in step with its category has the same overwrites.
fn same_overwrites(one: &Channel, other: &Channel) -> bool {
    let (one, other) = (&one.permission_overwrites, &other.permission_overwrites);
    one.len() == other.len() && one.iter().all(|overwrite| other.contains(overwrite))
}

fn overwrites(
    base: Permissions,
    guild: &Guild,
    channel: &Channel,
    member: &Member,
    user: UserId,
) -> Permissions {
    const ROLE: u8 = 0;
    let apply = |base: Permissions, o: &Overwrite| (base & !o.deny) | o.allow;
    let of = |kind: u8, id: u64| {
        channel.permission_overwrites.iter().find(move |o| o.kind == kind && o.id.parse() == Ok(id))
    };
    let mut result = of(ROLE, guild.id.0).map_or(base, |o| apply(base, o));
    // All roles at once: any allow beats any deny, whatever the roles' order.
    let (mut allow, mut deny) = (Permissions::NONE, Permissions::NONE);
    for overwrite in member.roles.iter().filter_map(|role| of(ROLE, role.0)) {
        allow = allow | overwrite.allow;
        deny = deny | overwrite.deny;
    }
    result = (result & !deny) | allow;
    of(1, user.0).map_or(result, |o| apply(result, o))
}

fn is_voice(channel_kind: u8) -> bool {
    matches!(channel_kind, kind::VOICE | kind::STAGE)
}

fn implied(granted: Permissions, channel_kind: u8) -> Permissions {
    if !granted.contains(Permissions::VIEW_CHANNEL)
        || (is_voice(channel_kind) && !granted.contains(Permissions::CONNECT))
    {
        return Permissions::NONE;
    }
    let send = if kind::THREADS.contains(&channel_kind) {
        Permissions::SEND_MESSAGES_IN_THREADS
    } else {
        Permissions::SEND_MESSAGES
    };
    if granted.contains(send) {
        return granted;
    }
    granted
        & !(Permissions::MENTION_EVERYONE | Permissions::ATTACH_FILES | Permissions::EMBED_LINKS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use sm_types::RoleId;

    const VIEW: u64 = 1 << 10;
    const SEND: u64 = 1 << 11;
    const EMBED: u64 = 1 << 14;
    const BOT: UserId = UserId(50);

    fn guild(everyone: u64, bot_role: u64) -> Guild {
        serde_json::from_value(json!({"id": "1", "owner_id": "9", "roles": [
            {"id": "1", "permissions": everyone.to_string()},
            {"id": "20", "permissions": bot_role.to_string()},
            {"id": "21", "permissions": "0"}]}))
        .unwrap()
    }

    fn channel(kind: u8, overwrites: Value) -> Channel {
        serde_json::from_value(
            json!({"id": "5", "type": kind, "permission_overwrites": overwrites}),
        )
        .unwrap()
    }

    fn member() -> Member {
        Member { roles: vec![RoleId(20), RoleId(21)], communication_disabled_until: None }
    }

    fn granted(guild: &Guild, channel: &Channel) -> u64 {
        let now = OffsetDateTime::UNIX_EPOCH;
        effective_in_channel(guild, channel, &member(), BOT, now).0
    }

    fn over(id: u64, kind: u8, allow: u64, deny: u64) -> Value {
        json!({"id": id.to_string(), "type": kind, "allow": allow.to_string(), "deny": deny.to_string()})
    }

    #[test]
    fn roles_add_up() {
        assert_eq!(granted(&guild(VIEW, SEND), &channel(0, json!([]))), VIEW | SEND);
    }

    #[test]
    fn owner_and_administrator_stand_above_overwrites() {
        let denied = channel(0, json!([over(1, 0, 0, VIEW)]));
        assert_eq!(granted(&guild(VIEW, 8), &denied), u64::MAX);
        let mut owned = guild(0, 0);
        owned.owner_id = BOT;
        assert_eq!(granted(&owned, &denied), u64::MAX);
    }

    #[test]
    fn overwrites_apply_everyone_then_roles_then_member() {
        let guild = guild(VIEW | SEND, EMBED);
        let denied = channel(0, json!([over(1, 0, 0, SEND)]));
        assert_eq!(granted(&guild, &denied), VIEW);
        // One role denies, another allows: the allow wins.
        let both =
            channel(0, json!([over(1, 0, 0, SEND), over(20, 0, 0, SEND), over(21, 0, SEND, 0)]));
        assert_eq!(granted(&guild, &both), VIEW | SEND | EMBED);
        let member_denied = channel(0, json!([over(21, 0, SEND, 0), over(50, 1, 0, SEND)]));
        assert_eq!(granted(&guild, &member_denied), VIEW);
    }

    #[test]
    fn no_view_means_nothing_and_no_send_means_no_embeds() {
        let guild = guild(VIEW | SEND | EMBED, 0);
        assert_eq!(granted(&guild, &channel(0, json!([over(1, 0, 0, VIEW)]))), 0);
        assert_eq!(granted(&guild, &channel(0, json!([over(1, 0, 0, SEND)]))), VIEW);
        assert_eq!(granted(&guild, &channel(2, json!([]))), 0, "voice needs CONNECT");
    }

    #[test]
    fn threads_have_a_permission_of_their_own() {
        let in_threads = Permissions::SEND_MESSAGES_IN_THREADS.0;
        let thread = channel(11, json!([]));
        assert_eq!(granted(&guild(VIEW | EMBED, in_threads), &thread), VIEW | EMBED | in_threads);
        assert_eq!(granted(&guild(VIEW | SEND | EMBED, 0), &thread), VIEW | SEND);
    }

    #[test]
    fn timed_out_member_only_reads() {
        let guild = guild(VIEW | SEND, 0);
        let now = OffsetDateTime::UNIX_EPOCH;
        let until = Some(now + time::Duration::HOUR);
        let member = Member { communication_disabled_until: until, ..member() };
        let channel = channel(0, json!([]));
        assert_eq!(effective_in_channel(&guild, &channel, &member, BOT, now).0, VIEW);
    }

    fn obstacle_in(
        guild: &Guild,
        channel: &Channel,
        category: Option<&Channel>,
    ) -> Option<Obstacle> {
        obstacle(guild, channel, category, &member(), BOT, OffsetDateTime::UNIX_EPOCH)
    }

    fn lacks(missing: &[&'static str], at: Level) -> Option<Obstacle> {
        Some(Obstacle::Lacks { missing: missing.to_vec(), at })
    }

    #[test]
    fn only_what_has_to_be_granted_is_named() {
        let all = guild(VIEW | SEND, 0);
        assert_eq!(obstacle_in(&all, &channel(0, json!([])), None), None);
        let hidden = channel(0, json!([over(1, 0, 0, VIEW)]));
        assert_eq!(obstacle_in(&all, &hidden, None), lacks(&["VIEW_CHANNEL"], Level::Channel));
        let voice = channel(2, json!([]));
        assert_eq!(obstacle_in(&all, &voice, None), lacks(&["CONNECT"], Level::Server));
        let thread = channel(11, json!([]));
        let in_threads = lacks(&["SEND_MESSAGES_IN_THREADS"], Level::Server);
        assert_eq!(obstacle_in(&all, &thread, None), in_threads);
    }

    #[test]
    fn obstacle_tells_whose_permissions_are_to_be_changed() {
        let in_threads = Permissions::SEND_MESSAGES_IN_THREADS.0;
        let guild = guild(VIEW | SEND | in_threads, 0);
        let denies = |deny| json!([over(1, 0, 0, deny), over(21, 0, 0, 0)]);
        let muted = channel(0, denies(SEND));
        let at = |channel: &Channel, category: Option<&Channel>| match obstacle_in(
            &guild, channel, category,
        ) {
            Some(Obstacle::Lacks { at, .. }) => at,
            other => panic!("{other:?}"),
        };
        assert_eq!(at(&muted, None), Level::Channel);
        let category = channel(4, json!([over(21, 0, 0, 0), over(1, 0, 0, SEND)]));
        assert_eq!(at(&muted, Some(&category)), Level::Category);
        assert_eq!(at(&muted, Some(&channel(4, json!([])))), Level::Channel);
        assert_eq!(at(&channel(11, denies(in_threads)), Some(&category)), Level::Thread);
    }

    #[test]
    fn timed_out_member_is_told_from_one_that_lacks_something() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let until = now + time::Duration::HOUR;
        let member = Member { communication_disabled_until: Some(until), ..member() };
        let found =
            |guild: &Guild, now| obstacle(guild, &channel(0, json!([])), None, &member, BOT, now);
        assert_eq!(found(&guild(VIEW | SEND, 0), now), Some(Obstacle::TimedOut { until }));
        assert_eq!(found(&guild(VIEW | SEND, 0), until), None);
        assert_eq!(found(&guild(VIEW, 0), now), lacks(&["SEND_MESSAGES"], Level::Server));
    }
}
