//! Takes each answer from a flag, the environment, the time before or a person, and tries it before it is kept.

use super::{answers::Answers, questions::Question};
use crate::{
    operate::CalledWrongly,
    output::{Error, Mark, say},
};
use sm_lambda::config::peek;
use std::{
    collections::BTreeMap,
    io::{BufRead, ErrorKind, IsTerminal, Write},
};

/// Why an answer is of no use, and what helps.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) found: String,
    pub(crate) fix: String,
}

impl Refusal {
    pub(crate) fn new(found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { found: found.into(), fix: fix.into() }
    }
}

/// What was found out about an answer, in words and for what follows.
pub(crate) type Tried<T> = Result<(String, T), Refusal>;

/// The answers, and how to get those that are missing.
#[derive(Debug)]
pub(crate) struct Interview {
    pub(crate) answers: Answers,
    given: BTreeMap<&'static str, String>,
    /// What lies elsewhere since the time before, such as in a stack's secret.
    kept: BTreeMap<String, String>,
    /// Whether somebody is there to answer.
    terminal: bool,
}

impl Interview {
    pub(crate) fn new(answers: Answers, given: BTreeMap<&'static str, String>) -> Self {
        let terminal = std::io::stdin().is_terminal();
        Self { answers, given, kept: BTreeMap::new(), terminal }
    }

    /// Answers that need not be given again.
    pub(crate) fn know(&mut self, kept: BTreeMap<String, String>) {
        self.kept = kept;
    }

    /// The answer at hand.
    pub(crate) fn find(&self, question: &Question) -> Option<String> {
        let name = question.name;
        let given = self.given.get(name).cloned().or_else(|| peek(name));
        let given = given.or_else(|| self.answers.get(name));
        given.or_else(|| self.kept.get(name).filter(|value| !value.is_empty()).cloned())
    }

    /// Where nobody can be asked, names everything that is missing at once.
    pub(crate) fn refuse_gaps(&self, questions: &[Question]) -> Result<(), Error> {
        let missing: Vec<_> = questions.iter().filter(|q| self.find(q).is_none()).collect();
        if self.terminal || missing.is_empty() {
            return Ok(());
        }
        let line = |q: &&Question| {
            let value = if q.secret { "FILE" } else { "VALUE" };
            format!(
                "\n  {} is missing ({}): {} {value}, or in the environment",
                q.name, q.source, q.flag
            )
        };
        let lines: String = missing.iter().map(line).collect();
        Err(CalledWrongly(format!("nobody is there to be asked:{lines}")).into())
    }

    /// Settles a question: the answer is tried, kept, and asked for again while it is refused.
    pub(crate) async fn settle<T>(
        &mut self,
        question: &Question,
        suggestion: &str,
        tried: impl AsyncFn(&str) -> Tried<T>,
    ) -> Result<T, Error> {
        let mut at_hand = self.find(question);
        loop {
            let answer = match at_hand.take() {
                Some(answer) => answer,
                None => self.ask(question, suggestion)?,
            };
            match tried(&answer).await {
                Ok((found, result)) => {
                    say(&format!("{} {:22} {found}", Mark::Good.symbol(), question.name));
                    // What lies elsewhere stays there.
                    if self.kept.get(question.name) != Some(&answer) {
                        self.answers.set(question.name, &answer)?;
                    }
                    return Ok(result);
                }
                Err(Refusal { found, fix }) if self.terminal => {
                    say(&format!(
                        "{} {:22} {found}\n  {:22} → {fix}",
                        Mark::Problem.symbol(),
                        question.name,
                        ""
                    ));
                }
                Err(Refusal { found, fix }) => {
                    return Err(format!("{} {found}. Remedy: {fix}", question.name).into());
                }
            }
        }
    }

    /// A person's answer; an empty line takes the suggestion.
    fn ask(&self, question: &Question, suggestion: &str) -> Result<String, Error> {
        self.refuse_gaps(std::slice::from_ref(question))?;
        let Question { name, source, secret, .. } = question;
        let hint = if suggestion.is_empty() { String::new() } else { format!(" [{suggestion}]") };
        let prompt = format!("{name} ({source}){hint}: ");
        loop {
            let answer = if *secret { read_hidden(&prompt)? } else { read_line(&prompt)? };
            match answer.trim() {
                "" if suggestion.is_empty() => say(&format!("  {name} must not be empty")),
                "" => return Ok(suggestion.to_owned()),
                answer => return Ok(answer.to_owned()),
            }
        }
    }

    /// Asks something that is kept nowhere; `None` where nobody is there.
    pub(crate) fn ask_once(&self, prompt: &str) -> Result<Option<String>, Error> {
        if !self.terminal {
            return Ok(None);
        }
        Ok(Some(read_line(prompt)?.trim().to_owned()))
    }
}

const LEFT: &str = "left; what was answered is kept: run the same command to go on";

/// A line that is not shown while it is typed.
fn read_hidden(prompt: &str) -> Result<String, Error> {
    rpassword::prompt_password(prompt).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => LEFT.into(),
        _ => error.into(),
    })
}

/// A line from the terminal; its end means that somebody has gone.
fn read_line(prompt: &str) -> Result<String, Error> {
    let mut error = std::io::stderr();
    write!(error, "{prompt}")?;
    error.flush()?;
    let mut line = String::new();
    if std::io::stdin().lock().read_line(&mut line)? == 0 {
        return Err(LEFT.into());
    }
    Ok(line)
}
