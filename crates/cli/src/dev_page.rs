//! The page of `streammaxing dev`, and what its buttons do.

use axum::{
    Json, Router,
    extract::{Path, State},
    response::Html,
    routing::{delete, get, post},
};
use serde_json::{Value, json};
use sm_aws::Http;
use sm_services::App;
use sm_sim::{
    OddBody,
    discord::{DiscordSim, Fault, FaultKind, LimitScope},
    twitch::{EdgeCase, TwitchSim},
};
use sm_types::{ChannelId, GuildId, RoleId};

const PAGE: &str = include_str!("../assets/dev.html");

/// What the page shows and acts on.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) app: App,
    pub(crate) twitch: TwitchSim,
    pub(crate) discord: DiscordSim,
    pub(crate) http: Http,
}

/// The page and the requests that it makes.
pub(crate) fn router(parts: Parts) -> Router {
    Router::new()
        .route("/dev", get(|| async { Html(PAGE) }))
        .route("/dev/state", get(state))
        .route("/dev/log", get(deliveries))
        .route("/dev/streamers/{login}/{action}", post(act))
        .route("/dev/channels/{channel}", delete(delete_channel))
        .route("/dev/guilds/{guild}/roles/{role}", delete(delete_role))
        .route("/dev/guilds/{guild}/bot", post(add_bot).delete(remove_bot))
        .route("/dev/faults/{fault}", post(fault))
        .with_state(parts)
}

async fn get_json(origin: &str, path: &str, http: &reqwest::Client) -> Value {
    let answer = http.get(format!("{origin}{path}")).send().await;
    match answer {
        Ok(answer) => {
            serde_json::from_slice(&answer.bytes().await.unwrap_or_default()).unwrap_or_default()
        }
        Err(_) => Value::Null,
    }
}

/// Streamers, guilds and messages, for the page.
async fn state(State(parts): State<Parts>) -> Json<Value> {
    let Parts { twitch, discord, http, .. } = parts;
    let (twitch, discord) = (twitch.origin(), discord.origin());
    let (users, world, messages, violations) = tokio::join!(
        get_json(&twitch, "/_sim/twitch/users", &http),
        get_json(&discord, "/_sim/discord/world", &http),
        get_json(&discord, "/_sim/discord/messages?since=0", &http),
        get_json(&discord, "/_sim/discord/violations", &http),
    );
    let case = |case: &EdgeCase| json!({ "name": case.name(), "about": case.about() });
    let cases: Vec<_> = EdgeCase::ALL.iter().map(case).collect();
    Json(json!({
        "users": users, "guilds": world["guilds"], "messages": messages["messages"], "violations": violations,
        "cases": cases, "pictures": format!("{twitch}/_sim/twitch/pictures"),
    }))
}

/// The latest deliveries with their timings, for the page.
async fn deliveries(State(Parts { app, .. }): State<Parts>) -> Json<Value> {
    let latest = sm_db::announce::deliveries::latest(&app.pool, 40).await.unwrap_or_default();
    let row = |d: &sm_db::announce::deliveries::Latest| {
        json!({
            "guild": d.guild_name, "login": d.login, "kind": d.kind, "status": d.status, "reason": d.reason,
            "detail": d.detail, "attempts": d.attempts, "latency_ms": d.latency_ms,
        })
    };
    Json(latest.iter().map(row).collect())
}

async fn act(
    State(Parts { twitch, http, .. }): State<Parts>,
    Path((login, action)): Path<(String, String)>,
) -> Json<Value> {
    let path = match action.as_str() {
        "live" | "end" | "remove" | "restore" => format!("/_sim/twitch/users/{login}/{action}"),
        case => format!("/_sim/twitch/users/{login}/trigger/{case}"),
    };
    let answer = http.post(format!("{}{path}", twitch.origin())).send().await;
    let text = match answer {
        Ok(answer) => answer.text().await.unwrap_or_default(),
        Err(error) => error.to_string(),
    };
    Json(json!({ "answer": text }))
}

async fn delete_channel(
    State(Parts { discord, .. }): State<Parts>,
    Path(channel): Path<ChannelId>,
) -> Json<Value> {
    discord.delete_channel(channel);
    Json(json!({ "answer": "The channel is deleted. Discord brings none back." }))
}

async fn delete_role(
    State(Parts { discord, .. }): State<Parts>,
    Path((guild, role)): Path<(GuildId, RoleId)>,
) -> Json<Value> {
    let gone = discord.delete_role(guild, role);
    let answer = if gone { "The role is deleted." } else { "This role cannot be deleted." };
    Json(json!({ "answer": answer }))
}

async fn add_bot(
    State(Parts { discord, .. }): State<Parts>,
    Path(guild): Path<GuildId>,
) -> Json<Value> {
    discord.set_bot_present(guild, true);
    Json(json!({ "answer": "The bot is in the server again." }))
}

async fn remove_bot(
    State(Parts { discord, .. }): State<Parts>,
    Path(guild): Path<GuildId>,
) -> Json<Value> {
    discord.set_bot_present(guild, false);
    Json(json!({ "answer": "The bot is out of the server." }))
}

async fn fault(
    State(Parts { discord, .. }): State<Parts>,
    Path(name): Path<String>,
) -> Json<Value> {
    let limited = |scope| FaultKind::RateLimit { scope, retry_after: 1.5, header: None };
    let odd = |status, body| Some(Fault::new(FaultKind::Odd { status, body }, 1));
    let fault = match name.as_str() {
        "rate-limit" => Some(Fault::new(limited(LimitScope::User), 1)),
        "global-limit" => Some(Fault::new(limited(LimitScope::Global), 1)),
        "server-error" => {
            Some(Fault::new(FaultKind::ServerError { status: 502, stored: false }, 1))
        }
        "lost-answer" => Some(Fault::new(FaultKind::LostAnswer, 1)),
        "forbidden" => Some(Fault::new(FaultKind::Refuse { status: 403, code: 50013 }, 1)),
        "slow" => Some(Fault::new(FaultKind::Slow { ms: 3000 }, 1)),
        "cloudflare" => Some(Fault::new(FaultKind::Cloudflare, 1)),
        "empty-200" => odd(200, OddBody::Empty),
        "cut-200" => odd(200, OddBody::Cut),
        "empty-403" => odd(403, OddBody::Empty),
        "empty-429" => odd(429, OddBody::Empty),
        "page-502" => odd(502, OddBody::Page),
        _ => None,
    };
    match fault {
        Some(fault) => discord.fault(fault),
        None => discord.clear_faults(),
    }
    Json(json!({ "fault": name }))
}
