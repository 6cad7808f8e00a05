//! The page of `streammaxing dev`, and what its buttons do.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::Html,
    routing::{delete, get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sm_aws::Http;
use sm_services::App;
use sm_sim::{
    discord::{self, DiscordSim, FaultKind, LimitScope},
    twitch::{self, EdgeCase, TwitchSim},
    unkind::{Fault, catalogue},
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
        .route("/dev/press", post(press))
        .route("/dev/faults", delete(lift))
        .route("/dev/faults/{fault}", post(fault))
        .route("/dev/unkind", get(offered).post(unkind))
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
        "users": users, "people": world["users"], "guilds": world["guilds"], "messages": messages["messages"], "violations": violations,
        "cases": cases, "pictures": format!("{twitch}/_sim/twitch/pictures"),
        "chat": format!("{twitch}/_sim/twitch/chat"),
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

/// Presses a button under a message as one of the people; what they alone are told.
async fn press(State(Parts { discord, http, .. }): State<Parts>, body: String) -> Json<Value> {
    let url = format!("{}/_sim/discord/interactions", discord.origin());
    let request = http.post(url).header("content-type", "application/json").body(body);
    let answer = match request.send().await {
        Ok(answer) => answer.text().await.unwrap_or_default(),
        Err(error) => error.to_string(),
    };
    let told: Value = serde_json::from_str(&answer).unwrap_or_default();
    Json(json!({ "answer": told["content"].as_str().unwrap_or(&answer) }))
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

/// What the picker of unkind answers offers.
async fn offered() -> Json<Value> {
    let answer = |answer: &catalogue::Named| json!({ "name": answer.name, "kind": answer.kind.name(), "about": answer.about });
    let answers: Vec<_> = catalogue::ANSWERS.iter().map(answer).collect();
    Json(json!({ "twitch": twitch::ROUTES, "discord": discord::ROUTES, "answers": answers }))
}

/// A choice of the picker; without a route it is every request, without a number it is until faults are lifted.
#[derive(Deserialize)]
struct Choice {
    remote: String,
    route: Option<String>,
    answer: String,
    times: Option<u32>,
}

async fn unkind(State(parts): State<Parts>, Json(choice): Json<Choice>) -> Json<Value> {
    let Some(named) = catalogue::find(&choice.answer) else {
        return Json(json!({ "answer": "There is no such answer." }));
    };
    let path = choice.route.map(|route| format!("{route}$")).unwrap_or_default();
    let fault = Fault::of(&path, named.answer(), choice.times);
    match choice.remote.as_str() {
        "twitch" => parts.twitch.fault(fault),
        _ => parts.discord.fault(Fault {
            path: fault.path,
            times: fault.times,
            answer: FaultKind::Any(fault.answer),
        }),
    }
    Json(json!({ "answer": named.about }))
}

async fn lift(State(Parts { twitch, discord, .. }): State<Parts>) -> Json<Value> {
    twitch.clear_faults();
    discord.clear_faults();
    Json(json!({ "answer": "From now on both answer as usual." }))
}

async fn fault(
    State(Parts { discord, .. }): State<Parts>,
    Path(name): Path<String>,
) -> Result<Json<Value>, StatusCode> {
    let limited = |scope| FaultKind::RateLimit { scope, retry_after: 1.5, header: None };
    let kind = match name.as_str() {
        "rate-limit" => limited(LimitScope::User),
        "global-limit" => limited(LimitScope::Global),
        "forbidden" => FaultKind::Refuse { status: 403, code: 50013 },
        "cloudflare" => FaultKind::Cloudflare,
        _ => return Err(StatusCode::NOT_FOUND),
    };
    discord.fault(discord::Fault::new(kind, 1));
    Ok(Json(json!({ "answer": name })))
}
