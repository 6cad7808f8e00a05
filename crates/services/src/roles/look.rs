//! Makes, repairs and deletes the roles of one server, after a look at all of it.

use super::plan::{self, Ours, Seen, Step};
use crate::{
    App,
    announce::{
        gate::{self, NotNow, Turns},
        preflight,
    },
};
use sm_aws::metrics::Counter;
use sm_db::{
    lease::backoff,
    roles::{
        DueRole, Purpose, claim,
        record::{self, Looked},
        shown,
    },
};
use sm_discord::{Error, Guild, Member, NewRole, Scope};
use sm_types::{GuildId, RoleId, UserId};
use time::Duration;

/// From one look at a role that can be granted to the next: somebody may have deleted or moved it.
const LOOKED_EVERY: Duration = Duration::days(1);
/// What stands in the way is looked at again, ever later.
const FIRST_WAIT: Duration = Duration::minutes(5);
const LONGEST_WAIT: Duration = Duration::hours(6);
/// After a request whose answer nobody knows.
const UNKNOWN_WAIT: Duration = Duration::seconds(5);
/// A longer wait for a server's pace is left to the next look.
const PATIENCE: Duration = Duration::seconds(15);

/// Looks at roles of one server and does what is to be done about each.
pub(super) async fn at(app: &App, due: Vec<DueRole>) -> sqlx::Result<()> {
    let Some(guild) = due.first().map(|role| role.guild) else { return Ok(()) };
    let done = each(app, guild, &due).await;
    claim::looked(&app.pool, guild).await?;
    done
}

async fn each(app: &App, guild: GuildId, due: &[DueRole]) -> sqlx::Result<()> {
    let (info, member, bot) = match read(app, guild).await {
        Ok(read) => read,
        Err(Stop::Database(error)) => return Err(error),
        Err(stop) => return put_off(app, due, &stop).await,
    };
    let seen = Seen::new(&info, &member, bot);
    let shown = shown::list(&app.pool, guild, None).await?;
    let known: Vec<RoleId> = shown.iter().filter_map(shown::Shown::role).collect();
    let made = shown.iter().filter(|role| role.purpose == "ping" && role.role().is_some());
    let mut ping_roles = i64::try_from(made.count()).unwrap_or(i64::MAX);
    for (n, role) in due.iter().enumerate() {
        let name = plan::name(role.display_name.as_deref().unwrap_or("Twitch"));
        let ours = Ours {
            purpose: role.purpose(),
            retired: role.state == "retired",
            role: role.role(),
            name: &name,
            tried_at: role.tried_at,
            is_held: role.is_held,
        };
        let step = plan::step(&ours, &seen, ping_roles, &known);
        match carry_out(app, role, &name, step).await {
            Ok(()) => {}
            Err(Stop::Database(error)) => return Err(error),
            // The others would meet the same.
            Err(stop) => return put_off(app, &due[n..], &stop).await,
        }
        ping_roles += i64::from(matches!(step, Step::Make { .. } | Step::Adopt { .. }));
    }
    Ok(())
}

