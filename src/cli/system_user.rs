//! The user of the operating system who runs a command, for the record of a change.

use std::fs;

use crate::domain::{Actor, Initiator};

/// Whoever runs this command.
pub(super) fn initiator() -> Initiator {
    let uid = rustix::process::getuid().as_raw();
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    // Where the user is in another directory, the number says who it is.
    let name = name_of(uid, &users).map_or_else(|| uid.to_string(), str::to_owned);
    Initiator::of(Actor::system_user(&name, uid))
}

/// The name of a user, by the lines of passwd(5).
fn name_of(uid: u32, users: &str) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn a_user_is_found_by_the_number() {
        let users = "root:x:0:0:root:/root:/bin/bash\nbroken\nkey-ops:x:1001:0::/:/bin/sh\n";
        assert_eq!(name_of(0, users), Some("root"));
        assert_eq!(name_of(1001, users), Some("key-ops"));
        assert_eq!(name_of(1, users), None);
    }
}
