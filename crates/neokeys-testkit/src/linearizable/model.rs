//! The rules on a tenant's keys, written down a second time and as plainly as they can be.

use todc_utils::specifications::Specification;

/// A request of a caller. Marks are numbers that tell one write from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    Create {
        name: &'static str,
        mark: u32,
    },
    Get {
        name: &'static str,
    },
    List,
    /// Only where the key is this one, if one is named.
    Update {
        name: &'static str,
        enabled: bool,
        mark: u32,
        only: Option<Shown>,
    },
    Delete {
        name: &'static str,
    },
    Authenticate {
        token: String,
    },
    /// A change by the right of a key.
    By {
        token: String,
        change: Box<Request>,
    },
}

/// A key as a caller sees it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shown {
    pub name: String,
    pub enabled: bool,
    pub mark: u32,
}

/// The answer to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 201, with the token.
    Created(String),
    /// 409.
    NameTaken,
    /// 200, of an update: the key as it is now.
    Updated,
    /// 204.
    Deleted,
    /// 404.
    Absent,
    /// 412.
    NotThatOne,
    Key(Shown),
    Keys(Vec<Shown>),
    Accepted(bool),
    /// 401: the key by whose right it was asked is none.
    Refused,
    /// None: the change may be done or not, now or later.
    Unknown,
}

/// A request with its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    pub request: Request,
    pub answer: Answer,
}

/// A key as the model keeps it. The token of one whose creation was never answered is known to
/// nobody.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Kept {
    shown: Shown,
    token: Option<String>,
}

/// A keyring that does one operation at a time.
pub struct Model;

impl Specification for Model {
    type State = Vec<Kept>;
    type Operation = Operation;

    fn init() -> Self::State {
        Vec::new()
    }

    fn apply(operation: &Operation, state: &Vec<Kept>) -> (bool, Vec<Kept>) {
        let Operation { request, answer } = operation;
        let (due, after) = judge(request, answer, state);
        let is_right = *answer == Answer::Unknown || *answer == due;
        (is_right, if is_right { after } else { state.clone() })
    }
}

/// The answer that is due, and the keys afterwards.
fn judge(request: &Request, answer: &Answer, state: &[Kept]) -> (Answer, Vec<Kept>) {
    let mut keys = state.to_vec();
    let find = |name: &str| state.iter().position(|key| key.shown.name == name);
    let accepts = |token: &String| {
        state.iter().any(|key| key.token.as_ref() == Some(token) && key.shown.enabled)
    };
    let due = match request {
        Request::By { token, .. } if !accepts(token) => Answer::Refused,
        Request::By { change, .. } => return judge(change, answer, state),
        Request::Create { name, .. } if find(name).is_some() => Answer::NameTaken,
        Request::Create { name, mark } => {
            let token = match answer {
                Answer::Created(token) => Some(token.clone()),
                _ => None,
            };
            let shown = Shown { name: (*name).to_owned(), enabled: true, mark: *mark };
            keys.push(Kept { shown, token: token.clone() });
            Answer::Created(token.unwrap_or_default())
        }
        Request::Get { name } => {
            find(name).map_or(Answer::Absent, |at| Answer::Key(keys[at].shown.clone()))
        }
        Request::List => Answer::Keys(keys.iter().map(|key| key.shown.clone()).collect()),
        Request::Update { name, enabled, mark, only } => match find(name) {
            None => Answer::Absent,
            Some(at) if only.as_ref().is_some_and(|only| *only != keys[at].shown) => {
                Answer::NotThatOne
            }
            Some(at) => {
                (keys[at].shown.enabled, keys[at].shown.mark) = (*enabled, *mark);
                Answer::Updated
            }
        },
        Request::Delete { name } => match find(name) {
            None => Answer::Absent,
            Some(at) => {
                keys.remove(at);
                Answer::Deleted
            }
        },
        Request::Authenticate { token } => Answer::Accepted(accepts(token)),
    };
    (due, keys)
}
