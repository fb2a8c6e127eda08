//! Histories of concurrent operations on one tenant, and whether they are linearizable.
//!
//! A [`Client`] is anything that a caller can speak to: a repository, a server. [`play`] lets many
//! of them work at once and records when each operation began and ended; [`is_linearizable`] looks
//! for one order of the operations, consistent with those times, in which every answer is the one
//! that the [model] gives. The search is exponential, so histories are short and many.

pub mod model;
pub mod repository;

use std::sync::{Arc, Mutex};

use todc_utils::linearizability::WGLChecker;
use todc_utils::linearizability::history::{Action, History};

use self::model::{Answer, Model, Operation, Request, Shown};
use crate::seeded::Seeded;

/// One caller.
pub trait Client: Send + 'static {
    /// Whether it makes changes by the right of a key too.
    const ACTS_BY_KEYS: bool = false;

    /// Does what is asked, and gives the answer: [`Answer::Unknown`] where nobody knows whether it
    /// was done.
    fn ask(&mut self, request: &Request) -> Answer;
}

/// The questions and answers of all callers, in the order in which they happened.
pub type Recorded = Vec<(usize, Action<Operation>)>;

const NAMES: [&str; 3] = ["a", "b", "c"];

/// Lets the clients work at once, each for so many operations drawn from the seed.
pub fn play<C: Client>(clients: Vec<C>, operations: usize, seed: u64) -> Recorded {
    let recorded = Arc::new(Mutex::new(Recorded::new()));
    let seen = Arc::new(Mutex::new(Seen::default()));
    let threads: Vec<_> = clients
        .into_iter()
        .enumerate()
        .map(|(number, mut client)| {
            let (recorded, seen) = (Arc::clone(&recorded), Arc::clone(&seen));
            let mut draw = Seeded::new(seed.wrapping_mul(31).wrapping_add(number as u64));
            std::thread::spawn(move || {
                let mut left = Vec::new();
                for turn in 0..operations {
                    let mark = (number * operations + turn) as u32;
                    let mut request = seen.lock().unwrap().draw(&mut draw, mark);
                    if C::ACTS_BY_KEYS {
                        request = seen.lock().unwrap().by_some_key(request, &mut draw);
                    }
                    let call = Operation { request: request.clone(), answer: Answer::Unknown };
                    recorded.lock().unwrap().push((number, Action::Call(call)));
                    let answer = client.ask(&request);
                    seen.lock().unwrap().note(&answer);
                    let is_known = answer != Answer::Unknown;
                    let response = (number, Action::Response(Operation { request, answer }));
                    if is_known {
                        recorded.lock().unwrap().push(response);
                    } else {
                        // It may be done at any time from now on, so this caller asks no more.
                        left.push(response);
                        break;
                    }
                }
                left
            })
        })
        .collect();
    let left: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    let mut recorded = std::mem::take(&mut *recorded.lock().unwrap());
    // What was never answered is under way to the end.
    recorded.extend(left);
    recorded
}

/// Whether the model could have given these answers, one operation after another.
pub fn is_linearizable(recorded: &Recorded) -> bool {
    WGLChecker::<Model>::is_linearizable(History::from_actions(recorded.clone()))
}

/// Panics with the whole history where it is not linearizable.
pub fn demand_linearizable(recorded: &Recorded, which: &str) {
    if !is_linearizable(recorded) {
        let lines: Vec<_> = recorded.iter().map(|(who, what)| format!("{who}: {what:?}")).collect();
        panic!("{which}: no order of these explains the answers:\n{}", lines.join("\n"));
    }
}

/// The knowledge of callers about each other: tokens to present and states to demand.
#[derive(Default)]
struct Seen {
    tokens: Vec<String>,
    keys: Vec<Shown>,
}

impl Seen {
    fn note(&mut self, answer: &Answer) {
        match answer {
            Answer::Created(token) => self.tokens.push(token.clone()),
            Answer::Key(key) => self.keys.push(key.clone()),
            _ => {}
        }
    }

    /// One of the newest tokens, which are those that are being taken away.
    fn token(&self, draw: &mut Seeded) -> Option<String> {
        let last = self.tokens.len().checked_sub(1)?;
        Some(self.tokens[last - draw.below(self.tokens.len().min(4))].clone())
    }

    /// Half of the changes, by the right of a key.
    fn by_some_key(&self, request: Request, draw: &mut Seeded) -> Request {
        let is_change = matches!(
            request,
            Request::Create { .. } | Request::Update { .. } | Request::Delete { .. }
        );
        match self.token(draw) {
            Some(token) if is_change && draw.below(2) == 0 => {
                Request::By { token, change: Box::new(request) }
            }
            _ => request,
        }
    }

    fn draw(&self, draw: &mut Seeded, mark: u32) -> Request {
        let name = NAMES[draw.below(NAMES.len())];
        let token = self.token(draw);
        let key = self.keys.last().cloned();
        match draw.below(12) {
            0..=2 => Request::Create { name, mark },
            3..=4 => Request::Delete { name },
            5 => Request::Update { name, enabled: draw.below(2) == 0, mark, only: None },
            6 if key.is_some() => {
                let name = NAMES.into_iter().find(|name| key.as_ref().unwrap().name == *name);
                Request::Update { name: name.unwrap(), enabled: true, mark, only: key }
            }
            6..=7 => Request::Get { name },
            8..=9 => Request::List,
            _ => token.map_or(Request::List, |token| Request::Authenticate { token }),
        }
    }
}
