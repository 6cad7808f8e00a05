//! How many streamers one person can add by name. Their subscriptions cost of what Twitch allows the whole
//! installation; those of streamers who link their own channel cost nothing.

use crate::App;
use sm_db::{Session, streamers::follows};
use sm_types::{TwitchUserId, UserId};

/// Subscriptions of a streamer that cost 1 each.
const COST_EACH: i64 = 2;
/// This part of what Twitch allows is kept for people who have added few.
const RESERVE_PERCENT: i64 = 20;
/// So many are few.
const FEW: i64 = 25;

/// Why somebody is not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The person has added as many as one can.
    PersonsLimit,
    /// Little is left, and that is for those who have added few.
    BudgetReserved,
}

/// Why a person cannot add a streamer by name; `None` when they can.
pub(super) async fn refusal(
    db: &mut Session,
    app: &App,
    user: UserId,
    streamer: &TwitchUserId,
) -> sqlx::Result<Option<Refusal>> {
    let share = follows::share_of(&mut *db, user, streamer).await?;
    if !share.is_own {
        return Ok(None);
    }
    let count = follows::count_by_name(db, user).await?;
    let limit = i64::from(app.settings.streamers_per_user);
    if limit > 0 && count.own >= limit {
        return Ok(Some(Refusal::PersonsLimit));
    }
    let budget = i64::from(app.settings.subscription_budget);
    let open = if count.own < FEW { budget } else { budget - budget * RESERVE_PERCENT / 100 };
    let is_short = share.costs && count.cost + COST_EACH > open;
    Ok(is_short.then_some(Refusal::BudgetReserved))
}
