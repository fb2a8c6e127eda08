//! Between the rooms of a folder the arrows go one way: where two modules beside each other need each
//! other, what they share is a third.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::modules::{Modules, Place};

/// For each module right below `parent`, those beside it that it or what is below it names.
fn arrows<'m>(modules: &'m Modules, parent: &Place) -> BTreeMap<&'m str, BTreeSet<String>> {
    let beside = |place: &Place| {
        let is_below = place.len() > parent.len() && place.starts_with(parent);
        is_below.then(|| place[parent.len()].clone())
    };
    let mut arrows = BTreeMap::new();
    for child in modules.children(parent) {
        let room: Place = [parent.as_slice(), &[child.to_owned()]].concat();
        let places = modules.places().filter(|place| place.starts_with(&room));
        let named = places.flat_map(|place| modules.named_by(place));
        let named = named.filter_map(|place| beside(&place)).filter(|it| it != child);
        arrows.insert(child, named.collect::<BTreeSet<_>>());
    }
    arrows
}

/// A way from a module back to itself, if there is one.
fn circle(arrows: &BTreeMap<&str, BTreeSet<String>>) -> Option<Vec<String>> {
    fn walk(
        arrows: &BTreeMap<&str, BTreeSet<String>>,
        way: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Option<Vec<String>> {
        let here = way.last()?.clone();
        for next in &arrows[here.as_str()] {
            if let Some(at) = way.iter().position(|it| it == next) {
                return Some(way[at..].to_vec());
            }
            if !done.contains(next) {
                way.push(next.clone());
                if let Some(circle) = walk(arrows, way, done) {
                    return Some(circle);
                }
                way.pop();
            }
        }
        done.insert(here);
        None
    }
    let mut done = BTreeSet::new();
    arrows.keys().find_map(|start| walk(arrows, &mut vec![(*start).to_owned()], &mut done))
}

#[test]
fn no_two_rooms_beside_each_other_need_each_other() {
    let mut circles = Vec::new();
    for root in crate::CRATES {
        let modules = Modules::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(root));
        assert!(modules.places().count() > 20, "{root} was not read");
        for parent in modules.places() {
            let arrows = arrows(&modules, parent);
            if let Some(circle) = circle(&arrows) {
                circles.push(format!("{root}: {}", parent.join("::")));
                for (at, room) in circle.iter().enumerate() {
                    let next = &circle[(at + 1) % circle.len()];
                    let why = modules.why(parent, room, next);
                    circles.push(format!("    {room} -> {next}: {why}"));
                }
            }
        }
    }
    assert!(circles.is_empty(), "these need each other:\n{}", circles.join("\n"));
}
