//! Room for one more connection where idle ones must keep nobody out.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use tokio::sync::oneshot;

use super::exchange::Exchange;

/// The connections of one worker, in the order in which they came.
#[derive(Debug)]
pub(super) struct Room {
    most: usize,
    held: RefCell<VecDeque<Held>>,
}

#[derive(Debug)]
struct Held {
    exchange: Rc<Exchange>,
    leave: oneshot::Sender<()>,
}

impl Room {
    pub(super) fn new(most: usize) -> Rc<Self> {
        Rc::new(Self { most, held: RefCell::default() })
    }

    /// Takes a connection in; what this gives comes when it has to leave. If there is no room, the
    /// oldest one leaves that serves no request, or the oldest of all.
    pub(super) fn take(&self, exchange: &Rc<Exchange>) -> oneshot::Receiver<()> {
        let mut held = self.held.borrow_mut();
        held.retain(|it| !it.leave.is_closed());
        if held.len() >= self.most {
            let idle = held.iter().position(|it| it.exchange.quiet_since().is_some());
            if let Some(leaving) = held.remove(idle.unwrap_or(0)) {
                // It may have ended by itself meanwhile.
                let _ = leaving.leave.send(());
            }
        }
        let (leave, left) = oneshot::channel();
        held.push_back(Held { exchange: Rc::clone(exchange), leave });
        left
    }
}

#[cfg(test)]
mod tests {
    use super::Room;
    use crate::connections::exchange::Exchange;

    #[actix_web::test]
    async fn the_oldest_idle_one_leaves_for_one_more() {
        let room = Room::new(2);
        let exchanges: Vec<_> = (0..5).map(|_| Exchange::new()).collect();
        let busy = exchanges[0].begin();
        let mut first = room.take(&exchanges[0]);
        let mut second = room.take(&exchanges[1]);
        assert!(second.try_recv().is_err());
        let third = room.take(&exchanges[2]);
        assert!(first.try_recv().is_err() && second.try_recv().is_ok());
        // One that ended makes room by itself.
        drop(third);
        let mut fourth = room.take(&exchanges[3]);
        assert!(first.try_recv().is_err());
        let also_busy = exchanges[3].begin();
        let _fifth = room.take(&exchanges[4]);
        assert!(first.try_recv().is_ok() && fourth.try_recv().is_err());
        drop((busy, also_busy));
    }
}
