//! Grants a role to a member or takes it away, and records what became of it.

use super::plan::{self, Change};
use crate::{
    App,
    announce::gate::{self, NotNow, Turns},
};
use sm_aws::metrics::Counter;
use sm_db::{
    lease::backoff,
    roles::{
        DueHolder, Purpose, claim,
        record::{self, Changed},
    },
};
use sm_discord::{Error, Scope};
use time::Duration;

/// Between two tries that met no answer, doubled each time.
const FIRST_WAIT: Duration = Duration::seconds(2);
const LONGEST_WAIT: Duration = Duration::minutes(15);
/// After a refusal of another kind.
const REFUSED_WAIT: Duration = Duration::minutes(5);
/// A server that does not know us: others find out whether the bot is still there.
const ABSENT_WAIT: Duration = Duration::minutes(15);

/// Changes what a member carries.
pub(super) async fn attempt(app: &App, due: DueHolder) -> sqlx::Result<()> {
    let record = |changed| record::holder(&app.pool, &due, changed, app.clock.now());
    let wanted = match plan::change(due.wanted, due.held) {
        Change::Nothing => return record(Changed::Known(due.wanted)).await,
        Change::Grant => true,
        Change::Take => false,
    };
    let mut turns = Turns::of_roles(app);
    match turns.next().await {
        Ok(()) => {}
        Err(NotNow::Later(wait)) => return record(Changed::Refused(wait)).await,
        Err(NotNow::Database(error)) => return Err(error),
    }
    let (guild, user, role) = (due.guild, due.user, due.role);
    let answer = if wanted {
        app.discord.add_member_role(guild, user, role).await
    } else {
        app.discord.remove_member_role(guild, user, role).await
    };
    let error = match answer {
        // What is owed to be taken is owed until it is seen to be gone.
        Ok(_) if !wanted && due.purpose() == Purpose::Live => {
            return record(read_back(app, &due, &mut turns).await?).await;
        }
        Ok(_) => return record(Changed::Known(wanted)).await,
        Err(error) => error,
    };
    refused(app, &due, &error).await
}

/// Looks whether a member still carries a role that was taken.
async fn read_back(app: &App, due: &DueHolder, turns: &mut Turns<'_>) -> sqlx::Result<Changed> {
    let wait = retry(due);
    match turns.next().await {
        Ok(()) => {}
        Err(NotNow::Later(wait)) => return Ok(Changed::Unknown(wait)),
        Err(NotNow::Database(error)) => return Err(error),
    }
    Ok(match app.discord.get_member(due.guild, due.user).await {
        Ok(member) if member.body.roles.contains(&due.role) => Changed::Unknown(wait),
        Ok(_) => Changed::Known(false),
        Err(error) if is_no_member(&error) => Changed::Known(false),
        Err(_) => Changed::Unknown(wait),
    })
}

fn retry(due: &DueHolder) -> Duration {
    backoff(due.attempts, FIRST_WAIT, LONGEST_WAIT, due.user.0.to_le_bytes()[3])
}

fn is_no_member(error: &Error) -> bool {
    matches!(error, Error::Rejected { code: 10007 | 10013, .. })
}

async fn refused(app: &App, due: &DueHolder, error: &Error) -> sqlx::Result<()> {
    let (pool, now) = (&app.pool, app.clock.now());
    if error.counts_as_invalid() {
        Counter::DiscordInvalid.count();
        gate::count_invalid(app, 1).await?;
    }
    let changed = match error {
        Error::RateLimited { scope, retry_after, .. } => {
            let wait = Duration::try_from(*retry_after).unwrap_or(FIRST_WAIT);
            match scope {
                Scope::Global => sm_db::announce::gate::block(pool, wait).await?,
                _ => claim::block(pool, due.guild, wait).await?,
            }
            Changed::Refused(Duration::ZERO)
        }
        Error::Unauthorized { .. } | Error::Blocked { .. } => {
            let wait = gate::open_circuit_if_proved(app, error).await?;
            Changed::Refused(wait.unwrap_or_else(|| retry(due)))
        }
        Error::Unavailable { sent: false, .. } => Changed::Refused(retry(due)),
        Error::Unavailable { .. } | Error::Decode { .. } => Changed::Unknown(retry(due)),
        Error::Rejected { code: 10011, .. } => {
            record::lost(pool, due.guild, due.role, now).await?;
            tracing::info!(guild.id = %due.guild, role.id = %due.role, "a role of ours was deleted");
            return Ok(());
        }
        Error::Rejected { code: 10007 | 10013, .. } => Changed::NotMember,
        Error::Rejected { code: 10004 | 50001, .. } => {
            claim::block(pool, due.guild, ABSENT_WAIT).await?;
            Changed::Refused(Duration::ZERO)
        }
        Error::Rejected { status: 403, .. } => {
            record::holder(pool, due, Changed::Parked, now).await?;
            return record::doubt(pool, due, now).await;
        }
        Error::Rejected { .. } => {
            tracing::warn!(%error, guild.id = %due.guild, role.id = %due.role, "Discord refuses to change a member's role");
            Changed::Refused(retry(due).max(REFUSED_WAIT))
        }
    };
    record::holder(pool, due, changed, now).await
}
