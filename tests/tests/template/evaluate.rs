//! CloudFormation's functions, as far as this template uses them.

use serde_json::{Value, json};
use sm_sim::aws::REGION;
use std::collections::BTreeMap;

/// What a stack is called where nobody says.
pub(super) const STACK: &str = "streammaxing-dev";

/// The template's parameters at their defaults, some of them changed; a stack's name and region.
pub(super) struct Stack<'a> {
    template: &'a Value,
    parameters: BTreeMap<String, String>,
}

impl<'a> Stack<'a> {
    pub(super) fn new(template: &'a Value, changes: &[(&str, &str)]) -> Self {
        Self::named(template, STACK, REGION, changes)
    }

    pub(super) fn named(
        template: &'a Value,
        stack: &str,
        region: &str,
        changes: &[(&str, &str)],
    ) -> Self {
        let declared = template["Parameters"].as_object().unwrap();
        let default = |(name, parameter): (&String, &Value)| {
            let text = match &parameter["Default"] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            (name.clone(), text)
        };
        let mut parameters: BTreeMap<_, _> = declared.iter().map(default).collect();
        for (name, value) in changes {
            let changed = parameters.insert((*name).to_owned(), (*value).to_owned());
            assert!(changed.is_some(), "{name} is no parameter");
        }
        parameters.insert("AWS::StackName".to_owned(), stack.to_owned());
        parameters.insert("AWS::Region".to_owned(), region.to_owned());
        Self { template, parameters }
    }

    /// What the value comes to. References to resources stay as they are; null: `AWS::NoValue`.
    pub(super) fn value(&self, value: &Value) -> Value {
        match value {
            Value::Array(items) => {
                items.iter().map(|item| self.value(item)).filter(|item| !item.is_null()).collect()
            }
            Value::Object(fields) => match fields.iter().next() {
                Some((name, argument)) if fields.len() == 1 => self.function(name, argument, value),
                _ => {
                    let fields =
                        fields.iter().map(|(name, field)| (name.clone(), self.value(field)));
                    fields.filter(|(_, field)| !field.is_null()).collect()
                }
            },
            plain => plain.clone(),
        }
    }

    /// Whether a condition holds.
    pub(super) fn holds(&self, condition: &Value) -> bool {
        let (name, argument) = condition.as_object().unwrap().iter().next().unwrap();
        let all = || argument.as_array().unwrap().iter().map(|part| self.holds(part));
        match name.as_str() {
            "Condition" => self.holds(&self.template["Conditions"][argument.as_str().unwrap()]),
            "Fn::Not" => !all().next().unwrap(),
            "Fn::And" => all().all(|part| part),
            "Fn::Or" => all().any(|part| part),
            "Fn::Equals" => {
                let text = |side: &Value| match self.value(side) {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                text(&argument[0]) == text(&argument[1])
            }
            other => panic!("{other} is no condition"),
        }
    }

    fn function(&self, name: &str, argument: &Value, whole: &Value) -> Value {
        match name {
            "Ref" if argument == "AWS::NoValue" => Value::Null,
            "Ref" => match self.parameters.get(argument.as_str().unwrap()) {
                Some(value) => json!(value),
                None => whole.clone(),
            },
            "Fn::If" => {
                let condition = json!({ "Condition": argument[0] });
                self.value(&argument[if self.holds(&condition) { 1 } else { 2 }])
            }
            "Fn::Sub" => json!(self.substituted(argument)),
            "Fn::FindInMap" => {
                let key = |part: usize| self.value(&argument[part]).as_str().unwrap().to_owned();
                self.template["Mappings"][key(0)][key(1)][key(2)].clone()
            }
            "Fn::GetAtt" | "Fn::Join" => whole.clone(),
            _ => json!({ name: self.value(argument) }),
        }
    }

    /// Parameters are filled in; a resource becomes its own name.
    fn substituted(&self, argument: &Value) -> String {
        let mut text = argument.as_str().or(argument[0].as_str()).unwrap().to_owned();
        while let Some(at) = text.find("${") {
            let end = at + text[at..].find('}').unwrap();
            let name = text[at + 2..end].to_owned();
            let value = self.parameters.get(&name).cloned().unwrap_or(name);
            text.replace_range(at..=end, &value);
        }
        text
    }
}
