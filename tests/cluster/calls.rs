//! Callers of nodes that come and go.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::node::Node;
use neokeys_testkit::linearizable::Client;
use neokeys_testkit::linearizable::model::{Answer, Request, Shown};

/// Longer than a node waits for its store.
const PATIENCE: Duration = Duration::from_secs(12);

/// A caller with a runtime and connections of its own.
pub struct Caller {
    connections: reqwest::Client,
    runtime: Runtime,
    bearer: String,
}

/// The answer, if there was one.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub tag: Option<String>,
    pub body: Value,
}

impl Caller {
    pub fn new(bearer: &str) -> Self {
        let connections = reqwest::Client::builder().timeout(PATIENCE).no_proxy();
        Self {
            connections: connections.build().unwrap(),
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            bearer: bearer.to_owned(),
        }
    }

    /// Asks with the bearer token. Nothing where the connection broke or nobody answered.
    pub fn ask(&self, node: &Node, method: &str, path: &str, body: Option<Value>) -> Option<Reply> {
        self.ask_if(node, method, path, body, None)
    }

    /// The same, on condition that the resource still has this tag.
    pub fn ask_if(
        &self,
        node: &Node,
        method: &str,
        path: &str,
        body: Option<Value>,
        tag: Option<&str>,
    ) -> Option<Reply> {
        let method = method.parse().unwrap();
        let mut request =
            self.connections.request(method, node.origin() + path).bearer_auth(&self.bearer);
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        if let Some(tag) = tag {
            request = request.header("If-Match", tag);
        }
        self.send(request)
    }

    /// The status of a list that is asked for with an API key alone.
    pub fn present(&self, node: &Node, tenant: &str, token: &str) -> Option<u16> {
        let request = self.connections.get(node.origin() + &keys(tenant));
        self.send(request.header("X-API-KEY", token)).map(|reply| reply.status)
    }

    fn send(&self, request: reqwest::RequestBuilder) -> Option<Reply> {
        self.runtime.block_on(async {
            let reply = request.send().await.ok()?;
            let status = reply.status().as_u16();
            let tag =
                reply.headers().get("etag").and_then(|tag| tag.to_str().ok().map(str::to_owned));
            let body = reply.bytes().await.ok()?;
            Some(Reply { status, tag, body: serde_json::from_slice(&body).unwrap_or_default() })
        })
    }
}

/// The list of a tenant.
pub fn keys(tenant: &str) -> String {
    format!("/api/{tenant}/admin/apiKeys")
}

/// A caller whose answers are recorded: it takes the nodes in turn.
pub struct Recorder {
    caller: Caller,
    nodes: Arc<Vec<Node>>,
    tenant: String,
    turn: usize,
}

impl Recorder {
    pub fn new(bearer: &str, nodes: &Arc<Vec<Node>>, tenant: &str, turn: usize) -> Self {
        let (caller, nodes) = (Caller::new(bearer), Arc::clone(nodes));
        Self { caller, nodes, tenant: tenant.to_owned(), turn }
    }

    fn node(&mut self) -> usize {
        self.turn += 1;
        self.turn % self.nodes.len()
    }

    /// Reads until a node answers: a read that fails says nothing.
    fn read(&mut self, path: &str) -> Reply {
        loop {
            let node = self.node();
            match self.caller.ask(&self.nodes[node], "GET", path, None) {
                Some(reply) if matches!(reply.status, 200 | 404) => return reply,
                Some(reply) => assert_eq!(reply.status, 503, "{reply:?}"),
                None => {}
            }
        }
    }

    /// Writes until a node takes it or nobody knows whether one did.
    #[expect(clippy::needless_pass_by_value, reason = "a body is written where it is sent")]
    fn write(
        &mut self,
        method: &str,
        path: &str,
        body: Option<Value>,
        tag: Option<&str>,
    ) -> Option<Reply> {
        loop {
            let node = self.node();
            let reply = self.caller.ask_if(&self.nodes[node], method, path, body.clone(), tag)?;
            if reply.status != 503 {
                return Some(reply);
            }
            let kind = reply.body["type"].as_str().unwrap_or_default().to_owned();
            if !kind.ends_with("store-unavailable") {
                return None;
            }
            // It says that nothing was written.
        }
    }

    fn shown(key: &Value) -> Shown {
        let mark = key["permissions"][0].as_str().unwrap().strip_prefix("mark:").unwrap();
        Shown {
            name: key["name"].as_str().unwrap().to_owned(),
            enabled: key["enabled"].as_bool().unwrap(),
            mark: mark.parse().unwrap(),
        }
    }
}

impl Client for Recorder {
    fn ask(&mut self, request: &Request) -> Answer {
        let list = keys(&self.tenant);
        let of = |name: &str| format!("{list}/{name}");
        let permissions = |mark: u32| json!([format!("mark:{mark}")]);
        match request {
            Request::Create { name, mark } => {
                let body = json!({"name": name, "permissions": permissions(*mark)});
                match self.write("POST", &list, Some(body), None) {
                    Some(reply) if reply.status == 201 => {
                        Answer::Created(reply.body["token"].as_str().unwrap().to_owned())
                    }
                    Some(reply) if reply.status == 409 => Answer::NameTaken,
                    Some(reply) => panic!("{reply:?}"),
                    None => Answer::Unknown,
                }
            }
            Request::Update { name, enabled, mark, only } => {
                let mut tag = None;
                if let Some(only) = only {
                    let reply = self.read(&of(name));
                    match reply.status {
                        404 => return Answer::Absent,
                        _ if Self::shown(&reply.body) != *only => return Answer::NotThatOne,
                        _ => tag = reply.tag,
                    }
                }
                let body = json!({"enabled": enabled, "permissions": permissions(*mark)});
                match self.write("PUT", &of(name), Some(body), tag.as_deref()) {
                    Some(reply) => match reply.status {
                        200 => Answer::Updated,
                        404 => Answer::Absent,
                        412 => Answer::NotThatOne,
                        status => panic!("{status}: {reply:?}"),
                    },
                    None => Answer::Unknown,
                }
            }
            Request::Delete { name } => match self.write("DELETE", &of(name), None, None) {
                Some(reply) if reply.status == 204 => Answer::Deleted,
                Some(reply) if reply.status == 404 => Answer::Absent,
                Some(reply) => panic!("{reply:?}"),
                None => Answer::Unknown,
            },
            Request::By { .. } => unreachable!("callers of a cluster act by a bearer token"),
            Request::Get { name } => {
                let reply = self.read(&of(name));
                if reply.status == 404 {
                    Answer::Absent
                } else {
                    Answer::Key(Self::shown(&reply.body))
                }
            }
            Request::List => {
                let reply = self.read(&list);
                Answer::Keys(reply.body.as_array().unwrap().iter().map(Self::shown).collect())
            }
            Request::Authenticate { token } => loop {
                let node = self.node();
                match self.caller.present(&self.nodes[node], &self.tenant, token) {
                    // It is valid, but may not list.
                    Some(403) => return Answer::Accepted(true),
                    Some(401) => return Answer::Accepted(false),
                    Some(503) | None => {}
                    Some(status) => panic!("{status}"),
                }
            },
        }
    }
}
