//! What Helix tells about users, channels, streams and recordings.

use super::{
    Shared, chat,
    http::{Pairs, Refusal, answer, page, refuse},
    listing,
    model::{Recording, Stream, User, game_id},
    pictures,
    tokens::Bearer,
    world::World,
};
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::HashSet;

/// How many ids a request may name.
const IDS_LIMIT: usize = 100;
/// How many ids a request about authorisations may name.
const AUTHORIZATIONS_LIMIT: usize = 10;

pub(super) fn get(
    shared: &Shared,
    bearer: &Bearer,
    resource: &str,
    query: &Pairs,
) -> Result<Response, Refusal> {
    let world = shared.world();
    match resource {
        "users" => users(shared, &world, bearer, query),
        "channels" => {
            let all = chosen(&world, query, "broadcaster_id", None)?;
            let all = all.ok_or_else(|| missing("broadcaster_id"))?;
            let data: Vec<Value> = all.into_iter().map(channel).collect();
            Ok(answer(200, &json!({ "data": data })))
        }
        "streams" => streams(shared, &world, query),
        "search/channels" => search(shared, &world, query),
        "games" => games(shared, &world, query),
        "search/categories" => search_categories(shared, &world, query),
        "videos" => videos(&world, query),
        "channels/followers" => chat::followers(&world, bearer, query),
        "authorization/users" => authorizations(&world, bearer, query),
        _ => Err(refuse(404, "Not Found")),
    }
}

fn missing(name: &str) -> Refusal {
    refuse(400, &format!("Missing required parameter \"{name}\""))
}

/// The users that a query names, unknown ones left out; `None` when it names none.
fn chosen<'a>(
    world: &'a World,
    query: &Pairs,
    id: &str,
    login: Option<&str>,
) -> Result<Option<Vec<&'a User>>, Refusal> {
    let ids: Vec<&str> = query.all(id).collect();
    let logins: Vec<String> =
        login.map(|name| query.all(name).map(str::to_lowercase).collect()).unwrap_or_default();
    if ids.len() + logins.len() > IDS_LIMIT {
        return Err(refuse(400, "The request names more than 100 ids and logins"));
    }
    if ids.is_empty() && logins.is_empty() {
        return Ok(None);
    }
    // A request per hundred of 100,000 users: a list of ids would be gone through ten million times.
    let ids: HashSet<&str> = ids.into_iter().collect();
    let named = |user: &&User| {
        ids.contains(user.id.as_str())
            || !logins.is_empty() && logins.contains(&user.login.to_lowercase())
    };
    Ok(Some(world.present().filter(named).collect()))
}

fn users(
    shared: &Shared,
    world: &World,
    bearer: &Bearer,
    query: &Pairs,
) -> Result<Response, Refusal> {
    let all = match (chosen(world, query, "id", Some("login"))?, bearer) {
        (Some(all), _) => all,
        (None, Bearer::User(own)) => world.present().filter(|u| u.id == own.user).collect(),
        (None, Bearer::App) => {
            return Err(refuse(400, "Must provide an ID, Login or OAuth Token"));
        }
    };
    let data: Vec<Value> = all.into_iter().map(|found| user(shared, found, bearer)).collect();
    Ok(answer(200, &json!({ "data": data })))
}

/// In the order of the query; who has not authorised us is there, with no scopes.
fn authorizations(world: &World, bearer: &Bearer, query: &Pairs) -> Result<Response, Refusal> {
    if *bearer != Bearer::App {
        return Err(refuse(401, "the request needs an app access token"));
    }
    let ids: Vec<&str> = query.all("user_id").collect();
    if ids.is_empty() {
        return Err(missing("user_id"));
    }
    if ids.len() > AUTHORIZATIONS_LIMIT {
        return Err(refuse(400, "The request names more than 10 ids"));
    }
    let item = |user: &User| {
        json!({ "user_id": user.id, "user_login": user.login, "user_name": user.name,
                "scopes": user.scopes, "has_authorized": user.authorized })
    };
    let known = ids.into_iter().filter_map(|id| world.present().find(|user| user.id == id));
    Ok(answer(200, &json!({ "data": known.map(item).collect::<Vec<_>>() })))
}

fn streams(shared: &Shared, world: &World, query: &Pairs) -> Result<Response, Refusal> {
    let all = chosen(world, query, "user_id", Some("user_login"))?;
    let all = all.unwrap_or_else(|| world.present().collect());
    let now = shared.clock.now();
    let listed = |user: &User| {
        let found = listing::listed(user, world.listing_lag, now);
        found.filter(|_| !world.streams_hidden).map(|found| stream(shared, user, found))
    };
    page(all.into_iter().filter_map(listed).collect(), query)
}

/// The beginning of the login counts, without case; a blank stands for nothing and for `_`.
///
/// With `live_only` the beginnings of name and category count as well. Unlike with Twitch, who
/// has not streamed for half a year is found too.
fn search(shared: &Shared, world: &World, query: &Pairs) -> Result<Response, Refusal> {
    let text = query.get("query").filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| missing("query"))?.to_lowercase();
    let texts = [text.replace(' ', ""), text.replace(' ', "_"), text];
    let live_only = query.get("live_only") == Some("true");
    let begins = |name: &str| {
        let name = name.to_lowercase();
        texts.iter().any(|text| name.starts_with(text))
    };
    let fits = |user: &&User| {
        let login = begins(&user.login);
        if !live_only {
            return login;
        }
        user.stream.is_some() && (login || begins(&user.name) || begins(&user.game))
    };
    page(world.present().filter(fits).map(|user| found(shared, user)).collect(), query)
}

