//! Codes and tokens: exchanged once, refreshed, expired, revoked.

use super::{
    bot::Bot,
    person::{BACK, CLIENT, SECRET},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::json;
use sha2::{Digest, Sha256};
use sm_sim::discord::Options;
use sm_types::Clock;
use time::Duration;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

#[tokio::test]
async fn a_code_is_exchanged_once() {
    let bot = Bot::start().await;
    let ana = bot.sim.add_user("ana", None);
    let code = bot.code(ana, &[]).await;
    let tokens = bot.exchange(&code).await.ok();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(604_800)));
    assert_eq!(tokens["scope"], "identify guilds");
    assert_eq!(tokens.get("guild"), None);
    bot.exchange(&code).await.expect_error(400, "invalid_grant");
    bot.get_as(&tokens, "/users/@me").await.ok();
    assert_eq!(bot.sim.token_exchanges(), 2);
    bot.sim.reset_figures();
    assert_eq!(bot.sim.token_exchanges(), 0);
}

#[tokio::test]
async fn a_code_lives_for_a_minute() {
    let clock = Clock::shiftable();
    let bot = Bot::with(Options { clock: clock.clone(), ..Options::local("") }).await;
    let ana = bot.sim.add_user("ana", None);
    let (early, late) = (bot.code(ana, &[]).await, bot.code(ana, &[]).await);
    clock.advance(Duration::seconds(50));
    bot.exchange(&early).await.ok();
    clock.advance(Duration::seconds(11));
    bot.exchange(&late).await.expect_error(400, "invalid_grant");
}

#[tokio::test]
async fn the_redirect_is_repeated_at_the_exchange() {
    let bot = Bot::start().await;
    let ana = bot.sim.add_user("ana", None);
    for redirect in [&[("redirect_uri", "https://app.example/auth/callback")][..], &[]] {
        let code = bot.code(ana, &[]).await;
        let form = [("grant_type", "authorization_code"), ("code", code.as_str())];
        bot.token(&[&form, redirect].concat()).await.expect_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn a_challenge_needs_its_verifier() {
    let bot = Bot::start().await;
    let ana = bot.sim.add_user("ana", None);
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    // The vector of RFC 7636.
    assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    let challenge = [("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")];
    let exchange = async |verifier: &[(&str, &str)]| {
        let code = bot.code(ana, &challenge).await;
        let form =
            [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", BACK)];
        bot.token(&[&form, verifier].concat()).await
    };
    exchange(&[]).await.expect_error(400, "invalid_grant");
    exchange(&[("code_verifier", "wrong")]).await.expect_error(400, "invalid_grant");
    exchange(&[("code_verifier", challenge[0].1)]).await.expect_error(400, "invalid_grant");
    exchange(&[("code_verifier", VERIFIER)]).await.ok();
}

#[tokio::test]
async fn the_application_names_itself_in_either_place() {
    let bot = Bot::start().await;
    let ana = bot.sim.add_user("ana", None);
    let code = bot.code(ana, &[]).await;
    let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", BACK)];
    let wrong = [("client_id", CLIENT), ("client_secret", "wrong")];
    for request in [
        bot.form("/oauth2/token", &form),
        bot.form("/oauth2/token", &[&form, &wrong[..]].concat()),
        bot.form("/oauth2/token", &form).basic_auth(CLIENT, Some("wrong")),
        bot.form("/oauth2/token", &form).basic_auth("1", Some(SECRET)),
        bot.form("/oauth2/token", &form).header("authorization", "Basic ?"),
        bot.form("/oauth2/token/revoke", &[("token", "x")]),
    ] {
        bot.send(request).await.expect_error(401, "invalid_client");
    }
    let right = [("client_id", CLIENT), ("client_secret", SECRET)];
    bot.send(bot.form("/oauth2/token", &[&form, &right[..]].concat())).await.ok();
    assert_eq!(bot.sim.invalid_responses(), 6);
}

#[tokio::test]
async fn only_forms_are_read() {
    let bot = Bot::start().await;
    let ana = bot.sim.add_user("ana", None);
    let code = bot.code(ana, &[]).await;
    let body = json!({"grant_type": "authorization_code", "code": code, "redirect_uri": BACK});
    for path in ["/oauth2/token", "/oauth2/token/revoke"] {
        let request = bot.request(Method::POST, path).header("content-type", "application/json");
        let request = request.body(body.to_string());
        bot.send(request).await.expect_error(400, "unsupported_grant_type");
    }
    assert_eq!(bot.sim.violations().len(), 2);
    bot.exchange(&code).await.ok();
    let other = bot.token(&[("grant_type", "password")]).await;
    other.expect_error(400, "unsupported_grant_type");
    let get = bot.request(Method::GET, "/oauth2/token");
    assert_eq!(bot.send(get).await.status, 405);
}

#[tokio::test]
async fn refresh_tokens_rotate() {
    let bot = Bot::start().await;
    let ana = bot.sim.add_user("ana", None);
    let first = bot.login(ana, "identify").await;
    let second = bot.refresh(&first).await.ok();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(second["scope"], "identify");
    bot.refresh(&first).await.expect_error(400, "invalid_grant");
    bot.get_as(&second, "/users/@me").await.ok();
    bot.refresh(&second).await.ok();
    assert_eq!(bot.sim.token_refreshes(), 3);
}

#[tokio::test]
async fn an_expired_token_is_refused_and_can_be_refreshed() {
    let clock = Clock::shiftable();
    let bot = Bot::with(Options { clock: clock.clone(), ..Options::local("") }).await;
    let ana = bot.sim.add_user("ana", None);
    let tokens = bot.login(ana, "identify").await;
    bot.sim.expire_tokens();
    let refused = bot.get_as(&tokens, "/users/@me").await.expect(401, 0);
    assert_eq!(refused.body, json!({"message": "401: Unauthorized", "code": 0}));
    let fresh = bot.refresh(&tokens).await.ok();
    bot.get_as(&fresh, "/users/@me").await.ok();
    clock.advance(Duration::days(7));
    bot.get_as(&fresh, "/users/@me").await.expect(401, 0);
}

#[tokio::test]
async fn revoking_either_token_kills_all_of_the_user() {
    let bot = Bot::start().await;
    let (ana, bruno) = (bot.sim.add_user("ana", None), bot.sim.add_user("bruno", None));
    let other = bot.login(bruno, "identify").await;
    for kind in ["access_token", "refresh_token"] {
        let (here, there) = (bot.login(ana, "identify").await, bot.login(ana, "guilds").await);
        assert_eq!(bot.revoke(&here[kind]).await.status, 200);
        for tokens in [&here, &there] {
            bot.get_as(tokens, "/oauth2/@me").await.expect(401, 0);
            bot.refresh(tokens).await.expect_error(400, "invalid_grant");
        }
    }
    assert_eq!(bot.revoke(&json!("unknown")).await.status, 200);
    bot.get_as(&other, "/users/@me").await.ok();
    bot.sim.revoke_user(bruno);
    bot.get_as(&other, "/users/@me").await.expect(401, 0);
    bot.refresh(&other).await.expect_error(400, "invalid_grant");
}
