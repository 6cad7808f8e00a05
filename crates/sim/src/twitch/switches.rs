//! What goes wrong, what is late and what Twitch loses: set by a test, told to nobody.

use super::{Fault, ListingLag, TwitchSim, faults::Challenge, listing};

impl TwitchSim {
    /// Makes all access tokens invalid, of users and of the application.
    pub fn expire_tokens(&self) {
        self.expire_user_tokens();
        self.expire_app_tokens();
    }

    /// Makes the access tokens of users invalid; their refresh tokens stay good.
    pub fn expire_user_tokens(&self) {
        self.shared.world().tokens.expire_user_tokens();
    }

    /// Makes all app tokens invalid.
    pub fn expire_app_tokens(&self) {
        self.shared.world().tokens.expire_app_tokens();
    }

    /// Adds a fault.
    pub fn fault(&self, fault: Fault) {
        self.shared.world().faults.push(fault);
    }

    /// Answers the next requests under a path with a status; see [`Fault::path`].
    pub fn fail_next(&self, path_prefix: &str, status: u16, times: u32) {
        self.fault(Fault::refusing(path_prefix, status, times));
    }

    /// The faults that are left.
    pub fn faults(&self) -> Vec<Fault> {
        self.shared.world().faults.clone()
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.world().faults.clear();
    }

    /// Hides all streams from Get Streams until it is told otherwise.
    pub fn hide_streams(&self, hide: bool) {
        self.shared.world().streams_hidden = hide;
    }

    /// Sets how far Get Streams lags behind from now on.
    pub fn set_listing_lag(&self, lag: ListingLag) {
        self.shared.world().listing_lag = lag;
    }

    /// Lets Get Streams learn at once of everything that has begun and ended so far.
    pub fn catch_up(&self) {
        self.shared.world().users.iter_mut().for_each(listing::catch_up);
    }

    /// Says when callbacks are challenged from now on.
    pub fn set_challenge(&self, challenge: Challenge) {
        self.shared.world().challenge = challenge;
    }

    /// Sets what all subscriptions together may cost.
    pub fn set_max_total_cost(&self, cost: u64) {
        self.shared.world().max_total_cost = cost;
    }

    /// Loses a subscription; false when there is none with this id.
    pub fn remove_subscription(&self, id: &str) -> bool {
        self.shared.world().remove_subscription(id)
    }

    /// Sets a subscription's status; false when there is none with this id.
    pub fn set_subscription_status(&self, id: &str, status: &str) -> bool {
        self.shared.world().set_status(id, status)
    }
}
