//! Public items are named by somebody else. What nobody else names is private, and the compiler says
//! when it is dead.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{ImplItem, Item, Visibility};

/// Where names are looked for; `src` and `crates` are also where they are made.
const PLACES: &[&str] = &["src", "crates", "build", "tests", "benches", "examples", "fuzz"];

fn collect(tokens: TokenStream, names: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(name) => {
                names.insert(name.to_string());
            }
            TokenTree::Group(group) => collect(group.stream(), names),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// The names in a file but those that it hands on.
fn named_in(file: &syn::File) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let hands_on =
        |item: &&Item| matches!(item, Item::Use(it) if !matches!(it.vis, Visibility::Inherited));
    for item in file.items.iter().filter(|item| !hands_on(item)) {
        collect(item.to_token_stream(), &mut names);
    }
    names
}

/// The functions and values that a file makes public.
fn public_in(file: &syn::File) -> Vec<String> {
    let is_public = |it: &Visibility| matches!(it, Visibility::Public(_));
    let mut names = Vec::new();
    for item in &file.items {
        match item {
            Item::Fn(it) if is_public(&it.vis) => names.push(it.sig.ident.to_string()),
            Item::Const(it) if is_public(&it.vis) => names.push(it.ident.to_string()),
            Item::Static(it) if is_public(&it.vis) => names.push(it.ident.to_string()),
            Item::Type(it) if is_public(&it.vis) => names.push(it.ident.to_string()),
            Item::Impl(it) if it.trait_.is_none() => {
                for member in &it.items {
                    match member {
                        ImplItem::Fn(it) if is_public(&it.vis) => {
                            names.push(it.sig.ident.to_string());
                        }
                        ImplItem::Const(it) if is_public(&it.vis) => {
                            names.push(it.ident.to_string());
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    names
}

#[test]
fn what_is_public_is_named_by_somebody_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = PLACES.iter().map(|place| root.join(place)).filter(|place| place.is_dir());
    let paths = places.flat_map(|place| crate::files(&place));
    let is_ours = |path: &PathBuf| !path.components().any(|it| it.as_os_str() == "target");
    let files: BTreeMap<PathBuf, syn::File> = paths
        .filter(is_ours)
        .map(|path| (path.clone(), syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap()))
        .collect();
    let mut namers: BTreeMap<String, usize> = BTreeMap::new();
    for file in files.values() {
        named_in(file).into_iter().for_each(|name| *namers.entry(name).or_default() += 1);
    }
    let mut lonely = Vec::new();
    for (path, file) in &files {
        let place = path.strip_prefix(root).unwrap();
        let is_made_here = crate::SOURCES.iter().any(|it| place.starts_with(it));
        for name in if is_made_here { public_in(file) } else { Vec::new() } {
            // Its own file names it once.
            if namers[&name] < 2 {
                lonely.push(format!("{}: {name}", place.display()));
            }
        }
    }
    assert!(lonely.is_empty(), "nobody else names these:\n{}", lonely.join("\n"));
}
