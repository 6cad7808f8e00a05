//! What is to be done next about a role or one of its holders, from what is wanted and what is known.

use sm_db::roles::Purpose;
use sm_discord::{
    Guild, Member, Role,
    permissions::{Permissions, effective_in_guild},
};
use sm_types::{RoleId, UserId};
use time::OffsetDateTime;

/// Roles for pings that a server has at most.
pub const MOST_PING_ROLES: i64 = 50;
/// From so many roles on, whoever made them, the bot makes none: Discord ends at 250, and admins need some.
pub const MOST_ROLES: usize = 240;

/// What is to be done about a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Nothing,
    Grant,
    Take,
}

/// What is to be done about a member who is to carry a role or not; `held` is `None` where nobody knows.
///
/// Both changes may be asked for twice, so what is not known is asked for again.
pub fn change(wanted: bool, held: Option<bool>) -> Change {
    match (wanted, held) {
        (true, Some(true)) | (false, Some(false)) => Change::Nothing,
        (true, _) => Change::Grant,
        (false, _) => Change::Take,
    }
}

/// A role as it stands in our rows.
#[derive(Debug, Clone, Copy)]
pub struct Ours<'a> {
    pub purpose: Purpose,
    /// Whether it is to go.
    pub retired: bool,
    pub role: Option<RoleId>,
    /// What it is to be called.
    pub name: &'a str,
    /// Since when its making may have been carried out without our knowing.
    pub tried_at: Option<OffsetDateTime>,
    /// Whether somebody may still carry it.
    pub is_held: bool,
}

/// What was seen of a server.
#[derive(Debug)]
pub struct Seen<'a> {
    pub guild: &'a Guild,
    pub permissions: Permissions,
    /// The bot's highest role: its place, and its id among those of the same place.
    top: (i64, RoleId),
}

impl<'a> Seen<'a> {
    pub fn new(guild: &'a Guild, bot: &Member, id: UserId) -> Self {
        let of_bot = guild.roles.iter().filter(|role| bot.roles.contains(&role.id));
        let top = of_bot.max_by_key(|role| (role.position, std::cmp::Reverse(role.id)));
        Self {
            guild,
            permissions: effective_in_guild(guild, bot, id),
            top: top.map_or((0, RoleId(guild.id.0)), |role| (role.position, role.id)),
        }
    }

    /// Whether every member has to be let mention a role that the bot is to ping.
    pub fn must_be_mentionable(&self) -> bool {
        !self.permissions.contains(Permissions::MENTION_EVERYONE)
    }

    fn role(&self, id: RoleId) -> Option<&'a Role> {
        self.guild.roles.iter().find(|role| role.id == id)
    }

    /// Whether a role stands below the bot's; of two at one place the older one stands above.
    fn is_below(&self, role: &Role) -> bool {
        role.position < self.top.0 || role.position == self.top.0 && role.id > self.top.1
    }
}

/// What is to be done about a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is made.
    Make { mentionable: bool },
    /// It was made, and the answer was lost.
    Adopt { role: RoleId, mentionable: bool },
    /// It is there and can be granted.
    Ready { role: RoleId, mentionable: bool },
    /// The same, after Discord is told whether every member may mention it.
    SetMentionable { role: RoleId, mentionable: bool },
    /// Somebody has deleted it.
    Lost,
    /// It is deleted at Discord.
    Delete(RoleId),
    /// There is nothing left of it.
    Forget,
    /// Members still carry it; they lose it first.
    Empty(RoleId),
    /// Nothing can be done, for a reason that admins can read.
    Blocked(&'static str),
}

