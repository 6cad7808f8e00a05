//! What each refusal means for a delivery.
//!
//! Source: Discord's "Opcodes and Status Codes", and what its code does in the field.

use crate::{Error, Reason};
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Create,
    Edit,
    Delete,
}

/// How to change a message before it is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebuild {
    /// Without its embeds.
    TextOnly,
    /// From the product's own template, without embeds; where that is refused too, degrade.
    DefaultTemplate(Option<Reason>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As good as done.
    Done,
    /// The same again, later.
    Retry {
        /// Discord's own wish.
        after: Option<Duration>,
    },
    /// Changed, at once.
    Rebuild(Rebuild),
    /// This destination cannot be posted to.
    Degrade(Reason),
    /// The bot is not in the guild.
    GuildLeft,
    /// Every request would meet the same: stop all.
    OpenCircuit,
    /// Never.
    Fail,
    /// Never, and the fault is ours.
    Bug,
}

/// Decides what an error means.
pub fn classify(operation: Operation, error: &Error) -> Verdict {
    match error {
        Error::RateLimited { retry_after, code, .. } => {
            let after = Some(*retry_after);
            match code.map(|code| by_code(operation, 429, code)) {
                // A 429 is a wait whatever its code, unless the code stops everybody.
                Some(Verdict::OpenCircuit) => Verdict::OpenCircuit,
                _ => Verdict::Retry { after },
            }
        }
        Error::Unauthorized { .. } | Error::Blocked { .. } => Verdict::OpenCircuit,
        Error::Unavailable { .. } => Verdict::Retry { after: None },
        // Discord has accepted it; the nonce brings the same message back.
        Error::Decode { .. } => Verdict::Retry { after: None },
        Error::Rejected { status, code, .. } => by_code(operation, *status, *code),
    }
}

fn by_code(operation: Operation, status: u16, code: u32) -> Verdict {
    use Operation::{Create, Delete};
    match code {
        10003 => Verdict::Degrade(Reason::ChannelDeleted),
        10004 => Verdict::GuildLeft,
        // Gone. For a create with a nonce: it was there, and somebody deleted it.
        10008 => Verdict::Done,
        10014 | 40005 | 50006 | 50035 | 160_002 => rebuild(operation, None),
        40001 | 50014 | 40333 => Verdict::OpenCircuit,
        20016 | 20022 | 20028 | 20029 | 30046 | 40004 | 40006 | 40062 | 130_000 => {
            Verdict::Retry { after: None }
        }
        40033 | 160_004 => Verdict::Done,
        40058 | 50008 | 50024 => Verdict::Degrade(Reason::WrongChannelType),
        40067 => Verdict::Degrade(Reason::ForumTagRequired),
        50001 => Verdict::Degrade(Reason::MissingAccess),
        50013 if operation == Create => Verdict::Rebuild(Rebuild::TextOnly),
        50013 => Verdict::Degrade(Reason::MissingPermission),
        60003 => Verdict::Degrade(Reason::TwoFactorRequired),
        160_005 => Verdict::Degrade(Reason::ThreadLocked),
        200_000 | 200_001 | 240_000 => rebuild(operation, Some(Reason::BlockedByAutoMod)),
        20001 | 20012 | 50109 => Verdict::Bug,
        _ if status >= 500 => Verdict::Retry { after: None },
        _ if status == 404 && operation == Delete => Verdict::Done,
        _ => Verdict::Fail,
    }
}

