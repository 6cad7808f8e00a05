//! What we answer to an interaction. Everything is for the one person alone and mentions nobody.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};
use serde_json::{Value, json};

/// Discord's limits, in characters.
const MAX_CONTENT: usize = 2_000;
const MAX_LABEL: usize = 80;
const MAX_CHOICE: usize = 100;
const MAX_CHOICES: usize = 25;
const MAX_TITLE: usize = 45;
const BUTTONS_IN_A_ROW: usize = 5;
/// Only whoever did it sees the answer.
const EPHEMERAL: u64 = 64;

/// The first answer, within 3 seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// We are there.
    Pong,
    Message(Reply),
    /// The answer follows: "thinking …".
    Later,
    /// The message with the button changes later.
    UpdateLater,
    /// The message with the button changes.
    Update(Reply),
    Choices(Vec<Choice>),
    Ask(Modal),
}

/// A message for one person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    pub content: String,
    pub buttons: Vec<Button>,
}

impl Reply {
    /// A text; what is longer than Discord takes is cut.
    pub fn text(content: impl Into<String>) -> Self {
        Self { content: content.into(), buttons: Vec::new() }
    }

    #[must_use]
    pub fn with(self, buttons: impl IntoIterator<Item = Button>) -> Self {
        Self { buttons: buttons.into_iter().collect(), ..self }
    }

    /// The message as Discord takes it, first or as an edit: whoever sees it has been settled by the first answer.
    pub(crate) fn body(&self) -> Value {
        json!({
            "content": cut(&self.content, MAX_CONTENT),
            "components": Button::rows(&self.buttons),
            "allowed_mentions": { "parse": [] },
        })
    }
}

/// How a button looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    Primary,
    Secondary,
    Danger,
    /// Leads to the address that stands in place of the id.
    Link,
}

/// A button under a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    pub style: Style,
    /// 80 characters at most.
    pub label: String,
    /// What comes back when it is pressed, 100 characters at most; of a link, where it leads.
    pub id: String,
}

impl Button {
    pub fn new(style: Style, label: impl Into<String>, id: impl Into<String>) -> Self {
        Self { style, label: label.into(), id: id.into() }
    }

    /// Rows of five, as components of a message.
    pub fn rows(buttons: &[Self]) -> Vec<Value> {
        let row = |row: &[Self]| json!({ "type": 1, "components": row.iter().map(Self::body).collect::<Vec<_>>() });
        buttons.chunks(BUTTONS_IN_A_ROW).map(row).collect()
    }

    fn body(&self) -> Value {
        let label = cut(&self.label, MAX_LABEL);
        let style = match self.style {
            Style::Primary => 1,
            Style::Secondary => 2,
            Style::Danger => 4,
            Style::Link => 5,
        };
        let target = if self.style == Style::Link { "url" } else { "custom_id" };
        json!({ "type": 2, "style": style, "label": label, target: self.id })
    }
}

/// What an option can be completed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is shown.
    pub name: String,
    /// What comes back.
    pub value: String,
}

/// A form with one text field of several lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modal {
    pub custom_id: String,
    pub title: String,
    /// Above the field, and below that.
    pub label: String,
    pub about: String,
    /// The field's name.
    pub field: &'static str,
    pub max_length: u16,
}

impl Modal {
    fn body(&self) -> Value {
        let input = json!({
            "type": 4, "custom_id": self.field, "style": 2, "required": true, "max_length": self.max_length,
        });
        let label = json!({
            "type": 18, "label": cut(&self.label, MAX_TITLE), "description": cut(&self.about, MAX_CHOICE),
            "component": input,
        });
        let title = cut(&self.title, MAX_TITLE);
        json!({ "custom_id": self.custom_id, "title": title, "components": [label] })
    }
}

impl Response {
    fn parts(&self) -> (u8, Option<Value>) {
        let ephemeral = |mut body: Value| {
            body["flags"] = json!(EPHEMERAL);
            body
        };
        match self {
            Self::Pong => (1, None),
            Self::Message(reply) => (4, Some(ephemeral(reply.body()))),
            Self::Later => (5, Some(ephemeral(json!({})))),
            Self::UpdateLater => (6, None),
            Self::Update(reply) => (7, Some(reply.body())),
            Self::Choices(choices) => (8, Some(json!({ "choices": shown(choices) }))),
            Self::Ask(modal) => (9, Some(modal.body())),
        }
    }
}

/// One blank name or one value that is too long would sink the list.
fn shown(choices: &[Choice]) -> Vec<Value> {
    let fits = |choice: &&Choice| {
        !choice.name.trim().is_empty() && (1..=MAX_CHOICE).contains(&choice.value.chars().count())
    };
    let choice = |choice: &Choice| json!({ "name": cut(choice.name.trim(), MAX_CHOICE), "value": choice.value });
    choices.iter().filter(fits).take(MAX_CHOICES).map(choice).collect()
}

impl Serialize for Response {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (kind, data) = self.parts();
        let mut response = serializer.serialize_struct("Response", 2)?;
        response.serialize_field("type", &kind)?;
        match data {
            Some(data) => response.serialize_field("data", &data)?,
            None => response.skip_field("data")?,
        }
        response.end()
    }
}

/// The first characters of a text, with an ellipsis where there are more.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json_of(response: &Response) -> Value {
        serde_json::to_value(response).unwrap()
    }

    #[test]
    fn each_answer_has_discords_number_and_is_for_one_person() {
        assert_eq!(json_of(&Response::Pong), json!({ "type": 1 }));
        assert_eq!(json_of(&Response::Later), json!({ "type": 5, "data": { "flags": 64 } }));
        assert_eq!(json_of(&Response::UpdateLater), json!({ "type": 6 }));
        let message = json_of(&Response::Message(Reply::text("Hi")));
        let data = json!({ "content": "Hi", "flags": 64, "components": [], "allowed_mentions": { "parse": [] } });
        assert_eq!(message, json!({ "type": 4, "data": data }));
        assert!(json_of(&Response::Update(Reply::text("Hi")))["data"]["flags"].is_null());
    }

    #[test]
    fn what_would_sink_a_list_is_left_out_or_cut() {
        let choice = |name: &str, value: &str| Choice { name: name.into(), value: value.into() };
        let long = "ä".repeat(101);
        let mut choices =
            vec![choice(" ", "1"), choice("a", ""), choice("b", &long), choice(&long, "2")];
        choices.extend((0..40).map(|n| choice("c", &n.to_string())));
        let shown = json_of(&Response::Choices(choices));
        let shown = shown["data"]["choices"].as_array().unwrap();
        assert_eq!(shown.len(), 25);
        assert_eq!(shown[0]["name"].as_str().unwrap().chars().count(), 100);
    }

    #[test]
    fn six_buttons_take_two_rows() {
        let buttons: Vec<_> =
            (0..6).map(|n| Button::new(Style::Primary, "x", n.to_string())).collect();
        let rows = Button::rows(&buttons);
        assert_eq!((rows.len(), rows[1]["components"].as_array().unwrap().len()), (2, 1));
        let link = Button::rows(&[Button::new(Style::Link, "Open", "https://a.example")]);
        assert_eq!(link[0]["components"][0]["url"], "https://a.example");
    }
}
