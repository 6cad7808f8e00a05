//! Whom an announcement pings that is for those who asked: by the role, by name, or both.

use sm_db::{guilds::preferences::Audience, roles::PingRole};
use sm_types::RoleId;

/// Members a message mentions by name; Discord takes 100 ids, 2,000 characters hold about 86.
pub(crate) const MAX_NAMED: usize = 80;

/// Whom a message pings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    pub(crate) role: Option<RoleId>,
    /// Those who are named, within `audience.wanted`.
    pub(crate) audience: Audience,
    /// How many are pinged against their wish.
    pub(crate) against: i32,
}

/// Decides it. While the role differs from what people want, and few enough want it, they are named instead: then it
/// is they, and nobody else.
pub(crate) fn reached(audience: Audience, role: PingRole) -> Reached {
    let Some(id) = role.role.filter(|_| !audience.wanted.is_empty()) else {
        return Reached { role: None, audience, against: 0 };
    };
    let in_step = role.missing.is_empty() && role.surplus == 0;
    if !in_step && audience.wanted.len() <= MAX_NAMED {
        return Reached { role: None, audience, against: 0 };
    }
    let audience = Audience { wanted: role.missing, ..audience };
    Reached { role: Some(id), audience, against: role.surplus }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sm_types::UserId;

    fn people(count: u64) -> Vec<UserId> {
        (1..=count).map(UserId).collect()
    }

    fn decided(wanted: u64, role: Option<u64>, missing: u64, surplus: i32) -> (bool, usize, i32) {
        let audience = Audience { wanted: people(wanted), opted_out: 0 };
        let role = PingRole { role: role.map(RoleId), missing: people(missing), surplus };
        let reached = reached(audience, role);
        (reached.role.is_some(), reached.audience.wanted.len(), reached.against)
    }

    #[test]
    fn role_that_is_in_step_is_pinged_alone() {
        assert_eq!(decided(5, Some(7), 0, 0), (true, 0, 0));
        assert_eq!(decided(5_000, Some(7), 0, 0), (true, 0, 0));
    }

    #[test]
    fn few_people_are_named_while_the_role_is_not_in_step() {
        assert_eq!(decided(5, Some(7), 2, 0), (false, 5, 0));
        assert_eq!(decided(5, Some(7), 0, 1), (false, 5, 0), "nobody is pinged against their wish");
        assert_eq!(decided(5, None, 0, 0), (false, 5, 0));
    }

    #[test]
    fn many_are_pinged_by_the_role_and_those_who_lack_it_by_name() {
        assert_eq!(decided(81, Some(7), 3, 0), (true, 3, 0));
        assert_eq!(decided(81, Some(7), 3, 2), (true, 3, 2));
        assert_eq!(decided(81, None, 0, 0), (false, 81, 0));
    }

    #[test]
    fn nobody_who_asked_is_nobody_pinged() {
        assert_eq!(decided(0, Some(7), 0, 1), (false, 0, 0));
    }
}
