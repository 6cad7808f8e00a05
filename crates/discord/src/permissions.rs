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
    match member.communication_disabled_until {
        Some(until) if until > now => {
            implied & (Permissions::VIEW_CHANNEL | Permissions::READ_MESSAGE_HISTORY)
        }
        _ => implied,
    }
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

fn implied(granted: Permissions, channel_kind: u8) -> Permissions {
    let voice = matches!(channel_kind, kind::VOICE | kind::STAGE);
    if !granted.contains(Permissions::VIEW_CHANNEL)
        || (voice && !granted.contains(Permissions::CONNECT))
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

/// The names of what the bot lacks to post in a channel of this type; empty when it can.
///
/// Embed Links is not among them: without it the text is posted all the same.
pub fn missing_to_post(channel_kind: u8, granted: Permissions) -> Vec<&'static str> {
    let send = if kind::THREADS.contains(&channel_kind) {
        (Permissions::SEND_MESSAGES_IN_THREADS, "SEND_MESSAGES_IN_THREADS")
    } else {
        (Permissions::SEND_MESSAGES, "SEND_MESSAGES")
    };
    let needed = [(Permissions::VIEW_CHANNEL, "VIEW_CHANNEL"), send];
    needed.into_iter().filter(|(bit, _)| !granted.contains(*bit)).map(|(_, name)| name).collect()
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

    #[test]
    fn missing_permissions_are_named() {
        assert_eq!(missing_to_post(0, Permissions(VIEW)), ["SEND_MESSAGES"]);
        assert_eq!(missing_to_post(0, Permissions::NONE), ["VIEW_CHANNEL", "SEND_MESSAGES"]);
        assert_eq!(missing_to_post(11, Permissions(VIEW | SEND)), ["SEND_MESSAGES_IN_THREADS"]);
        assert!(missing_to_post(0, Permissions(VIEW | SEND)).is_empty());
    }
}
