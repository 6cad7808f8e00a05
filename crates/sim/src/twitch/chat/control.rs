//! The control API of chat, and a page to type in as any viewer.

use super::{Role, events};
use crate::twitch::{Shared, TwitchSim, authorize::escape};
use axum::{
    Form, Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sm_types::TwitchUserId;
use std::{fmt::Write, sync::Arc, time::Duration};

type Sim = State<Arc<Shared>>;

pub(in crate::twitch) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_sim/twitch/chat/{channel}", get(lines).post(type_line))
        .route("/_sim/twitch/chat/{channel}/page", get(page).post(type_on_page))
        .route("/_sim/twitch/chat/{channel}/role", post(set_role))
        .route("/_sim/twitch/chat/{channel}/slow", post(set_slow))
        .route("/_sim/twitch/chat/{channel}/timeout", post(time_out))
        .route("/_sim/twitch/chat/{channel}/ban", post(ban).delete(unban))
        .route("/_sim/twitch/chat/{channel}/drop", post(drop_next))
        .route("/_sim/twitch/chat/{channel}/share", post(share))
        .route("/_sim/twitch/device/{code}", post(agree))
}

fn sim(shared: Arc<Shared>) -> TwitchSim {
    TwitchSim { shared, server: None }
}

/// A name that nobody has.
struct Unknown(String);

impl IntoResponse for Unknown {
    fn into_response(self) -> Response {
        (StatusCode::NOT_FOUND, format!("there is no user `{}`", self.0)).into_response()
    }
}

fn id_of(shared: &Shared, name: &str) -> Result<TwitchUserId, Unknown> {
    let found = shared.world().named(name).map(|user| TwitchUserId(user.id.clone()));
    found.ok_or_else(|| Unknown(name.to_owned()))
}

/// Who it is about, by login or id, and what else a switch needs.
#[derive(Deserialize)]
struct Wish {
    #[serde(default, alias = "as")]
    user: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    reply_to: Option<String>,
    #[serde(default, deserialize_with = "role")]
    role: Option<Role>,
    #[serde(default)]
    seconds: f64,
    #[serde(default)]
    code: String,
    #[serde(default)]
    with: Vec<String>,
}

/// A form sends what nobody has chosen as an empty text.
fn role<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Role>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
    text.map(|text| Role::deserialize(serde::de::value::StrDeserializer::new(&text))).transpose()
}

impl Wish {
    fn lasts(&self) -> Duration {
        Duration::try_from_secs_f64(self.seconds).unwrap_or_default()
    }
}

async fn lines(State(shared): Sim, Path(channel): Path<String>) -> Response {
    let channel = match id_of(&shared, &channel) {
        Ok(id) => id,
        Err(unknown) => return unknown.into_response(),
    };
    let world = shared.world();
    let of_here = world.chat.lines.iter().filter(|line| line.channel == channel.as_str());
    let told: Vec<Value> = of_here
        .map(|line| {
            let mut told = json!(line);
            told["login"] = json!(world.user(&line.chatter).map(|user| user.login.as_str()));
            told
        })
        .collect();
    Json(json!({ "lines": told, "dropped": world.chat.dropped })).into_response()
}

async fn type_line(
    State(shared): Sim,
    Path(channel): Path<String>,
    Json(wish): Json<Wish>,
) -> Response {
    match say(&shared, &channel, &wish).await {
        Ok((id, statuses)) => {
            Json(json!({ "message_id": id, "statuses": statuses })).into_response()
        }
        Err(unknown) => unknown.into_response(),
    }
}

async fn say(
    shared: &Arc<Shared>,
    channel: &str,
    wish: &Wish,
) -> Result<(String, Vec<u16>), Unknown> {
    let (channel, chatter) = (id_of(shared, channel)?, id_of(shared, &wish.user)?);
    if let Some(role) = wish.role {
        sim(shared.clone()).set_role(&channel, &chatter, role);
    }
    let reply_to = wish.reply_to.as_deref().filter(|id| !id.is_empty());
    let said = events::Said {
        channel: &channel,
        chatter: &chatter,
        text: &wish.text,
        reply_to,
        by: "typed",
    };
    let (id, told) = events::note(shared, &said, true);
    Ok((id, events::tell(shared, told).await))
}

async fn set_role(
    State(shared): Sim,
    Path(channel): Path<String>,
    Json(wish): Json<Wish>,
) -> Response {
    act(&shared, &channel, &wish, |sim, channel, user| {
        sim.set_role(channel, user, wish.role.unwrap_or(Role::Viewer));
    })
}

async fn time_out(
    State(shared): Sim,
    Path(channel): Path<String>,
    Json(wish): Json<Wish>,
) -> Response {
    act(&shared, &channel, &wish, |sim, channel, user| sim.time_out(channel, user, wish.lasts()))
}

async fn unban(
    State(shared): Sim,
    Path(channel): Path<String>,
    Json(wish): Json<Wish>,
) -> Response {
    act(&shared, &channel, &wish, TwitchSim::unban)
}

