//! Chat: what is said, and what users have let us do.

use crate::{
    Client, Error,
    client::Request,
    eventsub::fields::given,
    list::{List, Row},
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use sm_types::{Secret, TwitchUserId};

/// How many ids a request about authorisations may name.
const MAX_AUTHORIZATIONS: usize = 10;

/// A line to be said.
#[derive(Debug, Clone, Copy)]
pub struct ChatMessage<'a> {
    /// The channel.
    pub broadcaster: &'a TwitchUserId,
    /// As whom.
    pub sender: &'a TwitchUserId,
    /// 500 code points at most. What begins with `/` or `.` is not said.
    pub text: &'a str,
    /// The line that it answers.
    pub reply_to: Option<&'a str>,
}

/// What came of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spoken {
    /// It was said.
    Said { message_id: String },
    /// Twitch has dropped it; codes are not documented and change.
    Dropped { code: String, message: String },
    /// Nobody knows: there is no answer, or none that can be read.
    Unknown,
}

/// Twitch's id of a line; never empty, since a deletion without one clears the whole chat.
#[derive(Debug, Clone, Copy)]
pub struct LineId<'a>(&'a str);

impl<'a> LineId<'a> {
    pub fn new(id: &'a str) -> Option<Self> {
        (!id.trim().is_empty()).then_some(Self(id))
    }
}

/// What somebody has let us do. A row that does not tell is none: it must not look like a withdrawn grant.
#[derive(Debug, Clone, Deserialize)]
pub struct Authorization {
    pub user_id: TwitchUserId,
    pub scopes: Vec<String>,
}

impl Authorization {
    pub fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }
}

impl Row for Authorization {
    const KIND: &str = "authorization";

    fn key(&self) -> &str {
        self.user_id.as_str()
    }
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default, deserialize_with = "given")]
    message_id: String,
    is_sent: bool,
    #[serde(default, deserialize_with = "given")]
    drop_reason: Reason,
}

#[derive(Default, Deserialize)]
struct Reason {
    #[serde(default, deserialize_with = "given")]
    code: String,
    #[serde(default, deserialize_with = "given")]
    message: String,
}

impl Client {
    /// Says a line, in this channel alone where its chat is shared. Takes the app's token.
    ///
    /// An error means that it was certainly not said. <https://dev.twitch.tv/docs/api/reference/#send-chat-message>
    pub async fn send_chat_message(
        &self,
        token: &Secret,
        message: ChatMessage<'_>,
    ) -> Result<Spoken, Error> {
        let mut body = json!({
            "broadcaster_id": message.broadcaster, "sender_id": message.sender, "message": message.text,
            "for_source_only": true,
        });
        if let Some(parent) = message.reply_to {
            body["reply_parent_message_id"] = json!(parent);
        }
        let request = Request { query: &[], body: Some(body) };
        let answer: Answer = match self.post_once("chat/messages", token, request).await {
            Ok(Some(answer)) => answer,
            Ok(None) => return Ok(Spoken::Unknown),
            Err(error) => return Err(error),
        };
        Ok(match answer.data.into_iter().next() {
            Some(item) if item.is_sent => Spoken::Said { message_id: item.message_id },
            Some(Item { drop_reason: Reason { code, message }, .. }) => {
                Spoken::Dropped { code, message }
            }
            None => Spoken::Unknown,
        })
    }

    /// Deletes a viewer's line, with the token of a moderator who has granted [`crate::MODERATE_SCOPE`].
    ///
    /// A line that is older than six hours, or a moderator's, is refused; one that is gone is not found.
    pub async fn delete_chat_message(
        &self,
        token: &Secret,
        broadcaster: &TwitchUserId,
        moderator: &TwitchUserId,
        line: LineId<'_>,
    ) -> Result<(), Error> {
        let query = [
            ("broadcaster_id", broadcaster.as_str()),
            ("moderator_id", moderator.as_str()),
            ("message_id", line.0),
        ];
        let request = Request { query: &query, body: None };
        self.call_empty(Method::DELETE, "moderation/chat", token, request).await
    }

    /// What these users have let us do; who has let us nothing has no scopes, who is gone is left out.
    pub async fn authorizations(
        &self,
        token: &Secret,
        ids: &[TwitchUserId],
    ) -> Result<List<Authorization>, Error> {
        let mut found = List::default();
        for ids in ids.chunks(MAX_AUTHORIZATIONS) {
            let query: Vec<_> = ids.iter().map(|id| ("user_id", id.as_str())).collect();
            let request = Request { query: &query, body: None };
            found.append(self.list(Method::GET, "authorization/users", token, request).await?.list);
        }
        Ok(found)
    }
}