/// Ids and names that nobody knows are left out.
fn games(shared: &Shared, world: &World, query: &Pairs) -> Result<Response, Refusal> {
    let (ids, names): (Vec<&str>, Vec<&str>) =
        (query.all("id").collect(), query.all("name").collect());
    if ids.is_empty() && names.is_empty() {
        return Err(missing("id"));
    }
    if ids.len() + names.len() > IDS_LIMIT {
        return Err(refuse(400, "The request names more than 100 ids and names"));
    }
    let named = |game: &&str| ids.contains(&game_id(game).as_str()) || names.contains(game);
    let data: Vec<Value> =
        world.games().into_iter().filter(named).map(|game| category(shared, game)).collect();
    Ok(answer(200, &json!({ "data": data })))
}

/// Every word has to occur in the name.
fn search_categories(shared: &Shared, world: &World, query: &Pairs) -> Result<Response, Refusal> {
    let text = query.get("query").filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| missing("query"))?.to_lowercase();
    let fits = |game: &&str| {
        let name = game.to_lowercase();
        text.split_whitespace().all(|word| name.contains(word))
    };
    page(world.games().into_iter().filter(fits).map(|game| category(shared, game)).collect(), query)
}

fn category(shared: &Shared, game: &str) -> Value {
    json!({ "id": game_id(game), "name": game, "igdb_id": "",
            "box_art_url": pictures::preview(shared.addr, &game_id(game)) })
}

fn videos(world: &World, query: &Pairs) -> Result<Response, Refusal> {
    let ids: Vec<&str> = query.all("id").collect();
    let all = world.present().flat_map(recordings);
    let data: Vec<Value> = match (ids.is_empty(), query.get("user_id")) {
        (true, None) => return Err(missing("user_id")),
        (false, Some(_)) => return Err(refuse(400, "id and user_id exclude each other")),
        (true, Some(user)) => all.filter(|video| video["user_id"] == user).collect(),
        (false, None) => {
            all.filter(|v| v["id"].as_str().is_some_and(|id| ids.contains(&id))).collect()
        }
    };
    if data.is_empty() && !ids.is_empty() {
        return Err(refuse(404, "No videos were found for the ids"));
    }
    let wanted = matches!(query.get("type"), None | Some("all" | "archive"));
    page(if wanted { data } else { Vec::new() }, query)
}

fn user(shared: &Shared, user: &User, bearer: &Bearer) -> Value {
    let mut item = json!({
        "id": user.id, "login": user.login, "display_name": user.name, "type": "",
        "broadcaster_type": "affiliate", "description": "", "offline_image_url": "",
        "profile_image_url": pictures::avatar(shared.addr, &user.login), "view_count": 0, "created_at": "2020-01-01T00:00:00Z",
    });
    if matches!(bearer, Bearer::User(own) if own.user == user.id && own.has("user:read:email")) {
        item["email"] = json!(format!("{}@example.test", user.login));
    }
    item
}

fn channel(user: &User) -> Value {
    json!({
        "broadcaster_id": user.id, "broadcaster_login": user.login, "broadcaster_name": user.name,
        "broadcaster_language": user.language, "game_id": game_id(&user.game), "game_name": user.game,
        "title": user.title, "delay": 0, "tags": user.tags,
        "content_classification_labels": [], "is_branded_content": false,
    })
}

fn stream(shared: &Shared, user: &User, stream: &Stream) -> Value {
    json!({
        "id": stream.id, "user_id": user.id, "user_login": user.login, "user_name": user.name,
        "game_id": game_id(&user.game), "game_name": user.game, "type": stream.kind,
        "title": user.title, "tags": user.tags, "viewer_count": user.viewers,
        "started_at": stream.started_at, "language": user.language, "tag_ids": [], "is_mature": false,
        "thumbnail_url": pictures::preview(shared.addr, &user.login),
    })
}

fn found(shared: &Shared, user: &User) -> Value {
    // An empty text, not null, is what channels that are not live have here.
    let started_at = user.stream.as_ref().map_or("", |stream| stream.started_at.as_str());
    json!({
        "id": user.id, "broadcaster_login": user.login, "display_name": user.name,
        "broadcaster_language": user.language, "game_id": game_id(&user.game), "game_name": user.game,
        "is_live": user.stream.is_some(), "tags": user.tags, "tag_ids": [],
        "thumbnail_url": pictures::avatar(shared.addr, &user.login), "title": user.title, "started_at": started_at,
    })
}

fn recordings(user: &User) -> Vec<Value> {
    let video = |recording: &Recording| {
        let id = &recording.video;
        json!({
            "id": id, "stream_id": recording.stream, "user_id": user.id, "user_login": user.login,
            "user_name": user.name, "title": user.title, "description": "",
            "created_at": recording.started_at, "published_at": recording.started_at,
            "url": format!("https://www.twitch.tv/videos/{id}"),
            "thumbnail_url": "https://static-cdn.jtvnw.net/cf_vods/x/thumb-%{width}x%{height}.jpg",
            "viewable": "public", "view_count": 1, "language": "en", "type": "archive",
            "duration": "3h8m33s", "muted_segments": null,
        })
    };
    user.recordings.iter().map(video).collect()
}