/// What is to be done about a role in a server that has `ping_roles` of them; `known` are ours, this one left out.
pub fn step(ours: &Ours<'_>, seen: &Seen<'_>, ping_roles: i64, known: &[RoleId]) -> Step {
    let manages = seen.permissions.contains(Permissions::MANAGE_ROLES);
    let there = ours.role.and_then(|role| seen.role(role));
    match (ours.purpose, ours.role, there) {
        (Purpose::Live, None, _) => Step::Forget,
        (Purpose::Live, Some(_), None) if ours.retired => Step::Forget,
        (Purpose::Live, Some(_), None) => Step::Blocked("role_gone"),
        (Purpose::Ping, Some(_), None) if ours.retired => Step::Forget,
        (Purpose::Ping, Some(_), None) => Step::Lost,
        (Purpose::Ping, None, _) if ours.retired => match lost_answer(ours, seen, known) {
            Some(role) if manages => Step::Delete(role.id),
            _ => Step::Forget,
        },
        _ if ours.retired && !ours.is_held && ours.purpose == Purpose::Live => Step::Forget,
        _ if !manages => Step::Blocked("missing_permission"),
        (Purpose::Ping, None, _) => made(ours, seen, ping_roles, known),
        (_, Some(_), Some(role)) if !seen.is_below(role) => Step::Blocked("role_too_high"),
        (Purpose::Live, Some(_), Some(role)) if role.managed || role.id.0 == seen.guild.id.0 => {
            Step::Blocked("role_of_integration")
        }
        (Purpose::Live, Some(role), _) if ours.retired => Step::Empty(role),
        (Purpose::Live, Some(role), Some(_)) => Step::Ready { role, mentionable: false },
        (Purpose::Ping, Some(role), _) if ours.retired => Step::Delete(role),
        (Purpose::Ping, Some(role), Some(there)) => {
            let mentionable = seen.must_be_mentionable();
            if there.mentionable == mentionable {
                Step::Ready { role, mentionable }
            } else {
                Step::SetMentionable { role, mentionable }
            }
        }
    }
}

fn made(ours: &Ours<'_>, seen: &Seen<'_>, ping_roles: i64, known: &[RoleId]) -> Step {
    if let Some(role) = lost_answer(ours, seen, known) {
        return Step::Adopt { role: role.id, mentionable: role.mentionable };
    }
    if ping_roles >= MOST_PING_ROLES {
        return Step::Blocked("streamer_cap");
    }
    if seen.guild.roles.len() >= MOST_ROLES {
        return Step::Blocked("too_many_roles");
    }
    Step::Make { mentionable: seen.must_be_mentionable() }
}

/// A role that we have asked for without hearing of it: of its name, none of ours, and no older than the request.
fn lost_answer<'a>(ours: &Ours<'_>, seen: &Seen<'a>, known: &[RoleId]) -> Option<&'a Role> {
    let since = ours.tried_at? - time::Duration::MINUTE;
    seen.guild.roles.iter().find(|role| {
        role.name == ours.name
            && !role.managed
            && !known.contains(&role.id)
            && made_at(role.id).is_some_and(|at| at >= since)
    })
}

/// When a role was made, by its id.
fn made_at(role: RoleId) -> Option<OffsetDateTime> {
    let ms = i128::from(role.0 >> 22) + 1_420_070_400_000;
    OffsetDateTime::from_unix_timestamp_nanos(ms * 1_000_000).ok()
}

