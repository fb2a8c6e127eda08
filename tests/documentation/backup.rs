//! The page on backups, followed from top to bottom.

use crate::pages::blocks_of;
use crate::server::Place;

const PAGE: &str = "docs/backup.md";

#[test]
fn a_store_is_backed_up_checked_and_restored() {
    let place = Place::new();
    let make = "neokeys tenants create acme\n\
                neokeys keys create leaks --tenant acme --permission p > leaked\n\
                neokeys keys create kept --tenant acme --permission p > kept\n\
                neokeys keys create gone --tenant acme --permission p > gone\n";
    place.shell(make, &[]);
    let server = place.serve(&[]);
    let status = |name: &str| {
        let token = place.read(name);
        let ask = format!(
            "curl -sS -o /dev/null -w '%{{http_code}}' -H 'X-API-KEY: {}' http://{}/auth/acme",
            token.trim(),
            server.address()
        );
        place.shell(&ask, &[]).results
    };
    let blocks = blocks_of(PAGE);
    let mut shell = blocks.iter().filter(|block| block.language == "sh");
    let mut next = |beginning: &str| {
        let block = shell.next().unwrap();
        assert!(block.first_line().starts_with(beginning), "{}", block.first_line());
        place.shell(&block.text, &[])
    };
    next("tar -C data");
    let checked = next("mkdir unpacked");
    assert!(checked.remarks.contains("No problems found."), "{checked:?}");
    place.shell(
        "neokeys keys delete gone --tenant acme; neokeys keys delete kept --tenant acme; \
         neokeys keys rotate leaks --tenant acme --overlap 0 > replaced",
        &[],
    );
    let all = || ["kept", "gone", "leaked", "replaced"].map(status);
    assert_eq!(all(), ["401", "401", "401", "200"]);
    let undone = next("neokeys diff").results;
    for key in ["kept", "gone", "leaks"] {
        assert!(undone.contains(key), "{undone}");
    }
    next("cp -p unpacked");
    assert_eq!(all(), ["200", "200", "200", "401"]);
    let deleted = next("neokeys audit list").results;
    assert!(deleted.contains("gone") && deleted.contains("kept"), "{deleted}");
    let log = place.shell("neokeys audit list --tenant acme", &[]).results;
    assert!(log.contains("Change from outside"), "{log}");
    let verified = next("mkdir restored").results;
    assert!(verified.contains("lines verified."), "{verified}");
    assert!(shell.next().is_none());
    let same = place.shell("diff -r unpacked/.neokeys/audit restored/.neokeys/audit", &[]);
    assert_eq!(same.results, "", "the whole backup is restored: {same:?}");
}
