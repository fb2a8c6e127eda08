//! Names that people write in an entry and that are nearly one that means something.
//!
//! What can fail open fails closed: whoever writes `Enabled: false` or `expires: …` believes that it
//! holds, so an entry with such a member is no key. What can only fail closed is a warning. All other
//! names are people's own and nobody's business.

/// What becomes of an entry with such a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consequence {
    /// It is no key.
    NoKey,
    /// It is what it is without the member.
    Warning,
    /// The same, and it is only told where the right member is not there.
    WarningIfMissing,
}

/// A rule: names that are not what they look like.
#[derive(Debug)]
pub(crate) struct Rule {
    /// The name that they look like.
    pub(crate) member: &'static str,
    /// Whether the entry may have a member of exactly this name.
    is_understood: bool,
    /// Other words for it, in small letters and digits alone.
    words: &'static str,
    /// What becomes of the entry.
    pub(crate) outcome: Consequence,
    /// Why: what such a name would do if it were passed over.
    pub(crate) reason: &'static str,
    /// How to mend it.
    pub(crate) hint: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        member: "enabled",
        is_understood: true,
        words: "disabled disable enable enables isenabled isdisabled active inactive isactive \
                activated deactivated revoked isrevoked blocked suspended enabledflag",
        outcome: Consequence::NoKey,
        reason: "passed over, it would leave the key on",
        hint: "write \"enabled: false\" to turn the key off, \"enabled: true\" to leave it on",
    },
    Rule {
        member: "limits",
        is_understood: false,
        words: "limit restrictions restriction ratelimit ratelimits",
        outcome: Consequence::NoKey,
        reason: "passed over, it would leave the key without its limit",
        hint: "this version keeps no limits: remove the member and delete the key when it should \
               end, or use a version that keeps them",
    },
    Rule {
        member: "expiresAt",
        is_understood: false,
        words: "expires expire expired expiry expirey expiration expirationdate \
                expirationtime expirydate expirytime expiredate expireat expireson expiresin \
                expiresafter exp validuntil validtill validto validthru validfrom notafter \
                notbefore ttl timetolive maxage lifetime endsat enddate until",
        outcome: Consequence::NoKey,
        reason: "passed over, it would leave the key without its end",
        hint: "this version keeps no limits: remove the member and delete the key when it should \
               end, or use a version that keeps them",
    },
    Rule {
        member: "allowedIps",
        is_understood: false,
        words: "allowedip allowips allowip allowlist ipallowlist iplist whitelist ipwhitelist \
                allowedcidrs allowedcidr allowcidrs cidrs cidr allowednetworks allowednetwork \
                allowedaddresses allowedaddress allowedipaddresses sourceips sourceip iprange \
                ipranges iprestrictions iprestriction allowedhosts allowedorigins \
                allowedreferers allowedreferrers allowfrom allowedfrom denylist blocklist \
                blockedips deniedips",
        outcome: Consequence::NoKey,
        reason: "passed over, it would let the key be used from everywhere",
        hint: "this version keeps no limits: remove the member, or use a version that keeps them",
    },
    Rule {
        member: "name",
        is_understood: true,
        words: "",
        outcome: Consequence::Warning,
        reason: "it names nothing",
        hint: "write \"name\", or remove the member",
    },
    Rule {
        member: "hash",
        is_understood: true,
        words: "",
        outcome: Consequence::Warning,
        reason: "no token is held against it",
        hint: "write \"hash\", or remove the member",
    },
    Rule {
        member: "permissions",
        is_understood: true,
        words: "",
        outcome: Consequence::Warning,
        reason: "it grants nothing",
        hint: "write \"permissions\", or remove the member",
    },
    Rule {
        member: "name",
        is_understood: true,
        words: "keyname title id",
        outcome: Consequence::WarningIfMissing,
        reason: "it names nothing",
        hint: "write \"name\"",
    },
    Rule {
        member: "hash",
        is_understood: true,
        words: "sha256 sha digest keyhash tokenhash hashedkey",
        outcome: Consequence::WarningIfMissing,
        reason: "no token is held against it",
        hint: "write \"hash\"",
    },
    Rule {
        member: "permissions",
        is_understood: true,
        words: "scopes scope perms roles grants",
        outcome: Consequence::WarningIfMissing,
        reason: "it grants nothing",
        hint: "write \"permissions\"",
    },
];

/// Words of fewer letters than this are others' words too often when one letter differs.
const LONG: usize = 7;

/// The rule that a member's name falls under, if it is not one of those that an entry may have.
pub(crate) fn find_rule(name: &str) -> Option<&'static Rule> {
    if RULES.iter().any(|rule| rule.is_understood && rule.member == name) {
        return None;
    }
    let letters = letters_of(name);
    RULES.iter().find(|rule| rule.is_meant_by(&letters))
}

/// The name in words that show what cannot be seen.
pub(crate) fn shown(name: &str) -> String {
    let shown = name.chars().take(64).flat_map(|character| {
        let plain = character.is_ascii_graphic() || character == ' ';
        let escaped = (!plain).then(|| character.escape_unicode());
        escaped.into_iter().flatten().chain(plain.then_some(character))
    });
    format!("\"{}\"", shown.collect::<String>())
}

