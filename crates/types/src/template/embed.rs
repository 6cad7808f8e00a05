//! An embed as Discord takes it.

use serde::Serialize;

/// An embed; what is not set is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Embed {
    /// At most 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// At most 4,096 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where the title leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// 0 to 0xFFFFFF.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<u32>,
    /// Below everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub footer: Option<EmbedFooter>,
    /// The large picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<EmbedImage>,
    /// The small picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<EmbedImage>,
    /// Above everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<EmbedAuthor>,
    /// At most 25.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<EmbedField>,
}

/// The line below an embed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EmbedFooter {
    /// At most 2,048 characters.
    pub text: String,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EmbedImage {
    /// http or https.
    pub url: String,
}

/// The line above an embed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EmbedAuthor {
    /// At most 256 characters.
    pub name: String,
    /// Where the name leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// A small picture before the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon_url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EmbedField {
    /// At most 256 characters.
    pub name: String,
    /// At most 1,024 characters.
    pub value: String,
    /// Beside others.
    pub inline: bool,
}

impl Embed {
    /// Whether nothing of it would be seen: a colour, a time and an address alone make no embed.
    pub fn shows_nothing(&self) -> bool {
        let bare = Self {
            color: self.color,
            timestamp: self.timestamp.clone(),
            url: self.url.clone(),
            ..Self::default()
        };
        *self == bare
    }

    /// The characters that count towards the limit of 6,000.
    pub fn text_length(&self) -> usize {
        let count = |text: &str| text.chars().count();
        let optional = |text: &Option<String>| text.as_deref().map_or(0, count);
        optional(&self.title)
            + optional(&self.description)
            + self.footer.as_ref().map_or(0, |footer| count(&footer.text))
            + self.author.as_ref().map_or(0, |author| count(&author.name))
            + self.fields.iter().map(|f| count(&f.name) + count(&f.value)).sum::<usize>()
    }
}
