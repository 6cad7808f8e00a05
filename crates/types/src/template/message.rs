//! A whole message: its template as stored, parsed, and rendered within Discord's limits.

use super::{
    Context, Embed, EmbedAuthor, EmbedField, EmbedFooter, EmbedImage, Template, TemplateError,
    Values,
};
use crate::address::{AddressProblem, web_address};
use serde::{Deserialize, Serialize};
use std::fmt;
use time::format_description::well_known::Rfc3339;

/// Discord's limits, in characters.
mod limit {
    pub(super) const CONTENT: usize = 2000;
    pub(super) const TITLE: usize = 256;
    pub(super) const DESCRIPTION: usize = 4096;
    pub(super) const AUTHOR: usize = 256;
    pub(super) const FIELD_NAME: usize = 256;
    pub(super) const FIELD_VALUE: usize = 1024;
    pub(super) const FIELDS: usize = 25;
    pub(super) const FOOTER: usize = 2048;
    pub(super) const URL: usize = 2048;
    pub(super) const EMBED_SUM: usize = 6000;
    pub(super) const COLOR: u32 = 0xFF_FFFF;
}

const TWITCH_PURPLE: u32 = 0x91_46FF;
/// What is posted when a template renders to nothing.
const FALLBACK: &str = "{streamer|default:\"The stream\"} {#if ended}was{:else}is{/if} live: {url}";

/// A message template as admins write it; every text is a template source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageTemplate {
    /// The text above the embed; only here a mention pings.
    #[serde(default)]
    pub content: String,
    #[serde(default)]
    pub embed: Option<EmbedTemplate>,
}

/// An embed's template; an empty text leaves its part out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmbedTemplate {
    pub title: String,
    /// Where the title leads.
    pub url: String,
    /// The text.
    pub description: String,
    /// 0 to 0xFFFFFF.
    pub color: Option<u32>,
    /// The line above.
    pub author: Option<AuthorTemplate>,
    /// The fields; one whose name or value is empty is left out.
    pub fields: Vec<FieldTemplate>,
    /// The small picture.
    pub thumbnail_url: String,
    /// The large picture.
    pub image_url: String,
    /// The line below.
    pub footer: Option<FooterTemplate>,
    /// Whether the stream's start is shown below.
    pub timestamp: bool,
}

/// The template of the line above.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthorTemplate {
    pub name: String,
    /// Where it leads.
    pub url: String,
    /// A small picture.
    pub icon_url: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FieldTemplate {
    pub name: String,
    pub value: String,
    /// Beside others.
    pub inline: bool,
}

/// The template of the line below.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FooterTemplate {
    pub text: String,
}

/// What is wrong with one field of a message template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Which, as in `embed.fields[0].value`.
    pub field: String,
    /// What is wrong.
    pub problem: FieldProblem,
}

/// What may be wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldProblem {
    /// The source does not parse.
    Template(TemplateError),
    /// Another rule is broken; the text says which and the remedy.
    Rule(&'static str),
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            FieldProblem::Template(error) => write!(f, "{}: {error}", self.field),
            FieldProblem::Rule(rule) => write!(f, "{}: {rule}", self.field),
        }
    }
}

/// A message template that parses.
#[derive(Debug, Clone)]
pub struct ParsedMessage {
    content: Template,
    embed: Option<ParsedEmbed>,
}

#[derive(Debug, Clone)]
struct ParsedEmbed {
    title: Template,
    url: Template,
    description: Template,
    color: Option<u32>,
    author: Option<[Template; 3]>,
    fields: Vec<(Template, Template, bool)>,
    thumbnail: Template,
    image: Template,
    footer: Option<Template>,
    timestamp: bool,
}

/// A message ready for Discord.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedMessage {
    /// The text; at most 2,000 characters.
    pub content: String,
    pub embeds: Vec<Embed>,
}

