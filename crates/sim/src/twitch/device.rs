//! The device code flow: `POST /oauth2/device`, the page at `/oauth2/activate`, and the token's waiting.

use super::{
    Shared, TwitchSim,
    authorize::{document, escape},
    http::{Pairs, Refusal, answer, refuse},
    tokens::Grant,
};
use axum::{http::StatusCode, response::Response};
use serde_json::json;
use sm_types::TwitchUserId;
use std::{fmt::Write, sync::Arc};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

pub(super) const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const LIFETIME: Duration = Duration::minutes(30);

#[derive(Debug)]
struct Device {
    code: String,
    user_code: String,
    scopes: Vec<String>,
    agreed: Option<String>,
    expires_at: OffsetDateTime,
}

/// Devices that wait for somebody to agree.
#[derive(Debug, Default)]
pub(super) struct Devices(Vec<Device>);

impl Devices {
    fn waiting(&mut self, user_code: &str, now: OffsetDateTime) -> Option<&mut Device> {
        self.0.iter_mut().find(|d| d.user_code == user_code && now < d.expires_at)
    }

    /// Uses a device's code up, once somebody has agreed.
    pub(super) fn take(&mut self, code: &str, now: OffsetDateTime) -> Result<Grant, Refusal> {
        let at = self.0.iter().position(|d| d.code == code && now < d.expires_at);
        let at = at.ok_or_else(|| refuse(400, "invalid device code"))?;
        let user = self.0[at].agreed.clone();
        let user = user.ok_or_else(|| refuse(400, "authorization_pending"))?;
        Ok(Grant { user, scopes: self.0.remove(at).scopes })
    }
}

pub(super) fn begin(shared: &Shared, form: &Pairs) -> Result<Response, Refusal> {
    if form.get("client_id") != Some(&shared.client_id) {
        return Err(refuse(400, "invalid client"));
    }
    let scopes = form.get("scopes").or_else(|| form.get("scope")).unwrap_or("");
    let code = Uuid::new_v4().simple().to_string();
    let user_code = Uuid::new_v4().simple().to_string()[..8].to_uppercase();
    let now = shared.clock.now();
    shared.world().devices.0.push(Device {
        code: code.clone(),
        user_code: user_code.clone(),
        scopes: scopes.split_whitespace().map(str::to_owned).collect(),
        agreed: None,
        expires_at: now + LIFETIME,
    });
    let page = format!("http://{}/oauth2/activate?device-code={user_code}", shared.addr);
    let body = json!({ "device_code": code, "user_code": user_code, "verification_uri": page,
                       "expires_in": LIFETIME.whole_seconds(), "interval": 1 });
    Ok(answer(200, &body))
}

/// The page on which a person agrees; `as=<login or id>` in the query agrees at once.
pub(super) async fn page(shared: &Arc<Shared>, query: &Pairs) -> Response {
    let code = query.get("device-code").unwrap_or("");
    if let Some(name) = query.get("as") {
        let sim = TwitchSim { shared: shared.clone(), server: None };
        let done = sim.agree_to_device(code, name).await;
        let said = if done { "Done: go back to your device." } else { "This code is not valid." };
        return document(StatusCode::OK, "Device", &format!("<h1>{said}</h1>"));
    }
    let mut users = String::new();
    for user in shared.world().present() {
        let (id, name) = (escape(&user.id), escape(&user.name));
        let _ = write!(users, r#"<li><button name="as" value="{id}">{name}</button></li>"#);
    }
    let code = escape(code);
    let main = format!(
        r#"<h1>Activate a device</h1><form method="get" action="/oauth2/activate">
<p><label>Code <input name="device-code" value="{code}"></label></p><ul>{users}</ul></form>"#
    );
    document(StatusCode::OK, "Device", &main)
}

impl TwitchSim {
    /// Somebody agrees to what a device asks for; false when the code or the user is unknown.
    pub async fn agree_to_device(&self, user_code: &str, name: &str) -> bool {
        let now = self.shared.clock.now();
        let agreed = {
            let mut world = self.shared.world();
            let Some(user) = world.named(name).map(|user| user.id.clone()) else { return false };
            let Some(device) = world.devices.waiting(user_code, now) else { return false };
            device.agreed = Some(user.clone());
            (TwitchUserId(user), device.scopes.clone())
        };
        let (user, scopes) = agreed;
        self.grant(&user, &scopes.iter().map(String::as_str).collect::<Vec<_>>()).await;
        true
    }

    /// The code that the device which waits longest shows.
    pub fn device_code(&self) -> Option<String> {
        self.shared.world().devices.0.first().map(|device| device.user_code.clone())
    }
}
