//! Completions and pages of the manual, taken by the programs that read them.

use std::process::Command;

use neokeys_testkit::programs::{program, run};
use neokeys_testkit::workplace::Workplace;

#[test]
fn every_shell_has_a_script_that_names_the_commands() {
    let place = Workplace::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = place.run(&["completions", shell]).done();
        for command in ["rotate", "apply", "completions"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    place.write("completions", &place.run(&["completions", "bash"]).done());
    let ask = "source ./completions; COMP_WORDS=(neokeys keys rot) COMP_CWORD=2; \
               _neokeys neokeys rot keys; printf %s \"${COMPREPLY[*]}\"";
    let mut bash = Command::new(program("/bin/bash", "bash"));
    let output = bash.args(["-c", ask]).current_dir(place.path("")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "rotate", "{output:?}");
    place.run(&["completions", "tcsh"]).refused(2);
}

#[test]
fn every_command_has_a_page_of_the_manual() {
    let place = Workplace::new();
    assert!(place.run(&["man"]).done().contains("neokeys \\- Issues"));
    std::fs::create_dir(place.path("man1")).unwrap();
    place.run(&["man", "--out", "man1"]).done();
    let pages: Vec<_> =
        place.path("man1").read_dir().unwrap().map(|it| it.unwrap().path()).collect();
    let names: Vec<_> = pages.iter().map(|it| it.file_name().unwrap().to_str().unwrap()).collect();
    for name in ["neokeys.1", "neokeys-plan.1", "neokeys-keys-rotate.1"] {
        assert!(names.contains(&name), "{names:?}");
    }
    for page in &pages {
        let mut groff = Command::new(program("/usr/bin/groff", "groff"));
        run(groff.args(["-man", "-Tutf8", "-ww", "-z"]).arg(page));
    }
    let refused = place.run(&["man", "--out", "none"]).refused(1);
    assert!(refused.contains("folder that exists"), "{refused}");
}