impl MessageTemplate {
    /// The product's own announcement.
    pub fn default_announcement() -> Self {
        let field = |name: &str, value: &str| FieldTemplate {
            name: name.to_owned(),
            value: value.to_owned(),
            inline: true,
        };
        Self {
            content: "{mention} **{streamer}** {#if ended}was{:else}is{/if} live: {url}".to_owned(),
            embed: Some(EmbedTemplate {
                title: "{title|default:\"Live on Twitch\"}".to_owned(),
                url: "{url}".to_owned(),
                color: Some(TWITCH_PURPLE),
                author: Some(AuthorTemplate {
                    name: "{streamer}".to_owned(),
                    url: "{url}".to_owned(),
                    icon_url: "{avatar_url}".to_owned(),
                }),
                fields: vec![
                    field("Game", "{game}"),
                    field("Viewers", "{#unless ended}{viewers}{/unless}"),
                    field("Started", "{#unless ended}{started}{/unless}"),
                    field("Ended", "{ended}"),
                    field("Duration", "{duration}"),
                    field("Recording", "{#if ended}{#if vod_url}[Watch it]({vod_url}){/if}{/if}"),
                ],
                image_url: "{preview_url}".to_owned(),
                footer: Some(FooterTemplate { text: "{platform}".to_owned() }),
                timestamp: true,
                ..EmbedTemplate::default()
            }),
        }
    }

    /// Parses every field and checks the rest; reports all errors.
    pub fn parse(&self) -> Result<ParsedMessage, Vec<FieldError>> {
        let mut reader = Reader::default();
        let content = reader.template("content", &self.content);
        let embed = self.embed.as_ref().map(|embed| reader.embed(embed));
        let parsed = content.map(|content| ParsedMessage { content, embed: embed.flatten() });
        match parsed {
            Some(parsed) if reader.errors.is_empty() => Ok(parsed),
            _ => Err(reader.errors),
        }
    }

    /// The same for a template that is about to be saved: an address that can never work is an error too.
    ///
    /// What was saved before is only parsed, and loses such a part when it is rendered.
    pub fn check(&self) -> Result<ParsedMessage, Vec<FieldError>> {
        let parsed = self.parse()?;
        let fields = parsed.embed.iter().flat_map(addresses);
        let wrong = fields.filter_map(|(field, template)| {
            let problem = FieldProblem::Rule(never_an_address(template)?.explain());
            Some(FieldError { field: field.to_owned(), problem })
        });
        let errors: Vec<_> = wrong.collect();
        if errors.is_empty() { Ok(parsed) } else { Err(errors) }
    }
}

/// The address fields of an embed, by name.
fn addresses(embed: &ParsedEmbed) -> impl Iterator<Item = (&'static str, &Template)> {
    let own = [
        ("embed.url", &embed.url),
        ("embed.thumbnail_url", &embed.thumbnail),
        ("embed.image_url", &embed.image),
    ];
    let author = embed
        .author
        .iter()
        .flat_map(|[_, url, icon]| [("embed.author.url", url), ("embed.author.icon_url", icon)]);
    own.into_iter().chain(author)
}

/// Why no stream could make an address of a template; `None` when one could, or when it stays empty.
fn never_an_address(template: &Template) -> Option<AddressProblem> {
    let rendered = Values::shapes().into_iter().map(|values| raw_address(template, &values));
    let mut found = rendered.filter(|text| !text.trim().is_empty()).map(|text| web_address(&text));
    let first = found.next()?.err()?;
    found.all(|other| other.is_err()).then_some(first)
}

#[derive(Default)]
struct Reader {
    errors: Vec<FieldError>,
}

impl Reader {
    fn template(&mut self, field: &str, source: &str) -> Option<Template> {
        match <Template>::parse(source) {
            Ok(template) => Some(template),
            Err(error) => {
                self.error(field, FieldProblem::Template(error));
                None
            }
        }
    }

    fn error(&mut self, field: &str, problem: FieldProblem) {
        self.errors.push(FieldError { field: field.to_owned(), problem });
    }

    fn embed(&mut self, embed: &EmbedTemplate) -> Option<ParsedEmbed> {
        if embed.color.is_some_and(|color| color > limit::COLOR) {
            self.error(
                "embed.color",
                FieldProblem::Rule("must be between 0 and 16777215 (0xFFFFFF)"),
            );
        }
        if embed.fields.len() > limit::FIELDS {
            self.error("embed.fields", FieldProblem::Rule("an embed has 25 fields at most"));
        }
        let title = self.template("embed.title", &embed.title);
        let url = self.template("embed.url", &embed.url);
        let description = self.template("embed.description", &embed.description);
        let thumbnail = self.template("embed.thumbnail_url", &embed.thumbnail_url);
        let image = self.template("embed.image_url", &embed.image_url);
        let author = embed.author.as_ref().map(|author| self.author(author));
        let footer = embed.footer.as_ref().map(|f| self.template("embed.footer.text", &f.text));
        let fields: Vec<_> =
            embed.fields.iter().enumerate().filter_map(|(n, f)| self.field(n, f)).collect();
        Some(ParsedEmbed {
            title: title?,
            url: url?,
            description: description?,
            color: embed.color,
            author: author.flatten(),
            fields,
            thumbnail: thumbnail?,
            image: image?,
            footer: footer.flatten(),
            timestamp: embed.timestamp,
        })
    }

