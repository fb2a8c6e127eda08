//! Changes to an OpenAPI document that break a client which was made from the one before.
//!
//! Of a schema, what is sent may be allowed more and not less, and what is answered the other way
//! about. A keyword that is not known here breaks when it changes: better one entry too many in the
//! changelog than a client that stops. Descriptions, examples, links and servers break nothing.

use std::collections::BTreeSet;

use serde_json::Value;

/// Which way a value goes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Sent,
    Answered,
}

const REMARKS: [&str; 7] =
    ["$ref", "description", "title", "example", "examples", "deprecated", "$comment"];
const LOWER: [&str; 5] = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
const UPPER: [&str; 5] = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];

/// Two documents, and what was found so far.
struct Comparison<'d> {
    old: &'d Value,
    new: &'d Value,
    breaks: Vec<String>,
}

/// Every break, as a sentence that starts with its place.
pub(crate) fn breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut comparison = Comparison { old, new, breaks: Vec::new() };
    for (path, item) in members(&old["paths"]) {
        for (method, operation) in members(item) {
            let place = format!("{method} {path}");
            match new["paths"][path].get(method) {
                Some(other) => comparison.operation(&place, operation, other),
                None => comparison.tell(&place, "is gone"),
            }
        }
    }
    let schemes = |document: &Value| document["components"]["securitySchemes"].clone();
    for (name, scheme) in members(&schemes(old)) {
        for part in ["type", "name", "in"] {
            if schemes(new)[name].get(part) != scheme.get(part) {
                comparison.tell(&format!("security scheme {name}"), &format!("has another {part}"));
            }
        }
    }
    comparison.breaks
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let reference = value.get("$ref").and_then(Value::as_str);
    reference.map_or(value, |it| document.pointer(it.trim_start_matches('#')).unwrap())
}

fn texts(value: &Value) -> BTreeSet<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

impl<'d> Comparison<'d> {
    fn tell(&mut self, place: &str, sentence: &str) {
        self.breaks.push(format!("{place}: {sentence}"));
    }

    fn operation(&mut self, place: &str, old: &'d Value, new: &'d Value) {
        if old.get("operationId") != new.get("operationId") {
            self.tell(place, "has another operationId");
        }
        if old["security"] != new["security"] {
            self.tell(place, "demands other credentials or scopes");
        }
        self.parameters(place, old, new);
        let (body, other) = (&old["requestBody"], &new["requestBody"]);
        if other["required"] == true && body["required"] != true {
            self.tell(place, "demands a body");
        }
        self.content(&format!("{place} body"), body, other, Way::Sent);
        for (status, response) in members(&old["responses"]) {
            let place = format!("{place} {status}");
            match new["responses"].get(status) {
                Some(other) => self.response(&place, response, other),
                None => self.tell(&place, "is answered no more"),
            }
        }
    }

    fn parameters(&mut self, place: &str, old: &'d Value, new: &'d Value) {
        let all = |document: &'d Value, operation: &'d Value| -> Vec<&'d Value> {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            parameters.map(|it| resolved(document, it)).collect()
        };
        let (olds, news) = (all(self.old, old), all(self.new, new));
        let find = |list: &[&'d Value], wanted: &Value| {
            list.iter().copied().find(|it| it["name"] == wanted["name"] && it["in"] == wanted["in"])
        };
        for parameter in &olds {
            let place = format!("{place} {}", parameter["name"]);
            match find(&news, parameter) {
                Some(other) => {
                    self.schema(&place, &parameter["schema"], &other["schema"], Way::Sent)
                }
                None => self.tell(&place, "is taken no more"),
            }
        }
        for parameter in news.iter().filter(|it| it["required"] == true) {
            if find(&olds, parameter).is_none_or(|it| it["required"] != true) {
                self.tell(&format!("{place} {}", parameter["name"]), "is required now");
            }
        }
    }

    fn response(&mut self, place: &str, old: &'d Value, new: &'d Value) {
        let (old, new) = (resolved(self.old, old), resolved(self.new, new));
        for (name, header) in members(&old["headers"]) {
            let place = format!("{place} {name}");
            let Some(other) = new["headers"].get(name) else {
                self.tell(&place, "is sent no more");
                continue;
            };
            let (header, other) = (resolved(self.old, header), resolved(self.new, other));
            if header["required"] == true && other["required"] != true {
                self.tell(&place, "is certain no more");
            }
            self.schema(&place, &header["schema"], &other["schema"], Way::Answered);
        }
        self.content(place, old, new, Way::Answered);
    }

    fn content(&mut self, place: &str, old: &'d Value, new: &'d Value, way: Way) {
        for (name, media_type) in members(&old["content"]) {
            let place = format!("{place} {name}");
            match new["content"].get(name) {
                Some(other) => self.schema(&place, &media_type["schema"], &other["schema"], way),
                None => self.tell(&place, "is gone"),
            }
        }
    }

    fn schema(&mut self, place: &str, old: &'d Value, new: &'d Value, way: Way) {
        let (old, new) = (resolved(self.old, old), resolved(self.new, new));
        let keywords: BTreeSet<_> =
            members(old).chain(members(new)).map(|(name, _)| name).collect();
        for keyword in keywords.into_iter().map(String::as_str) {
            let (was, is) = (&old[keyword], &new[keyword]);
            match keyword {
                _ if REMARKS.contains(&keyword) => {}
                "required" => {
                    let (was, is) = (texts(was), texts(is));
                    let (fewer, more) = if way == Way::Sent { (was, is) } else { (is, was) };
                    for name in more.difference(&fewer) {
                        let certain =
                            if way == Way::Sent { "required now" } else { "certain no more" };
                        self.tell(&format!("{place}.{name}"), &format!("is {certain}"));
                    }
                }
                "properties" => self.properties(place, old, new, way),
                "items" if was.is_object() && is.is_object() => {
                    self.schema(&format!("{place}[]"), was, is, way);
                }
                _ if LOWER.contains(&keyword) || UPPER.contains(&keyword) => {
                    let narrowed = match (was.as_f64(), is.as_f64()) {
                        (None, _) => true,
                        (_, None) => false,
                        (Some(was), Some(is)) if LOWER.contains(&keyword) => is > was,
                        (Some(was), Some(is)) => is < was,
                    };
                    if was != is && narrowed == (way == Way::Sent) {
                        self.tell(place, &format!("has another {keyword}"));
                    }
                }
                _ if was != is => self.tell(place, &format!("has another {keyword}")),
                _ => {}
            }
        }
    }

    fn properties(&mut self, place: &str, old: &'d Value, new: &'d Value, way: Way) {
        for (name, property) in members(&old["properties"]) {
            let place = format!("{place}.{name}");
            match new["properties"].get(name) {
                Some(other) => self.schema(&place, property, other, way),
                None => self.tell(&place, "is gone"),
            }
        }
        let closed = way == Way::Answered && old["additionalProperties"] == false;
        for (name, _) in members(&new["properties"]).filter(|_| closed) {
            if old["properties"].get(name).is_none() {
                self.tell(&format!("{place}.{name}"), "is new where nothing more was to come");
            }
        }
    }
}
