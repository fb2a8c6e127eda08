//! Mistakes in a settings file that is not YAML, or that YAML reads as something else.

/// The text to write in a line instead. The parser stumbles at such a line or the one
/// after it, and says what it missed.
pub(super) fn hint(text: &str, line: Option<usize>) -> Option<String> {
    let line = line?;
    let lines = text.lines().enumerate().map(|(number, text)| (number + 1, text));
    let near = lines.filter(|(number, _)| (line.saturating_sub(1)..=line).contains(number));
    near.filter_map(|(number, text)| Some(format!("line {number}: {}", fault(text)?))).last()
}

fn fault(line: &str) -> Option<String> {
    let value = line.split(" #").next().unwrap_or_default();
    let unquoted = !value.contains(['\'', '"']);
    if let Some(address) = bracketed_address(value).filter(|_| unquoted) {
        return Some(format!("an address in brackets needs quotes: '{address}'"));
    }
    let is_star = |word: &str| word.trim_end_matches(',') == "*";
    let is_alone = value.split([' ', '\t', '[', ']', '{', '}']).any(is_star);
    (unquoted && is_alone).then(|| "* is an alias in YAML; write it in quotes: '*'".to_owned())
}

/// `[::]:8080`, which YAML takes for a list and something after it.
fn bracketed_address(value: &str) -> Option<&str> {
    value.split([' ', '\t', ',', '{', '}']).find(|word| {
        let parts = word.strip_prefix('[').and_then(|rest| rest.split_once("]:"));
        parts.is_some_and(|(host, port)| {
            host.parse::<std::net::Ipv6Addr>().is_ok() && port.parse::<u16>().is_ok()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;

    #[test]
    fn what_yaml_takes_for_something_else_is_told_as_what_was_meant() {
        let quotes = "an address in brackets needs quotes: '[::]:8080'";
        let star = "* is an alias in YAML; write it in quotes: '*'";
        for (file, line, told) in [
            ("listen: [::]:8080", 1, quotes),
            ("# all\nlisten: [::]:8080   # every address\nstore: file:a\n", 2, quotes),
            ("metrics: { listen: [::]:8080 }\n", 1, quotes),
            ("metrics:\n  listen: [::]:8080\nstore: file:a", 2, quotes),
            ("cors:\n  origins: *\n", 2, star),
            ("cors: { origins: [*] }", 1, star),
            ("store: file:a\ncors:\n  origins:\n    - *\nlisten: a\n", 4, star),
        ] {
            let expected = format!("neokeys.yml: line {line}: {told}");
            assert_eq!(read(file, &[]).unwrap_err(), expected, "{file}");
        }
        let said = read("cors: { origins: ['*'] }", &[]).unwrap_err();
        assert!(said.contains("\"*\" is refused: every page that a browser shows"), "{said}");
        for (name, text) in
            [("NEOKEYS_LISTEN", "[::]:8080"), ("NEOKEYS_METRICS__LISTEN", "[::]:8080")]
        {
            assert!(read("", &[(name, text)]).is_ok(), "{name}");
        }
        for file in ["\u{feff}listen: 127.0.0.1:1\n", "\u{feff}# a comment\nlisten: 127.0.0.1:1\n"]
        {
            assert_eq!(read(file, &[]).unwrap().listen.port(), 1, "{file:?}");
        }
    }
}
