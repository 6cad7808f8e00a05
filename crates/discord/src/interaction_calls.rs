//! What we ask of Discord about interactions: later answers, commands, and where interactions go.

use crate::{
    Application, Client, Error, Reply as Answer,
    client::{Body, Identity, Outgoing},
    interaction::{Command, Reply, kept},
};
use reqwest::Method;
use serde_json::{Value, json};
use sm_types::Secret;

impl Client {
    /// Puts the answer in the place of "thinking …", or of the message whose button was pressed.
    ///
    /// 404/10015 while Discord has not yet read our first answer, for up to about 10 seconds; 404/10008 when the person
    /// has dismissed it; 401/50027 after 15 minutes. Its limits are the token's own, not the bot's.
    pub async fn edit_original(&self, token: &Secret, reply: &Reply) -> Result<(), Error> {
        let (application, token) = (self.client_id(), token.expose());
        let path = format!("webhooks/{application}/{token}/messages/@original");
        let body = Body::Json(reply.body().to_string().into_bytes());
        let request =
            Outgoing { body, identity: Identity::InPath, ..Outgoing::new(Method::PATCH, path) };
        self.send(request).await.map(|_| ())
    }

    /// The commands that are registered for all servers, with their translations.
    pub async fn commands(&self) -> Result<Vec<Value>, Error> {
        let path = format!("applications/{}/commands?with_localizations=true", self.client_id());
        self.get_list(path).await.map(|answer| answer.body)
    }

    /// Registers these commands and no others of ours; what the developer portal has made stays.
    ///
    /// One request: commands that are deleted and made anew lose what servers have set for them.
    pub async fn overwrite_commands(
        &self,
        commands: &[Command],
        registered: &[Value],
    ) -> Result<(), Error> {
        let ours = commands.iter().map(|command| json!(command));
        let all: Vec<Value> = ours.chain(kept(registered)).collect();
        let path = format!("applications/{}/commands", self.client_id());
        let answer: Answer<Vec<Value>> = self.call(Method::PUT, path, Some(&all)).await?;
        drop(answer);
        Ok(())
    }

    /// Changes where interactions go; `None`: nowhere. Discord tries the address before it answers, as it does that of
    /// webhook events.
    pub async fn set_interactions_url(&self, url: Option<&str>) -> Result<Application, Error> {
        let body = json!({ "interactions_endpoint_url": url });
        let path = "applications/@me".to_owned();
        self.call(Method::PATCH, path, Some(&body)).await.map(|answer| answer.body)
    }
}