/// What a streamer's role is called.
pub fn name(display_name: &str) -> String {
    format!("🔔 {display_name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn change_is_asked_for_only_where_wanted_and_held_differ() {
        assert_eq!(change(true, Some(true)), Change::Nothing);
        assert_eq!(change(false, Some(false)), Change::Nothing);
        assert_eq!(change(true, Some(false)), Change::Grant);
        assert_eq!(change(false, Some(true)), Change::Take);
        assert_eq!(change(true, None), Change::Grant, "an answer was lost");
        assert_eq!(change(false, None), Change::Take, "an answer was lost");
    }

    const MANAGE_ROLES: u64 = 1 << 28;
    const MENTION_EVERYONE: u64 = 1 << 17;
    const NOW_MS: u64 = 1_800_000_000_000;

    fn at(ms: u64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).unwrap()
    }

    fn id(ms: u64) -> u64 {
        (ms - 1_420_070_400_000) << 22
    }

    fn role(id: u64, position: i64, permissions: u64, name: &str) -> serde_json::Value {
        json!({ "id": id.to_string(), "name": name, "position": position, "permissions": permissions.to_string() })
    }

    /// A server with `@everyone`, the bot's role at place 5, and others.
    fn decided(
        ours: &Ours<'_>,
        of_bot: u64,
        others: &[serde_json::Value],
        ping_roles: i64,
    ) -> Step {
        let mut roles = vec![role(1, 0, 0, "@everyone"), role(2, 5, of_bot, "Bot")];
        roles.extend_from_slice(others);
        let guild = json!({ "id": "1", "owner_id": "9", "roles": roles });
        let guild: Guild = serde_json::from_value(guild).unwrap();
        let bot: Member = serde_json::from_value(json!({ "roles": ["2"] })).unwrap();
        step(ours, &Seen::new(&guild, &bot, UserId(3)), ping_roles, &[])
    }

    fn pings(role: Option<u64>) -> Ours<'static> {
        let role = role.map(RoleId);
        let purpose = Purpose::Ping;
        Ours { purpose, retired: false, role, name: "🔔 Ana", tried_at: None, is_held: false }
    }

    #[test]
    fn role_is_made_within_limits() {
        let new = pings(None);
        let both = MANAGE_ROLES | MENTION_EVERYONE;
        assert_eq!(decided(&new, both, &[], 0), Step::Make { mentionable: false });
        assert_eq!(decided(&new, MANAGE_ROLES, &[], 0), Step::Make { mentionable: true });
        assert_eq!(decided(&new, MENTION_EVERYONE, &[], 0), Step::Blocked("missing_permission"));
        assert_eq!(decided(&new, both, &[], MOST_PING_ROLES), Step::Blocked("streamer_cap"));
        let many: Vec<_> = (10..248).map(|id| role(id, 1, 0, "x")).collect();
        assert_eq!(decided(&new, both, &many, 0), Step::Blocked("too_many_roles"));
    }

    #[test]
    fn role_whose_making_was_not_answered_is_found_by_name_and_age() {
        let tried = Ours { tried_at: Some(at(NOW_MS)), ..pings(None) };
        let (new, old) = (id(NOW_MS + 20), id(NOW_MS - 90_000));
        let adopt = Step::Adopt { role: RoleId(new), mentionable: false };
        assert_eq!(decided(&tried, MANAGE_ROLES, &[role(new, 1, 0, "🔔 Ana")], 0), adopt);
        let make = Step::Make { mentionable: true };
        assert_eq!(decided(&tried, MANAGE_ROLES, &[role(old, 1, 0, "🔔 Ana")], 0), make);
        assert_eq!(decided(&tried, MANAGE_ROLES, &[role(new, 1, 0, "🔔 Ben")], 0), make);
        assert_eq!(decided(&pings(None), MANAGE_ROLES, &[role(new, 1, 0, "🔔 Ana")], 0), make);
    }

    #[test]
    fn role_that_is_gone_is_made_anew_and_one_above_the_bot_waits() {
        let known = pings(Some(7));
        assert_eq!(decided(&known, MANAGE_ROLES, &[], 0), Step::Lost);
        let above = [role(7, 6, 0, "🔔 Ana")];
        assert_eq!(decided(&known, MANAGE_ROLES, &above, 0), Step::Blocked("role_too_high"));
        let both = MANAGE_ROLES | MENTION_EVERYONE;
        let below = [role(7, 1, 0, "🔔 Ana")];
        let ready = Step::Ready { role: RoleId(7), mentionable: false };
        assert_eq!(decided(&known, both, &below, 50), ready, "the cap is for new ones");
        let set = Step::SetMentionable { role: RoleId(7), mentionable: true };
        assert_eq!(decided(&known, MANAGE_ROLES, &below, 0), set);
    }

    #[test]
    fn role_that_is_to_go_is_deleted_if_it_is_the_bots_and_emptied_if_not() {
        let below = [role(7, 1, 0, "x")];
        let retired = Ours { retired: true, ..pings(Some(7)) };
        assert_eq!(decided(&retired, MANAGE_ROLES, &below, 0), Step::Delete(RoleId(7)));
        assert_eq!(decided(&retired, MANAGE_ROLES, &[], 0), Step::Forget);
        let live = Ours { purpose: Purpose::Live, ..retired };
        assert_eq!(decided(&live, MANAGE_ROLES, &below, 0), Step::Forget);
        let held = Ours { is_held: true, ..live };
        assert_eq!(decided(&held, MANAGE_ROLES, &below, 0), Step::Empty(RoleId(7)));
        assert_eq!(decided(&held, 0, &below, 0), Step::Blocked("missing_permission"));
        assert_eq!(decided(&held, 0, &[], 0), Step::Forget);
    }
}