    fn author(&mut self, author: &AuthorTemplate) -> Option<[Template; 3]> {
        let name = self.template("embed.author.name", &author.name);
        let url = self.template("embed.author.url", &author.url);
        let icon = self.template("embed.author.icon_url", &author.icon_url);
        Some([name?, url?, icon?])
    }

    fn field(&mut self, n: usize, field: &FieldTemplate) -> Option<(Template, Template, bool)> {
        let name = self.template(&format!("embed.fields[{n}].name"), &field.name);
        let value = self.template(&format!("embed.fields[{n}].value"), &field.value);
        Some((name?, value?, field.inline))
    }
}

impl ParsedMessage {
    /// Renders the message within Discord's limits; it is never empty.
    pub fn render(&self, values: &Values) -> RenderedMessage {
        let mut content = self.content.render(values, Context::Content, limit::CONTENT);
        let embed = self.embed.as_ref().map(|embed| embed.render(values));
        let embeds: Vec<Embed> = embed.filter(|embed| !embed.shows_nothing()).into_iter().collect();
        if content.is_empty() && embeds.is_empty() {
            content = fallback(values);
        }
        RenderedMessage { content, embeds }
    }
}

fn fallback(values: &Values) -> String {
    let rendered = <Template>::parse(FALLBACK)
        .map(|template| template.render(values, Context::Content, limit::CONTENT));
    rendered.unwrap_or_default()
}

impl ParsedEmbed {
    fn render(&self, values: &Values) -> Embed {
        let text = |template: &Template, context, limit| {
            Some(template.render(values, context, limit)).filter(|text| !text.is_empty())
        };
        let image = |template: &Template| address(template, values).map(|url| EmbedImage { url });
        let started = values.started_at().filter(|_| self.timestamp);
        let author = self.author.as_ref().and_then(|[name, url, icon]| {
            let name = text(name, Context::Plain, limit::AUTHOR)?;
            Some(EmbedAuthor { name, url: address(url, values), icon_url: address(icon, values) })
        });
        let field = |(name, value, inline): &(Template, Template, bool)| {
            let name = text(name, Context::Embed, limit::FIELD_NAME)?;
            let value = text(value, Context::Embed, limit::FIELD_VALUE)?;
            Some(EmbedField { name, value, inline: *inline })
        };
        let footer = self.footer.as_ref().and_then(|f| text(f, Context::Plain, limit::FOOTER));
        let mut embed = Embed {
            title: text(&self.title, Context::Embed, limit::TITLE),
            description: text(&self.description, Context::Embed, limit::DESCRIPTION),
            url: address(&self.url, values),
            timestamp: started.and_then(|at| at.format(&Rfc3339).ok()),
            color: self.color,
            footer: footer.map(|text| EmbedFooter { text }),
            image: image(&self.image),
            thumbnail: image(&self.thumbnail),
            author,
            fields: self.fields.iter().filter_map(field).take(limit::FIELDS).collect(),
        };
        self.keep_within_sum(&mut embed, values);
        embed
    }

    /// All texts together have 6,000 characters at most: the description gives way, then fields.
    fn keep_within_sum(&self, embed: &mut Embed, values: &Values) {
        let excess = embed.text_length().saturating_sub(limit::EMBED_SUM);
        if excess > 0
            && let Some(description) = &embed.description
        {
            let room = description.chars().count().saturating_sub(excess);
            let shorter = self.description.render(values, Context::Embed, room);
            embed.description = Some(shorter).filter(|text| !text.is_empty());
        }
        while embed.text_length() > limit::EMBED_SUM && embed.fields.pop().is_some() {}
    }
}

/// A rendered address; one that can never work is left out.
fn address(template: &Template, values: &Values) -> Option<String> {
    web_address(&raw_address(template, values)).ok()
}

fn raw_address(template: &Template, values: &Values) -> String {
    template.render(values, Context::Url, limit::URL + 1)
}