fn act(
    shared: &Arc<Shared>,
    channel: &str,
    wish: &Wish,
    act: impl FnOnce(&TwitchSim, &TwitchUserId, &TwitchUserId),
) -> Response {
    match (id_of(shared, channel), id_of(shared, &wish.user)) {
        (Ok(channel), Ok(user)) => {
            act(&sim(shared.clone()), &channel, &user);
            StatusCode::NO_CONTENT.into_response()
        }
        (Err(unknown), _) | (_, Err(unknown)) => unknown.into_response(),
    }
}

async fn ban(State(shared): Sim, Path(channel): Path<String>, Json(wish): Json<Wish>) -> Response {
    match (id_of(&shared, &channel), id_of(&shared, &wish.user)) {
        (Ok(channel), Ok(user)) => {
            let statuses = sim(shared.clone()).ban(&channel, &user).await;
            Json(json!({ "statuses": statuses })).into_response()
        }
        (Err(unknown), _) | (_, Err(unknown)) => unknown.into_response(),
    }
}

async fn set_slow(
    State(shared): Sim,
    Path(channel): Path<String>,
    Json(wish): Json<Wish>,
) -> Response {
    match id_of(&shared, &channel) {
        Ok(channel) => {
            sim(shared.clone()).set_slow_mode(&channel, wish.lasts());
            StatusCode::NO_CONTENT.into_response()
        }
        Err(unknown) => unknown.into_response(),
    }
}

async fn drop_next(
    State(shared): Sim,
    Path(channel): Path<String>,
    Json(wish): Json<Wish>,
) -> Response {
    match id_of(&shared, &channel) {
        Ok(channel) => {
            sim(shared.clone()).drop_next_line(&channel, &wish.code);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(unknown) => unknown.into_response(),
    }
}

async fn share(
    State(shared): Sim,
    Path(channel): Path<String>,
    Json(wish): Json<Wish>,
) -> Response {
    let all = std::iter::once(&channel).chain(&wish.with);
    match all.map(|name| id_of(&shared, name)).collect::<Result<Vec<_>, _>>() {
        Ok(ids) => {
            sim(shared.clone()).share_chat(&ids.iter().collect::<Vec<_>>());
            StatusCode::NO_CONTENT.into_response()
        }
        Err(unknown) => unknown.into_response(),
    }
}

async fn agree(State(shared): Sim, Path(code): Path<String>, Json(wish): Json<Wish>) -> StatusCode {
    match sim(shared).agree_to_device(&code, &wish.user).await {
        true => StatusCode::NO_CONTENT,
        false => StatusCode::NOT_FOUND,
    }
}

async fn type_on_page(
    State(shared): Sim,
    Path(channel): Path<String>,
    Form(wish): Form<Wish>,
) -> Response {
    match say(&shared, &channel, &wish).await {
        Ok(_) => {
            let to = format!("/_sim/twitch/chat/{channel}/page?as={}", wish.user);
            Redirect::to(&to).into_response()
        }
        Err(unknown) => unknown.into_response(),
    }
}

async fn page(
    State(shared): Sim,
    Path(channel): Path<String>,
    axum::extract::Query(wish): axum::extract::Query<Wish>,
) -> Response {
    let channel = match id_of(&shared, &channel) {
        Ok(id) => id,
        Err(unknown) => return unknown.into_response(),
    };
    let world = shared.world();
    let name = |id: &str| world.user(id).map_or_else(String::new, |user| escape(&user.name));
    let (mut lines, mut users) = (String::new(), String::new());
    let of_here = world.chat.lines.iter().filter(|line| line.channel == channel.as_str());
    let of_here: Vec<_> = of_here.collect();
    for line in of_here.iter().rev().take(100).rev() {
        let (who, text) = (name(&line.chatter), escape(&line.text));
        let _ = write!(lines, "<li><b>{who}</b>: {text}</li>");
    }
    for user in world.present() {
        let (login, shown) = (escape(&user.login), escape(&user.name));
        let chosen = if user.login == wish.user { " selected" } else { "" };
        let _ = write!(users, r#"<option value="{login}"{chosen}>{shown}</option>"#);
    }
    let title = name(channel.as_str());
    Html(format!(
        r#"<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Chat of {title} - simulated Twitch</title>
<style>body {{ font: 1rem sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }}
ol {{ list-style: none; padding: 0 }} li {{ overflow-wrap: anywhere }} input, select, button {{ font: inherit; padding: .4rem }}</style></head>
<body><main>
<h1>Chat of {title}</h1>
<ol aria-label="Lines">{lines}</ol>
<form method="post">
<p><label>As <select name="user">{users}</select></label>
<label>who is <select name="role"><option value="">as before</option><option value="viewer">a viewer</option>
<option value="subscriber">a subscriber</option><option value="vip">a VIP</option>
<option value="moderator">a moderator</option></select></label></p>
<p><label>Line <input name="text" size="40" maxlength="500" autofocus required></label> <button>Say</button></p>
</form>
<p><a href="page">Look again</a></p>
</main></body>
</html>
"#
    ))
    .into_response()
}
