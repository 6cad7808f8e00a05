//! The smoke test: does everything that the product needs answer with these settings?
//!
//! Before a release gets traffic the database is brought up to date first.

use super::Ops;
use sm_db::route::{self, Belief, Route};
use sm_services::{App, twitch_answers};
use sm_types::Secret;
use std::collections::BTreeMap;

const WAITING: &str = "waiting for `streammaxing secrets bootstrap`";

/// CodeDeploy asks, before a release gets traffic.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hook {
    pub(crate) deployment: String,
    pub(crate) execution: String,
}

/// What was looked at, each `ok` or what is wrong with it.
pub(crate) type Findings = BTreeMap<&'static str, String>;

/// Looks at everything, and changes nothing.
pub(crate) async fn look(app: &Result<App, String>) -> Findings {
    let app = match app {
        Ok(app) => app,
        Err(error) => return Findings::from([("settings", error.clone())]),
    };
    let (database, key, discord, twitch) =
        tokio::join!(database(app), key(app), discord(app), twitch(app));
    [
        ("settings", Ok(())),
        ("database", database),
        ("key", key),
        ("discord", discord),
        ("twitch", twitch),
    ]
    .into_iter()
    .map(|(name, found)| (name, found.err().unwrap_or_else(|| "ok".to_owned())))
    .collect()
}

/// Brings the database up to date, then looks at everything.
pub(crate) async fn prepare(app: &Result<App, String>) -> Findings {
    if let Ok(app) = app {
        if let Err(error) = way(app).await {
            return Findings::from([("migrations", error)]);
        }
        if let Err(error) = sm_db::migrate(&app.pool).await {
            return Findings::from([("migrations", error.to_string())]);
        }
    }
    look(app).await
}

/// Of a stack that waits for its secrets: a release can do no harm there.
pub(crate) fn waiting() -> Findings {
    Findings::from([("settings", WAITING.to_owned())])
}

/// Whether nothing is wrong.
fn passed(findings: &Findings) -> bool {
    findings.values().all(|found| found == "ok" || found == WAITING)
}

impl Ops {
    /// Tells CodeDeploy what was found.
    pub(crate) async fn report(&self, hook: &Hook, findings: &Findings) -> Result<(), String> {
        let call = sm_aws::Hook { deployment_id: &hook.deployment, execution_id: &hook.execution };
        let passed = passed(findings);
        if !passed {
            tracing::error!(?findings, "the smoke test has failed: the release is taken back");
        }
        let told = sm_aws::report_hook(self.aws()?, &self.http, call, passed, self.clock.now());
        told.await.map_err(|error| error.to_string())
    }
}

async fn database(app: &App) -> Result<(), String> {
    way(app).await?;
    let due = sm_db::announce::events::next_due(&app.pool, app.clock.now()).await;
    due.map(drop).map_err(|error| format!("{error}. Check DATABASE_URL, and run the task migrate"))
}

/// A function believes that it is straight where the address does not look like a proxy's.
async fn way(app: &App) -> Result<(), String> {
    let found = route::look(app.pool.connect_options(), Belief::Open).await;
    let found = found.map_err(|error| format!("{error}. Check DATABASE_URL"))?;
    if found == Some(Route::Untracked) && app.pool.belief() == Belief::Direct {
        return Err(format!(
            "a proxy pools transactions, tracks no prepared statements, and is not known as one: let DATABASE_URL \
             end with ?pgbouncer=true, by which each statement takes four round trips. {}",
            route::REMEDY
        ));
    }
    Ok(())
}

async fn key(app: &App) -> Result<(), String> {
    let text = Secret::new("smoke");
    let encrypted = app.cipher.encrypt("smoke", &text).await.map_err(|error| error.to_string())?;
    let read = app.cipher.decrypt("smoke", &encrypted).await.map_err(|error| error.to_string())?;
    (read.expose() == text.expose()).then_some(()).ok_or_else(|| "it reads another text".to_owned())
}

async fn discord(app: &App) -> Result<(), String> {
    let user = app.discord.current_user().await;
    user.map(drop).map_err(|error| format!("{error}. Check DISCORD_BOT_TOKEN"))
}

async fn twitch(app: &App) -> Result<(), String> {
    let answer = twitch_answers(app).await;
    answer.map_err(|error| format!("{error}. Check TWITCH_CLIENT_ID and TWITCH_CLIENT_SECRET"))
}
