//! `channel.update`, version 2. Comes offline too.

use super::fields::{Broadcaster, BroadcasterFields, set};
use serde::Deserialize;

/// A channel's title, category or language changed.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Fields")]
pub struct ChannelUpdate {
    /// Whose channel.
    pub broadcaster: Broadcaster,
    pub title: Option<String>,
    pub language: Option<String>,
    pub category_id: Option<String>,
    pub category_name: Option<String>,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(flatten)]
    broadcaster: BroadcasterFields,
    #[serde(default, deserialize_with = "set")]
    title: Option<String>,
    #[serde(default, deserialize_with = "set")]
    language: Option<String>,
    #[serde(default, deserialize_with = "set")]
    category_id: Option<String>,
    #[serde(default, deserialize_with = "set")]
    category_name: Option<String>,
}

impl From<Fields> for ChannelUpdate {
    fn from(fields: Fields) -> Self {
        let Fields { broadcaster, title, language, category_id, category_name } = fields;
        Self { broadcaster: broadcaster.into(), title, language, category_id, category_name }
    }
}

#[cfg(test)]
mod tests {
    use crate::eventsub::{Event, payload::tests::event};

    #[test]
    fn empty_category_is_not_set() {
        let json = r#"{"broadcaster_user_id":"2","title":"New","language":"en","category_id":"","category_name":"",
            "content_classification_labels":["MatureGame"]}"#;
        let Event::ChannelUpdate(update) = event("channel.update", json).unwrap() else { panic!() };
        assert_eq!((update.title.as_deref(), update.category_id), (Some("New"), None));
    }
}
