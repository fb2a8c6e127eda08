//! The modules of a crate as the compiler sees them: what each file defines, what it brings into scope,
//! and which module a path ends in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree};

/// A module's place below its crate: `["storage", "folder"]`.
pub(crate) type Place = Vec<String>;

/// The modules of one crate, without those that are compiled for tests alone.
#[derive(Default)]
pub(crate) struct Modules(BTreeMap<Place, Module>);

/// A module of its own file, or one within a file.
#[derive(Default)]
struct Module {
    children: BTreeSet<String>,
    /// The names that a `use` brings, each with the path that it is written as.
    imports: BTreeMap<String, Vec<String>>,
    /// All paths that are written in it, but those of its own `use`s that only hand on.
    paths: BTreeSet<Vec<String>>,
}

impl Modules {
    /// Reads a crate from its root file.
    pub(crate) fn read(root: &Path) -> Self {
        let mut modules = Self::default();
        modules.read_file(root, root.parent().unwrap(), Vec::new());
        modules
    }

    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        self.0.keys()
    }

    /// The modules right below a module.
    pub(crate) fn children(&self, place: &Place) -> impl Iterator<Item = &str> {
        self.0[place].children.iter().map(String::as_str)
    }

    /// The modules that a module names, where what it names is defined.
    pub(crate) fn named_by(&self, place: &Place) -> BTreeSet<Place> {
        let paths = self.0[place].paths.iter();
        paths.filter_map(|path| self.resolve(place, path, 0)).collect()
    }

    /// A path by which one room of a folder names another.
    pub(crate) fn why(&self, parent: &Place, room: &str, other: &str) -> String {
        let below = |name: &str| [parent.as_slice(), &[name.to_owned()]].concat();
        let (room, other) = (below(room), below(other));
        let places = self.0.iter().filter(|(place, _)| place.starts_with(&room));
        let mut paths = places.flat_map(|(place, module)| {
            let named = module.paths.iter().map(move |path| (place, path));
            named.filter(|(place, path)| {
                self.resolve(place, path, 0).is_some_and(|it| it.starts_with(&other))
            })
        });
        let found = paths.next();
        found.map_or_else(String::new, |(place, path)| {
            format!("{} says {}", place.join("::"), path.join("::"))
        })
    }

    /// The module in which what a path names is defined, if it is of this crate.
    fn resolve(&self, from: &Place, path: &[String], depth: usize) -> Option<Place> {
        // A circle of re-exports is the compiler's to refuse.
        if depth > 16 {
            return None;
        }
        let (first, mut rest) = path.split_first()?;
        let mut here = match first.as_str() {
            "crate" => Place::new(),
            "self" => from.clone(),
            "super" => from[..from.len().checked_sub(1)?].to_vec(),
            name => {
                let module = &self.0[from];
                if !module.children.contains(name) && !module.imports.contains_key(name) {
                    return None;
                }
                rest = path;
                from.clone()
            }
        };
        while let Some((name, further)) = rest.split_first() {
            let module = &self.0[&here];
            if name == "super" {
                here.pop()?;
            } else if module.children.contains(name) {
                here.push(name.clone());
            } else if let Some(import) = module.imports.get(name) {
                let path = [import.as_slice(), further].concat();
                return self.resolve(&here, &path, depth + 1).or(Some(here));
            } else {
                return Some(here);
            }
            rest = further;
        }
        Some(here)
    }

    fn read_file(&mut self, file: &Path, folder: &Path, place: Place) {
        let text = fs::read_to_string(file).unwrap();
        let parsed = syn::parse_file(&text).unwrap();
        self.read_items(&parsed.items, folder, place);
    }

    fn read_items(&mut self, items: &[Item], folder: &Path, place: Place) {
        let mut reader = Reader::default();
        items.iter().filter(|item| !is_for_tests(item)).for_each(|item| reader.read(item));
        for module in reader.modules {
            let name = module.ident.to_string();
            reader.module.children.insert(name.clone());
            let below = [place.as_slice(), std::slice::from_ref(&name)].concat();
            match module.content {
                Some((_, items)) => self.read_items(&items, &folder.join(&name), below),
                None => {
                    let alone = folder.join(format!("{name}.rs"));
                    let folder = folder.join(&name);
                    let file = if alone.is_file() { alone } else { folder.join("mod.rs") };
                    self.read_file(&file, &folder, below);
                }
            }
        }
        self.0.insert(place, reader.module);
    }
}

fn is_for_tests(item: &Item) -> bool {
    match item {
        Item::Mod(it) => has_cfg_test(&it.attrs),
        Item::Use(it) => has_cfg_test(&it.attrs),
        Item::Fn(it) => has_cfg_test(&it.attrs),
        Item::Impl(it) => has_cfg_test(&it.attrs),
        _ => false,
    }
}

fn has_cfg_test(attributes: &[Attribute]) -> bool {
    let is_test = |it: &Attribute| {
        it.path().is_ident("cfg")
            && it.parse_args::<syn::Path>().is_ok_and(|it| it.is_ident("test"))
    };
    attributes.iter().any(is_test)
}

/// Collects what a module's items say.
#[derive(Default)]
struct Reader {
    module: Module,
    modules: Vec<ItemMod>,
}

impl Reader {
    fn read(&mut self, item: &Item) {
        match item {
            Item::Mod(module) => self.modules.push(module.clone()),
            Item::Use(item) => self.read_use(item),
            other => self.read_paths(other.to_token_stream()),
        }
    }

    fn read_use(&mut self, item: &ItemUse) {
        let hands_on = !matches!(item.vis, syn::Visibility::Inherited);
        let mut written = Vec::new();
        use_paths(&item.tree, &mut Vec::new(), &mut written);
        for (name, path) in written {
            if !hands_on {
                self.module.paths.insert(path.clone());
            }
            self.module.imports.insert(name, path);
        }
    }

    /// The paths of more than one name in what is neither a module nor a `use`, macros too.
    fn read_paths(&mut self, tokens: TokenStream) {
        let mut path = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.end(&mut path);
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(it) if it.as_char() == ':' && !path.is_empty() => colons += 1,
                TokenTree::Group(group) => {
                    self.end(&mut path);
                    self.read_paths(group.stream());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => self.end(&mut path),
            }
        }
        self.end(&mut path);
    }

    fn end(&mut self, path: &mut Vec<String>) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.module.paths.insert(path);
        }
    }
}

/// The names that a `use` brings, each with its path.
fn use_paths(tree: &UseTree, path: &mut Vec<String>, written: &mut Vec<(String, Vec<String>)>) {
    match tree {
        UseTree::Path(it) => {
            path.push(it.ident.to_string());
            use_paths(&it.tree, path, written);
            path.pop();
        }
        UseTree::Group(it) => it.items.iter().for_each(|tree| use_paths(tree, path, written)),
        UseTree::Name(it) if it.ident == "self" => {
            written.push((path.last().cloned().unwrap_or_default(), path.clone()));
        }
        UseTree::Name(it) => {
            let name = it.ident.to_string();
            written.push((name.clone(), [path.as_slice(), &[name]].concat()));
        }
        UseTree::Rename(it) => {
            let name = it.ident.to_string();
            written.push((it.rename.to_string(), [path.as_slice(), &[name]].concat()));
        }
        UseTree::Glob(_) => written.push((String::new(), path.clone())),
    }
}
