//! A person with a browser, and the product that sends people to Discord.

use super::bot::{Answer, Bot};
use reqwest::{Method, Url};
use serde_json::Value;
use sm_types::UserId;

/// Where the product wants people to be sent back to.
pub(crate) const BACK: &str = "https://app.example/auth/callback?via=discord";
pub(crate) const CLIENT: &str = "1100000000000000001";
pub(crate) const SECRET: &str = "discord-client-secret";

impl Bot {
    /// Opens the page to authorize; parameters replace the usual ones, empty ones take them away.
    pub(crate) async fn authorize(&self, changed: &[(&str, &str)]) -> Answer {
        let usual = [
            ("client_id", CLIENT),
            ("redirect_uri", BACK),
            ("response_type", "code"),
            ("scope", "identify guilds"),
            ("state", "s+1 &"),
        ];
        let usual = usual.iter().filter(|(name, _)| !changed.iter().any(|(key, _)| key == name));
        let changed = changed.iter().filter(|(_, value)| !value.is_empty());
        let query: Vec<_> = usual.chain(changed).collect();
        self.send(self.browse("/oauth2/authorize").query(&query)).await
    }

    /// A code for the usual scopes, or others.
    pub(crate) async fn code(&self, user: UserId, changed: &[(&str, &str)]) -> String {
        let user = user.to_string();
        let changed = [&[("as", user.as_str())], changed].concat();
        self.authorize(&changed).await.sent_back("code").unwrap()
    }

    /// Asks for tokens, with HTTP Basic.
    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Answer {
        let request = self.form("/oauth2/token", form).basic_auth(CLIENT, Some(SECRET));
        self.send(request).await
    }

    pub(crate) async fn exchange(&self, code: &str) -> Answer {
        let grant = ("grant_type", "authorization_code");
        self.token(&[grant, ("code", code), ("redirect_uri", BACK)]).await
    }

    pub(crate) async fn refresh(&self, tokens: &Value) -> Answer {
        let refresh = tokens["refresh_token"].as_str().unwrap();
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await
    }

    pub(crate) async fn revoke(&self, token: &Value) -> Answer {
        let form = self.form("/oauth2/token/revoke", &[("token", token.as_str().unwrap())]);
        self.send(form.basic_auth(CLIENT, Some(SECRET))).await
    }

    pub(crate) fn form(&self, path: &str, form: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let request = self.bare(Method::POST, path).form(form);
        request.header("user-agent", "DiscordBot (https://streammaxing.example, 1)")
    }

    /// Logs a user in: the answer with the tokens.
    pub(crate) async fn login(&self, user: UserId, scope: &str) -> Value {
        let code = self.code(user, &[("scope", scope)]).await;
        self.exchange(&code).await.ok()
    }

    /// A GET with a user's token.
    pub(crate) async fn get_as(&self, tokens: &Value, path: &str) -> Answer {
        let request = self.bare(Method::GET, path);
        let request = request.bearer_auth(tokens["access_token"].as_str().unwrap());
        let agent = "DiscordBot (https://streammaxing.example, 1)";
        self.send(request.header("user-agent", agent)).await
    }
}

impl Answer {
    /// A parameter with which the browser was sent back.
    pub(crate) fn sent_back(&self, name: &str) -> Option<String> {
        assert_eq!(self.status, 302, "{self:?}");
        let to = Url::parse(self.header("location")).unwrap();
        assert!(to.as_str().starts_with(BACK), "{to}");
        to.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// Whether it is an OAuth error of a kind.
    pub(crate) fn expect_error(self, status: u16, error: &str) {
        assert_eq!((self.status, self.body["error"].as_str()), (status, Some(error)), "{self:?}");
    }
}
