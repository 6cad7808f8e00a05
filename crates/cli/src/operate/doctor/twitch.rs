//! Twitch: application, redirect, and what its subscriptions cost.

use super::{check::Check, here};
use crate::operate::Addresses;
use sm_lambda::Config;
use sm_services::{App, streamers::reconcile};
use sm_twitch::{Budget, Error};

/// From this share of the budget on, somebody should know.
const NEARLY_SPENT: u64 = 80;

/// `reachable`: the database, which knows what should be subscribed to.
pub(super) async fn look(app: &App, config: &Config, reachable: bool) -> Vec<Check> {
    let mut checks = Vec::new();
    match app.twitch.app_token().await {
        Ok(token) => {
            checks.push(Check::good("twitch application", "gives a token"));
            checks.push(redirect(app, config).await);
            checks.push(match app.twitch.subscription_budget(&token.secret).await {
                Ok(found) => budget(&found, config.subscription_budget),
                Err(error) => refused("twitch budget", &error, "look again in a minute"),
            });
            if reachable {
                checks.push(drift(app).await);
            }
        }
        Err(Error::Unavailable { .. }) => {
            let fix = "is TWITCH_AUTH_URL right, and may this machine reach Twitch?";
            checks.push(Check::problem("twitch application", "does not answer", fix));
        }
        Err(error) => {
            let fix =
                "check TWITCH_CLIENT_ID and TWITCH_CLIENT_SECRET against the developer console";
            checks.push(refused("twitch application", &error, fix));
        }
    }
    let date = here::date(app, &format!("{}/validate", config.twitch_auth_url)).await;
    checks.push(here::skew("clock and Twitch", date, app.clock.now()));
    checks
}

fn refused(name: &'static str, error: &Error, fix: &str) -> Check {
    Check::problem(name, &error.to_string(), fix)
}

/// The consent page answers a redirect that is not registered with `redirect_mismatch`.
pub(crate) async fn redirect(app: &App, config: &Config) -> Check {
    const NAME: &str = "twitch redirect";
    let redirect = Addresses::below(&config.public_base_url).twitch_redirect;
    let Some(page) = app.twitch.consent_url(&redirect, "doctor", &[sm_twitch::LINK_SCOPE]) else {
        return Check::problem(NAME, "has no consent page", "TWITCH_AUTH_URL is not an address");
    };
    let Ok(answer) = sm_aws::lazy_http().get(page).send().await else {
        return Check::warning(NAME, "the consent page does not answer", "look again in a minute");
    };
    let to =
        answer.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or("").to_owned();
    let refused = answer.status().is_client_error();
    let text = answer.text().await.unwrap_or_default();
    if to.contains("redirect_mismatch") || refused && text.contains("redirect") {
        let fix = format!(
            "add {redirect} in Twitch developer console → Applications → OAuth Redirect URLs"
        );
        return Check::problem(NAME, "is not registered: no streamer can add a channel", &fix);
    }
    Check::good(NAME, "is not refused")
}

/// `set`: what our settings say that Twitch allows.
fn budget(budget: &Budget, set: u32) -> Check {
    const NAME: &str = "twitch budget";
    let Budget { total, total_cost, max_total_cost } = *budget;
    let found = format!("{total} subscriptions cost {total_cost} of {max_total_cost}");
    let fix = "let streamers add their channels themselves (invite links): those cost nothing";
    if total_cost >= max_total_cost {
        Check::problem(NAME, &found, fix)
    } else if total_cost * 100 >= max_total_cost * NEARLY_SPENT {
        Check::warning(NAME, &found, fix)
    } else if max_total_cost != u64::from(set) {
        let fix = format!(
            "set SUBSCRIPTION_BUDGET to {max_total_cost}: a fifth of it is kept for people who add few"
        );
        Check::warning(NAME, &found, &fix)
    } else {
        Check::good(NAME, &found)
    }
}

async fn drift(app: &App) -> Check {
    const NAME: &str = "subscriptions";
    let fix =
        "run `streammaxing subscriptions reconcile`; `subscriptions list --problems` names them";
    match reconcile::drift(app).await {
        Ok(found) => {
            let missing = found.missing + found.failing + i64::from(found.app_wide_missing);
            let needless = found.unwanted + i64::try_from(found.strays).unwrap_or(0);
            if missing + needless == 0 {
                return Check::good(
                    NAME,
                    &format!("{} at Twitch, as they should be", found.listed),
                );
            }
            Check::warning(NAME, &format!("{missing} missing, {needless} that nobody needs"), fix)
        }
        Err(error) => Check::warning(NAME, &error.to_string(), "look again once the rest is well"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budget_is_a_warning_before_it_is_a_problem() {
        let at =
            |total_cost| budget(&Budget { total: 1, total_cost, max_total_cost: 10_000 }, 10_000);
        assert!(at(7_999).is_good());
        assert!(!at(8_000).is_good());
        assert_ne!(at(9_999), at(10_000));
    }
}