impl Rule {
    fn is_meant_by(&self, letters: &[char]) -> bool {
        let member = letters_of(self.member);
        let of_member = self.outcome != Consequence::WarningIfMissing
            && (member == letters
                || if member.len() < LONG - 1 {
                    is_one_slip(letters, &member, false)
                } else {
                    is_one_slip(letters, &member, true)
                });
        of_member
            || self.words.split_whitespace().any(|word| {
                let word: Vec<char> = word.chars().collect();
                word == letters || (word.len() >= LONG && is_one_slip(letters, &word, true))
            })
    }
}

/// The letters and digits of a name alone: without case, blanks, `_`, `-` and what cannot be seen.
fn letters_of(name: &str) -> Vec<char> {
    let narrow = |character: char| match character {
        // The wide forms of ASCII.
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character)
        }
        _ => character,
    };
    name.chars()
        .map(narrow)
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether one letter is missing, too many, swapped with its neighbour or, where that counts,
/// another one.
fn is_one_slip(written: &[char], meant: &[char], other_letter_counts: bool) -> bool {
    let same = written.iter().zip(meant).take_while(|(one, other)| one == other).count();
    let (written, meant) = (&written[same..], &meant[same..]);
    match written.len().cmp(&meant.len()) {
        std::cmp::Ordering::Less => written == &meant[1..],
        std::cmp::Ordering::Greater => &written[1..] == meant,
        std::cmp::Ordering::Equal => match (written, meant) {
            ([one, two, rest @ ..], [other_one, other_two, other_rest @ ..])
                if one == other_two && two == other_one && rest == other_rest =>
            {
                true
            }
            ([_, rest @ ..], [_, other_rest @ ..]) => other_letter_counts && rest == other_rest,
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Consequence, find_rule, shown};

    fn outcome(name: &str) -> Option<(&'static str, Consequence)> {
        find_rule(name).map(|rule| (rule.member, rule.outcome))
    }

    #[test]
    fn what_can_fail_open_is_no_key() {
        for name in [
            "Enabled",
            "ENABLED",
            "enabled ",
            " enabled",
            "en_abled",
            "e-nabled",
            "enable",
            "enabeld",
            "enabeled",
            "enablad",
            "nabled",
            "xenabled",
            "enabled\u{a0}",
            "\u{200b}enabled",
            "ena\u{200d}bled",
            "\u{feff}enabled",
            "enabled\u{ad}",
            "disabled",
            "Disabled",
            "is_enabled",
            "isEnabled",
            "is-disabled",
            "active",
            "Inactive",
            "revoked",
            "еnabled",
            "ｅnabled",
            "enabled:",
            "disable",
            "deactivated",
        ] {
            assert_eq!(outcome(name), Some(("enabled", Consequence::NoKey)), "{name:?}");
        }
        for (name, member) in [
            ("limits", "limits"),
            ("Limits", "limits"),
            ("limit", "limits"),
            ("limist", "limits"),
            ("expiresAt", "expiresAt"),
            ("expires_at", "expiresAt"),
            ("expires-at", "expiresAt"),
            ("expiresat", "expiresAt"),
            ("expiresAt\u{a0}", "expiresAt"),
            ("exipresAt", "expiresAt"),
            ("expires", "expiresAt"),
            ("Expiry", "expiresAt"),
            ("expiration_date", "expiresAt"),
            ("validUntil", "expiresAt"),
            ("not_after", "expiresAt"),
            ("TTL", "expiresAt"),
            ("allowedIps", "allowedIps"),
            ("allowed_ips", "allowedIps"),
            ("AllowedIPs", "allowedIps"),
            ("allowedIp", "allowedIps"),
            ("alowedIps", "allowedIps"),
            ("ip_allowlist", "allowedIps"),
            ("ip-whitelist", "allowedIps"),
        ] {
            assert_eq!(outcome(name), Some((member, Consequence::NoKey)), "{name:?}");
        }
    }

    #[test]
    fn what_can_only_fail_closed_is_a_warning() {
        for (name, member) in [
            ("Name", "name"),
            ("nmae", "name"),
            ("names", "name"),
            ("name ", "name"),
            ("Hash", "hash"),
            ("hahs", "hash"),
            ("permission", "permissions"),
            ("permisions", "permissions"),
            ("Permissions", "permissions"),
        ] {
            assert_eq!(outcome(name), Some((member, Consequence::Warning)), "{name:?}");
        }
        assert_eq!(outcome("scopes"), Some(("permissions", Consequence::WarningIfMissing)));
    }

    #[test]
    fn peoples_own_names_are_theirs() {
        for name in [
            "name",
            "enabled",
            "permissions",
            "hash",
            "note",
            "notes",
            "owner",
            "team",
            "contact",
            "description",
            "comment",
            "labels",
            "tags",
            "ticket",
            "created",
            "createdAt",
            "rotatedAt",
            "managedBy",
            "environment",
            "env",
            "purpose",
            "cash",
            "dash",
            "game",
            "same",
            "host",
            "date",
            "status",
            "<<",
            "",
            "x",
            "last-used",
            "service",
            "reason",
            "source",
            "previousHashes",
            "url",
            "email",
            "issuer",
            "version",
        ] {
            assert_eq!(outcome(name), None, "{name:?}");
        }
    }

    #[test]
    fn a_name_is_shown_with_what_cannot_be_seen() {
        assert_eq!(shown("enabled\u{200b} "), "\"enabled\\u{200b} \"");
    }
}