/// Why nothing more is asked about a server's roles now.
enum Stop {
    Later(Duration),
    /// The request may have been carried out.
    Unknown,
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<NotNow> for Stop {
    fn from(not_now: NotNow) -> Self {
        match not_now {
            NotNow::Later(wait) => Self::Later(wait),
            NotNow::Database(error) => Self::Database(error),
        }
    }
}

async fn put_off(app: &App, due: &[DueRole], stop: &Stop) -> sqlx::Result<()> {
    for role in due {
        let wait = match stop {
            Stop::Later(wait) => *wait,
            _ => {
                backoff(role.attempts, UNKNOWN_WAIT, LONGEST_WAIT, role.bot_role_id.as_bytes()[15])
            }
        };
        record::role(&app.pool, role, Looked::Later, wait, app.clock.now()).await?;
    }
    Ok(())
}

/// The server, and the bot in it.
async fn read(app: &App, guild: GuildId) -> Result<(Guild, Member, UserId), Stop> {
    let bot = match preflight::bot_user(app).await {
        Ok(bot) => bot,
        Err(error) => return Err(stop(app, guild, &error).await?),
    };
    Turns::of_roles(app).next().await?;
    let info = match app.discord.get_guild(guild).await {
        Ok(reply) => reply.body,
        Err(error) => return Err(stop(app, guild, &error).await?),
    };
    // A server has `@everyone` at least: what lacks it is no answer to go by.
    if !info.roles.iter().any(|role| role.id.0 == guild.0) {
        return Err(Stop::Unknown);
    }
    Turns::of_roles(app).next().await?;
    match app.discord.get_member(guild, bot).await {
        Ok(reply) => Ok((info, reply.body, bot)),
        Err(error) => Err(stop(app, guild, &error).await?),
    }
}

/// What a refusal means for whatever else is to be asked about a server's roles.
async fn stop(app: &App, guild: GuildId, error: &Error) -> sqlx::Result<Stop> {
    if error.counts_as_invalid() {
        Counter::DiscordInvalid.count();
        gate::count_invalid(app, 1).await?;
    }
    Ok(match error {
        Error::RateLimited { scope, retry_after, .. } => {
            let wait = Duration::try_from(*retry_after).unwrap_or(FIRST_WAIT);
            if *scope == Scope::Global {
                sm_db::announce::gate::block(&app.pool, wait).await?;
            }
            Stop::Later(wait)
        }
        Error::Unauthorized { .. } | Error::Blocked { .. } => {
            let wait = gate::open_circuit_if_proved(app, error).await?;
            Stop::Later(wait.unwrap_or(FIRST_WAIT))
        }
        Error::Unavailable { .. } | Error::Decode { .. } => Stop::Unknown,
        Error::Rejected { .. } => {
            tracing::info!(%error, guild.id = %guild, "the roles of a server cannot be looked at");
            Stop::Later(FIRST_WAIT)
        }
    })
}

/// Does what was decided about a role and records it.
async fn carry_out(app: &App, due: &DueRole, name: &str, step: Step) -> Result<(), Stop> {
    let record = async |looked, wait| {
        record::role(&app.pool, due, looked, wait, app.clock.now()).await.map_err(Stop::from)
    };
    let guild = due.guild;
    match step {
        Step::Ready { role, mentionable } => {
            record(Looked::Ready { role, mentionable }, LOOKED_EVERY).await
        }
        Step::Adopt { role, mentionable } => {
            tracing::info!(guild.id = %guild, role.id = %role, "a role was made, and the answer was lost");
            record(Looked::Ready { role, mentionable }, LOOKED_EVERY).await
        }
        Step::Make { mentionable } => {
            turn(app, guild).await?;
            // From now on it may be there without our knowing.
            record(Looked::Trying, Duration::ZERO).await?;
            let made = app.discord.create_role(guild, &NewRole::plain(name, mentionable)).await;
            match made {
                Ok(made) => {
                    let role = made.body.id;
                    tracing::info!(guild.id = %guild, role.id = %role, "made a role for a streamer's pings");
                    record(Looked::Ready { role, mentionable }, LOOKED_EVERY).await
                }
                Err(Error::Rejected { code: 30005, .. }) => {
                    record(Looked::Blocked("too_many_roles"), wait(due)).await
                }
                // Discord lets a server make 250 roles in two days, and says to wait for long then.
                Err(Error::RateLimited {
                    scope: Scope::User | Scope::Shared, retry_after, ..
                }) => {
                    let wait = Duration::try_from(retry_after).unwrap_or(FIRST_WAIT);
                    record(Looked::Blocked("rate_limited"), wait).await
                }
                Err(error) => refused(app, due, &error).await,
            }
        }
        Step::SetMentionable { role, mentionable } => {
            turn(app, guild).await?;
            match app.discord.set_role_mentionable(guild, role, mentionable).await {
                Ok(_) => record(Looked::Ready { role, mentionable }, LOOKED_EVERY).await,
                Err(error) => refused(app, due, &error).await,
            }
        }
        Step::Delete(role) => {
            turn(app, guild).await?;
            match app.discord.delete_role(guild, role).await {
                Ok(_) | Err(Error::Rejected { code: 10011, .. }) => {
                    record(Looked::Gone, Duration::ZERO).await
                }
                Err(error) => refused(app, due, &error).await,
            }
        }
        Step::Lost => record(Looked::Lost, Duration::ZERO).await,
        Step::Forget => record(Looked::Gone, Duration::ZERO).await,
        Step::Empty(role) => {
            record(Looked::Ready { role, mentionable: false }, Duration::minutes(1)).await
        }
        Step::Blocked(reason) => {
            if due.purpose() == Purpose::Live && due.state == "retired" && reason == "role_gone" {
                return record(Looked::Gone, Duration::ZERO).await;
            }
            tracing::info!(guild.id = %guild, reason, "a role cannot be granted");
            record(Looked::Blocked(reason), wait(due)).await
        }
    }
}

fn wait(due: &DueRole) -> Duration {
    backoff(due.attempts, FIRST_WAIT, LONGEST_WAIT, due.bot_role_id.as_bytes()[15])
}

async fn refused(app: &App, due: &DueRole, error: &Error) -> Result<(), Stop> {
    let forbidden = matches!(error, Error::Rejected { status: 403, .. });
    match stop(app, due.guild, error).await? {
        Stop::Later(_) if forbidden => {
            let blocked = Looked::Blocked("missing_permission");
            Ok(record::role(&app.pool, due, blocked, wait(due), app.clock.now()).await?)
        }
        stop => Err(stop),
    }
}

/// Waits for the server's turn and ours.
async fn turn(app: &App, guild: GuildId) -> Result<(), Stop> {
    let wait = claim::reserve(&app.pool, guild, app.settings.role_interval()).await?;
    if wait > PATIENCE {
        return Err(Stop::Later(wait));
    }
    tokio::time::sleep(wait.unsigned_abs()).await;
    Ok(Turns::of_roles(app).next().await?)
}
