//! The database: there, new enough, migrated, and over TLS.

use super::check::Check;
use crate::operate::settings::Stack;
use sm_aws::CallError;
use sm_db::{
    Session,
    fitness::{self, Obstacle, Trial},
    migrations::State,
    route::Route,
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
    checks.push(route(app.pool.route()));
    checks.push(encryption(options.get_host(), options.get_ssl_mode()));
    let instances = match stack {
        Some(stack) => stack.instances().await,
        None => Ok(None),
    };
    checks.extend(room(&mut db, app.pool.route(), config, instances).await);
    checks
}

/// Whether statements are prepared once, on the way that was found.
fn route(route: Option<Route>) -> Check {
    const NAME: &str = "way";
    match route {
        Some(Route::Direct) => Check::good(NAME, "each connection has a server process of its own"),
        Some(Route::Tracked) => {
            Check::good(NAME, "a proxy pools transactions, and tracks prepared statements")
        }
        Some(Route::Untracked) => {
            let found = "a proxy pools transactions, and tracks no prepared statements: each takes four round \
                         trips instead of one";
            let fix = "set max_prepared_statements = 200 in PgBouncer (1.21 or newer), or use an address without \
                       a proxy or of one that pools by session. In Lambda, let DATABASE_URL end with \
                       ?pgbouncer=true until then";
            Check::warning(NAME, found, fix)
        }
        None => {
            let found =
                "the database has no second connection to spare, which shows whether a proxy pools";
            let fix = "close other connections, or allow this user two at least, then look again";
            Check::warning(NAME, found, fix)
        }
    }
}

/// Whether others may listen, or pretend to be the database.
fn encryption(host: &str, mode: PgSslMode) -> Check {
    const NAME: &str = "database tls";
    let near = host.starts_with('/') || matches!(host, "localhost" | "127.0.0.1" | "::1" | "[::1]");
    let found = match mode {
        PgSslMode::VerifyFull => {
            return Check::good(NAME, "sslmode=verify-full: TLS, and the database is who it says");
        }
        _ if near => return Check::good(NAME, "not needed: the database is on this machine"),
        PgSslMode::VerifyCa => {
            "sslmode=verify-ca: any host with a certificate of that authority will do"
        }
        PgSslMode::Require => {
            "sslmode=require: TLS, and nobody looks whose certificate it is: whoever sits in between can read along"
        }
        _ => "perhaps without TLS: sslmode is neither require nor verify-full",
    };
    let fix = "let DATABASE_URL say sslmode=verify-full, and sslrootcert=FILE where the database's authority is \
               its provider's own";
    Check::warning(NAME, found, fix)
}

/// How many of the database's connections there may be from us; `instances`: of a stack.
async fn room(
    db: &mut Session,
    route: Option<Route>,
    config: &Config,
    instances: Result<Option<u64>, CallError>,
) -> Option<Check> {
    const NAME: &str = "connections";
    let each = u64::from(config.database_connections);
    let (most, whose) = match instances {
        Ok(Some(instances)) => {
            (instances * each, format!("{instances} instances with {each} each"))
        }
        Ok(None) => (each, format!("{each} at most from each process")),
        Err(error) => {
            let fix = "check lambda:GetFunctionConcurrency and lambda:GetAccountSettings";
            return Some(Check::warning(NAME, &error.to_string(), fix));
        }
    };
    if matches!(route, Some(Route::Tracked | Route::Untracked)) {
        let found = format!("{whose}; the proxy's own limit (max_client_conn) must allow {most}");
        return Some(Check::good(NAME, &found));
    }
    let allowed = sm_db::guilds::status::connections_allowed(db).await.ok()?;
    if most > allowed {
        let found = format!("{whose} are more than the {allowed} that Postgres takes");
        let fix = "use a pooled address, or lower ReservedConcurrency and DATABASE_CONNECTIONS";
        return Some(Check::warning(NAME, &found, fix));
    }
    Some(Check::good(NAME, &format!("{whose}, of the {allowed} that Postgres takes")))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_certificate_that_is_checked_is_good_enough_from_afar() {
        for mode in [PgSslMode::Disable, PgSslMode::Prefer, PgSslMode::Require, PgSslMode::VerifyCa]
        {
            assert!(!encryption("db.example", mode).is_good(), "{mode:?}");
            assert!(encryption("localhost", mode).is_good(), "{mode:?}");
        }
        assert!(encryption("db.example", PgSslMode::VerifyFull).is_good());
    }
}