fn rebuild(operation: Operation, otherwise: Option<Reason>) -> Verdict {
    if operation == Operation::Delete {
        Verdict::Fail
    } else {
        Verdict::Rebuild(Rebuild::DefaultTemplate(otherwise))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;
    use Operation::{Create, Delete, Edit};

    fn verdict(operation: Operation, status: u16, code: u32) -> Verdict {
        let error = Error::Rejected { status, code, message: String::new(), errors: None };
        classify(operation, &error)
    }

    #[test]
    fn every_code_of_the_table_has_its_verdict() {
        let retry = Verdict::Retry { after: None };
        let template = Verdict::Rebuild(Rebuild::DefaultTemplate(None));
        let automod = Rebuild::DefaultTemplate(Some(Reason::BlockedByAutoMod));
        let automod = Verdict::Rebuild(automod);
        let table: &[(u16, u32, Verdict)] = &[
            (404, 10003, Verdict::Degrade(Reason::ChannelDeleted)),
            (404, 10004, Verdict::GuildLeft),
            (404, 10008, Verdict::Done),
            (404, 10014, template),
            (429, 20016, retry),
            (400, 20022, retry),
            (429, 20028, retry),
            (429, 20029, retry),
            (429, 30046, retry),
            (401, 40001, Verdict::OpenCircuit),
            (401, 50014, Verdict::OpenCircuit),
            (400, 40004, retry),
            (400, 40006, retry),
            (413, 40005, template),
            (400, 40033, Verdict::Done),
            (400, 40058, Verdict::Degrade(Reason::WrongChannelType)),
            (429, 40062, retry),
            (400, 40067, Verdict::Degrade(Reason::ForumTagRequired)),
            (403, 40333, Verdict::OpenCircuit),
            (403, 50001, Verdict::Degrade(Reason::MissingAccess)),
            (403, 50005, Verdict::Fail),
            (400, 50006, template),
            (400, 50008, Verdict::Degrade(Reason::WrongChannelType)),
            (400, 50024, Verdict::Degrade(Reason::WrongChannelType)),
            (403, 50013, Verdict::Rebuild(Rebuild::TextOnly)),
            (400, 50035, template),
            (400, 50109, Verdict::Bug),
            (403, 20001, Verdict::Bug),
            (403, 20012, Verdict::Bug),
            (403, 60003, Verdict::Degrade(Reason::TwoFactorRequired)),
            (503, 130_000, retry),
            (403, 160_002, template),
            (400, 160_004, Verdict::Done),
            (403, 160_005, Verdict::Degrade(Reason::ThreadLocked)),
            (400, 200_000, automod),
            (400, 200_001, automod),
            (400, 240_000, automod),
            (400, 340_015, Verdict::Fail),
            (400, 0, Verdict::Fail),
            (502, 0, retry),
        ];
        for (status, code, expected) in table {
            assert_eq!(verdict(Create, *status, *code), *expected, "{code}");
        }
    }

    #[test]
    fn edits_and_deletes_differ_where_the_message_is_there_already() {
        let missing = Verdict::Degrade(Reason::MissingPermission);
        assert_eq!(verdict(Edit, 403, 50013), missing);
        assert_eq!(verdict(Delete, 404, 10008), Verdict::Done);
        assert_eq!(verdict(Delete, 404, 0), Verdict::Done);
        assert_eq!(verdict(Edit, 404, 0), Verdict::Fail);
        assert_eq!(verdict(Delete, 400, 50035), Verdict::Fail);
    }

    #[test]
    fn what_time_cures_is_tried_again_and_what_meets_all_stops_all() {
        let retry_after = Duration::from_secs(3);
        let limited =
            Error::RateLimited { scope: Scope::User, retry_after, code: None, bucket: None };
        assert_eq!(classify(Create, &limited), Verdict::Retry { after: Some(retry_after) });
        let coded = |code| Error::RateLimited {
            scope: Scope::User,
            retry_after,
            code: Some(code),
            bucket: None,
        };
        for code in [20016, 20028, 30046, 1] {
            assert_eq!(classify(Edit, &coded(code)), Verdict::Retry { after: Some(retry_after) });
        }
        assert_eq!(classify(Edit, &coded(40333)), Verdict::OpenCircuit);
        let down = Error::Unavailable { status: None, sent: true };
        assert_eq!(classify(Create, &down), Verdict::Retry { after: None });
        assert_eq!(classify(Create, &Error::Unauthorized { code: 0 }), Verdict::OpenCircuit);
        let blocked = Error::Blocked { retry_after: None };
        assert_eq!(classify(Edit, &blocked), Verdict::OpenCircuit);
    }
}
