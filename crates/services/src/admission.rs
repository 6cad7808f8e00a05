//! Whose request to the API is let through.
//!
//! Strangers are whoever shows no session that we have signed. Each source of theirs has a share, and all of them
//! together have half of the API's limit, so that those with a session keep the other half whatever happens.

use crate::{limits::Limited, shares::Shares};
use sm_types::UserId;
use std::{net::IpAddr, time::Duration};

/// A source may begin or end a sign-in for every so many other requests.
const REQUESTS_PER_SIGN_IN: u32 = 5;

/// Whose request it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// Somebody's with a session, by its signature.
    Holder(UserId),
    /// Anybody's else.
    Stranger {
        /// The address or network it came from; `None` when nobody can tell.
        source: Option<IpAddr>,
        /// Whether it begins or ends a sign-in, which costs more than others.
        signs_in: bool,
    },
}

impl Sender {
    /// The limits over all instances that hold for it, each narrower than the next.
    pub(crate) fn limits(self) -> &'static [Limited] {
        match self {
            Self::Holder(_) => &[Limited::Api],
            Self::Stranger { signs_in: false, .. } => &[Limited::Strangers, Limited::Api],
            Self::Stranger { signs_in: true, .. } => {
                &[Limited::SignIns, Limited::Strangers, Limited::Api]
            }
        }
    }
}

/// The shares of an app; those of one process alone.
#[derive(Debug)]
pub(crate) struct Admissions {
    holders: Shares,
    strangers: Shares,
    sign_ins: Shares,
}

impl Admissions {
    /// `per_second` requests of each source; 0 limits none.
    pub(crate) fn new(per_second: u32) -> Self {
        Self {
            holders: Shares::new(per_second),
            strangers: Shares::new(per_second),
            sign_ins: Shares::new(per_second.div_ceil(REQUESTS_PER_SIGN_IN)),
        }
    }

    /// Takes a request out of the share of who sends it, or tells how long to wait.
    pub(crate) fn take(&self, sender: Sender) -> Result<(), Duration> {
        match sender {
            Sender::Holder(user) => self.holders.take(&user),
            Sender::Stranger { source, signs_in } => {
                if signs_in {
                    self.sign_ins.take(&source)?;
                }
                self.strangers.take(&source)
            }
        }
    }
}
