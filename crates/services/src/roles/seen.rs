//! What was seen of members on the way: whoever left, came back, or lost a role by hand.

use crate::App;
use sm_aws::Ring;
use sm_types::{GuildId, RoleId, UserId};

/// Compares the roles that a member was seen with to those that they are to have. It holds nobody up: what fails is
/// found at another time.
pub(crate) async fn member(app: &App, guild: GuildId, user: UserId, roles: &[RoleId]) {
    match sm_db::roles::record::seen(&app.pool, guild, user, roles, app.clock.now()).await {
        Ok(true) => app.doorbell.ring(Ring::Roles).await,
        Ok(false) => {}
        Err(error) => tracing::warn!(%error, "a member's roles could not be compared"),
    }
}
