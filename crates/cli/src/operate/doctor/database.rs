//! The database: there, new enough, migrated, and over TLS.

use super::check::Check;
use crate::operate::settings::Stack;
use sm_aws::CallError;
use sm_db::{
    Session,
    fitness::{self, Obstacle, Trial},
    migrations::State,
};
use sm_lambda::Config;
use sm_services::App;
use sqlx::postgres::PgSslMode;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Postgres 14.
const OLDEST: i32 = 140_000;
const PATIENCE: Duration = Duration::from_secs(5);
const AWAY: &str = "database";

pub(super) fn is_away(check: &Check) -> bool {
    !check.is_good() && check.is_about(AWAY)
}

/// `stack`: whose settings these are, if a stack's.
pub(super) async fn look(app: &App, config: &Config, stack: Option<&Stack>) -> Vec<Check> {
    let options = app.pool.connect_options();
    let begun = Instant::now();
    let fix = "check host, user and password in DATABASE_URL, and whether Postgres takes connections from here";
    let mut db = match timeout(PATIENCE, app.pool.acquire()).await {
        Ok(Ok(db)) => db,
        Ok(Err(error)) => {
            let remedy =
                Obstacle::of(&error).filter(|found| !matches!(found, Obstacle::Refused { .. }));
            let remedy = remedy.map_or_else(|| fix.to_owned(), |obstacle| obstacle.remedy());
            return vec![Check::problem(AWAY, &error.to_string(), &remedy)];
        }
        Err(_) => return vec![Check::problem(AWAY, "does not answer within 5 seconds", fix)],
    };
    let took = begun.elapsed().as_millis();
    let mut checks = Vec::new();
    match sm_db::guilds::status::server_version(&mut db).await {
        Ok((number, text)) if number < OLDEST => {
            let found = format!("PostgreSQL {text} is too old");
            checks.push(Check::problem(AWAY, &found, "move to PostgreSQL 14 or newer"));
        }
        Ok((_, text)) => {
            let found = format!("PostgreSQL {text}, connected in {took} ms");
            checks.push(Check::good(AWAY, &found));
        }
        Err(error) => return vec![Check::problem(AWAY, &error.to_string(), fix)],
    }
    match sm_db::migrations::state(&mut db).await {
        Ok(state) => {
            checks.push(migrations(&state));
            checks.extend(writes(app, &mut db, !state.pending.is_empty()).await);
        }
        Err(error) => {
            let fix = "may the user read all tables?";
            checks.push(Check::problem("migrations", &error.to_string(), fix));
        }
    }
    checks.push(connection(config, options.get_host(), options.get_ssl_mode()));
    if !is_pooled(config) {
        let instances = match stack {
            Some(stack) => stack.instances().await,
            None => Ok(Some(1)),
        };
        checks.extend(room(&mut db, config, instances).await);
    }
    checks
}

/// Whether the database takes as many connections as there may be; says nothing where it does.
async fn room(
    db: &mut Session,
    config: &Config,
    instances: Result<Option<u64>, CallError>,
) -> Option<Check> {
    const NAME: &str = "connections";
    let instances = match instances {
        Ok(instances) => instances?,
        Err(error) => {
            let fix = "check lambda:GetFunctionConcurrency and lambda:GetAccountSettings";
            return Some(Check::warning(NAME, &error.to_string(), fix));
        }
    };
    let allowed = sm_db::guilds::status::connections_allowed(db).await.ok()?;
    let most = instances * u64::from(config.database_connections);
    let found = format!(
        "{instances} instances with {} each are more than the {allowed} that Postgres takes",
        config.database_connections
    );
    let fix = "use a pooled address, or lower ReservedConcurrency and DATABASE_CONNECTIONS";
    (most > allowed).then(|| Check::warning(NAME, &found, fix))
}

/// Whether it takes what we write; says nothing more where it does.
async fn writes(app: &App, db: &mut Session, pending: bool) -> Option<Check> {
    const NAME: &str = "writing";
    let found = match fitness::obstacle_to_migrating(db, pending).await {
        Ok(None) => fitness::obstacle_to_writing(&app.pool).await,
        found => found,
    };
    let found = match found {
        // Tried in earnest, and taken back.
        Ok(None) if !pending => fitness::obstacle_to_a_row(&app.pool, Trial::TakenBack).await,
        found => found,
    };
    match found {
        Ok(Some(obstacle)) => Some(Check::problem(NAME, &obstacle.found(), &obstacle.remedy())),
        // Without its tables, which is told before.
        Err(_) | Ok(None) => None,
    }
}

fn is_pooled(config: &Config) -> bool {
    config.secrets().is_ok_and(|secrets| sm_lambda::is_pooled(&secrets.database_url))
}

fn migrations(state: &State) -> Check {
    const NAME: &str = "migrations";
    let list =
        |versions: &[i64]| versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if !state.broken.is_empty() {
        let found = format!("broken off or changed since: {}", list(&state.broken));
        Check::problem(NAME, &found, "docs/upgrading.md tells how to go back to a known state")
    } else if !state.pending.is_empty() {
        let found = format!("{} pending", state.pending.len());
        Check::problem(
            NAME,
            &found,
            "look with `streammaxing migrate --plan`, then run `streammaxing migrate`",
        )
    } else if !state.unknown.is_empty() {
        let found = format!("a newer version has done {}", list(&state.unknown));
        Check::warning(NAME, &found, "run the newer version here too")
    } else {
        Check::good(NAME, &format!("all {} are done", state.applied))
    }
}

fn connection(config: &Config, host: &str, mode: PgSslMode) -> Check {
    const NAME: &str = "connection";
    let way = if is_pooled(config) { "through a pooling proxy" } else { "straight to Postgres" };
    let near = host.starts_with('/') || matches!(host, "localhost" | "127.0.0.1" | "::1" | "[::1]");
    if !near && !matches!(mode, PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull) {
        let found = format!("{way}, and perhaps without TLS");
        return Check::warning(
            NAME,
            &found,
            "add ?sslmode=require to DATABASE_URL, or verify-full",
        );
    }
    Check::good(NAME, &format!("{way}, {} at most from each process", config.database_connections))
}
