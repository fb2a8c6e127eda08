//! Misspelled members: names that people write in an entry and that are nearly one that means something.
//!
//! What can fail open fails closed: whoever writes `Enabled: false` or `expires: …` believes that it
//! holds, so an entry with such a member is no key. What can only fail closed is a warning. All other
//! names are people's own and nobody's business.

/// The consequence of such a member for its entry.
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
    /// The consequence for the entry.
    pub(crate) consequence: Consequence,
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
        consequence: Consequence::NoKey,
        reason: "ignoring it would leave the key on",
        hint: "write \"enabled: false\" to turn the key off, \"enabled: true\" to leave it on",
    },
    Rule {
        member: "limits",
        is_understood: true,
        words: "limit restrictions restriction ratelimit ratelimits",
        consequence: Consequence::NoKey,
        reason: "ignoring it would leave the key without its limit",
        hint: "write \"limits:\" with expiresAt or allowedIps beneath it",
    },
    Rule {
        member: "expiresAt",
        is_understood: false,
        words: "expires expire expired expiry expirey expiration expirationdate \
                expirationtime expirydate expirytime expiredate expireat expireson expiresin \
                expiresafter exp validuntil validtill validto validthru validfrom notafter \
                notbefore ttl timetolive maxage lifetime endsat enddate until",
        consequence: Consequence::NoKey,
        reason: "ignoring it would leave the key without its expiry",
        hint: "write \"expiresAt\" beneath \"limits:\", as a date and time with an offset: 2027-02-24T21:00:00Z",
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
        consequence: Consequence::NoKey,
        reason: "ignoring it would let the key be used from everywhere",
        hint: "write \"allowedIps\" beneath \"limits:\", as a list of addresses and networks",
    },
    Rule {
        member: "name",
        is_understood: true,
        words: "",
        consequence: Consequence::Warning,
        reason: "it names nothing",
        hint: "write \"name\", or remove the member",
    },
    Rule {
        member: "hash",
        is_understood: true,
        words: "",
        consequence: Consequence::Warning,
        reason: "no token is compared with it",
        hint: "write \"hash\", or remove the member",
    },
    Rule {
        member: "permissions",
        is_understood: true,
        words: "",
        consequence: Consequence::Warning,
        reason: "it grants nothing",
        hint: "write \"permissions\", or remove the member",
    },
    Rule {
        member: "name",
        is_understood: true,
        words: "keyname title id",
        consequence: Consequence::WarningIfMissing,
        reason: "it names nothing",
        hint: "write \"name\"",
    },
    Rule {
        member: "hash",
        is_understood: true,
        words: "sha256 sha digest keyhash tokenhash hashedkey",
        consequence: Consequence::WarningIfMissing,
        reason: "no token is compared with it",
        hint: "write \"hash\"",
    },
    Rule {
        member: "permissions",
        is_understood: true,
        words: "scopes scope perms roles grants",
        consequence: Consequence::WarningIfMissing,
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

/// The rule of a limit, passed over at one's peril, that a name falls under.
pub(crate) fn find_limit(name: &str) -> Option<&'static Rule> {
    find_rule(name).filter(|rule| rule.consequence == Consequence::NoKey)
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
    /// The fault of a member of this name.
    pub(crate) fn fault(&self, name: &str) -> String {
        if name == self.member {
            format!("{name} is not understood in this place: {}", self.reason)
        } else {
            format!("{} is not {}: {}", shown(name), self.member, self.reason)
        }
    }

    fn is_meant_by(&self, letters: &str) -> bool {
        let member = self.member.to_ascii_lowercase();
        let of_member = self.consequence != Consequence::WarningIfMissing
            && (member == letters || is_one_slip(letters, &member, member.len() >= LONG - 1));
        of_member
            || self.words.split_whitespace().any(|word| {
                word == letters || (word.len() >= LONG && is_one_slip(letters, word, true))
            })
    }
}

/// The letters and digits of a name alone: without case, blanks, `_`, `-` and what cannot be seen.
fn letters_of(name: &str) -> String {
    let narrow = |character: char| match character {
        // The wide forms of ASCII.
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character)
        }
        _ => character,
    };
    let letters = name.chars().map(narrow).filter(|character| character.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Whether one letter is missing, too many, swapped with its neighbour or, where that counts,
/// another one.
fn is_one_slip(written: &str, meant: &str, other_letter_counts: bool) -> bool {
    // One slip leaves the first or the last letter as it is: most words need no closer look.
    let (bytes, wanted) = (written.as_bytes(), meant.as_bytes());
    (bytes.first() == wanted.first() || bytes.last() == wanted.last())
        && written.chars().count().abs_diff(meant.len()) <= 1
        && strsim::osa_distance(written, meant) == 1
        && (other_letter_counts || strsim::hamming(written, meant) != Ok(1))
}

#[cfg(test)]
mod tests {
    use super::{Consequence, RULES, find_rule, shown};
    use neokeys_testkit::book;

    #[test]
    fn the_book_has_every_word_that_is_taken_for_a_member() {
        let mut made =
            "| meant | also under the names | then | because |\n|---|---|---|---|\n".to_owned();
        for rule in RULES {
            let then = match rule.consequence {
                Consequence::NoKey => "the entry is invalid",
                Consequence::Warning => "`neokeys check` warns",
                Consequence::WarningIfMissing => "`neokeys check` warns if the member is missing",
            };
            let words = rule.words.split_whitespace().collect::<Vec<_>>().join(", ");
            made.push_str(&book::row(&[&format!("`{}`", rule.member), &words, then, rule.reason]));
        }
        book::hold("docs/reference/misspellings.md", "misspellings", &made);
    }

    fn outcome(name: &str) -> Option<(&'static str, Consequence)> {
        find_rule(name).map(|rule| (rule.member, rule.consequence))
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
            "limits",
            "previousHashes",
            "createdAt",
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
