//! Whose request to the API is let through.
//!
//! Strangers are whoever shows no session that we have signed. Each source of theirs has a share, and all of them
//! together have half of the API's limit, so that those with a session keep the other half whatever happens.

use crate::{App, limits::Limited, shares::Shares};
use sm_types::UserId;
use std::{net::IpAddr, time::Duration};

/// Where a limit over all instances is used up, another second begins soon.
const NEXT_SECOND: Duration = Duration::from_secs(1);
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
}

/// Lets a request through, or tells how long to wait.
pub async fn admit(app: &App, sender: Sender) -> Result<(), Duration> {
    let shares = &app.inner().admissions;
    match sender {
        Sender::Holder(user) => shares.holders.take(&user)?,
        Sender::Stranger { source, signs_in } => {
            if signs_in {
                shares.sign_ins.take(&source)?;
            }
            shares.strangers.take(&source)?;
            if signs_in && !app.allows(Limited::SignIns).await
                || !app.allows(Limited::Strangers).await
            {
                return Err(NEXT_SECOND);
            }
        }
    }
    if app.allows(Limited::Api).await { Ok(()) } else { Err(NEXT_SECOND) }
}
