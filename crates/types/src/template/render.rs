//! From a tree and values to a text within a limit.

use super::{
    Name, Source, Template, Value,
    escape::{clean, escape, percent, shows_nothing},
    parse::{Filter, Node},
};

/// Where a text will stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// A message's content: markdown, and mentions ping.
    Content,
    /// An embed's title, description or field: markdown, and nothing pings.
    Embed,
    /// An embed's author or footer: no markdown.
    Plain,
    /// An address.
    Url,
}

/// A part of the result before it is joined.
enum Piece {
    /// The template's own text.
    Literal(String),
    /// A value that may be shortened; not encoded yet.
    Text(String),
    /// A value that is whole or not there.
    Whole(String),
}

impl<V: Name> Template<V> {
    /// Renders at most `limit` characters.
    ///
    /// Too long a result loses from its longest value first, then from its end. It is never cut
    /// within an escape, a mention or a timestamp.
    pub fn render(&self, values: &impl Source<V>, context: Context, limit: usize) -> String {
        self.render_marked(values, context, limit).0
    }

    /// The same, and whether it begins with the template's own words or with our own markup, rather
    /// than with somebody else's text.
    pub fn render_marked(
        &self,
        values: &impl Source<V>,
        context: Context,
        limit: usize,
    ) -> (String, bool) {
        let mut pieces = Vec::new();
        evaluate(&self.nodes, values, &mut pieces);
        let first = pieces.iter().find(|piece| !shows_nothing(&encoded(piece, context)));
        let ours = !matches!(first, Some(Piece::Text(_)));
        shorten(&mut pieces, context, limit);
        (join(&pieces, context, limit).trim().to_owned(), ours)
    }
}

fn evaluate<V: Name>(nodes: &[Node<V>], values: &impl Source<V>, into: &mut Vec<Piece>) {
    for node in nodes {
        match node {
            Node::Text(text) => into.push(Piece::Literal(text.clone())),
            Node::Value { variable, filters } => {
                into.extend(apply(values.value(variable).as_deref(), filters));
            }
            Node::Choice { variable, set, unset } => {
                let branch = if values.value(variable).is_some() { set } else { unset };
                evaluate(branch, values, into);
            }
        }
    }
}

fn apply(value: Option<&Value>, filters: &[Filter]) -> Option<Piece> {
    let mut piece = value.map(|value| match value {
        Value::Text(text) => Piece::Text(clean(text)),
        Value::Markup(text) => Piece::Whole(text.clone()),
        Value::Url(url) => Piece::Whole(safe_url(url)),
        Value::Number(number) => Piece::Whole(number.to_string()),
    });
    for filter in filters {
        piece = match (piece, filter) {
            (None, Filter::Default(text)) => Some(Piece::Literal(text.clone())),
            (Some(Piece::Text(text)), filter) => Some(Piece::Text(changed(text, filter))),
            (Some(Piece::Literal(text)), filter) => Some(Piece::Literal(changed(text, filter))),
            (piece, _) => piece,
        };
    }
    piece
}

fn changed(text: String, filter: &Filter) -> String {
    match filter {
        Filter::Truncate(length) => truncate(&text, *length),
        Filter::Upper => text.to_uppercase(),
        Filter::Lower => text.to_lowercase(),
        Filter::Default(_) => text,
    }
}

/// White space or a bracket would end an address within markdown.
fn safe_url(url: &str) -> String {
    let mut result = String::new();
    for c in url.chars().filter(|c| !c.is_control()) {
        if c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '"' | '`') {
            percent(c, &mut result);
        } else {
            result.push(c);
        }
    }
    result
}

/// At most `length` characters, the last of them an ellipsis when something is left out.
fn truncate(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    let kept: String = text.chars().take(length.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

fn encode(c: char, context: Context, into: &mut String) {
    match context {
        Context::Content | Context::Embed => escape(c, into),
        Context::Plain => into.push(c),
        Context::Url => percent(c, into),
    }
}

fn encoded(piece: &Piece, context: Context) -> String {
    match piece {
        Piece::Literal(text) | Piece::Whole(text) => text.clone(),
        Piece::Text(text) => {
            let mut result = String::new();
            text.chars().for_each(|c| encode(c, context, &mut result));
            result
        }
    }
}

fn width(piece: &Piece, context: Context) -> usize {
    encoded(piece, context).chars().count()
}

/// Shortens the longest value, then the next longest, until all fits or nothing can be shortened.
fn shorten(pieces: &mut [Piece], context: Context, limit: usize) {
    let widths: Vec<usize> = pieces.iter().map(|piece| width(piece, context)).collect();
    let mut total: usize = widths.iter().sum();
    let mut longest: Vec<usize> =
        (0..pieces.len()).filter(|at| matches!(pieces[*at], Piece::Text(_))).collect();
    longest.sort_by_key(|at| std::cmp::Reverse(widths[*at]));
    for at in longest {
        if total <= limit {
            return;
        }
        let target = widths[at].saturating_sub(total - limit);
        if let Piece::Text(text) = &mut pieces[at] {
            *text = fit(text, context, target);
        }
        total = total - widths[at] + width(&pieces[at], context);
    }
}

/// The longest beginning that takes `target` characters at most once encoded, ellipsis included.
fn fit(text: &str, context: Context, target: usize) -> String {
    // An address has no place for one.
    let ellipsis = if context == Context::Url { "" } else { "…" };
    let room = target.saturating_sub(ellipsis.chars().count());
    let (mut kept, mut used, mut buffer) = (String::new(), 0, String::new());
    for c in text.chars() {
        buffer.clear();
        encode(c, context, &mut buffer);
        used += buffer.chars().count();
        if used > room {
            break;
        }
        kept.push(c);
    }
    format!("{}{ellipsis}", kept.trim_end())
}

/// Joins the pieces; what is still too long is cut at the end.
fn join(pieces: &[Piece], context: Context, limit: usize) -> String {
    let mut result = String::new();
    let mut room = limit;
    for piece in pieces {
        let text = encoded(piece, context);
        let length = text.chars().count();
        if length <= room {
            result.push_str(&text);
            room -= length;
            continue;
        }
        if let Piece::Literal(text) = piece {
            result.push_str(cut_literal(text, room));
            break;
        }
        if let Piece::Text(text) = piece {
            result.push_str(&encoded(&Piece::Text(fit(text, context, room)), context));
            break;
        }
    }
    result.chars().take(limit).collect()
}

/// At most `room` characters of the template's own text, not ending within its markup.
fn cut_literal(text: &str, room: usize) -> &str {
    let end = text.char_indices().nth(room).map_or(text.len(), |(at, _)| at);
    let kept = &text[..end];
    let open = kept.rfind('<').filter(|at| !kept[*at..].contains('>'));
    let kept = open.map_or(kept, |at| &kept[..at]);
    let backslashes = kept.len() - kept.trim_end_matches('\\').len();
    &kept[..kept.len() - backslashes % 2]
}
