//! Characters that nobody sees in an argument, a variable or a file are written out before it reaches a terminal.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use neokeys_testkit::workplace::Workplace;

/// Escapes of both kinds, a line break, a turned direction, a word that has no width, a byte that is no
/// text.
const HOSTILE: [&[u8]; 7] = [
    b"\x1b]0;owned\x07",
    b"\x1b[2Jx",
    b"a\rerror: b",
    b"a\nerror: nothing is wrong",
    "\u{9b}31m\u{85}".as_bytes(),
    "a\u{202e}b\u{200b}c\u{2066}d\u{feff}e\u{7f}".as_bytes(),
    b"a\x1b[31m\xff",
];

/// Panics if a text has more than what everybody sees.
fn assert_seen(what: &str, text: &[u8]) {
    let text = String::from_utf8(text.to_owned()).unwrap();
    let unseen = |it: char| !matches!(it, '\n' | ' '..='~' | '\u{fffd}' | '\u{2026}');
    assert!(!text.contains(unseen), "{what}: {text:?}");
    assert!(!text.lines().any(|line| line == "error: nothing is wrong"), "{what}: {text:?}");
}

#[test]
fn an_argument_does_not_speak_to_the_terminal() {
    let place = Workplace::with_tenant();
    let forms: [&[&str]; 12] = [
        &["@"],
        &["--@"],
        &["-@"],
        &["serve", "@"],
        &["serve", "--listen", "@"],
        &["serve", "--store", "@"],
        &["serve", "--config", "@"],
        &["keys", "@", "--tenant", "demo"],
        &["keys", "get", "@", "--tenant", "demo"],
        &["keys", "create", "@", "--tenant", "@", "--permission", "@"],
        &["keys", "update", "a", "--tenant", "demo", "--enabled", "@", "--permission", "p"],
        &["tenants", "create", "@"],
    ];
    for hostile in HOSTILE {
        for form in forms {
            let mut command = place.command(&[]);
            for argument in form {
                let bytes = match argument.split_once('@') {
                    Some((before, _)) => [before.as_bytes(), hostile].concat(),
                    None => argument.as_bytes().to_vec(),
                };
                command.arg(OsString::from_vec(bytes));
            }
            let output = command.output().unwrap();
            let what = format!("{form:?} {:?}", String::from_utf8_lossy(hostile));
            assert!(matches!(output.status.code(), Some(1 | 2)), "{what}: {output:?}");
            assert!(!output.stderr.is_empty(), "{what}");
            assert_seen(&what, &output.stderr);
            assert_seen(&what, &output.stdout);
        }
    }
}

#[test]
fn neither_does_a_variable_nor_a_file() {
    let place = Workplace::with_tenant();
    for hostile in HOSTILE.iter().filter_map(|it| std::str::from_utf8(it).ok()) {
        for (name, value) in [
            (format!("NEOKEYS_{hostile}"), "x".to_owned()),
            ("NEOKEYS_LISTEN".to_owned(), hostile.to_owned()),
            ("NEOKEYS_STORE".to_owned(), hostile.to_owned()),
            ("NEOKEYS_LOG__LEVEL".to_owned(), hostile.to_owned()),
        ] {
            let run = place.run_with(&[(&name, &value)], &["serve"]);
            assert_eq!(run.exit_code, 2, "{name:?}: {}", run.remarks);
            assert_seen(&format!("{name:?}"), run.remarks.as_bytes());
        }
        let name: String =
            hostile.escape_unicode().to_string().replace("\\u{", "").replace('}', "");
        let escapes: String =
            hostile.chars().map(|it| format!("\\U{:08x}", u32::from(it))).collect();
        let document = format!(
            "apiKeys:\n  - name: \"{escapes}\"\n    permissions: [p]\n    hash: x\n  - name: {name}\n    \
             permissions: [\"{escapes}\"]\n    hash: x\n  - \"{escapes}\": x\n"
        );
        place.write("data/demo/security.yml", &document);
        for arguments in
            [&["check"][..], &["check", "--json"], &["keys", "list", "--tenant", "demo"]]
        {
            let run = place.run(arguments);
            assert_seen(&format!("{arguments:?}"), run.remarks.as_bytes());
            assert_seen(&format!("{arguments:?}"), run.results.as_bytes());
        }
    }
}
