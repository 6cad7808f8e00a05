//! From a source to a tree, in one pass.

use super::{ErrorKind, MAX_DEPTH, MAX_SOURCE_CHARS, Span, TemplateError, Variable};
use std::collections::BTreeSet;

/// What templates of one kind may name between braces.
pub trait Name: Clone + Ord {
    /// Reads a name with its arguments; filters are cut off already.
    fn read(text: &str) -> Result<Self, ErrorKind>;
}

impl Name for Variable {
    fn read(text: &str) -> Result<Self, ErrorKind> {
        Self::by_name(text).ok_or_else(|| ErrorKind::UnknownVariable {
            name: text.chars().take(40).collect(),
            near: Self::closest(text).map(Self::name),
        })
    }
}

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template<V = Variable> {
    pub(super) nodes: Vec<Node<V>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node<V> {
    Text(String),
    Value { variable: V, filters: Vec<Filter> },
    Choice { variable: V, set: Vec<Self>, unset: Vec<Self> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filter {
    Truncate(usize),
    Upper,
    Lower,
    Default(String),
}

impl<V: Name> Template<V> {
    /// Parses a source; reports the first error.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        Parser::new(source).parse()
    }

    /// The variables that the template names.
    pub fn variables(&self) -> BTreeSet<V> {
        let mut found = BTreeSet::new();
        collect(&self.nodes, &mut found);
        found
    }
}

fn collect<V: Name>(nodes: &[Node<V>], found: &mut BTreeSet<V>) {
    for node in nodes {
        match node {
            Node::Text(_) => {}
            Node::Value { variable, .. } => {
                found.insert(variable.clone());
            }
            Node::Choice { variable, set, unset } => {
                found.insert(variable.clone());
                collect(set, found);
                collect(unset, found);
            }
        }
    }
}

/// A block that is not closed yet.
struct Open<V> {
    block: &'static str,
    at: usize,
    end: usize,
    variable: V,
    first: Vec<Node<V>>,
    /// Whether `{:else}` has been passed; `first` is complete then.
    in_else: bool,
}

struct Parser<V> {
    source: Vec<char>,
    at: usize,
    open: Vec<Open<V>>,
    /// The nodes of the innermost open block, or of the template.
    nodes: Vec<Node<V>>,
    /// The nodes outside of each open block.
    outer: Vec<Vec<Node<V>>>,
    text: String,
}

type Fallible<T> = Result<T, TemplateError>;

impl<V: Name> Parser<V> {
    fn new(source: &str) -> Self {
        Self {
            source: source.chars().collect(),
            at: 0,
            open: Vec::new(),
            nodes: Vec::new(),
            outer: Vec::new(),
            text: String::new(),
        }
    }

    fn parse(mut self) -> Fallible<Template<V>> {
        if self.source.len() > MAX_SOURCE_CHARS {
            return Err(self.error(MAX_SOURCE_CHARS, self.source.len(), ErrorKind::TooLong));
        }
        while let Some(&char) = self.source.get(self.at) {
            let doubled = self.source.get(self.at + 1) == Some(&char);
            match char {
                '{' | '}' if doubled => {
                    self.text.push(char);
                    self.at += 2;
                }
                '{' => self.tag()?,
                '}' => return Err(self.error(self.at, self.at + 1, ErrorKind::StrayBrace)),
                _ => {
                    self.text.push(char);
                    self.at += 1;
                }
            }
        }
        self.end_text();
        match self.open.last() {
            None => Ok(Template { nodes: self.nodes }),
            Some(open) => Err(self.error(open.at, open.end, ErrorKind::UnclosedBlock(open.block))),
        }
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            self.nodes.push(Node::Text(std::mem::take(&mut self.text)));
        }
    }

    /// Reads from a `{` to its `}`; braces within quotes do not count.
    fn tag(&mut self) -> Fallible<()> {
        let start = self.at;
        let end = self.find_close(start)?;
        let inner = (start + 1, end);
        self.end_text();
        self.at = end + 1;
        match self.source[start + 1..end].iter().find(|c| !c.is_whitespace()) {
            Some('#') => self.open_block(inner),
            Some(':') => self.else_tag(inner),
            Some('/') => self.close_block(inner),
            _ => self.value(inner),
        }
    }

    fn find_close(&self, start: usize) -> Fallible<usize> {
        let mut quoted = false;
        let mut at = start + 1;
        while let Some(&char) = self.source.get(at) {
            match char {
                '\\' if quoted => at += 1,
                '"' => quoted = !quoted,
                '}' if !quoted => return Ok(at),
                '{' if !quoted => break,
                _ => {}
            }
            at += 1;
        }
        Err(self.error(start, start + 1, ErrorKind::UnclosedBrace))
    }

    fn value(&mut self, (start, end): (usize, usize)) -> Fallible<()> {
        let mut parts = self.split(start, end).into_iter();
        let (from, to) = parts.next().unwrap_or((start, end));
        let variable = self.variable(from, to)?;
        let filters = parts.map(|(from, to)| self.filter(from, to)).collect::<Fallible<_>>()?;
        self.nodes.push(Node::Value { variable, filters });
        Ok(())
    }

    /// Splits at `|` outside of quotes.
    fn split(&self, start: usize, end: usize) -> Vec<(usize, usize)> {
        let (mut parts, mut from, mut at, mut quoted) = (Vec::new(), start, start, false);
        while at < end {
            match self.source[at] {
                '\\' if quoted => at += 1,
                '"' => quoted = !quoted,
                '|' if !quoted => {
                    parts.push((from, at));
                    from = at + 1;
                }
                _ => {}
            }
            at += 1;
        }
        parts.push((from, end));
        parts
    }

    fn variable(&self, from: usize, to: usize) -> Fallible<V> {
        let (from, to) = self.trim(from, to);
        let name: String = self.source[from..to].iter().collect();
        V::read(&name).map_err(|kind| self.error(from, to, kind))
    }

    fn filter(&self, from: usize, to: usize) -> Fallible<Filter> {
        let (from, to) = self.trim(from, to);
        let text: String = self.source[from..to].iter().collect();
        let (name, argument) = match text.split_once(':') {
            Some((name, argument)) => (name.trim(), Some(argument.trim())),
            None => (text.as_str(), None),
        };
        let bad =
            |filter, expected| self.error(from, to, ErrorKind::BadArgument { filter, expected });
        match (name, argument) {
            ("upper", None) => Ok(Filter::Upper),
            ("lower", None) => Ok(Filter::Lower),
            ("upper", Some(_)) => Err(bad("upper", "no argument")),
            ("lower", Some(_)) => Err(bad("lower", "no argument")),
            ("truncate", argument) => {
                let length = argument.and_then(|a| a.parse().ok());
                let sane = length.filter(|n| (1..=MAX_SOURCE_CHARS).contains(n));
                let expected = "a length from 1 to 4000, as in truncate:80";
                sane.map(Filter::Truncate).ok_or_else(|| bad("truncate", expected))
            }
            ("default", argument) => {
                let expected = "a text in quotes, as in default:\"something\"";
                let text = argument.and_then(unquote).ok_or_else(|| bad("default", expected))?;
                Ok(Filter::Default(text))
            }
            _ => {
                let shown = name.chars().take(40).collect();
                Err(self.error(from, to, ErrorKind::UnknownFilter(shown)))
            }
        }
    }

    fn open_block(&mut self, (start, end): (usize, usize)) -> Fallible<()> {
        let (from, to) = self.trim(start, end);
        let tag: String = self.source[from..to].iter().collect();
        let (name, _) = tag.split_once(char::is_whitespace).unwrap_or((&tag, ""));
        let block = match name {
            "#if" => "if",
            "#unless" => "unless",
            _ => return Err(self.unknown_block(from, to, &tag)),
        };
        if self.open.len() == MAX_DEPTH {
            return Err(self.error(from, to, ErrorKind::TooDeep));
        }
        let variable = self.variable(from + name.chars().count(), to)?;
        let open = Open {
            block,
            at: start - 1,
            end: end + 1,
            variable,
            first: Vec::new(),
            in_else: false,
        };
        self.open.push(open);
        self.outer.push(std::mem::take(&mut self.nodes));
        Ok(())
    }

    fn else_tag(&mut self, (start, end): (usize, usize)) -> Fallible<()> {
        let (from, to) = self.trim(start, end);
        let tag: String = self.source[from..to].iter().collect();
        if tag != ":else" {
            return Err(self.unknown_block(from, to, &tag));
        }
        match self.open.last_mut() {
            Some(open) if !open.in_else => {
                open.in_else = true;
                open.first = std::mem::take(&mut self.nodes);
                Ok(())
            }
            _ => Err(self.error(from, to, ErrorKind::UnexpectedTag(tag))),
        }
    }

    fn close_block(&mut self, (start, end): (usize, usize)) -> Fallible<()> {
        let (from, to) = self.trim(start, end);
        let tag: String = self.source[from..to].iter().collect();
        let fits = self.open.last().is_some_and(|open| tag.strip_prefix('/') == Some(open.block));
        let (true, Some(open), Some(outer)) = (fits, self.open.pop(), self.outer.pop()) else {
            let shown = tag.chars().take(40).collect();
            return Err(self.error(from, to, ErrorKind::UnexpectedTag(shown)));
        };
        let last = std::mem::replace(&mut self.nodes, outer);
        let (first, second) = if open.in_else { (open.first, last) } else { (last, Vec::new()) };
        let (set, unset) = if open.block == "if" { (first, second) } else { (second, first) };
        self.nodes.push(Node::Choice { variable: open.variable, set, unset });
        Ok(())
    }

    fn unknown_block(&self, from: usize, to: usize, tag: &str) -> TemplateError {
        self.error(from, to, ErrorKind::UnknownBlock(tag.chars().take(40).collect()))
    }

    fn trim(&self, mut from: usize, mut to: usize) -> (usize, usize) {
        while from < to && self.source[from].is_whitespace() {
            from += 1;
        }
        while to > from && self.source[to - 1].is_whitespace() {
            to -= 1;
        }
        (from, to)
    }

    fn error(&self, start: usize, end: usize, kind: ErrorKind) -> TemplateError {
        let before = &self.source[..start.min(self.source.len())];
        let line = 1 + before.iter().filter(|c| **c == '\n').count();
        let column = 1 + before.iter().rev().take_while(|c| **c != '\n').count();
        TemplateError { span: Span { start, end, line, column }, kind }
    }
}

/// The text between quotes, with `\"` and `\\` resolved.
fn unquote(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut result = String::new();
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => result.push(chars.next().filter(|c| matches!(c, '"' | '\\'))?),
            '"' => return None,
            _ => result.push(char),
        }
    }
    Some(result)
}
