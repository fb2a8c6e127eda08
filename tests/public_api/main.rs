//! The public API of the crate, written down: a change of it shows in `snapshots/guard.snap`, and
//! is told in the changelog.
//!
//! It is read from the source, since the tools that read it from the compiler need a nightly one.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::wildcard_enum_match_arm, reason = "of Rust's many forms, few can be relied on")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Field, Fields, ImplItem, Item, ItemImpl, Type, UseTree, Visibility};

/// All that another crate can rely on is named there.
const GUARD: &str = "guard";

fn source(module: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = ["src", "crates/neokeys-store/src"].map(|place| root.join(place).join(module));
    places.into_iter().find(|place| place.exists()).unwrap_or_else(|| panic!("{module} is nowhere"))
}

/// The items of a module and of those below it.
fn items(path: &Path) -> Vec<Item> {
    if path.is_dir() {
        let mut entries: Vec<_> =
            fs::read_dir(path).unwrap().map(|it| it.unwrap().path()).collect();
        entries.sort();
        return entries.iter().flat_map(|path| items(path)).collect();
    }
    let text = fs::read_to_string(path).unwrap();
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())).items
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// The names that a `use` brings, each with the module of ours that it is from.
fn used(tree: &UseTree, path: &[String]) -> Vec<(String, String)> {
    match tree {
        // What is in a part of the guard's own is among its items.
        UseTree::Path(it) if path.is_empty() && it.ident != "crate" => Vec::new(),
        UseTree::Path(it) => used(&it.tree, &[path, &[it.ident.to_string()]].concat()),
        UseTree::Group(it) => it.items.iter().flat_map(|tree| used(tree, path)).collect(),
        UseTree::Name(it) => vec![(path[1].clone(), it.ident.to_string())],
        UseTree::Rename(_) | UseTree::Glob(_) => panic!("the guard names what it shows"),
    }
}

/// An item as people write it.
fn written(item: Item) -> String {
    prettyplease::unparse(&syn::File {
        shebang: None,
        frontmatter: None,
        attrs: Vec::new(),
        items: vec![item],
    })
}

/// Of what stands before an item, what others can count on.
fn derived(attributes: Vec<Attribute>) -> Vec<Attribute> {
    let counts =
        |it: &Attribute| ["derive", "non_exhaustive"].iter().any(|name| it.path().is_ident(name));
    attributes.into_iter().filter(counts).collect()
}

fn without_private(mut fields: Fields) -> Fields {
    match &mut fields {
        Fields::Named(named) => {
            let shown = named.named.iter().filter(|it| is_public(&it.vis));
            named.named = shown.cloned().map(undocumented).collect();
        }
        Fields::Unnamed(unnamed) => {
            let shown = unnamed.unnamed.iter().filter(|it| is_public(&it.vis));
            unnamed.unnamed = shown.cloned().map(undocumented).collect();
        }
        Fields::Unit => {}
    }
    fields
}

fn undocumented(field: Field) -> Field {
    Field { attrs: Vec::new(), ..field }
}

/// The mentions in an item of a type or trait of this name.
fn shown(item: &Item, name: &str) -> Option<String> {
    let item = match item.clone() {
        Item::Struct(mut it) if it.ident == name && is_public(&it.vis) => {
            it.attrs = derived(it.attrs);
            it.fields = without_private(it.fields);
            Item::Struct(it)
        }
        Item::Enum(mut it) if it.ident == name && is_public(&it.vis) => {
            it.attrs = derived(it.attrs);
            for variant in &mut it.variants {
                variant.attrs.clear();
                variant.fields.iter_mut().for_each(|field| field.attrs.clear());
            }
            Item::Enum(it)
        }
        Item::Trait(mut it) if it.ident == name && is_public(&it.vis) => {
            it.attrs.clear();
            Item::Trait(it)
        }
        Item::Impl(it) if is_of(&it, name) => Item::Impl(public_part(it)?),
        _ => return None,
    };
    Some(written(item))
}

fn is_of(item: &ItemImpl, name: &str) -> bool {
    let Type::Path(path) = &*item.self_ty else { return false };
    path.path.segments.last().is_some_and(|last| last.ident == name)
}

/// Of an `impl`, that the trait is there, or the public members without what they do; if any.
fn public_part(mut item: ItemImpl) -> Option<ItemImpl> {
    item.attrs.clear();
    if item.trait_.is_some() {
        item.items.clear();
        return Some(item);
    }
    let public = |member| match member {
        ImplItem::Fn(mut it) if is_public(&it.vis) => {
            it.attrs.clear();
            it.block.stmts.clear();
            Some(ImplItem::Fn(it))
        }
        ImplItem::Const(mut it) if is_public(&it.vis) => {
            it.attrs.clear();
            Some(ImplItem::Const(it))
        }
        _ => None,
    };
    item.items = item.items.into_iter().filter_map(public).collect();
    (!item.items.is_empty()).then_some(item)
}

#[test]
fn what_another_crate_can_rely_on_is_as_written_down() {
    let guard = items(&source(GUARD));
    let mut shows: Vec<(String, String)> = Vec::new();
    for item in &guard {
        match item {
            Item::Use(it) if is_public(&it.vis) => shows.extend(used(&it.tree, &[])),
            Item::Struct(it) if is_public(&it.vis) => {
                shows.push((GUARD.to_owned(), it.ident.to_string()));
            }
            Item::Enum(it) if is_public(&it.vis) => {
                shows.push((GUARD.to_owned(), it.ident.to_string()));
            }
            Item::Fn(it) => assert!(!is_public(&it.vis), "list functions too"),
            _ => {}
        }
    }
    let mut listing = String::new();
    for (module, name) in shows.iter().collect::<BTreeSet<_>>() {
        let all = items(&source(module));
        let parts: Vec<_> = all.iter().filter_map(|item| shown(item, name)).collect();
        assert!(!parts.is_empty(), "{module} has no {name}");
        listing += &format!("// {module}: {name}\n{}\n", parts.concat());
    }
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("guard", listing);
    });
}
