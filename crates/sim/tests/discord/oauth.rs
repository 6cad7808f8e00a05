//! Asking for consent: what is checked, and how the browser is sent back.

use super::{
    bot::Bot,
    person::{BACK, CLIENT},
};
use sm_sim::discord::Options;

#[tokio::test]
async fn consent_sends_back_with_code_and_state() {
    let bot = Bot::start().await;
    let ana = bot.sim.add_user("ana", None).to_string();
    let answer = bot.authorize(&[("as", &ana)]).await;
    assert_eq!(answer.sent_back("state").unwrap(), "s+1 &");
    assert_eq!(answer.sent_back("via").unwrap(), "discord");
    assert!(!answer.sent_back("code").unwrap().is_empty());
    assert_eq!(answer.sent_back("guild_id"), None);
}

#[tokio::test]
async fn denial_sends_back_with_an_error() {
    let bot = Bot::start().await;
    let answer = bot.authorize(&[("deny", "1")]).await;
    assert_eq!(answer.sent_back("error").unwrap(), "access_denied");
    assert_eq!(answer.sent_back("state").unwrap(), "s+1 &");
    assert!(answer.sent_back("error_description").is_some());
    assert_eq!(answer.sent_back("code"), None);
}

#[tokio::test]
async fn redirects_are_registered_byte_for_byte() {
    let redirect_uris = vec![BACK.to_owned()];
    let bot = Bot::with(Options { redirect_uris, ..Options::local("") }).await;
    let ana = bot.sim.add_user("ana", None).to_string();
    let slash = format!("{BACK}/");
    let upper = BACK.replace("app", "APP");
    for other in [slash.as_str(), &upper, "https://evil.example/", "javascript:alert(1)"] {
        let answer = bot.authorize(&[("as", &ana), ("redirect_uri", other)]).await;
        assert_eq!((answer.status, answer.header("location")), (400, ""), "{other}");
    }
    assert!(bot.authorize(&[("as", &ana)]).await.sent_back("code").is_some());
    // Discord takes the first registered one when none is named.
    let answer = bot.authorize(&[("as", &ana), ("redirect_uri", "")]).await;
    assert!(answer.sent_back("code").is_some());
}

#[tokio::test]
async fn strangers_get_a_page_and_are_not_sent_back() {
    let bot = Bot::start().await;
    let ana = bot.sim.add_user("ana", None).to_string();
    let cases = [
        ("client_id", "1"),
        ("client_id", ""),
        ("redirect_uri", ""),
        ("redirect_uri", "javascript:alert(1)"),
        ("as", "12"),
        ("as", "ana"),
    ];
    for case in cases {
        let changed = if case.0 == "as" { vec![case] } else { vec![("as", ana.as_str()), case] };
        let answer = bot.authorize(&changed).await;
        assert_eq!((answer.status, answer.header("location")), (400, ""), "{case:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_granted_is_told_to_the_application() {
    let bot = Bot::start().await;
    let ana = bot.sim.add_user("ana", None).to_string();
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[("response_type", "")], "unsupported_response_type"),
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("scope", "")], "invalid_scope"),
        (&[("scope", "identify everything")], "invalid_scope"),
        (&[("code_challenge", "x"), ("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge", "x")], "invalid_request"),
    ];
    for (changed, error) in cases {
        let changed = [&[("as", ana.as_str())], changed].concat();
        let answer = bot.authorize(&changed).await;
        assert_eq!(answer.sent_back("error").unwrap(), error, "{changed:?}");
        assert_eq!(answer.sent_back("code"), None);
        assert_eq!(answer.sent_back("state").unwrap(), "s+1 &");
    }
}

#[tokio::test]
async fn another_application_is_known_by_its_own_id() {
    let bot = Bot::with(Options { client_id: "42".to_owned(), ..Options::local("") }).await;
    let ana = bot.sim.add_user("ana", None).to_string();
    assert_eq!(bot.authorize(&[("as", &ana), ("client_id", CLIENT)]).await.status, 400);
    let answer = bot.authorize(&[("as", &ana), ("client_id", "42")]).await;
    assert!(answer.sent_back("code").is_some());
}
